"""Copies of networks: new weights where they are trained, the template's own where they are not."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.terms import Consistency
from bayesian_gan.networks import dcgan_generator, replicate

D = keras.layers.Dense


def _sequential(*layers: keras.layers.Layer, size: int = 4) -> keras.Model:
    return keras.Sequential([keras.Input((size,)), *layers])


def _filled(network: keras.Model) -> keras.Model:
    """With weights that no initialiser gives."""
    numbers = np.random.default_rng(0)
    network.set_weights([numbers.uniform(2, 3, w.shape) for w in network.get_weights()])
    return network


def _frozen_layer() -> keras.Model:
    network = _filled(_sequential(D(5), D(3)))
    network.layers[0].trainable = False
    return network


def _frozen_from_the_start() -> keras.Model:
    return _filled(_sequential(D(5, trainable=False), D(3)))


def _frozen_model(inner: keras.Model) -> keras.Model:
    inner.trainable = False
    x = keras.Input((4,))
    return keras.Model(x, D(3)(inner(x)))


def _frozen_sequential() -> keras.Model:
    return _frozen_model(_filled(_sequential(D(5), D(6))))


def _frozen_functional() -> keras.Model:
    x = keras.Input((4,))
    return _frozen_model(_filled(keras.Model(x, D(6)(x) + D(6)(x))))


def _frozen_inside() -> keras.Model:
    """A model in a model whose first layer is frozen."""
    inner = _filled(_sequential(D(5), D(6)))
    inner.layers[0].trainable = False
    return keras.Sequential([keras.Input((4,)), keras.Sequential([inner, D(2)]), D(3)])


def _partly_frozen() -> keras.Model:
    """A layer whose kernel alone is frozen, and a batch normalisation whose scale is."""
    network = _filled(_sequential(D(5), keras.layers.BatchNormalization(), D(3)))
    network.layers[0].kernel.trainable = False
    network.layers[1].gamma.trainable = False
    return network


def _running_averages() -> keras.Model:
    return _filled(_sequential(D(5), keras.layers.BatchNormalization(), D(3)))


def _frozen_normalisation() -> keras.Model:
    network = _running_averages()
    network.layers[1].trainable = False
    return network


def _wrapped() -> keras.Model:
    """A frozen layer in a layer that holds others."""
    wrapper = keras.layers.TimeDistributed(D(5))
    network = _filled(_sequential(keras.layers.Reshape((2, 2)), wrapper, D(3)))
    wrapper.layer.trainable = False
    return network


MAKERS: dict[str, tuple[Callable[[], keras.Model], int]] = {
    # With the number of weights that are not trained.
    "layer": (_frozen_layer, 2),
    "from the start": (_frozen_from_the_start, 2),
    "sequential": (_frozen_sequential, 4),
    "functional": (_frozen_functional, 4),
    "inside": (_frozen_inside, 2),
    "partly": (_partly_frozen, 4),
    "averages": (_running_averages, 2),
    "normalisation": (_frozen_normalisation, 4),
    "wrapped": (_wrapped, 2),
}


def _trained(network: keras.Model) -> list[bool]:
    trained = {id(v) for v in network.trainable_weights}
    return [id(v) in trained for v in network.weights]


def _check_copies(template: keras.Model, copies: Sequence[keras.Model]) -> None:
    """What is not trained equals the template's, what is trained is each one's own."""
    trained = _trained(template)
    for copy in copies:
        assert _trained(copy) == trained
        for own, value, moves in zip(copy.weights, template.weights, trained, strict=True):
            assert own is not value
            if not moves:
                np.testing.assert_array_equal(own, value)
    kernels = [k for k, w in enumerate(template.weights) if trained[k] and len(w.shape) == 2]
    assert kernels
    for k in kernels:
        values = [np.asarray(network.weights[k]) for network in (template, *copies)]
        for i, a in enumerate(values):
            assert all(np.abs(a - b).max() > 0.01 for b in values[i + 1 :])


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_not_trained_is_copied(name: str) -> None:
    make, frozen = MAKERS[name]
    template = make()
    assert _trained(template).count(False) == frozen
    _check_copies(template, [replicate(template, (1, 0)), replicate(template, (1, 1))])
    first, again = replicate(template, (1, 0)), replicate(template, (1, 0))
    for a, b in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_frozen_normalisation_stays_one_in_training() -> None:
    template = _frozen_normalisation()
    copy = replicate(template, (0,))
    copy.set_weights(template.get_weights())
    x = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    np.testing.assert_array_equal(copy(x, training=True), template(x, training=True))


def test_states_of_seed_generators_are_not_copied() -> None:
    template = _sequential(D(5), keras.layers.Dropout(0.5, seed=3), D(3))
    (generator,) = template.layers[1]._seed_generators
    generator.state.assign([7, 9])
    first, second = (replicate(template, (k,)).layers[1]._seed_generators[0] for k in (0, 1))
    states = [np.asarray(g.state) for g in (first, second)]
    assert not np.array_equal(states[0], [7, 9])
    assert not np.array_equal(states[0], states[1])


def _chains(generator: keras.Model, discriminator: keras.Model) -> BayesianGAN:
    return BayesianGAN(
        generator,
        discriminator,
        num_data=10,
        num_gen=2,
        num_disc=2,
        num_mcmc=2,
        terms=[Consistency(1.0)],
        seed=3,
    )


def test_every_network_of_a_gan_keeps_what_is_frozen() -> None:
    """Generators, discriminators, and the averaged discriminators of the teacher."""
    generator = _frozen_layer()
    body = _frozen_functional()
    x = keras.Input((3,))
    h = D(4)(x)
    discriminator = keras.Model(x, {"logits": D(2)(body(h)), "features": h})
    gan = _chains(generator, discriminator)
    _check_copies(generator, gan.generators)
    _check_copies(discriminator, gan.discriminators)
    (teacher,) = gan.states
    frozen = [k for k, trained in enumerate(_trained(discriminator)) if not trained]
    assert len(frozen) == 4
    for averaged, network in zip(teacher.networks, gan.discriminators, strict=True):
        assert not averaged.trainable_variables
        for a, b in zip(averaged.weights, network.weights, strict=True):
            np.testing.assert_array_equal(a, b)
        for k in frozen:
            np.testing.assert_array_equal(averaged.weights[k], discriminator.weights[k])


def test_a_trained_gan_moves_nothing_that_is_frozen() -> None:
    generator = _frozen_layer()
    discriminator = _sequential(D(6), D(5), D(2), size=3)
    discriminator.layers[1].trainable = False
    gan = _chains(generator, discriminator)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    numbers = np.random.default_rng(0)
    y = np.arange(10) % 2
    before = [np.asarray(n.weights[0]) for n in gan.discriminators]
    gan.fit(numbers.normal(size=(10, 3)), y, batch_size=4, steps_per_epoch=2, verbose=0)
    _check_copies(generator, gan.generators)
    _check_copies(discriminator, gan.discriminators)
    for network, start, averaged in zip(
        gan.discriminators, before, gan.states[0].networks, strict=True
    ):
        assert np.abs(np.asarray(network.weights[0]) - start).max() > 0
        np.testing.assert_array_equal(averaged.weights[2], discriminator.weights[2])


def test_a_shared_layer_is_shared_in_the_copies() -> None:
    x, shared = keras.Input((4,)), D(4)
    template = keras.Model(x, shared(shared(x)))
    copy = replicate(template, (0,))
    assert len(copy.weights) == len(template.weights) == 2
    kernel, bias = (np.asarray(w) for w in copy.weights)
    value = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_allclose(
        copy(value), (value @ kernel + bias) @ kernel + bias, rtol=1e-5, atol=1e-5
    )


class _Tied(keras.layers.Layer):
    def __init__(self, other: Any, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.other = other

    def call(self, inputs: Any) -> Any:
        return keras.ops.matmul(inputs, keras.ops.transpose(self.other.kernel))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"other": keras.saving.serialize_keras_object(self.other)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "_Tied":
        other = keras.saving.deserialize_keras_object(config.pop("other"))
        return cls(other, **config)


def test_tied_weights_are_refused_in_one_line() -> None:
    x, first = keras.Input((4,)), D(6)
    template = keras.Model(x, _Tied(first)(first(x)))
    with pytest.raises(InputError, match="tie their weights") as caught:
        replicate(template, (0,))
    assert "\n" not in str(caught.value)


class _Subclassed(keras.Model):
    def __init__(self, units: int = 3) -> None:
        super().__init__()
        self.dense = D(units)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def test_a_subclassed_network_is_refused_and_works_wrapped() -> None:
    network = _Subclassed()
    network(np.zeros((2, 4), np.float32))
    with pytest.raises(InputError, match=r"wrap it, x = keras\.Input") as caught:
        replicate(network, (0,))
    assert "\n" not in str(caught.value)
    x = keras.Input((4,))
    wrapped = keras.Model(x, network(x))
    first, again, other = (replicate(wrapped, key) for key in ((1, 0), (1, 0), (1, 1)))
    # No configuration names the seed of its dense layer.
    np.testing.assert_array_equal(first.weights[0], again.weights[0])
    assert np.abs(np.asarray(first.weights[0]) - np.asarray(other.weights[0])).max() > 0.01


class _WithoutConfig(keras.layers.Layer):
    def __init__(self, scale: Any) -> None:
        super().__init__()
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


def test_a_layer_that_cannot_be_made_again_is_named() -> None:
    template = _sequential(_WithoutConfig(np.float32(2.0)), D(3))
    with pytest.raises(InputError, match=r"_WithoutConfig.*get_config") as caught:
        replicate(template, (0,))
    assert "\n" not in str(caught.value)


def test_functions_in_memory_are_handed_on_as_they_are() -> None:
    """Their code is neither serialised nor read: they see what they closed over."""
    scale, calls = np.float32(3.0), []

    def own(x: Any) -> Any:
        calls.append(1)
        return x * scale

    inner = _sequential(keras.layers.Lambda(lambda x: own(x) + scale), D(4, activation=own))
    x = keras.Input((4,))
    functional = keras.Model(x, keras.layers.Activation(own)(keras.layers.Lambda(own)(inner(x))))
    for template in (inner, functional):
        copy = replicate(template, (0,))
        copy.set_weights(template.get_weights())
        value = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
        before = len(calls)
        np.testing.assert_array_equal(copy(value), template(value))
        assert len(calls) > before


def test_a_network_that_was_built_late_or_compiled_is_copied() -> None:
    late = keras.Sequential([D(5), D(3)])
    late(np.zeros((2, 4), np.float32))
    assert replicate(late, (0,))(np.zeros((7, 4), np.float32)).shape == (7, 3)
    compiled = _sequential(D(2))
    compiled.compile(optimizer="adam", loss=lambda y, p: p)
    assert not replicate(compiled, (0,)).compiled
    assert compiled.compiled


def test_built_in_networks_keep_their_initial_weights() -> None:
    """Bit for bit those that a plain clone with fresh seeds has had."""
    template = dcgan_generator((8, 8, 1), 5, width=4, num_layers=2)
    copy, other = replicate(template, (1, 2)), replicate(template, (1, 3))
    sums = [float(np.abs(w).sum()) for w in copy.get_weights()]
    assert sums != [float(np.abs(w).sum()) for w in other.get_weights()]
    np.testing.assert_allclose(sums, _SUMS, rtol=1e-5)


_SUMS = [2.503846, 0.535995, 0.0, 8.0, 4.479425, 0.051805, 0.0, 4.0, 1.467329, 0.027587]
