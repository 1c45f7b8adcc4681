"""Random numbers whose graph is traced once in a process, and called by every graph that draws.

TensorFlow writes some forty operations into the graph for every call of `tf.random.stateless_uniform`
with a named algorithm. A step of twenty generators has a hundred such calls, and they were a third of
the time before its first iteration.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import tensorflow as tf

# Named, because the default is another algorithm under XLA or on another device.
ALGORITHM = "philox"

# Kept as a function of its own by TensorFlow, too, which optimises it once for all of its calls.
_APART = {"_noinline": True}


def traced_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """A pure function of tensors as one operation of the graphs that call it; traced once for each type.

    Args:
        function: its arguments are tensors, and it holds no variable. Whoever makes it keeps it, so that it is
            traced no second time.
    """
    return tf.function(function, autograph=False, experimental_attributes=_APART)


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
        return tf.random.stateless_uniform(shape, seed, *bounds, tf.float32, alg=ALGORITHM)
    return _uniform(tuple(shape))(seed, *bounds)


def words(shape: Sequence[int], seed: tf.Tensor, dtype: tf.DType = tf.int32) -> tf.Tensor:
    """Integers of which every bit is random, the same ones with and without XLA.

    Left to choose its algorithm, XLA takes Philox too, but reads negative seeds in another way.

    Args:
        shape: of the result.
        seed: int32 [2].
        dtype: int32 or int64.
    """
    return _words(tuple(shape), dtype)(seed)


def below(count: int, shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
    """Uniform integers in 0..count - 1, int32 of the given shape; seed int32 [2]."""
    return _below(count, tuple(shape))(seed)


def split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
    """`count` seeds made of one, each int32 [2]."""
    return list(_split(count)(seed))


@cache
def _uniform(shape: tuple[int, ...]) -> Callable[..., tf.Tensor]:
    def draw(seed: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, seed, low, high, tf.float32, alg=ALGORITHM)

    return traced_once(draw)


@cache
def _words(shape: tuple[int, ...], dtype: tf.DType) -> Callable[..., tf.Tensor]:
    def draw(seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, seed, None, None, dtype, alg=ALGORITHM)

    return traced_once(draw)


@cache
def _split(count: int) -> Callable[..., list[tf.Tensor]]:
    return traced_once(lambda seed: tf.unstack(tf.random.split(seed, count, alg=ALGORITHM)))


@cache
def _below(count: int, shape: tuple[int, ...]) -> Callable[..., tf.Tensor]:
    def draw(seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, seed, 0, count, tf.int32, alg=ALGORITHM)

    return traced_once(draw)
