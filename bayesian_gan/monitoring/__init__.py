"""What a run shows while it trains: progress, tables, pictures, TensorBoard."""

from bayesian_gan.monitoring.callbacks import (
    CollectPosteriorDraws,
    CsvLog,
    Evaluate,
    ProgressBar,
    SaveGrids,
    SaveResults,
    SaveWeights,
    StopAtIteration,
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
    "StopAtIteration",
    "TensorBoardScalars",
    "image_grid",
    "save_grid",
]
