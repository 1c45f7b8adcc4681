"""Cheap classifiers that a user would try first: beside them a posterior's scores are to be read.

A logistic regression on principal components learns from the labelled examples alone, and label
spreading along a graph of neighbours from unlabelled ones too. Neither sees a test label, nor is
anything chosen by them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

# Components, and the examples that they and the graph are made of; numbers of these in memory.
MOST_COMPONENTS = 50
MOST_EXAMPLES = 20_000
MOST_NUMBERS, LEAST_EXAMPLES = 2**26, 256
BATCH = 1000
# Inverse strengths C of the penalty, and that of labels too few to choose by: scikit-learn's own.
STRENGTHS = tuple(10.0 ** (k / 2) for k in range(-6, 7))
FIXED_STRENGTH = 1.0
FOLDS = 5
# By more labels than these it is not chosen: the fits would take minutes.
MOST_VALIDATED = 2000
# Newton's method comes to the optimum; scikit-learn's default leaves probabilities wrong by 0.1.
FIT: dict[str, Any] = {"solver": "newton-cg", "tol": 1e-7, "max_iter": 1000}
# scikit-learn's, and those of Zhou et al.: 7 neighbours, and how far a label gives way to theirs.
NEIGHBOURS, ALPHA = 7, 0.2


class _Use(IntEnum):
    """What is drawn by a key (seed, use); (seed, 1) and (seed, 2) are keys of `generated`."""

    COMPONENTS = 3
    SOLVER = 4
    UNLABELLED = 5
    VALIDATED = 6
    FOLDS = 7
    GRAPH = 8


@dataclass(frozen=True, eq=False)
class Points:
    """What baselines learn from and are tested on, in d numbers each.

    Attributes:
        labelled: float64 [L, d], L at least 1.
        labels: of these, integers [L] in [0, K).
        unlabelled: [U, d]; U may be 0.
        test: [n, d].
        num_classes: K.
    """

    labelled: np.ndarray
    labels: np.ndarray
    unlabelled: np.ndarray
    test: np.ndarray
    num_classes: int


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a baseline says of the test examples.

    Attributes:
        title: a line's name for it.
        probabilities: float64 [n, K].
        how: what it was made of, by name, as JSON takes it.
    """

    title: str
    probabilities: np.ndarray
    how: dict[str, Any]


def points(
    images: np.ndarray,
    indices: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    num_classes: int,
    seed: int,
) -> Points:
    """Examples by their first principal components, at most `MOST_COMPONENTS`.

    The components are those of training examples, labelled or not: `MOST_EXAMPLES` drawn at random,
    fewer where they have more than `MOST_NUMBERS` numbers together. All are divided by one number,
    the root of their mean variance, so that distances keep their proportions and the penalty of a
    regression means the same on all data. On digits and MNIST, N = 20 to 200, the log loss of
    cross-validation is lower so than with components of equal variance, whose last ones are noise.

    Args:
        images: all training examples, uint8 [N, height, width, channels], or float [N, D] of columns
            that are standardised, as those of a run are.
        indices: which of them are labelled, integers [L], all different.
        labels: of these, integers [L] in [0, K).
        test_images: [n, ...].
        num_classes: K.
        seed: not negative.
    """
    project = _projection(images, seed)
    free = np.setdiff1d(np.arange(len(images)), indices)
    chosen = _some(free, MOST_EXAMPLES, seed, _Use.UNLABELLED)
    return Points(
        project(images, np.asarray(indices)),
        np.asarray(labels),
        project(images, chosen),
        project(test_images, np.arange(len(test_images))),
        num_classes,
    )


