"""Stateless noise for the samplers: a pure function of (seed, variable, iteration).

Nothing here keeps state, so a resumed chain draws the numbers that the uninterrupted one would have
drawn, and all replicas of a `tf.distribute` strategy draw the same ones. On CPUs they are the same
whether XLA compiles the step or not. On GPUs XLA draws other normal numbers, of the same
distribution.

"Variable" means its place in the list that the sampler was built for. Variables share draws in
blocks, so another list is another chain: one variable more changes the normal noise of those that
share its block, not only of those behind it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from bayesian_gan.samplers import stateless

# Variables are drawn together up to this many numbers. Below it the cost of starting a draw
# dominates (200 small variables: one draw instead of 200, and a trace in a second instead of twenty
# under XLA); above it the block no longer stays in the cache.
_BLOCK_SIZE = 2**17


class Block(NamedTuple):
    """Consecutive variables whose noise is drawn in one go.

    Attributes:
        first: index of the first variable.
        shapes: static shape of every variable.
        dtype: the variables' common dtype.
    """

    first: int
    shapes: tuple[tuple[int, ...], ...]
    dtype: tf.DType

    @property
    def sizes(self) -> list[int]:
        """Number of elements of every variable."""
        return [int(np.prod(shape)) for shape in self.shapes]


def make_blocks(variables: Sequence[tf.Variable]) -> list[Block]:
    """Groups consecutive variables of one dtype into blocks of 2^17 numbers, or one variable."""
    blocks: list[Block] = []
    for index, variable in enumerate(variables):
        shape, dtype = tuple(variable.shape), tf.as_dtype(variable.dtype)
        last = blocks[-1] if blocks else None
        if last and last.dtype == dtype and sum(last.sizes) + np.prod(shape) <= _BLOCK_SIZE:
            blocks[-1] = last._replace(shapes=(*last.shapes, shape))
        else:
            blocks.append(Block(index, (shape,), dtype))
    return blocks


def fold_seed(seed: int, index: int) -> tuple[int, int]:
    """Hashes (seed, index) into two int32, so that neighbouring seeds and indices share nothing."""
    words = np.random.SeedSequence([seed, index]).generate_state(2, np.uint32).view(np.int32)
    return int(words[0]), int(words[1])


def draw_block(
    block: Block, seed: int, iteration: tf.Tensor, scale: tf.Tensor, kind: str
) -> list[tf.Tensor]:
    """Noise of mean 0 and standard deviation `scale` for the variables of one block.

    Args:
        block: shapes and dtype; `block.first` takes part in the key.
        seed: the chain's seed.
        iteration: integer scalar; takes part in the key.
        scale: scalar of the block's dtype.
        kind: a key of `KINDS`.

    Returns:
        One tensor for each variable of the block, of its shape.
    """
    # Counting from a hashed start: within a run no pair occurs twice, and two blocks or chains
    # share one only if 32 bits agree and, besides, the other two starts lie within a run's length
    # of each other.
    chain, start = fold_seed(seed, block.first)
    key = tf.stack([chain, start + tf.cast(iteration, tf.int32)])
    on_gpu = bool(tf.config.get_visible_devices("GPU"))
    flat = stateless.traced_once(_flat, kind, sum(block.sizes), on_gpu)(key, scale)
    if len(block.shapes) == 1:
        return [tf.reshape(flat, block.shapes[0])]
    parts = tf.split(flat, block.sizes)
    return [tf.reshape(part, shape) for part, shape in zip(parts, block.shapes, strict=True)]


def _flat(kind: str, count: int, on_gpu: bool, key: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """The noise of a block; `on_gpu` tells its graphs apart, which depend on it."""
    return KINDS[kind](count, key, scale)


def normal(count: int, key: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """`count` independent N(0, scale^2) numbers of the dtype of `scale`; `key` is a pair of int32.

    On CPUs they are made of uniform numbers by vectorised operations (Box & Muller 1958), in less
    than half the time that TensorFlow's normal kernel takes there:

        sqrt(-2 log(1 - u)) (cos 2 pi w, sin 2 pi w),    u, w uniform on [0, 1).

    With the 23 random bits of a float32 u this reaches to 5.6 standard deviations, beyond which
    lies 2e-8 of the normal distribution's mass. Compiled by XLA the numbers are the same but for
    the last digits. On GPUs they are tfp's, and XLA draws others there.
    """
    if tf.config.get_visible_devices("GPU"):
        # Here, because it takes seconds to load, and whoever wants a sampler may not draw yet.
        import tensorflow_probability as tfp

        zero, one = tf.zeros([], scale.dtype), tf.ones([], scale.dtype)
        return scale * tfp.distributions.Normal(zero, one).sample([count], seed=key)
    half = -(-count // 2)
    u, w = tf.unstack(_uniform([2, half], key, scale.dtype))
    radius = scale * tf.sqrt(-2.0 * tf.math.log1p(-u))
    angle = 2.0 * np.pi * w
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], 0)[:count]


def _uniform(shape: Sequence[int], key: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Uniform multiples of 2^-23 (float32) or 2^-52 (float64) in [0, 1), of the given shape.

    Made of integers, because XLA takes other bits of the same word into a float than TensorFlow.
    """
    bits, words = (23, tf.int32) if dtype == tf.float32 else (52, tf.int64)
    return tf.cast(stateless.words(shape, key, words) & (2**bits - 1), dtype) * 2.0**-bits


def rademacher(count: int, key: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """`count` independent signs times `scale`: the noise of the simplified weak Euler scheme.

    Mean 0, variance scale^2 and third moment 0 agree with the normal distribution, which is all
    that weak order 1 asks for (Kloeden & Platen 1992, section 14.1). One random bit makes one sign.
    A table of the 256 bytes turns eight bits at a time into eight signs: it holds no randomness, it
    only unpacks bits.
    """
    words = stateless.words([-(-count // 32)], key)
    octets = tf.cast(tf.reshape(tf.bitcast(words, tf.uint8), [-1]), tf.int32)
    signs = tf.gather(tf.constant(_SIGNS_OF_BYTE, scale.dtype) * scale, octets)
    return tf.reshape(signs, [-1])[:count]


_SIGNS_OF_BYTE = ((np.arange(256)[:, None] >> np.arange(8)) & 1) * 2.0 - 1.0

KINDS: dict[str, Callable[[int, tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "normal": normal,
    "rademacher": rademacher,
}
