#!/usr/bin/env python
"""Unsupervised Bayesian GAN: `python run_bgan.py --dataset digits --out_dir runs`; see --help."""

from bayesian_gan.commands.train import start

if __name__ == "__main__":
    start(semi=False)
