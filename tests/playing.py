"""What tests ask of a model that holds its data: minibatches, energies, gradients of an iteration."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from bayesian_gan.gan.energies import Energies, energies, gradients
from bayesian_gan.gan.minibatch import Minibatch
from bayesian_gan.gan.model import BayesianGAN


def minibatch(
    model: BayesianGAN, chain: int, step: tf.Tensor, shard: tf.Tensor | None = None
) -> Minibatch:
    """The minibatch of one chain."""
    assert model.step is not None
    return model.step.players((chain,), step, shard)[0].batch


def energies_of(model: BayesianGAN, group: Sequence[int], step: tf.Tensor) -> Energies:
    """Energies of a group of chains that meet."""
    assert model.step is not None
    return energies(model.game, model.step.players(group, step), step)


def gradients_of(
    model: BayesianGAN,
    group: Sequence[int],
    step: tf.Tensor,
    shard: tf.Tensor | None = None,
    block: Any = None,
) -> tuple[Energies, list[list[tf.Tensor]], list[list[tf.Tensor]]]:
    """Energies of a group and their gradients."""
    assert model.step is not None
    return gradients(model.game, model.step.players(group, step, shard, block), step)
