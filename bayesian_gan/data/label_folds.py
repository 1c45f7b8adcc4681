"""Folds of the labelled examples: each chain learns without one, whose labels it has never seen."""

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.seeds import Use


def label_folds(labels: np.ndarray, K: int, seed: int) -> np.ndarray:
    """Divides N_s labelled examples into K folds of floor(N_s / K), at random.

    Of each class a fold has floor(n_k / K) or ceil(n_k / K) examples, or one fewer where some are
    left over: N_s mod K of them are in no fold, so that all folds are equal.

    Args:
        labels: their classes, integers [N_s], in the order of the data.
        K: folds, 2 to N_s.
        seed: of the model.

    Returns:
        The fold of each example, in [0, K), or -1; int32 [N_s].

    Raises:
        InputError: there are fewer labels than folds.
    """
    if len(labels) < K:
        raise InputError(
            f"label_folds is {K}, and there are {len(labels)} labelled examples: give at most that, or 1"
        )
    numbers = np.random.default_rng((seed, Use.FOLDS))
    order = numbers.permutation(len(labels))
    order = order[len(labels) % K :]
    order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    folds = np.full(len(labels), -1, np.int32)
    folds[order] = np.arange(len(order)) % K
    return folds


def left_out(folds: np.ndarray, m: int, K: int) -> np.ndarray:
    """Which examples chain m learns without: those of fold m mod K; bool [N_s].

    Args:
        folds: of `label_folds`.
        m: number of the chain.
        K: folds.
    """
    return folds == m % K


def kept_labels(folds: np.ndarray, chains: tuple[int, ...], K: int) -> np.ndarray:
    """What each chain learns from: the places of all examples but those that are `left_out`.

    Args:
        folds: of `label_folds`.
        chains: numbers m of the chains.
        K: folds.

    Returns:
        Int32 [M, N_s - floor(N_s / K)].
    """
    return np.stack([np.flatnonzero(~left_out(folds, m, K)) for m in chains]).astype(np.int32)
