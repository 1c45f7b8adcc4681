"""What a run shows while it trains: progress, tables, pictures, TensorBoard."""

from bayesian_gan.monitoring.callbacks import (
    CollectPosteriorDraws,
    CsvLog,
    Evaluate,
    SaveGrids,
    SaveResults,
    Saves,
    SaveWeights,
    TensorBoardScalars,
)
from bayesian_gan.monitoring.convergence import Convergence, Functionals, convergence
from bayesian_gan.monitoring.grids import image_grid, save_grid
from bayesian_gan.monitoring.health import Health, HealthMeter
from bayesian_gan.monitoring.health_log import SamplerHealth
from bayesian_gan.monitoring.progress import ProgressBar

__all__ = [
    "CollectPosteriorDraws",
    "Convergence",
    "CsvLog",
    "Evaluate",
    "Functionals",
    "Health",
    "HealthMeter",
    "ProgressBar",
    "SamplerHealth",
    "SaveGrids",
    "SaveResults",
    "SaveWeights",
    "Saves",
    "TensorBoardScalars",
    "convergence",
    "image_grid",
    "save_grid",
]
