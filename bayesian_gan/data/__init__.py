"""Data sets: the catalogue, its readers, label splits, and minibatches."""
