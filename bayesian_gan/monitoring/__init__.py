"""What a run shows while it trains: progress, tables, pictures, TensorBoard."""

from bayesian_gan.monitoring.callbacks import (
    CollectPosteriorDraws,
    CsvLog,
    Evaluate,
    ProgressBar,
    SaveGrids,
    SaveResults,
    Saves,
    SaveWeights,
    TensorBoardScalars,
)
from bayesian_gan.monitoring.grids import image_grid, save_grid

__all__ = [
    "CollectPosteriorDraws",
    "CsvLog",
    "Evaluate",
    "ProgressBar",
    "SaveGrids",
    "SaveResults",
    "SaveWeights",
    "Saves",
    "TensorBoardScalars",
    "image_grid",
    "save_grid",
]
