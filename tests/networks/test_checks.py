"""Networks that cannot be played with are refused in one line, those that can are not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.chains import check_networks
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator, mlp_generator

D, SHAPE = keras.layers.Dense, (8, 8, 1)


def _refused(generator: Any, discriminator: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        check_networks(generator, discriminator)
    assert "\n" not in str(caught.value)


def _generator(*ends: keras.layers.Layer) -> keras.Model:
    block = [keras.Input((5,)), D(64), keras.layers.Reshape(SHAPE)]
    return keras.Sequential([*block, *ends])


def _of_vectors(*ends: keras.layers.Layer, size: int = 4) -> keras.Model:
    return keras.Sequential([keras.Input((size,)), *ends])


def _functional(end: Callable[[Any], Any], name: str | None = None) -> keras.Model:
    x = keras.Input((4,))
    h = D(6)(x)
    return keras.Model(x, end(h) if name is None else {"logits": D(2)(h)} | {name: end(h)})


_INNER = {
    "sequential": lambda: _of_vectors(D(3), keras.layers.Softmax(), size=6),
    "functional": lambda: keras.Model(x := keras.Input((6,)), D(3, activation="softmax")(x)),
}

PROBABILITIES: dict[str, Callable[[], keras.Model]] = {
    "softmax": lambda: _of_vectors(D(3, activation="softmax")),
    "sigmoid": lambda: _of_vectors(D(1, activation="sigmoid")),
    "logsoftmax": lambda: _of_vectors(D(3, activation="log_softmax")),
    "sigmoid ": lambda: _of_vectors(D(1), keras.layers.Activation("sigmoid")),
    "softmax ": lambda: _of_vectors(D(3), keras.layers.Softmax()),
    "softmax  ": lambda: _functional(_INNER["sequential"]()),
    "softmax   ": lambda: _functional(_INNER["functional"](), "logits"),
    "sigmoid  ": lambda: _functional(D(1, activation="sigmoid"), "critic"),
    "softmax    ": lambda: _functional(lambda h: keras.ops.softmax(D(3)(h)), "logits"),
    "softmax     ": lambda: _of_vectors(D(3, activation=tf.nn.softmax)),
    "softmax      ": lambda: _of_vectors(D(3), keras.layers.Lambda(tf.nn.softmax)),
    "sigmoid   ": lambda: _of_vectors(D(1, activation="sigmoid"), keras.layers.Flatten()),
    "softmax       ": lambda: _of_vectors(D(3, activation=keras.layers.Softmax())),
}


@pytest.mark.parametrize("name", PROBABILITIES)
def test_a_discriminator_of_probabilities_is_refused(name: str) -> None:
    _refused(mlp_generator(4, 5), PROBABILITIES[name](), f"ends in {name.strip()}.*must be logits")


@pytest.mark.parametrize(
    "network",
    [
        lambda: _of_vectors(D(3)),
        lambda: _of_vectors(D(3, activation="softmax"), D(2)),  # Inside it may be what it likes.
        lambda: _functional(D(3), "logits"),
        lambda: _functional(D(3, activation="softmax"), "features"),
        lambda: _of_vectors(D(3), keras.layers.Activation("linear")),
    ],
)
def test_a_discriminator_of_logits_is_taken(network: Callable[[], keras.Model]) -> None:
    check_networks(mlp_generator(4, 5), network())


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "softplus", "hard_sigmoid", "softmax"])
def test_images_that_are_never_negative_are_refused(activation: str) -> None:
    says = f"ends in {activation.replace('_', '')}.*tanh"
    discriminator = dcgan_discriminator(SHAPE, 3, width=4, num_layers=2)
    _refused(_generator(keras.layers.Activation(activation)), discriminator, says)
    # Vectors have any range.
    check_networks(_of_vectors(D(4, activation=activation), size=5), _of_vectors(D(3)))


def test_images_of_other_ends_are_taken() -> None:
    discriminator = dcgan_discriminator(SHAPE, 3, width=4, num_layers=2)
    A = keras.layers.Activation
    for ends in ([A("tanh")], [], [A("sigmoid"), keras.layers.Rescaling(2.0, -1.0)]):
        check_networks(_generator(*ends), discriminator)


def test_networks_without_trainable_weights_are_refused() -> None:
    generator, discriminator = mlp_generator(4, 5), _of_vectors(D(3))
    discriminator.trainable = False
    _refused(generator, discriminator, "the discriminator .*no trainable weights")
    discriminator.trainable = True
    for layer in generator.layers:
        layer.trainable = False
    _refused(generator, discriminator, "the generator .*no trainable weights")


class _Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = D(3)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def _two_inputs() -> keras.Model:
    x, y = keras.Input((4,)), keras.Input((4,))
    return keras.Model([x, y], D(3)(x + y))


def _list_of_one() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model([x], D(3)(x))


def _list_of_outputs() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model(x, [D(3)(x), D(6)(x)])


def test_networks_of_another_kind_are_told_what_to_be() -> None:
    generator, subclassed = mlp_generator(4, 5), _Subclassed()
    subclassed(np.zeros((2, 4), np.float32))
    for network, says in (
        (D(3), "must be a built keras.Model"),
        (keras.Sequential([D(3)]), r"not built: give it keras\.Input\(shape\)"),
        (subclassed, "subclassed _Subclassed.*wrap it"),
        (_two_inputs(), "list or dict of 2 inputs: give a network of one"),
        (_list_of_one(), None),
        (_list_of_outputs(), r"list of 2 outputs: give them names"),
        (_of_vectors(keras.layers.Reshape((2, 2)), D(3)), r"logits must be \[batch, n\].*Flatten"),
        (_functional(keras.layers.Reshape((2, 3)), "features"), "features must be"),
        (_functional(D(2), "other"), None),
    ):
        if says is None:
            check_networks(generator, network)
        else:
            _refused(generator, network, says)
    _refused(_list_of_outputs(), _of_vectors(D(3)), "generator has several outputs")


@pytest.fixture
def channels_first() -> Any:
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


def test_networks_of_channels_first_are_refused(channels_first: None) -> None:
    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((1, 8, 8)), layers.AveragePooling2D(2), layers.Flatten()]
    )
    x = keras.Input((1, 8, 8))
    network = keras.Model(x, D(3)(network(x)))
    _refused(dcgan_generator(SHAPE, 5, width=4, num_layers=2), network, "is channels_first")
    # A flat batch has no channels.
    check_networks(mlp_generator(4, 5), _of_vectors(layers.Flatten(), D(3)))


def test_our_networks_are_channels_last_whatever_the_format(channels_first: None) -> None:
    generator = dcgan_generator(SHAPE, 5, width=4, num_layers=2)
    for pooling in ("stride", "average"):
        discriminator = dcgan_discriminator(SHAPE, 3, width=4, num_layers=2, pooling=pooling)
        check_networks(generator, discriminator)
        images = np.random.default_rng(0).uniform(-1, 1, (2, *SHAPE)).astype(np.float32)
        found = discriminator(images, training=False)["logits"]
        assert found.shape == (2, 3)
        keras.config.set_image_data_format("channels_last")
        last = dcgan_discriminator(SHAPE, 3, width=4, num_layers=2, pooling=pooling)
        last.set_weights(discriminator.get_weights())
        np.testing.assert_array_equal(last(images, training=False)["logits"], found)
        keras.config.set_image_data_format("channels_first")
    assert generator(np.zeros((2, 5), np.float32)).shape == (2, *SHAPE)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kernel_regularizer": "l2"}, "kernel_regularizer, which the energies do not hold"),
        ({"bias_regularizer": "l1"}, "bias_regularizer"),
        ({"activity_regularizer": "l2"}, "activity_regularizer"),
        ({"kernel_constraint": "non_neg"}, "kernel_constraint, and weights that are put back"),
    ],
)
def test_what_keras_adds_to_a_loss_or_does_to_weights_is_refused(
    arguments: dict[str, Any], says: str
) -> None:
    inner = _of_vectors(D(3, **arguments), size=6)
    _refused(mlp_generator(4, 5), _of_vectors(D(3, **arguments)), says)
    _refused(mlp_generator(4, 5), _functional(inner), says)
