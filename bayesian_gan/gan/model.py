"""The Bayesian GAN as a Keras model: `compile` with two samplers, `fit` on images, `predict`.

Every posterior sample is a Keras model of its own. M chains hold J_g generators and J_d discriminators
each; `generators[m * num_gen + j]` is sample j of chain m, and likewise `discriminators`.
"""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.data.source import MappedImages
from bayesian_gan.errors import InputError
from bayesian_gan.gan import energies, objectives, replicas
from bayesian_gan.gan import metrics as trackers
from bayesian_gan.gan.energies import ChainStep, Energies, EnergySettings, Matching, Objective
from bayesian_gan.gan.generation import draw_noise, generate
from bayesian_gan.gan.minibatch import Minibatch, TrainingData, draw_minibatch, training_data
from bayesian_gan.gan.model_arguments import (
    NEED_LABELS,
    check_arguments,
    check_critic,
    check_networks,
    check_scan,
    check_terms,
)
from bayesian_gan.gan.random_scan import (
    Generator,
    ScannedGenerator,
    random_start,
    read_block,
    write_averages,
)
from bayesian_gan.gan.shards import (
    Change,
    Written,
    check_shard_sizes,
    check_shards,
    mean_change,
    own_shards,
)
from bayesian_gan.networks.noise import without_noise
from bayesian_gan.networks.normalization import GhostBatchNormalization
from bayesian_gan.networks.outputs import (
    critic_weights,
    probabilities,
    split_outputs,
    symbolic_output,
)
from bayesian_gan.networks.replication import replicate

# Of the running mean of predicted class frequencies, a step: with 64 images each, some 6,000 images.
FREQUENCY_DECAY = 0.99


