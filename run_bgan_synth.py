#!/usr/bin/env python
"""Synthetic experiment: `run_bgan_synth.py --x_dim 100 --z_dim 10 --numz 10 --out_dir runs`; see --help."""

from bayesian_gan.needed import packages_needed

if __name__ == "__main__":
    with packages_needed():
        from bayesian_gan.commands.synth import start

        start()
