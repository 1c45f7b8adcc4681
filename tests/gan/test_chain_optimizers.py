"""The optimizers of chains: copies of what is given, in the form that is quick."""

from collections.abc import Callable

import keras
import pytest

from bayesian_gan.gan.chains import Chain
from bayesian_gan.gan.optimizers import chain_optimizers
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.adam import FusedAdam


class _OwnAdam(keras.optimizers.Adam):
    """Somebody's, with an update of its own."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda: keras.optimizers.Adam(0.1), FusedAdam),
        (lambda: _OwnAdam(0.1), _OwnAdam),
        (lambda: keras.optimizers.AdamW(0.1), keras.optimizers.AdamW),
        (lambda: WarmStart(keras.optimizers.Adam(0.1), SGHMC(0.1, 5, seed=0)), FusedAdam),
    ],
    ids=["adam", "subclass", "adamw", "warm start"],
)
def test_chains_get_the_fused_form_of_adam_alone(
    given: Callable[[], keras.optimizers.Optimizer], expected: type
) -> None:
    def network(seed: int) -> keras.Model:
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)], name=f"n{seed}")

    chains = [Chain(m, [network(m)], [network(m + 2)], m) for m in range(2)]
    copies = chain_optimizers(given(), chains, 0, seed=0)
    parts = [getattr(copy, "optimizer", copy) for copy in copies]
    assert [type(part) for part in parts] == [expected, expected]
