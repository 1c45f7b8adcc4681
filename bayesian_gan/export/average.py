"""The average of S discriminators and the mixture of S generators, as graphs.

Two ways to run S networks of one architecture in one graph: a loop over *stacked* weights, whose
graph is as large as that of one network, for SavedModels; and S copies with constant weights, for
formats whose converters fold and quantise constants only. docs/how-to/export.md has what each costs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.export.networks import Networks
from bayesian_gan.networks.outputs import p_real, split_outputs

TINY = float(np.finfo(np.float32).tiny)

Outputs = dict[str, tf.Tensor]


def call_with(network: keras.Model, weights: Sequence[Any], inputs: tf.Tensor) -> Any:
    """The network's outputs with other weights than its own, in inference."""
    with keras.StatelessScope(list(zip(network.weights, weights, strict=True))):
        return network(inputs, training=False)


def has_features(network: keras.Model) -> bool:
    """Whether a discriminator gives its features, and not its logits alone."""
    return isinstance(network.output, dict) and "features" in network.output


def terms(outputs: Any) -> list[tf.Tensor]:
    """What the average needs of one member, of its network's outputs.

    Returns:
        P(real | x), [n], see `networks.outputs.p_real`; and for K > 1 also the probabilities [n, K]
        and their entropy [n], in nats.
    """
    logits, real = tf.cast(split_outputs(outputs)[0], tf.float32), p_real(outputs)
    if logits.shape[-1] == 1:
        return [real]
    log_p = tf.nn.log_softmax(logits)
    return [real, tf.exp(log_p), -tf.reduce_sum(tf.exp(log_p) * log_p, -1)]


def predictive(sums: Sequence[tf.Tensor], members: int) -> Outputs:
    """The average's answer, from the members' summed `terms`.

    Returns:
        `real` [n], the mean of P(real | x). For K > 1 also `probabilities` [n, K], the mean of the
        members'; `entropy` [n] of that mean, in nats; and `mutual_information` [n], in nats,
        between the class and the member: that entropy less the mean of the members' entropies
        (Houlsby et al. 2011, "Bayesian active learning for classification and preference learning",
        eq. 2).
    """
    real, *rest = (total / members for total in sums)
    if not rest:
        return {"real": real}
    probabilities, mean_entropy = rest
    # 0 log 0 = 0. Not `xlogy`, which other formats lack.
    log_p = tf.math.log(tf.maximum(probabilities, TINY))
    entropy = -tf.reduce_sum(probabilities * log_p, -1)
    return {
        "probabilities": probabilities,
        "entropy": entropy,
        # It is not negative; rounding may be.
        "mutual_information": tf.maximum(entropy - mean_entropy, 0.0),
        "real": real,
    }


def unrolled_classify(networks: Networks) -> Callable[[tf.Tensor], Outputs]:
    """`predictive` of images, uint8 or float, by S copies of the network with constant weights."""

    def classify(images: tf.Tensor) -> Outputs:
        x = to_unit(images)
        members = [
            terms(call_with(networks.network, [tf.constant(w) for w in weights], x))
            for weights in networks.weights
        ]
        return predictive([tf.add_n(list(t)) for t in zip(*members, strict=True)], len(members))

    return classify


def stack(networks: Networks) -> list[tf.Variable]:
    """The members' weights, one variable [S, ...] for each of the network's."""
    return [
        tf.Variable(tf.stack(member), trainable=False, name=weight.name)
        for weight, member in zip(
            networks.network.weights, zip(*networks.weights, strict=True), strict=True
        )
    ]


def looped_classify(
    network: keras.Model, stacked: Sequence[tf.Variable]
) -> Callable[[tf.Tensor], Outputs]:
    """`predictive` of images, uint8 or float, by a loop over stacked weights."""
    members = int(stacked[0].shape[0])

    def classify(images: tf.Tensor) -> Outputs:
        x = to_unit(images)

        def member(i: tf.Tensor) -> list[tf.Tensor]:
            return terms(call_with(network, _slices(stacked, i), x))

        # The loop holds one member's activations at a time: parallel iterations would hold ten.
        _, sums = tf.while_loop(
            lambda i, _: i < members,
            lambda i, sums: (i + 1, [a + b for a, b in zip(sums, member(i), strict=True)]),
            (tf.constant(1), member(tf.constant(0))),
            parallel_iterations=1,
        )
        return predictive(sums, members)

    return classify


def looped_embed(
    network: keras.Model, stacked: Sequence[tf.Variable]
) -> Callable[[tf.Tensor], Outputs]:
    """`features` [n, S, F] of every member: they share no axes and so have no mean."""

    def embed(images: tf.Tensor) -> Outputs:
        x = to_unit(images)
        features = tf.map_fn(
            lambda i: tf.cast(call_with(network, _slices(stacked, i), x)["features"], tf.float32),
            tf.range(stacked[0].shape[0]),
            fn_output_signature=tf.float32,
            parallel_iterations=1,
        )
        return {"features": tf.transpose(features, (1, 0, 2))}

    return embed


def looped_generate(
    network: keras.Model, stacked: Sequence[tf.Variable]
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Images [n, H, W, C] in [-1, 1] of z [n, z_dim], each by the generator [n] it names.

    A generator runs once, on the rows that name it, so a mixture of n images costs n images.
    """
    image_shape = network.output_shape[1:]

    def generate(z: tf.Tensor, generators: tf.Tensor) -> tf.Tensor:
        named = tf.unique(generators).y

        def body(k: tf.Tensor, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = tf.where(tf.equal(generators, named[k]))
            made = call_with(network, _slices(stacked, named[k]), tf.gather(z, rows[:, 0]))
            made = tf.cast(made, tf.float32)
            return k + 1, tf.tensor_scatter_nd_update(images, rows, made)

        empty = tf.zeros((tf.shape(z)[0], *image_shape))
        _, images = tf.while_loop(
            lambda k, _: k < tf.size(named),
            body,
            (tf.constant(0), empty),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, *image_shape])),
            parallel_iterations=1,
        )
        return images

    return generate


def _slices(stacked: Sequence[tf.Variable], member: tf.Tensor) -> list[tf.Tensor]:
    return [variable[member] for variable in stacked]


def constant_functions(
    classifier: Networks | None, generator: Networks | None
) -> Iterator[tuple[str, Any]]:
    """Names and `tf.function`s with an input signature, in float32, whose weights are constants.

    "classifier" maps `images` uint8 [n, H, W, C] to `predictive` of them by the average of all
    members, "generator_NAME" z [n, z_dim] to `images`.

    Raises:
        InputError: a layer of the network is neither Keras's nor this package's.
    """
    if classifier is not None:
        networks = classifier.plain("float32")
        spec = tf.TensorSpec((None, *networks.network.input_shape[1:]), tf.uint8, "images")
        yield "classifier", tf.function(unrolled_classify(networks), input_signature=[spec])
    if generator is not None:
        networks = generator.plain("float32")
        spec = tf.TensorSpec((None, networks.network.input_shape[-1]), tf.float32, "z")
        for name, weights in zip(networks.names, networks.weights, strict=True):
            made = _constant_generator(networks.network, weights)
            yield f"generator_{name}", tf.function(made, input_signature=[spec])


def _constant_generator(
    network: keras.Model, weights: Sequence[np.ndarray]
) -> Callable[[tf.Tensor], Outputs]:
    def generate(z: tf.Tensor) -> Outputs:
        return {"images": call_with(network, [tf.constant(w) for w in weights], z)}

    return generate
