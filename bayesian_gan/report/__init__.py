"""A run as a page: `bayesian-gan report RUN_DIR`. Importing this package loads no TensorFlow."""
