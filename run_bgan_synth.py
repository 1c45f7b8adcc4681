#!/usr/bin/env python
"""Synthetic experiment: `run_bgan_synth.py --x_dim 100 --z_dim 10 --numz 10 --out_dir runs`; see --help."""

from bayesian_gan.commands.synth import start

if __name__ == "__main__":
    start()
