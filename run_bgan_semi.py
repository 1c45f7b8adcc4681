#!/usr/bin/env python
"""Semi-supervised Bayesian GAN: `python run_bgan_semi.py --dataset digits --out_dir runs`; see --help."""

from bayesian_gan.commands.train import start

if __name__ == "__main__":
    start(semi=True)
