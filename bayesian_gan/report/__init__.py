"""A run as a page: `python -m bayesian_gan report RUN_DIR`. Importing this package loads no TensorFlow."""
