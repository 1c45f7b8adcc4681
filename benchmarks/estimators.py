#!/usr/bin/env python
"""`BayesianGANClassifier` beside scikit-learn's own estimators, on tables with 30 labels.

    python benchmarks/estimators.py --label_seeds 0 1 2 3 4

Each data set of scikit-learn is divided in halves, of equal class frequencies: training and test
examples. Of the training half 30 have labels, as many of each class as go in evenly. Label seed s
decides the halves, the labels and all that is random; every estimator gets the same. Nothing is
chosen by test examples: the estimators have their defaults, but for LabelSpreading's graph of seven
neighbours, on standardised columns, or on images in [0, 1]. Logistic regression gets the labelled
examples alone. Prints a line for each fit, then the table: means over seeds, and the standard
deviation between them.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits, load_wine  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

from bayesian_gan.estimators import BayesianGANClassifier  # noqa: E402
from bayesian_gan.evaluation.calibration import calibration_bins  # noqa: E402
from bayesian_gan.evaluation.classification import classification  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402

LABELS = 30
UNLABELLED = -1
IMAGES: dict[str, dict[str, Any]] = {
    "digits": {"image_shape": (8, 8, 1), "input_range": (0.0, 1.0)}
}
LOADERS: dict[str, Callable[[], Any]] = {
    "digits": load_digits,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
}
HEADER = "| data | estimator | error, % | NLL | ECE | seconds |"


@dataclass(frozen=True)
class Split:
    """One label seed's division of a data set.

    Attributes:
        X: training examples, [n, d].
        labels: theirs, [n], -1 for all but 30.
        X_test: test examples.
        y_test: their classes, 0 to K - 1.
    """

    X: np.ndarray
    labels: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Score:
    """How an estimator did on the test examples of one label seed.

    Attributes:
        error: in percent.
        nll: in nats; infinite if an example has no probability.
        ece: of the most probable class, in [0, 1].
        seconds: of the fit and the prediction.
    """

    error: float
    nll: float
    ece: float
    seconds: float


def split_of(name: str, seed: int) -> Split:
    """The halves of a data set, and which 30 examples of the first have labels."""
    data = LOADERS[name]()
    X = data.data / 16.0 if name in IMAGES else data.data
    X, X_test, y, y_test = train_test_split(
        X, data.target, test_size=0.5, stratify=data.target, random_state=seed
    )
    numbers = np.random.default_rng(seed)
    of_class = [numbers.permutation(np.flatnonzero(y == k)) for k in range(len(data.target_names))]
    each = LABELS // len(of_class)
    chosen = np.concatenate([places[:each] for places in of_class])
    labels = np.full(len(y), UNLABELLED)
    labels[chosen] = y[chosen]
    return Split(X, labels, X_test, y_test)


def estimators(name: str, seed: int) -> dict[str, Any]:
    """The estimators by their names in the table."""
    scaled = [] if name in IMAGES else [StandardScaler()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        svc = SVC(probability=True, random_state=seed)
    return {
        "BayesianGANClassifier": BayesianGANClassifier(random_state=seed, **IMAGES.get(name, {})),
        "SelfTrainingClassifier(SVC)": make_pipeline(*scaled, SelfTrainingClassifier(svc)),
        "LabelSpreading (knn)": make_pipeline(*scaled, LabelSpreading(kernel="knn", max_iter=200)),
        "LogisticRegression, labels alone": make_pipeline(
            *scaled, LogisticRegression(max_iter=1000)
        ),
    }


def score_of(name: str, estimator: Any, split: Split) -> Score:
    """Fits an estimator, and scores it on the test half."""
    began = time.perf_counter()
    known = split.labels != UNLABELLED if name.startswith("LogisticRegression") else slice(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # LabelSpreading divides by 0.
        estimator.fit(split.X[known], split.labels[known])
        p = estimator.predict_proba(split.X_test)
    seconds = time.perf_counter() - began
    # LabelSpreading has no probabilities where no label reaches: all classes alike.
    p = np.where(np.isfinite(p), p, 1.0 / p.shape[1])
    found = classification(p, split.y_test)
    nll = float("inf") if np.any(p[np.arange(len(p)), split.y_test] == 0.0) else found.nll
    ece = calibration_bins(p, split.y_test).error
    return Score(100.0 * found.error_rate, nll, ece, seconds)


def row(name: str, estimator: str, scores: list[Score]) -> str:
    """A line of the table."""

    def spread(attribute: str, digits: int) -> str:
        values = np.array([getattr(score, attribute) for score in scores])
        mean = f"{values.mean():.{digits}f}"
        if len(values) == 1 or not np.isfinite(values).all():
            return mean
        return f"{mean} ± {values.std(ddof=1):.{digits}f}"

    seconds = np.mean([score.seconds for score in scores])
    columns = (
        spread("error", 1),
        spread("nll", 3),
        spread("ece", 3),
        f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}",
    )
    return f"| {name} | {estimator} | {' | '.join(columns)} |"


def main() -> int:
    """Prints the table; returns the exit status."""
    parser = parser_of(__doc__)
    parser.add_argument("--label_seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--data", nargs="+", choices=list(LOADERS), default=list(LOADERS))
    known = parser.parse_args()
    return status_of(__file__, lambda: _print_table(known))


def _print_table(known: argparse.Namespace) -> None:
    scores: dict[tuple[str, str], list[Score]] = {}
    for data in known.data:
        for seed in known.label_seeds:
            split = split_of(data, seed)
            for name, estimator in estimators(data, seed).items():
                score = score_of(name, estimator, split)
                scores.setdefault((data, name), []).append(score)
                print(f"{data}, label seed {seed}: {name}: {score}", flush=True)
    print(HEADER)
    print("| --- | --- | --- | --- | --- | --- |")
    for (data, name), found in scores.items():
        print(row(data, name, found))


if __name__ == "__main__":
    sys.exit(main())
