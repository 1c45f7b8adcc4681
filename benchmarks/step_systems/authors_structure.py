"""The structure of the authors' TensorFlow 1 graph, in TensorFlow 2: for the step benchmark alone.

Every discriminator is rebuilt for every generator that it meets, the generator's images with it; real
features are computed anew for every pair; all meet all. One iteration is their two runs of the session: the
discriminators' losses and updates, then the generators', on the new discriminators. The losses are those of
`--objective authors`.
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from bayesian_gan.gan.minibatch import Minibatch
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives.authors import authors_noise, authors_prior
from bayesian_gan.gan.objectives.base import labelled_energy
from bayesian_gan.gan.priors import Normal
from bayesian_gan.gan.terms.feature_matching import huber_distance
from bayesian_gan.networks import GhostBatchNormalization

Weights = list[tf.Tensor]


class AuthorsStructure:
    """Losses and updates of the authors' graph, on the networks of a `BayesianGAN(objective=Authors())`.

    As in their graph a variable is read once and its value shared by all the places that use it.

    Args:
        model: its networks and optimizers are used and moved; its own step is not.
        batch: function that gives the minibatch of every chain, as their feed did.
    """

    def __init__(self, model: BayesianGAN, batch: Callable[[], Sequence[Minibatch]]) -> None:
        self.model = model
        self.batch = batch
        self.run_discriminators = tf.function(self._update_discriminators, autograph=False)
        self.run_generators = tf.function(self._update_generators, autograph=False)

    def step(self) -> None:
        """One iteration."""
        self.run_discriminators()
        self.run_generators()

    def discriminator_losses(
        self, batches: Sequence[Minibatch], theta_g: list[Weights], theta_d: list[Weights]
    ) -> list[tf.Tensor]:
        """logsumexp_g [ labelled + J_g * real + fake_g + prior + noise ] for every discriminator."""
        model, losses = self.model, []
        for d, discriminator in enumerate(model.discriminators):
            batch = batches[d // model.game.num_disc]
            real, _ = _call(discriminator, theta_d[d], batch.real)
            common = model.game.num_gen * model.game.objective.real_energy(real)
            if batch.labelled is not None:
                labelled, _ = _call(discriminator, theta_d[d], batch.labelled)
                common += labelled_energy(labelled, batch.labels)
            pairs = []
            for g, generator in enumerate(model.generators):
                fakes = _generate(generator, theta_g[g], _noise(batches, model.game.num_gen, g))
                logits, _ = _call(discriminator, theta_d[d], fakes)
                prior = self._regulariser(theta_d[d], (1, d, g))
                pairs.append(common + model.game.objective.fake_energy(logits) + prior)
            losses.append(tf.reduce_logsumexp(tf.stack(pairs)))
        return losses

    def generator_losses(
        self, batches: Sequence[Minibatch], theta_g: list[Weights], theta_d: list[Weights]
    ) -> list[tf.Tensor]:
        """logsumexp_d [ -log P(real) of its fakes + Huber distance of features + prior + noise ]."""
        model, losses = self.model, []
        for g, generator in enumerate(model.generators):
            pairs = []
            for d, discriminator in enumerate(model.discriminators):
                fakes = _generate(generator, theta_g[g], _noise(batches, model.game.num_gen, g))
                logits, fake_features = _call(discriminator, theta_d[d], fakes)
                _, real_features = _call(
                    discriminator, theta_d[d], batches[d // model.game.num_disc].real
                )
                matching = huber_distance(real_features, fake_features)
                prior = self._regulariser(theta_g[g], (0, g, d))
                pairs.append(model.game.objective.real_energy(logits) + matching + prior)
            losses.append(tf.reduce_logsumexp(tf.stack(pairs)))
        return losses

    def _regulariser(self, weights: Weights, key: tuple[int, ...]) -> tf.Tensor:
        """Prior and noise; the noise is drawn for every pairing, in their graph."""
        game = self.model.game
        assert isinstance(game.prior, Normal)
        seed = tf.stack([hash(key) % 2**31, tf.cast(self.model.iteration.value, tf.int32)])
        noise = authors_noise(weights, seed, game.num_data)
        return authors_prior(weights, game.prior.std, game.num_data) + noise

    def _update_discriminators(self) -> None:
        theta_g, theta_d = _read(self.model.generators), _read(self.model.discriminators)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(theta_d)
            total = tf.add_n(self.discriminator_losses(self.batch(), theta_g, theta_d))
        self._apply(self.model.discriminator_optimizers, tape.gradient(total, theta_d))

    def _update_generators(self) -> None:
        theta_g, theta_d = _read(self.model.generators), _read(self.model.discriminators)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(theta_g)
            total = tf.add_n(self.generator_losses(self.batch(), theta_g, theta_d))
        self._apply(self.model.generator_optimizers, tape.gradient(total, theta_g))
        self.model.iteration.assign_add(1)

    def _apply(
        self, optimizers: Sequence[keras.optimizers.Optimizer], gradients: list[Weights]
    ) -> None:
        """Moves every chain's networks; `gradients` has one list for each network."""
        networks = len(gradients) // len(optimizers)
        for chain, optimizer in enumerate(optimizers):
            own = gradients[chain * networks : (chain + 1) * networks]
            optimizer.apply([gradient for network in own for gradient in network])


def _read(networks: Sequence[keras.Model]) -> list[Weights]:
    """The value of every trainable weight of every network, each read once."""
    return [[tf.identity(v.value) for v in network.trainable_variables] for network in networks]


def _noise(batches: Sequence[Minibatch], num_gen: int, g: int) -> tf.Tensor:
    return batches[g // num_gen].z[g % num_gen]


def _generate(generator: keras.Model, weights: Weights, z: tf.Tensor) -> tf.Tensor:
    return _forward(generator, weights, z)["fakes"]


def _call(
    discriminator: keras.Model, weights: Weights, images: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    outputs = _forward(discriminator, weights, images)
    return outputs["logits"], outputs["features"]


def _forward(network: keras.Model, weights: Weights, x: tf.Tensor) -> dict[str, tf.Tensor]:
    """The outputs of all layers by name, computed by the operations that the authors' program has."""
    values = {v.path: w for v, w in zip(network.trainable_variables, weights, strict=True)}
    outputs = {}
    for layer in network.layers[1:]:
        if isinstance(layer, GhostBatchNormalization):
            mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
            x = (x - mean) * tf.math.rsqrt(variance + layer.epsilon)
            x = tf.nn.leaky_relu(x, layer.negative_slope)
        elif layer.trainable_variables:
            kernel, bias = (values[v.path] for v in layer.trainable_variables)
            x = _linear(layer, kernel, x) + bias
        else:
            x = layer(x)
        outputs[layer.name] = x
    return outputs


def _linear(layer: keras.layers.Layer, kernel: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    if isinstance(layer, keras.layers.Conv2DTranspose):
        shape = (x.shape[0], *layer.compute_output_shape(x.shape)[1:])
        return tf.nn.conv2d_transpose(x, kernel, shape, layer.strides, "SAME")
    if isinstance(layer, keras.layers.Conv2D):
        return tf.nn.conv2d(x, kernel, layer.strides, "SAME")
    return tf.matmul(x, kernel)
