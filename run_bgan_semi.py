#!/usr/bin/env python
"""Semi-supervised Bayesian GAN: `python run_bgan_semi.py --dataset digits --out_dir runs`; see --help."""

from bayesian_gan.needed import packages_needed

if __name__ == "__main__":
    with packages_needed():
        from bayesian_gan.commands.train import start

        start(semi=True)