def _projection(images: np.ndarray, seed: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """From examples and places among them [n] to points [n, d]."""
    from sklearn.decomposition import PCA

    numbers = int(np.prod(images.shape[1:]))
    most = min(MOST_EXAMPLES, max(LEAST_EXAMPLES, MOST_NUMBERS // numbers))
    some = _rows(images[_some(np.arange(len(images)), most, seed, _Use.COMPONENTS)])
    pca = PCA(min(MOST_COMPONENTS, *some.shape), random_state=_number(seed, _Use.SOLVER))
    with np.errstate(invalid="ignore"):  # Of equal examples it divides 0 by 0.
        pca.fit(some)
    scale = float(np.sqrt(np.square(pca.transform(some)).mean()))
    scale = scale if scale > 0 else 1.0  # All examples are equal.

    def project(examples: np.ndarray, places: np.ndarray) -> np.ndarray:
        parts = [
            pca.transform(_rows(examples[places[k : k + BATCH]]))
            for k in range(0, len(places), BATCH)
        ]
        found = np.concatenate([np.empty((0, pca.n_components_)), *parts])
        return found.astype(np.float64) / scale

    return project


def _rows(examples: np.ndarray) -> np.ndarray:
    """float32 [n, D]: pixels from 0 to 1, other numbers as they are."""
    rows = examples.reshape(len(examples), -1).astype(np.float32)
    return rows / np.float32(255) if examples.dtype == np.uint8 else rows


def _some(places: np.ndarray, most: int, seed: int, use: _Use) -> np.ndarray:
    """At most so many of the places, each as likely as any other, in their order."""
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng([seed, use]).choice(places, most, replace=False))


def _number(seed: int, use: _Use) -> int:
    """A seed for scikit-learn, in [0, 2^32)."""
    return int(np.random.SeedSequence([seed, use]).generate_state(1)[0])


# ------------------------------------------------------------------------------- the two


def logistic_regression(given: Points, seed: int) -> Baseline:
    """A multinomial logistic regression of the labelled points, with an L2 penalty.

    scikit-learn's, binomial of two classes. Its inverse strength C is the one of `STRENGTHS` of the
    least log loss in stratified cross-validation on the labels, `FOLDS` folds or as many as the
    rarest class has examples. Where a class has a single one there can be none, and C is
    `FIXED_STRENGTH`. Of more than `MOST_VALIDATED` labels as many of each class choose C; all are
    learnt from. Where a class has no label, probabilities are `smoothed`; otherwise none is 0. A
    single class is all there is to say: no regression is made.

    Args:
        given: what it learns from; unlabelled points are not used.
        seed: of the folds, not negative.

    Returns:
        `how` holds d as `components`, C as `strength`, None without a regression, and `folds`, 0
        where C was not chosen.
    """
    from sklearn.linear_model import LogisticRegression

    classes = np.unique(given.labels)
    p = np.zeros((len(given.test), given.num_classes))
    strength, folds = None, 0
    if len(classes) > 1:
        strength, folds = _strength(given, seed)
        model = LogisticRegression(C=strength, **FIT)
        model.fit(given.labelled, given.labels)
        p[:, classes] = model.predict_proba(given.test)
    else:
        p[:, classes] = 1.0
    if len(classes) < given.num_classes:
        p = smoothed(p, given.labels)
    how: dict[str, Any] = {"components": given.labelled.shape[1]}
    how |= {"strength": strength, "folds": folds}
    return Baseline(f"logistic regression, {how['components']} components", p, how)


def _strength(given: Points, seed: int) -> tuple[float, int]:
    """C of a logistic regression, and the folds of the cross-validation that chose it, or 0."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    classes, counts = np.unique(given.labels, return_counts=True)
    if counts.min() < 2:
        return FIXED_STRENGTH, 0
    chosen = np.arange(len(given.labels))
    if len(chosen) > MOST_VALIDATED:
        most = max(2, MOST_VALIDATED // len(classes))
        of_each = (np.flatnonzero(given.labels == k) for k in classes)
        chosen = np.concatenate([_some(these, most, seed, _Use.VALIDATED) for these in of_each])
    labels = given.labels[chosen]
    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    search = GridSearchCV(
        LogisticRegression(**FIT),
        {"C": STRENGTHS},
        scoring="neg_log_loss",
        cv=StratifiedKFold(folds, shuffle=True, random_state=_number(seed, _Use.FOLDS)),
        refit=False,
    )
    return float(search.fit(given.labelled[chosen], labels).best_params_["C"]), folds


def label_spreading(given: Points, seed: int) -> Baseline:
    """Labels that spread along a graph of nearest neighbours, and from there to test points.

    scikit-learn's LabelSpreading as it comes, with the kernel "knn": 7 neighbours, alpha 0.2 (Zhou
    et al. 2004, "Learning with local and global consistency"). The graph holds the labelled points,
    of more than `MOST_EXAMPLES` as many, and the unlabelled ones. A test point has the mean of what
    its neighbours in the graph have. One that no label reaches has the frequencies of the labels.
    What no label near a point says is given probability 0, so all are `smoothed`.

    Args:
        given: what it learns from.
        seed: of what is left out of the graph, not negative.

    Returns:
        `how` holds the graph's numbers of points, `labelled` and `unlabelled`, and of test points
        that no label reaches, `unreached`.
    """
    from sklearn.semi_supervised import LabelSpreading

    chosen = _some(np.arange(len(given.labels)), MOST_EXAMPLES, seed, _Use.GRAPH)
    graph = np.concatenate([given.labelled[chosen], given.unlabelled])
    labels = np.full(len(graph), -1)
    labels[: len(chosen)] = given.labels[chosen]
    near = min(NEIGHBOURS, len(graph))
    model = LabelSpreading(kernel="knn", n_neighbors=near, alpha=ALPHA).fit(graph, labels)
    p = np.zeros((len(given.test), given.num_classes))
    with np.errstate(invalid="ignore"):  # It divides 0 by 0 where no label reaches.
        for k in range(0, len(p), BATCH):
            p[k : k + BATCH, model.classes_] = model.predict_proba(given.test[k : k + BATCH])
    unreached = ~np.isfinite(p).all(axis=1)
    p[unreached] = _frequencies(given.labels, given.num_classes)
    how = {
        "labelled": len(chosen),
        "unlabelled": len(given.unlabelled),
        "unreached": int(unreached.sum()),
    }
    title = f"label spreading, {how['unlabelled']:,} unlabelled"
    return Baseline(title, smoothed(p, given.labels), how)


def smoothed(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probabilities of which none is 0: (L p + f) / (L + 1).

    As if p were what L labels have said, and f one observation more: the frequencies of the labels
    by Laplace's rule of succession, f_k = (L_k + 1) / (L + K), which leaves no class out, not one
    without a label either. A certain error costs an NLL of about log L + log K then, not infinity.

    Args:
        probabilities: p, [n, K].
        labels: integers [L] in [0, K).
    """
    L = len(labels)
    return (L * probabilities + _frequencies(labels, probabilities.shape[1])) / (L + 1)


def _frequencies(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Laplace's rule of succession, [K]."""
    return (np.bincount(labels, minlength=num_classes) + 1) / (len(labels) + num_classes)


BASELINES: dict[str, Callable[[Points, int], Baseline]] = {
    "logistic_regression": logistic_regression,
    "label_spreading": label_spreading,
}