@keras.saving.register_keras_serializable("bayesian_gan")
class BayesianGAN(keras.Model):
    """Samples the weights of GAN generators and discriminators from their posteriors.

    Saatci & Wilson, "Bayesian GAN", NIPS 2017, Algorithm 1. The potential energies are those of
    `bayesian_gan.gan.objectives`; they are moved by any Keras optimizers, and sampled where these are the
    SG-MCMC samplers of `bayesian_gan.samplers`. Both players are stepped from one shared forward pass:
    generated images of all generators that a discriminator meets are one batch through it, and the gradients
    of both players are taken at the same state.

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
        objective: "paper", where a discriminator meets the generators of its chain, so that the chains are
            independent; "authors", the released program's losses, where all meet all; or "wasserstein", the
            paper's with a critic c in place of log D and -log(1 - D), which needs `feature_matching=0` and one
            of `weight_clip` and `gradient_penalty`.
        prior_std: s of the prior N(0, s^2 I), greater than 0; None for maximum likelihood (no prior, and
            no noise term in the authors' losses).
        feature_matching: weight of the distance of features in the generators' energies, at least 0.
        pairing_reduction: "mean" over the networks of the other player, or Algorithm 1's "sum".
        labelled_weight: w_s of the labelled term, at least 0 (not with "authors").
        matching: what the distance of features is: "huber", image by image as in the authors' program, or
            "mean", of the means over the minibatch.
        entropy: weight of the mean entropy of unlabelled images' class probabilities in the discriminators'
            energies, at least 0. This and the next two need K > 1, and not "authors".
        consistency: weight of the squared distance of these probabilities from those of a copy of the
            discriminator whose weights are averaged over the iterations, at least 0.
        consistency_ramp: iterations over which that weight rises linearly from 0.
        class_frequencies: weight of KL(q || pi) in a discriminator's energy, at least 0: of q, the class
            frequencies that it predicts for unlabelled images, as a running mean of decay `FREQUENCY_DECAY` a
            step, from pi, those of the labels (`TrainingData.class_frequencies`). This too needs K > 1, and
            not "authors".
        final_noise: share of the standard deviation of every `networks.noise.ActivationNoise` of the
            discriminators that is left after `noise_ramp`, in [0, 1].
        noise_ramp: (first, last) iteration between which it falls linearly from 1 to that.
        average_decay: of the averaged weights, in [0, 1): w' <- decay * w' + (1 - decay) * w, with
            (1 + t) / (10 + t) in the place of the decay while that is less.
        generators_per_step: k, a divisor of J_g; None for all. Each iteration moves one block of k
            generators of each chain, drawn afresh, and the discriminators meet these k: a random scan over
            the generators at about k / J_g of the cost, whose expected gradients are those of the full
            energies (not with "authors").
        pairs_per_step: q, how many of the generators that move one discriminator meets, drawn afresh for each
            discriminator and iteration; None for all. Energies stay unbiased (not with "authors").
        weight_clip: c > 0: after every step the weights that the critic depends on are clipped to [-c, c]
            (Arjovsky et al. 2017). A class head beside it is not.
        gradient_penalty: lambda > 0, weight of the penalty on the norm of the critic's gradient (Gulrajani et
            al. 2017); the critic must not have batch normalisation.
        chain_offset: number of the first chain, at least 0. Everything random of a chain is keyed by its
            number, so a chain is the same whichever model it runs in (not with "authors").
        shards: S, a divisor of the batch sizes: a minibatch is S shards, with batch statistics, noise and
            means of features of their own, whose gradients are averaged (`bayesian_gan.gan.shards`; not with
            "authors").
        seed: of initial weights, minibatches and z.

    Of a model made in the scope of a `tf.distribute` strategy the replicas share the shards of each step, and S
    must be a multiple of their number. `fit` is called outside of the scope.

    Raises:
        InputError: an argument out of range, networks that do not fit each other, or feature matching
            with a discriminator that gives no features.
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
        objective: Objective = "paper",
        prior_std: float | None = 1.0,
        feature_matching: float = 1.0,
        pairing_reduction: objectives.Reduction = "mean",
        labelled_weight: float = 1.0,
        matching: Matching = "huber",
        entropy: float = 0.0,
        consistency: float = 0.0,
        consistency_ramp: int = 1500,
        class_frequencies: float = 0.0,
        final_noise: float = 1.0,
        noise_ramp: tuple[int, int] = (0, 0),
        average_decay: float = 0.999,
        generators_per_step: int | None = None,
        pairs_per_step: int | None = None,
        weight_clip: float | None = None,
        gradient_penalty: float | None = None,
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
        check_arguments(
            num_data=num_data,
            num_gen=num_gen,
            num_disc=num_disc,
            num_mcmc=num_mcmc,
            objective=objective,
            prior_std=prior_std,
            feature_matching=feature_matching,
            pairing_reduction=pairing_reduction,
            labelled_weight=labelled_weight,
            matching=matching,
            entropy=entropy,
            consistency=consistency,
            consistency_ramp=consistency_ramp,
            class_frequencies=class_frequencies,
            final_noise=final_noise,
            noise_ramp=noise_ramp,
            average_decay=average_decay,
            chain_offset=chain_offset,
        )
        check_scan(objective, num_gen, generators_per_step, pairs_per_step)
        check_networks(generator, discriminator, feature_matching)
        check_terms(
            discriminator,
            entropy=entropy,
            consistency=consistency,
            class_frequencies=class_frequencies,
        )
        check_critic(objective, discriminator, feature_matching, weight_clip, gradient_penalty)
        check_shards(shards, objective, self._replicas)
        if self.strategy is not None and (generators_per_step or num_gen) < num_gen:
            raise InputError(
                "generators_per_step does not go with a strategy: leave it out, or use one device"
            )
        self.shards = shards
        self.generator_template = generator
        self.discriminator_template = discriminator
        self.num_data, self.seed = num_data, seed
        self.num_gen, self.num_disc, self.num_mcmc = num_gen, num_disc, num_mcmc
        self.chain_numbers = tuple(range(chain_offset, chain_offset + num_mcmc))
        self.objective, self.prior_std = objective, prior_std
        self.feature_matching, self.labelled_weight = feature_matching, labelled_weight
        self.pairing_reduction = pairing_reduction
        self.generators_per_step = generators_per_step or num_gen
        self.pairs_per_step = pairs_per_step or self.generators_per_step
        self.weight_clip, self.gradient_penalty = weight_clip, gradient_penalty
        self._critic_weights = tuple(critic_weights(discriminator)) if weight_clip else ()
        self.energy_settings = EnergySettings(
            objective=objective,
            num_data=num_data,
            num_gen=num_gen,
            prior_std=prior_std,
            feature_matching=feature_matching,
            pairing_reduction=pairing_reduction,
            labelled_weight=labelled_weight,
            matching=matching,
            entropy=entropy,
            consistency=consistency,
            consistency_ramp=consistency_ramp,
            class_frequencies=class_frequencies,
            final_noise=final_noise,
            noise_ramp=(int(noise_ramp[0]), int(noise_ramp[1])),
            generators_per_step=self.generators_per_step,
            pairs_per_step=self.pairs_per_step,
            gradient_penalty=gradient_penalty,
            seed=seed,
        )
        self.z_dim = int(generator.input_shape[-1])
        self.image_shape = tuple(discriminator.input_shape[1:])
        self.num_classes = int(split_outputs(symbolic_output(discriminator))[0].shape[-1])

        self.generators = _samples(generator, (seed, 0), self.chain_numbers, num_gen)
        self.discriminators = _samples(discriminator, (seed, 1), self.chain_numbers, num_disc)
        self.average_decay = average_decay
        self.averaged_discriminators: list[keras.Model] = []
        if consistency > 0:
            self.averaged_discriminators = _samples(
                discriminator, (seed, 1), self.chain_numbers, num_disc
            )
            for network in self.averaged_discriminators:
                network.trainable = False
                without_noise(network)
        self.iteration = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="iteration"
        )
        self.discriminator_energies = self._energy_state("discriminator_energies", num_disc)
        self.generator_energies = self._energy_state("generator_energies", num_gen)
        self.predicted_frequencies: keras.Variable | None = None
        if class_frequencies > 0:
            self.predicted_frequencies = self.add_weight(
                shape=(num_mcmc * num_disc, self.num_classes),
                initializer=keras.initializers.Constant(1.0 / self.num_classes),
                trainable=False,
                name="predicted_frequencies",
            )
        self._trackers = {name: trackers.Mean(name) for name in self._metric_names()}
        self._test_trackers = {
            "accuracy": trackers.Accuracy("accuracy"),
            "nll": trackers.NegativeLogLikelihood("nll"),
        }
        self._training_data: TrainingData | None = None
        self._written = Written()
        self.generator_optimizers: list[keras.optimizers.Optimizer] = []
        self.discriminator_optimizers: list[keras.optimizers.Optimizer] = []
        self.built = True

    def _metric_names(self) -> list[str]:
        names = ["discriminator_energy", "generator_energy", "real", "fake", "matching"]
        if self.num_classes > 1:
            names.append("labelled")
        if self.gradient_penalty is not None:
            names.append("penalty")
        return names + [n for n in NEED_LABELS if getattr(self.energy_settings, n) > 0]

    def _energy_state(self, name: str, samples: int) -> keras.Variable:
        return self.add_weight(
            shape=(self.num_mcmc * samples,), initializer="zeros", trainable=False, name=name
        )

    # ---------------------------------------------------------------- the Keras interface

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

        Args:
            generator_optimizer: moves the generators, given the gradients of U_g / N.
            discriminator_optimizer: moves the discriminators, given the gradients of U_d / N.
            steps_per_execution: iterations in one call of the compiled function; callbacks see its end.
            run_eagerly: for debugging.
            jit_compile: compile the step with XLA.
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
            self.generator_optimizers = self._chain_optimizers(generator_optimizer, 0)
            self.discriminator_optimizers = self._chain_optimizers(discriminator_optimizer, 1)

    def _chain_optimizers(
        self, optimizer: keras.optimizers.Optimizer, player: int
    ) -> list[keras.optimizers.Optimizer]:
        copies = []
        for chain in range(self.num_mcmc):
            copy = _copy_optimizer(optimizer, (self.seed, 2, player, self.chain_numbers[chain]))
            copy.build(self._chain_variables(player, chain))
            copies.append(copy)
        return copies

    def _chain_variables(self, player: int, chain: int) -> list[keras.Variable]:
        models = self.chain_discriminators(chain) if player else self.chain_generators(chain)
        return _variables(models)

    def chain_generators(self, chain: int) -> list[keras.Model]:
        """The J_g generators of a chain."""
        return self.generators[chain * self.num_gen : (chain + 1) * self.num_gen]

    def chain_discriminators(self, chain: int) -> list[keras.Model]:
        """The J_d discriminators of a chain."""
        return self.discriminators[chain * self.num_disc : (chain + 1) * self.num_disc]

    def _chain_averaged(self, chain: int) -> list[keras.Model]:
        return self.averaged_discriminators[chain * self.num_disc : (chain + 1) * self.num_disc]

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

        `fit` calls it. See there for the arguments and errors.
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
        check_shard_sizes(self.shards, batch_size, data.labelled_batch_size)
        self._training_data = data
        for model in (
            *self.generators,
            *self.discriminators,
            *self.averaged_discriminators,
            self.generator_template,
        ):
            _set_ghost_batch(model, batch_size // self.shards)
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
        members = [
            probabilities(split_outputs(d(x, training=False))[0]) for d in self.discriminators
        ]
        return tf.add_n(members) / len(members)

    def predict_sample(self, images: np.ndarray, sample: int, batch_size: int = 500) -> np.ndarray:
        """Probabilities of one current discriminator, float32 [n, K]; see `call`.

        Args:
            images: uint8, or floats in [-1, 1], [n, height, width, channels].
            sample: index of the discriminator; -1 is the last.
            batch_size: images in one forward pass.
        """
        discriminator = self.discriminators[sample]
        parts = [
            probabilities(
                split_outputs(discriminator(to_unit(images[k : k + batch_size]), training=False))[0]
            )
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

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "generator": keras.saving.serialize_keras_object(self.generator_template),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator_template),
            "num_data": self.num_data,
            "num_gen": self.num_gen,
            "num_disc": self.num_disc,
            "num_mcmc": self.num_mcmc,
            "objective": self.objective,
            "prior_std": self.prior_std,
            "feature_matching": self.feature_matching,
            "pairing_reduction": self.pairing_reduction,
            "labelled_weight": self.labelled_weight,
            "matching": self.energy_settings.matching,
            "entropy": self.energy_settings.entropy,
            "consistency": self.energy_settings.consistency,
            "consistency_ramp": self.energy_settings.consistency_ramp,
            "class_frequencies": self.energy_settings.class_frequencies,
            "final_noise": self.energy_settings.final_noise,
            "noise_ramp": self.energy_settings.noise_ramp,
            "average_decay": self.average_decay,
            "generators_per_step": self.generators_per_step
            if self.objective != "authors"
            else None,
            "pairs_per_step": self.pairs_per_step if self.objective != "authors" else None,
            "weight_clip": self.weight_clip,
            "gradient_penalty": self.gradient_penalty,
            "chain_offset": self.chain_numbers[0],
            "shards": self.shards,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "BayesianGAN":
        """A model of this configuration, its weights drawn from its seed."""
        config = dict(config)
        for player in ("generator", "discriminator"):
            config[player] = keras.saving.deserialize_keras_object(
                config[player], custom_objects=custom_objects
            )
        return cls(**config)

    @property
    def _replicas(self) -> int:
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Means over an epoch; reset by Keras at its start."""
        return [*self._trackers.values(), *self._test_trackers.values()]

    @property
    def training_metrics(self) -> list[keras.metrics.Metric]:
        """The means of energies and of their terms over an epoch."""
        return list(self._trackers.values())

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Accuracy and NLL (nats) of the averaged probabilities, on (images, labels)."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self(x)
        for tracker in self._test_trackers.values():
            tracker.update_state(y, predicted)
        return {name: tracker.result() for name, tracker in self._test_trackers.items()}

    # ---------------------------------------------------------------- the step

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One iteration: a step of every generator and every discriminator of every chain.

        A pure function of the state (weights, optimizers, iteration) and the images given to `fit`.
        """
        del data  # Images are held by `fit`; which of them a step takes follows from `iteration`.
        step = tf.identity(self.iteration.value)
        self._finish_step(step, [self._move_group(group, step) for group in self.groups()])
        return self._logs()

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's; under a strategy one that runs the step on all replicas."""
        if self.strategy is None:
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = replicas.repeated(
                self.strategy,
                self._distributed_step,
                self.steps_per_execution,
                self._logs,
                self.stop_vote,
                self.run_eagerly,
            )
        return self.train_function

    def _distributed_step(self) -> None:
        """One iteration on all replicas, in cross-replica context.

        They move weights and optimizers, of which each has a copy; all else is averaged over them and written
        here.
        """
        assert self.strategy is not None
        packing = replicas.Packing()

        def on_replica(step: tf.Tensor) -> tf.Tensor:
            return packing.pack([self._move_group(group, step) for group in self.groups()])

        step = tf.identity(self.iteration.value)
        each = self.strategy.run(on_replica, args=(step,))
        found = packing.unpack(self.strategy.reduce(replicas.MEAN, each, axis=None))
        self._finish_step(step, found)

    def _finish_step(self, step: tf.Tensor, moved: Sequence[Any]) -> None:
        """Writes what follows from a step whose weights have moved: `moved` has `_move_group`'s results."""
        found = [Energies.from_tensors(tensors) for tensors, _ in moved]
        for group, (_, averages) in zip(self.groups(), moved, strict=True):
            for variable, value in zip(self._written.by_group[group], averages, strict=True):
                variable.assign(value)
        self._clip_weights()
        self._average_weights(step)
        self._average_frequencies([e.terms for e in found])
        self.iteration.assign_add(1)
        self.discriminator_energies.assign(tf.concat([e.discriminators for e in found], 0))
        self.generator_energies.assign(tf.concat([e.generators for e in found], 0))
        self._update_trackers([e.terms for e in found])

    def _logs(self) -> dict[str, tf.Tensor]:
        return {name: tracker.result() for name, tracker in self._trackers.items()}

    def _average_weights(self, step: tf.Tensor) -> None:
        """Moves the averaged weights towards the current ones, where the consistency term needs them."""
        if not self.averaged_discriminators:
            return
        t = tf.cast(step, tf.float32)
        decay = tf.minimum(self.average_decay, (1.0 + t) / (10.0 + t))
        pairs = zip(self.averaged_discriminators, self.discriminators, strict=True)
        for averaged, network in pairs:
            # Running averages are not averaged again: both networks have those of their own passes.
            for mean, value in zip(
                _kernels(averaged, network), network.trainable_variables, strict=True
            ):
                mean.assign(decay * mean + (1.0 - decay) * value)

    def _average_frequencies(self, terms: Sequence[objectives.PairTerms]) -> None:
        """Moves the predicted class frequencies towards those of the minibatch, where a term needs them."""
        q = self.predicted_frequencies
        if q is None:
            return
        mean_probabilities = tf.concat([t.mean_probabilities for t in terms], 0)
        q.assign(FREQUENCY_DECAY * q + (1.0 - FREQUENCY_DECAY) * mean_probabilities)

    def groups(self) -> list[tuple[int, ...]]:
        """Sets of chains whose networks meet: each alone, or all together ("authors")."""
        chains = range(self.num_mcmc)
        return [tuple(chains)] if self.objective == "authors" else [(m,) for m in chains]

    def _move_group(
        self, group: tuple[int, ...], step: tf.Tensor
    ) -> tuple[tuple[Any, ...], list[tf.Tensor]]:
        """Moves the networks of a group; returns their energies, and new values of `_written`."""
        if self.generators_per_step < self.num_gen:
            return self._random_scan(group[0], step)
        change = _own_graph(lambda step: self.change(group, step))(step)
        for chain, gradients_g, gradients_d in zip(
            group,
            replicas.share(change.generators),
            replicas.share(change.discriminators),
            strict=True,
        ):
            self.generator_optimizers[chain].apply(gradients_g)
            self.discriminator_optimizers[chain].apply(gradients_d)
        return change.energies, change.averages

    def change(
        self,
        group: tuple[int, ...],
        step: tf.Tensor,
        block: Sequence[Sequence[tf.Tensor]] | None = None,
    ) -> Change:
        """What an iteration computes for a group, over the shards of this replica; nothing is written.

        Args:
            group: chains whose networks meet.
            step: iteration, int64.
            block: weights of the generators that move (`scan.read_block`), of a group of one chain; None for
                all of the group.
        """
        return mean_change(
            [self._change_of(group, step, shard, block) for shard in own_shards(self.shards)]
        )

    def _change_of(
        self,
        group: tuple[int, ...],
        step: tf.Tensor,
        shard: tf.Tensor | None,
        block: Sequence[Sequence[tf.Tensor]] | None,
    ) -> Change:
        scanned = None
        if block is not None:
            scanned = [ScannedGenerator(self.generator_template, weights) for weights in block]
        with keras.StatelessScope() as scope:
            batches = [self.minibatch(chain, step, shard) for chain in group]
            found, of_generators, of_discriminators = self.gradients(
                group, batches, step, scanned, shard
            )
        known = [(v, scope.get_current_value(v)) for v in self._running_averages(group, block)]
        # Which are written follows from the networks; it is the same in every trace.
        self._written.by_group[group] = [variable for variable, value in known if value is not None]
        return Change(
            found.to_tensors(),
            of_generators,
            of_discriminators,
            [value for _, value in known if value is not None],
            [generator.averages for generator in scanned or ()],
        )

    def _running_averages(self, group: tuple[int, ...], block: Any) -> list[keras.Variable]:
        """Floating-point variables that a pass through a group's networks may write."""
        networks = [
            network
            for chain in group
            for network in (
                *(self.chain_generators(chain) if block is None else ()),
                *self.chain_discriminators(chain),
                *self._chain_averaged(chain),
            )
        ]
        return [
            variable
            for network in networks
            for variable in network.non_trainable_variables
            if tf.as_dtype(variable.dtype).is_floating
        ]

    def _clip_weights(self) -> None:
        """Puts the critics' weights back into the box of `weight_clip`."""
        if self.weight_clip is None:
            return
        for discriminator in self.discriminators:
            variables = discriminator.trainable_variables
            for i in self._critic_weights:
                value = variables[i].value
                variables[i].assign(tf.clip_by_value(value, -self.weight_clip, self.weight_clip))

    def _random_scan(self, chain: int, step: tf.Tensor) -> tuple[tuple[Any, ...], list[tf.Tensor]]:
        """Moves one block of generators, drawn afresh, and the discriminators, which meet this block.

        The block is known only when the step runs. So its weights are read, and written, by a condition over
        the blocks, and the networks between are traced once for all blocks.
        """
        k = self.generators_per_step
        blocks = [self.chain_generators(chain)[i : i + k] for i in range(0, self.num_gen, k)]
        block = random_start((self.seed, 8, self.chain_numbers[chain]), step, len(blocks))

        def compute(step: tf.Tensor, block: tf.Tensor) -> Change:
            values = tf.switch_case(block, [partial(read_block, models) for models in blocks])
            return self.change((chain,), step, values)

        change = _own_graph(compute)(step, block)

        def write(models: Sequence[keras.Model]) -> tf.Tensor:
            self.generator_optimizers[chain].apply(change.generators[0], _variables(models))
            write_averages(models, change.scanned)
            return tf.constant(0)

        tf.switch_case(block, [partial(write, models) for models in blocks])
        self.discriminator_optimizers[chain].apply(change.discriminators[0])
        known = self.generator_energies.value[chain * self.num_gen : (chain + 1) * self.num_gen]
        moved = (block * k + tf.range(k))[:, None]
        discriminators, generators, terms = change.energies
        generators = tf.tensor_scatter_nd_update(known, moved, generators)
        return (discriminators, generators, terms), change.averages

    def minibatch(self, chain: int, step: tf.Tensor, shard: tf.Tensor | None = None) -> Minibatch:
        """The minibatch and the noise of a chain: a function of (seed, its number, step).

        Args:
            chain: index of the chain in this model.
            step: iteration, an integer scalar.
            shard: number of a shard, to have that part of it; None for all.
        """
        data = self._training_data
        assert data is not None
        return draw_minibatch(
            data,
            self.seed,
            self.chain_numbers[chain],
            step,
            self.generators_per_step,
            self.z_dim,
            (shard, self.shards),
        )

    def gradients(
        self,
        group: Sequence[int],
        batches: Sequence[Minibatch],
        step: tf.Tensor,
        generators: Sequence[Generator] | None = None,
        shard: tf.Tensor | None = None,
    ) -> tuple[Energies, list[list[tf.Tensor]], list[list[tf.Tensor]]]:
        """Energies of a group and their gradients; see `bayesian_gan.gan.energies.gradients`.

        Args:
            group: chains whose networks meet.
            batches: one for each chain of the group.
            step: iteration, int64.
            generators: those that move, of a group of one chain; None for all of the group.
            shard: number of the shard that the batches are, which keys the noise; None for whole ones.
        """
        chains = self._chain_steps(group, batches, generators, shard)
        return energies.gradients(self.energy_settings, chains, step)

    def energies(
        self,
        group: Sequence[int],
        batches: Sequence[Minibatch],
        step: tf.Tensor,
        generators: Sequence[Generator] | None = None,
    ) -> Energies:
        """Energies per example, U / N, of the networks of a group; see `gradients` for the arguments."""
        chains = self._chain_steps(group, batches, generators)
        return energies.energies(self.energy_settings, chains, step)

    def _chain_steps(
        self,
        group: Sequence[int],
        batches: Sequence[Minibatch],
        generators: Sequence[Generator] | None,
        shard: tf.Tensor | None = None,
    ) -> list[ChainStep]:
        return [
            ChainStep(
                self.chain_numbers[chain],
                generators or self.chain_generators(chain),
                self.chain_discriminators(chain),
                batch,
                self._chain_averaged(chain),
                shard,
                self._chain_log_ratio(chain),
            )
            for chain, batch in zip(group, batches, strict=True)
        ]

    def _chain_log_ratio(self, chain: int) -> tf.Tensor | None:
        """log(q_k / pi_k) of a chain's discriminators, float32 [J_d, K]; None without that term."""
        if self.predicted_frequencies is None:
            return None
        assert self._training_data is not None
        pi = self._training_data.class_frequencies
        assert pi is not None
        q = self.predicted_frequencies.value[chain * self.num_disc : (chain + 1) * self.num_disc]
        return objectives.log_frequency_ratio(q, pi)

    def _update_trackers(self, terms: Sequence[objectives.PairTerms]) -> None:
        values = {
            "discriminator_energy": self.discriminator_energies.value,
            "generator_energy": self.generator_energies.value,
            "real": tf.concat([t.real for t in terms], 0),
            "fake": tf.concat([tf.reshape(t.fake, [-1]) for t in terms], 0),
            "matching": tf.concat([tf.reshape(t.matching, [-1]) for t in terms], 0),
            "labelled": tf.concat([t.labelled for t in terms], 0),
            "entropy": tf.concat([t.entropy for t in terms], 0),
            "consistency": tf.concat([t.consistency for t in terms], 0),
            "class_frequencies": tf.concat([t.class_frequencies for t in terms], 0),
            "penalty": tf.concat([tf.reshape(t.penalty, [-1]) for t in terms], 0),
        }
        for name, tracker in self._trackers.items():
            tracker.update_state(values[name])


