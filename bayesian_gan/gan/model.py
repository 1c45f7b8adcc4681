"""The Bayesian GAN as a Keras model: `compile` with two samplers, `fit` on images, `predict`.

Every posterior sample is a Keras model of its own. M chains hold J_g generators and J_d discriminators
each; `generators[m * num_gen + j]` is sample j of chain m, and likewise `discriminators`. What an iteration
does is `bayesian_gan.gan.step`.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.data.input_range import UNIT, InputRange
from bayesian_gan.errors import InputError
from bayesian_gan.export.current import export_current
from bayesian_gan.gan import replicas
from bayesian_gan.gan.chains import build_chains, build_states, check_networks
from bayesian_gan.gan.configured import check_number
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.game import Game, check_replicas, revived
from bayesian_gan.gan.metrics import Mean
from bayesian_gan.gan.objectives import Objective, Paper
from bayesian_gan.gan.optimizers import BothPlayers, as_optimizer, chain_optimizers
from bayesian_gan.gan.priors import Normal, Prior, as_prior
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import FeatureMatching, State, Term
from bayesian_gan.gan.training import TrainingGAN
from bayesian_gan.networks.outputs import num_classes
from bayesian_gan.networks.saving import described
from bayesian_gan.posterior import Posterior

# The defaults of the constructor: the paper's objective and prior, and what the authors' program adds.
OBJECTIVE, PRIOR, TERMS = Paper(), Normal(1.0), (FeatureMatching(1.0),)


@keras.saving.register_keras_serializable("bayesian_gan")
class BayesianGAN(TrainingGAN):
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
        prior: of each network's weights, such as `Normal(1.0)` (`bayesian_gan.gan.priors`), or a function
            that gives -log p(theta) for the list of a network's trainable weights; None for maximum
            likelihood (no prior, and no noise term in the authors' losses).
        terms: what else is in the energies (`bayesian_gan.gan.terms`), each kind once; by default feature
            matching, as in the authors' program.
        scan: `RandomScan(generators=k, pairs=q)` moves a part of the generators in each iteration; None for all
            (not with `Authors`).
        noise: how the discriminators' activation noise falls; None where it stays.
        chain_offset: number of the first chain, at least 0. Everything random of a chain is keyed by its
            number, so a chain is the same whichever model it runs in (not with `Authors`).
        shards: S, a divisor of the batch sizes: a minibatch is S shards, with batch statistics, noise and
            means of features of their own, whose gradients are averaged (`bayesian_gan.gan.shards`; not with
            `Authors`).
        input_range: of images of floats, wherever they are given to the model: (-1, 1), (0, 1) or (0, 255).
            Generated images have it, too. uint8 always means 0 to 255.
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
        prior: Prior | Callable[[list[tf.Tensor]], tf.Tensor] | None = PRIOR,
        terms: Sequence[Term] = TERMS,
        scan: RandomScan | None = None,
        noise: FallingNoise | None = None,
        chain_offset: int = 0,
        shards: int = 1,
        input_range: tuple[float, float] = (-1.0, 1.0),
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
            prior=as_prior(prior),
            terms=terms,
            scan=scan,
            noise=noise,
            chain_offset=chain_offset,
            shards=shards,
            seed=seed,
        )
        check_networks(generator, discriminator)
        self.game.check(generator, discriminator)
        check_replicas(self.game, self.strategy)
        self.generator_template, self.discriminator_template = generator, discriminator
        self.z_dim = int(generator.input_shape[-1])
        self.image_shape = tuple(discriminator.input_shape[1:])
        self.num_classes = num_classes(discriminator)
        self.input_range = InputRange.of(input_range)
        if len(self.image_shape) != 3 and self.input_range != UNIT:
            raise InputError("input_range is of images, and vectors may have any: leave it out")
        self.chains = build_chains(self.game, generator, discriminator)
        self.generators = [g for chain in self.chains for g in chain.generators]
        self.discriminators = [d for chain in self.chains for d in chain.discriminators]
        self.states: list[State] = build_states(self.game, self.discriminator_template, self.chains)
        self.iteration = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="iteration"
        )
        self.discriminator_energies = self._energies("discriminator", len(self.discriminators))
        self.generator_energies = self._energies("generator", len(self.generators))
        self.training_metrics = [Mean(n) for n in self.game.metrics(self.num_classes)]
        self._make_test_metrics()
        self.generator_optimizers: list[keras.optimizers.Optimizer] = []
        self.discriminator_optimizers: list[keras.optimizers.Optimizer] = []
        self.built = True

    def _energies(self, player: str, samples: int) -> keras.Variable:
        name = f"{player}_energies"
        return self.add_weight((samples,), "zeros", "float32", trainable=False, name=name)

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None = None,
        *,
        metrics: Sequence[Any] | None = None,
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
        jit_compile: bool = False,
    ) -> None:
        """Gives every chain its own copy of both optimizers or samplers, with its own seed.

        In a random scan each block of generators has one: `generator_optimizers[m * blocks + b]`.
        `optimizer.learning_rate` is that of all of them (`gan.optimizers.BothPlayers`).

        Args:
            generator_optimizer: moves the generators, given the gradients of U_g / N; or a name such as
                "adam".
            discriminator_optimizer: moves the discriminators, given the gradients of U_d / N; by default such
                as the generators'.
            metrics: Keras metrics of labels and averaged probabilities, for `evaluate`, beside
                accuracy and NLL.
            steps_per_execution: iterations in one call of the compiled function; callbacks see its end.
            run_eagerly: for debugging.
            jit_compile: compile the step with XLA.

        Raises:
            InputError: something that is no Keras optimizer, XLA with a strategy, metrics with K = 1, or an
                argument out of range.
        """
        if self.strategy is not None and jit_compile:
            raise InputError("jit_compile does not go with a strategy: leave one of the two out")
        if metrics is not None and self.num_classes == 1:
            raise InputError("metrics: a discriminator of one logit knows no classes: leave it out")
        if jit_compile and self.game.objective.augment and self.game.objective.augment.is_affine:
            raise InputError(
                "jit_compile does not go with an affine augmentation, which XLA cannot compile: leave one out"
            )
        if not isinstance(jit_compile, bool):
            raise InputError(f"jit_compile must be True or False, not {jit_compile!r}")
        check_number("steps_per_execution", steps_per_execution, low=1, whole=True)
        given = [
            as_optimizer(optimizer)
            for optimizer in (generator_optimizer, discriminator_optimizer or generator_optimizer)
        ]
        super().compile(
            optimizer=None,
            metrics=metrics,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
            jit_compile=jit_compile,
        )
        with self.strategy.scope() if self.strategy else contextlib.nullcontext():
            self.generator_optimizers, self.discriminator_optimizers = (
                chain_optimizers(optimizer, self.chains, player, self.game.seed, blocks)
                for player, (optimizer, blocks) in enumerate(
                    zip(given, (self.game.blocks, 1), strict=True)
                )
            )
        self.optimizer = BothPlayers(self.generator_optimizers, self.discriminator_optimizers)
        self._compile_config = keras.saving.serialize_keras_object(
            {
                "generator_optimizer": given[0],
                "discriminator_optimizer": given[1],
                "metrics": metrics,
                "steps_per_execution": steps_per_execution,
                "run_eagerly": run_eagerly,
                "jit_compile": jit_compile,
            }
        )

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`; empty before it."""
        return self._compile_config if self.compiled else {}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model, so that the state of its optimizers comes back with its weights."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def new_posterior(
        self,
        path: str | Path | None,
        max_samples: int | None = None,
        *,
        keep: str = "recent",
        seed: int = 0,
    ) -> Posterior:
        """Where `CollectPosterior` collects this model's draws; see `Posterior.of_model`."""
        return Posterior.of_model(path, self, max_samples, keep, seed)

    def export(
        self, path: str | Path, *, class_names: Sequence[str] | None = None, overwrite: bool = False
    ) -> None:
        """Writes the current networks as a SavedModel; see docs/how-to/export.md and `export_current`."""
        export_current(
            path,
            self.discriminators,
            self.generators,
            int(self.iteration.numpy()),
            class_names or self.class_names,
            overwrite,
            self.input_range,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and the class names where `fit` was told them."""
        return {
            "generator": described(self.generator_template),
            "discriminator": described(self.discriminator_template),
            **self.game.get_config(),
            "input_range": [self.input_range.low, self.input_range.high],
            "name": self.name,
        } | ({} if self.class_names is None else {"class_names": self.class_names})

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "BayesianGAN":
        """A model of this configuration, its weights drawn from its seed."""
        arguments = revived(config, ("generator", "discriminator"), custom_objects)
        class_names = arguments.pop("class_names", None)
        model = cls(**arguments)
        model.class_names = class_names
        return model

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Means over an epoch; reset by Keras at its start."""
        compiled = [] if self._compile_metrics is None else [self._compile_metrics]
        return [*self.training_metrics, *self._test_metrics, *compiled]
