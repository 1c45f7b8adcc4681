"""The Bayesian GAN as a Keras model: `compile` with two samplers, `fit` on images, `predict`.

Every posterior sample is a Keras model of its own. M chains hold J_g generators and J_d discriminators
each; `generators[m * num_gen + j]` is sample j of chain m, and likewise `discriminators`. What an iteration
does is `bayesian_gan.gan.step`.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.data.source import MappedImages
from bayesian_gan.errors import InputError
from bayesian_gan.export.current import export_current
from bayesian_gan.gan import metrics, replicas
from bayesian_gan.gan.chains import build_chains, build_states, check_networks
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.game import Game, check_replicas, revived
from bayesian_gan.gan.minibatch import training_data
from bayesian_gan.gan.objectives import Objective, Paper
from bayesian_gan.gan.optimizers import chain_optimizers
from bayesian_gan.gan.priors import Normal, Prior
from bayesian_gan.gan.shards import check_shard_sizes
from bayesian_gan.gan.step import Moved, Step
from bayesian_gan.gan.terms import FeatureMatching, State, Term
from bayesian_gan.networks.generation import draw_noise, generate
from bayesian_gan.networks.normalization import set_ghost_batch
from bayesian_gan.networks.outputs import num_classes, probabilities, split_outputs
from bayesian_gan.networks.saving import described

# The defaults of the constructor: the paper's objective and prior, and what the authors' program adds.
OBJECTIVE, PRIOR, TERMS = Paper(), Normal(1.0), (FeatureMatching(1.0),)


@keras.saving.register_keras_serializable("bayesian_gan")
class BayesianGAN(keras.Model):
    """Samples the weights of GAN generators and discriminators from their posteriors.

    Saatci & Wilson, "Bayesian GAN", NIPS 2017, Algorithm 1. The potential energies follow from the objective,
    the prior and the terms; they are moved by any Keras optimizers, and sampled where these are the SG-MCMC
    samplers of `bayesian_gan.samplers`. Generated images of all generators that a discriminator meets are one
    batch through it. The objective's `order` says whether both players are stepped from one shared forward pass
    at one state, or one of them meets what the other has moved.

    With K = 1 logit the model is unsupervised, D = sigmoid(m). With K > 1 it learns from labels too.

    Args:
        generator: functional or sequential model, z [batch, z_dim] to images in [-1, 1]. An architecture:
            every posterior sample is a copy with initial weights of its own.
        discriminator: functional or sequential model, images [batch, height, width, channels] in [-1, 1],
            or vectors [batch, D] of any range, to logits [batch, K], or to
            `{"logits": [batch, K], "features": [batch, F]}`. A Wasserstein critic is the single logit, or with
            K > 1 an output `"critic": [batch, 1]`.
        num_data: N, the number of unlabelled examples, which weighs the prior; at least 1.
        num_gen: J_g, generators of a chain, at least 1.
        num_disc: J_d, discriminators of a chain, at least 1.
        num_mcmc: M, chains, at least 1.
        objective: `Paper()`, where a discriminator meets the generators of its chain, so that the chains are
            independent; `Authors()`, the released program's losses, where all meet all; or `Wasserstein()`, the
            paper's with a critic.
        prior: of each network's weights; None for maximum likelihood (no prior, and no noise term in the
            authors' losses).
        terms: what else is in the energies (`bayesian_gan.gan.terms`), each kind once; by default feature
            matching, as in the authors' program.
        generators_per_step: k, a divisor of J_g; None for all. Each iteration moves one block of k
            generators of each chain, drawn afresh, and the discriminators meet these k: a random scan over
            the generators at about k / J_g of the cost, whose expected gradients are those of the full
            energies (not with `Authors`).
        pairs_per_step: q, how many of the generators that move one discriminator meets, drawn afresh for each
            discriminator and iteration; None for all. Energies stay unbiased (not with `Authors`).
        noise: how the discriminators' activation noise falls; None where it stays.
        chain_offset: number of the first chain, at least 0. Everything random of a chain is keyed by its
            number, so a chain is the same whichever model it runs in (not with `Authors`).
        shards: S, a divisor of the batch sizes: a minibatch is S shards, with batch statistics, noise and
            means of features of their own, whose gradients are averaged (`bayesian_gan.gan.shards`; not with
            `Authors`).
        seed: of initial weights, minibatches and z.
        name: of the model.

    Of a model made in the scope of a `tf.distribute` strategy the replicas share the shards of each step, and S
    must be a multiple of their number. `fit` is called outside of the scope.

    Attributes:
        game: all of these but the networks, checked and resolved.
        generators: M * J_g.
        discriminators: M * J_d.
        states: what the terms carry from one iteration to the next.
        step: the iteration on the data of `fit` or `hold`.

    Raises:
        InputError: an argument out of range, networks that do not fit each other, or a discriminator that does
            not give what a term needs.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_data: int,
        num_gen: int = 1,
        num_disc: int = 1,
        num_mcmc: int = 1,
        objective: Objective = OBJECTIVE,
        prior: Prior | None = PRIOR,
        terms: Sequence[Term] = TERMS,
        generators_per_step: int | None = None,
        pairs_per_step: int | None = None,
        noise: FallingNoise | None = None,
        chain_offset: int = 0,
        shards: int = 1,
        seed: int = 0,
        name: str = "bayesian_gan",
    ) -> None:
        super().__init__(name=name)
        self.strategy = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
        # Keras shall not distribute this model as well: its way fails with several workers.
        self._distribute_strategy = None
        self.stop_vote = replicas.StopVote()
        self.game = Game(
            num_data=num_data,
            num_gen=num_gen,
            num_disc=num_disc,
            num_mcmc=num_mcmc,
            objective=objective,
            prior=prior,
            terms=terms,
            generators_per_step=generators_per_step,
            pairs_per_step=pairs_per_step,
            noise=noise,
            chain_offset=chain_offset,
            shards=shards,
            seed=seed,
        )
        check_networks(generator, discriminator)
        self.game.check(discriminator)
        check_replicas(self.game, self.strategy)
        self.generator_template, self.discriminator_template = generator, discriminator
        self.z_dim = int(generator.input_shape[-1])
        self.image_shape = tuple(discriminator.input_shape[1:])
        self.num_classes = num_classes(discriminator)
        self.chains = build_chains(self.game, generator, discriminator)
        self.generators = [g for chain in self.chains for g in chain.generators]
        self.discriminators = [d for chain in self.chains for d in chain.discriminators]
        self.states: list[State] = build_states(self.game, self.discriminator_template, self.chains)
        self.iteration = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="iteration"
        )
        self.discriminator_energies = self._energies("discriminator", len(self.discriminators))
        self.generator_energies = self._energies("generator", len(self.generators))
        self.training_metrics = [metrics.Mean(n) for n in self.game.metrics(self.num_classes)]
        self._test_metrics = [metrics.Accuracy("accuracy"), metrics.NegativeLogLikelihood("nll")]
        self.step: Step | None = None
        self.generator_optimizers: list[keras.optimizers.Optimizer] = []
        self.discriminator_optimizers: list[keras.optimizers.Optimizer] = []
        self.built = True

    def _energies(self, player: str, samples: int) -> keras.Variable:
        name = f"{player}_energies"
        return self.add_weight((samples,), "zeros", "float32", trainable=False, name=name)

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        *,
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
        jit_compile: bool = False,
    ) -> None:
        """Gives every chain its own copy of both optimizers or samplers, with its own seed.

        In a random scan each block of generators has one: `generator_optimizers[m * blocks + b]`.

        Args:
            generator_optimizer: moves the generators, given the gradients of U_g / N.
            discriminator_optimizer: moves the discriminators, given the gradients of U_d / N.
            steps_per_execution: iterations in one call of the compiled function; callbacks see its end.
            run_eagerly: for debugging.
            jit_compile: compile the step with XLA.

        Raises:
            InputError: something that is no Keras optimizer, or XLA with a strategy.
        """
        if self.strategy is not None and jit_compile:
            raise InputError("jit_compile does not go with a strategy: leave one of the two out")
        super().compile(
            optimizer=None,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
            jit_compile=jit_compile,
        )
        with self.strategy.scope() if self.strategy else contextlib.nullcontext():
            self.generator_optimizers, self.discriminator_optimizers = (
                chain_optimizers(optimizer, self.chains, player, self.game.seed, blocks)
                for player, (optimizer, blocks) in enumerate(
                    ((generator_optimizer, self.game.blocks), (discriminator_optimizer, 1))
                )
            )

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray | None = None,
        *,
        batch_size: int = 64,
        labelled_batch_size: int | None = None,
        epochs: int = 1,
        steps_per_epoch: int | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on images held in memory; minibatches are a function of (seed, iteration) alone.

        Args:
            x: images, uint8 [N, height, width, channels], or floats in [-1, 1]; or vectors, finite floats
                [N, D]. All serve as unlabelled. Those of a np.memmap are read from its file as they are drawn.
            y: integer labels [N], -1 where an image has none (scikit-learn's convention); None with K = 1.
            batch_size: B, unlabelled images and generated images of each generator, at least 2.
            labelled_batch_size: labelled images in a minibatch; min(B, N_s) by default.
            epochs: number of epochs.
            steps_per_epoch: iterations in an epoch; ceil(N / B) by default.
            **kwargs: of `keras.Model.fit`: verbose, callbacks, initial_epoch, validation_data, ...

        Returns:
            Keras's history of the means of energies and probabilities in each epoch.

        Raises:
            InputError: images or labels that do not fit the networks.
        """
        if not self.generator_optimizers:
            raise InputError(
                "call compile(generator_optimizer, discriminator_optimizer) before fit"
            )
        self.hold(x, y, batch_size=batch_size, labelled_batch_size=labelled_batch_size)
        steps = steps_per_epoch or -(-len(x) // batch_size)
        return super().fit(
            tf.data.Dataset.from_tensors(0).repeat(),
            epochs=epochs,
            steps_per_epoch=steps,
            shuffle=False,  # Minibatches are drawn inside the step.
            **kwargs,
        )

    def hold(
        self,
        x: np.ndarray,
        y: np.ndarray | None = None,
        *,
        batch_size: int = 64,
        labelled_batch_size: int | None = None,
    ) -> None:
        """Checks the data and holds them, so that `train_step` draws its minibatches from them.

        `fit` calls it. See there for the arguments.

        Raises:
            InputError: see `fit`; or mapped images with XLA.
        """
        data = training_data(
            x,
            y,
            image_shape=self.image_shape,
            num_classes=self.num_classes,
            batch_size=batch_size,
            labelled_batch_size=labelled_batch_size,
        )
        if self.jit_compile and isinstance(data.images, MappedImages):
            raise InputError(
                "images of a np.memmap are drawn by Python, which XLA cannot compile: give np.array(images), "
                "or leave out jit_compile"
            )
        check_shard_sizes(self.game.shards, batch_size, data.labelled_batch_size)
        carried = [network for state in self.states for network in state.networks]
        networks = (*self.generators, *self.discriminators, *carried, self.generator_template)
        set_ghost_batch(networks, batch_size // self.game.shards)
        self.step = Step(self.game, self.chains, self.states, self.generator_template, data)
        self.train_function: Any = None  # The step is traced on this data.

    def call(self, images: tf.Tensor, training: bool | None = False) -> tf.Tensor:
        """Probabilities averaged over the current discriminators (never their logits).

        Args:
            images: uint8, or floats in [-1, 1], [batch, height, width, channels].
            training: ignored: predictions always use the running averages.

        Returns:
            float32 [batch, K], P(y | x, real); with K = 1, P(real | x), or a critic's score (see
            `networks.outputs.probabilities`).
        """
        x = to_unit(images)
        return tf.add_n([_classes(d, x) for d in self.discriminators]) / len(self.discriminators)

    def predict_sample(self, images: np.ndarray, sample: int, batch_size: int = 500) -> np.ndarray:
        """Probabilities of one current discriminator, float32 [n, K]; see `call`.

        Args:
            images: uint8, or floats in [-1, 1], [n, height, width, channels].
            sample: index of the discriminator; -1 is the last.
            batch_size: images in one forward pass.
        """
        parts = [
            _classes(self.discriminators[sample], to_unit(images[k : k + batch_size]))
            for k in range(0, len(images), batch_size)
        ]
        return tf.concat(parts, 0).numpy()

    def generate(self, num: int, sample: int, seed: int = 0) -> np.ndarray:
        """Images of one current generator: float32 [num, height, width, channels] in [-1, 1].

        Args:
            num: number of images, at least 1.
            sample: index of the generator, 0 <= sample < M * J_g.
            seed: of z; the same z for every generator.
        """
        return generate(self.generators[sample], draw_noise(num, self.z_dim, seed))

    def export(
        self, path: str | Path, *, class_names: Sequence[str] | None = None, overwrite: bool = False
    ) -> None:
        """Writes the current networks as a SavedModel; see docs/export.md and `export_current`."""
        players, iteration = (self.discriminators, self.generators), int(self.iteration.numpy())
        export_current(path, *players, iteration, class_names, overwrite)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "generator": described(self.generator_template),
            "discriminator": described(self.discriminator_template),
            **self.game.get_config(),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "BayesianGAN":
        """A model of this configuration, its weights drawn from its seed."""
        return cls(**revived(config, ("generator", "discriminator"), custom_objects))

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Means over an epoch; reset by Keras at its start."""
        return [*self.training_metrics, *self._test_metrics]

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Accuracy and NLL (nats) of the averaged probabilities, on (images, labels)."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self(x)
        for metric in self._test_metrics:
            metric.update_state(y, predicted)
        return {metric.name: metric.result() for metric in self._test_metrics}

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One iteration: a step of every generator and every discriminator of every chain.

        A pure function of the state (weights, optimizers, iteration) and the images given to `fit`.
        """
        del data  # Images are held by `fit`; which of them a step takes follows from `iteration`.
        step = tf.identity(self.iteration.value)
        self._finish(step, self._move(step))
        return self._logs()

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's; under a strategy one that runs the step on all replicas."""
        if self.strategy is None:
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = replicas.repeated(
                self.strategy,
                self.iteration,
                self._move,
                self._finish,
                self.steps_per_execution,
                self._logs,
                self.stop_vote,
                self.run_eagerly,
            )
        return self.train_function

    def _move(self, step: tf.Tensor) -> list[Moved]:
        """Moves the networks of every group of chains that meet."""
        assert self.step is not None
        optimizers = self.generator_optimizers, self.discriminator_optimizers
        return [self.step.move(group, step, *optimizers) for group in self.game.groups()]

    def _finish(self, step: tf.Tensor, moved: Sequence[Moved]) -> None:
        """Writes what follows from a step whose weights have moved."""
        assert self.step is not None
        found = self.step.finish(step, moved, self.generator_energies.value)
        self.iteration.assign_add(1)
        self.discriminator_energies.assign(found.discriminators)
        self.generator_energies.assign(found.generators)
        values = found.terms | {
            "discriminator_energy": found.discriminators,
            "generator_energy": found.generators,
        }
        for metric in self.training_metrics:
            metric.update_state(tf.reshape(values[metric.name], [-1]))

    def _logs(self) -> dict[str, tf.Tensor]:
        return {metric.name: metric.result() for metric in self.training_metrics}


def _classes(discriminator: keras.Model, x: tf.Tensor) -> tf.Tensor:
    return probabilities(split_outputs(discriminator(x, training=False))[0])