def _own_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, traced in a graph of its own where a graph is being traced.

    TensorFlow orders the terms of a sum by the names of its operations, which it counts up in a graph. In one
    graph for all chains the last digits of a chain would depend on how many come before it.
    """
    return function if tf.executing_eagerly() else tf.function(function, autograph=False)


def _kernels(averaged: keras.Model, network: keras.Model) -> list[keras.Variable]:
    """The weights of a copy that is not trainable which are trainable in the network, in its order."""
    own = dict(zip([id(v) for v in network.weights], averaged.weights, strict=True))
    return [own[id(v)] for v in network.trainable_variables]


def _variables(models: Sequence[keras.Model]) -> list[keras.Variable]:
    return [v for model in models for v in model.trainable_variables]


def _samples(
    template: keras.Model, key: tuple[int, int], chains: Sequence[int], samples: int
) -> list[keras.Model]:
    return [replicate(template, (*key, chain, i)) for chain in chains for i in range(samples)]


def _set_ghost_batch(model: keras.Model, batch_size: int) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, GhostBatchNormalization):
            layer.ghost_batch_size = batch_size


def _copy_optimizer(
    optimizer: keras.optimizers.Optimizer, key: tuple[int, ...]
) -> keras.optimizers.Optimizer:
    """An unbuilt copy of a Keras optimizer; of a sampler, one that draws other noise."""
    if hasattr(optimizer, "with_seed"):
        return optimizer.with_seed(int(np.random.SeedSequence(key).generate_state(1)[0] >> 1))
    return type(optimizer).from_config(optimizer.get_config())
