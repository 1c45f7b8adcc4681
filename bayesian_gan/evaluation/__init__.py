"""How good predictions and generated images are: pure functions of arrays, in float64.

Nothing here knows of runs; `bayesian-gan evaluate` applies all of it to one. `features` turns
images into activations. See docs/explanation/evaluation.md for what each number means.
"""

from bayesian_gan.evaluation.answers import Answers, answers
from bayesian_gan.evaluation.baselines import (
    Baseline,
    Points,
    label_spreading,
    logistic_regression,
    points,
)
from bayesian_gan.evaluation.calibration import CalibrationBins, calibration_bins
from bayesian_gan.evaluation.classification import (
    Classification,
    Errors,
    brier_score,
    classification,
    per_class,
)
from bayesian_gan.evaluation.mode_coverage import ModeCoverage, mode_coverage
from bayesian_gan.evaluation.out_of_distribution import Detection, detection
from bayesian_gan.evaluation.sample_quality import (
    Gaussian,
    KernelDistance,
    Manifold,
    SampleQuality,
    frechet_distance,
    frechet_matrix,
    kernel_distance,
    manifold,
    nearest_neighbours,
    sample_quality,
)
from bayesian_gan.evaluation.uncertainty import (
    RiskCoverage,
    Uncertainty,
    entropy,
    risk_coverage,
    uncertainty,
)

__all__ = [
    "Answers",
    "Baseline",
    "CalibrationBins",
    "Classification",
    "Detection",
    "Errors",
    "Gaussian",
    "KernelDistance",
    "Manifold",
    "ModeCoverage",
    "Points",
    "RiskCoverage",
    "SampleQuality",
    "Uncertainty",
    "answers",
    "brier_score",
    "calibration_bins",
    "classification",
    "detection",
    "entropy",
    "frechet_distance",
    "frechet_matrix",
    "kernel_distance",
    "label_spreading",
    "logistic_regression",
    "manifold",
    "mode_coverage",
    "nearest_neighbours",
    "per_class",
    "points",
    "risk_coverage",
    "sample_quality",
    "uncertainty",
]
