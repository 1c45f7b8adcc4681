"""Random numbers whose graph is traced once in a process, and called by every graph that draws.

TensorFlow writes some forty operations into the graph for every call of `tf.random.stateless_uniform`
with a named algorithm. A step of twenty generators has a hundred such calls, and they were a third of
the time before its first iteration.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import tensorflow as tf

# Named, because the default is another algorithm under XLA or on another device.
ALGORITHM = "philox"

# Kept as a function of its own by TensorFlow, too, which optimises it once for all of its calls.
APART = {"_noinline": True}


@cache
def traced_once(function: Callable[..., Any], *static: Hashable) -> Callable[..., Any]:
    """A pure function of tensors as one operation of the graphs that call it; traced once for each type.

    Args:
        function: of the static values and then of tensors; it holds no variable, and is the same object at
            every call, since it is known by that.
        static: what its graph depends on.
    """
    return tf.function(partial(function, *static), autograph=False, experimental_attributes=APART)


def uniform(
    shape: Sequence[int] | tf.Tensor,
    seed: tf.Tensor,
    low: float | tf.Tensor = 0.0,
    high: float | tf.Tensor = 1.0,
) -> tf.Tensor:
    """Uniform float32 numbers in [low, high): those of `tf.random.stateless_uniform`, bit for bit.

    XLA takes other bits of a word into a float, so that compiled numbers are others.

    Args:
        shape: of the result; as numbers wherever they are known.
        seed: int32 [2].
        low: smallest number, a float32 scalar.
        high: bound above all numbers, likewise.
    """
    bounds = tf.convert_to_tensor(low, tf.float32), tf.convert_to_tensor(high, tf.float32)
    if isinstance(shape, tf.Tensor):
        return _uniform(shape, seed, *bounds)
    return traced_once(_uniform, tuple(shape))(seed, *bounds)


def words(shape: Sequence[int], seed: tf.Tensor, dtype: tf.DType = tf.int32) -> tf.Tensor:
    """Integers of which every bit is random, the same ones with and without XLA.

    Left to choose its algorithm, XLA takes Philox too, but reads negative seeds in another way.

    Args:
        shape: of the result.
        seed: int32 [2].
        dtype: int32 or int64.
    """
    return traced_once(_words, tuple(shape), dtype)(seed)


def below(count: int, shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
    """Uniform integers in 0..count - 1, int32 of the given shape; seed int32 [2]."""
    return traced_once(_below, count, tuple(shape))(seed)


def split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
    """`count` seeds made of one, each int32 [2]."""
    return list(traced_once(_split, count)(seed))


def seed_pair(key: tuple[int, ...], step: tf.Tensor | None = None) -> tf.Tensor:
    """A seed that is named by integers, int32 [2].

    Args:
        key: non-negative integers that name what is drawn, such as (random seed, use, chain); other keys
            give independent streams (NumPy's SeedSequence).
        step: an iteration below 2^31 to fold in; int32 or int64 give the same seed.
    """
    words = np.random.SeedSequence(key).generate_state(2).view(np.int32)
    pair = tf.constant(words, tf.int32)
    return pair if step is None else fold_in(pair, step)


def fold_in(seed: tf.Tensor, number: int | tf.Tensor) -> tf.Tensor:
    """A seed made of a seed and an integer below 2^31, such as an iteration; int32 [2]."""
    return traced_once(_fold_in)(seed, tf.cast(number, tf.int32))


def _uniform(
    shape: tuple[int, ...] | tf.Tensor, seed: tf.Tensor, low: tf.Tensor, high: tf.Tensor
) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high, tf.float32, alg=ALGORITHM)


def _words(shape: tuple[int, ...], dtype: tf.DType, seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, None, None, dtype, alg=ALGORITHM)


def _split(count: int, seed: tf.Tensor) -> list[tf.Tensor]:
    return tf.unstack(tf.random.split(seed, count, alg=ALGORITHM))


def _fold_in(seed: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    return tf.random.experimental.stateless_fold_in(seed, number, alg=ALGORITHM)


def _below(count: int, shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, 0, count, tf.int32, alg=ALGORITHM)
