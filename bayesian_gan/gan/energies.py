"""The potential energies of the networks that meet, and their gradients, from forward passes.

Generated images of all generators that a discriminator meets are one batch through it, and the gradients of
both players are taken at the same state. The energies themselves are `bayesian_gan.gan.objectives`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
import tensorflow as tf

from bayesian_gan.gan import objectives
from bayesian_gan.gan.gradient_penalty import gradient_penalties, interpolates
from bayesian_gan.gan.minibatch import Minibatch
from bayesian_gan.gan.random_scan import Generator, random_start, weights_of
from bayesian_gan.networks.noise import forward
from bayesian_gan.networks.outputs import critic_values, split_outputs
from bayesian_gan.seeds import ALGORITHM, seed_pair

Objective = Literal["paper", "authors", "wasserstein"]
Matching = Literal["huber", "mean"]


@dataclass(frozen=True)
class EnergySettings:
    """What the energies of a model are; see `BayesianGAN` for the attributes it has too.

    Attributes:
        num_data: N.
        num_gen: J_g.
        generators_per_step: generators of a chain that move in one iteration.
        pairs_per_step: how many of these one discriminator meets.
        final_noise: share of the activation noise that is left after `noise_ramp`.
        noise_ramp: iterations at which it begins to fall and where it ends.
        gradient_penalty: lambda of a critic's penalty, or None.
        seed: of the authors' noise term, of the choice of pairs and of the penalty's interpolates.
    """

    objective: Objective
    num_data: int
    num_gen: int
    prior_std: float | None
    feature_matching: float
    pairing_reduction: objectives.Reduction
    labelled_weight: float
    matching: Matching
    entropy: float
    consistency: float
    consistency_ramp: int
    class_frequencies: float
    final_noise: float
    noise_ramp: tuple[int, int]
    generators_per_step: int
    pairs_per_step: int
    gradient_penalty: float | None
    seed: int


@dataclass(frozen=True)
class ChainStep:
    """What one chain brings to an iteration.

    Attributes:
        index: number of the chain.
        generators: those that move.
        discriminators: all of the chain.
        batch: its minibatch.
        averaged: the discriminators with averaged weights; none where there is no consistency term.
        shard: number of the shard that the minibatch is; None for a whole one.
        log_ratio: log(q_k / pi_k) of the class frequencies that each discriminator predicts and of those that
            are expected, float32 [J_d, K]; None where there is no such term.
    """

    index: int
    generators: Sequence[Generator]
    discriminators: Sequence[keras.Model]
    batch: Minibatch
    averaged: Sequence[keras.Model] = ()
    shard: tf.Tensor | None = None
    log_ratio: tf.Tensor | None = None


@dataclass(frozen=True)
class _Judge:
    """What a discriminator's outputs say of real and of generated images: values, and their two energies."""

    values: Callable[[Any], tf.Tensor]
    real_energy: Callable[[tf.Tensor], tf.Tensor]
    fake_energy: Callable[[tf.Tensor], tf.Tensor]


_CLASSIFIER = _Judge(
    lambda outputs: split_outputs(outputs)[0], objectives.real_energy, objectives.fake_energy
)
_CRITIC = _Judge(critic_values, objectives.critic_real_energy, objectives.critic_fake_energy)


def _judge(settings: EnergySettings) -> _Judge:
    return _CRITIC if settings.objective == "wasserstein" else _CLASSIFIER


@dataclass(frozen=True)
class Energies:
    """Energies per example, U / N, of the networks that meet: float32 [D] and [G], and their terms."""

    discriminators: tf.Tensor
    generators: tf.Tensor
    terms: objectives.PairTerms

    def to_tensors(self) -> tuple[Any, ...]:
        """A structure of tensors, which TensorFlow's functions can return."""
        return self.discriminators, self.generators, dict(vars(self.terms))

    @classmethod
    def from_tensors(cls, tensors: tuple[Any, ...]) -> "Energies":
        """The reverse of `to_tensors`."""
        discriminators, generators, terms = tensors
        return cls(discriminators, generators, objectives.PairTerms(**terms))


def gradients(
    settings: EnergySettings, chains: Sequence[ChainStep], step: tf.Tensor
) -> tuple[Energies, list[list[tf.Tensor]], list[list[tf.Tensor]]]:
    """Energies of chains that meet and their gradients with respect to each network's own weights.

    Args:
        settings: of the model.
        chains: those whose networks meet.
        step: iteration, int64, which seeds the authors' noise term and the choice of pairs.

    Returns:
        The energies; for each chain the gradients of U_g / N for the weights of its generators, in their
        order; and likewise those of U_d / N.
    """
    theta_g = [[w for g in chain.generators for w in weights_of(g)] for chain in chains]
    theta_d = [[w for d in chain.discriminators for w in weights_of(d)] for chain in chains]
    with (
        tf.GradientTape(watch_accessed_variables=False) as tape_g,
        tf.GradientTape(watch_accessed_variables=False) as tape_d,
    ):
        tape_g.watch(theta_g)
        tape_d.watch(theta_d)
        found = energies(settings, chains, step)
        # One network's energy does not depend on another's weights of the same player, so the gradient of
        # the sum holds each one's own.
        total_g = tf.reduce_sum(found.generators)
        total_d = tf.reduce_sum(found.discriminators)
    return found, tape_g.gradient(total_g, theta_g), tape_d.gradient(total_d, theta_d)


def energies(settings: EnergySettings, chains: Sequence[ChainStep], step: tf.Tensor) -> Energies:
    """Energies per example, U / N, of the networks of chains that meet; see `gradients` for the arguments."""
    generators = [g for chain in chains for g in chain.generators]
    discriminators = [d for chain in chains for d in chain.discriminators]
    terms = _terms(settings, chains, step)
    group = [chain.index for chain in chains]
    regulariser_g = _regularisers(settings, generators, (0, *group), step)
    regulariser_d = _regularisers(settings, discriminators, (1, *group), step)
    if settings.objective == "authors":
        energies_d = objectives.authors_discriminator_energy(terms, settings.num_gen, regulariser_d)
        energies_g = objectives.authors_generator_energy(
            terms, settings.feature_matching, regulariser_g
        )
    else:
        energies_d = regulariser_d + objectives.paper_discriminator_energy(
            terms, settings.labelled_weight, settings.pairing_reduction, settings.num_gen
        )
        energies_d += settings.entropy * terms.entropy
        energies_d += _consistency_weight(settings, step) * terms.consistency
        energies_d += settings.class_frequencies * terms.class_frequencies
        energies_g = regulariser_g + objectives.paper_generator_energy(
            terms, settings.feature_matching, settings.pairing_reduction
        )
    return Energies(energies_d, energies_g, terms)


def _terms(
    settings: EnergySettings, chains: Sequence[ChainStep], step: tf.Tensor
) -> objectives.PairTerms:
    fakes = [
        g(z, training=True)
        for chain in chains
        for g, z in zip(chain.generators, tf.unstack(chain.batch.z), strict=True)
    ]
    merged, terms = tf.concat(fakes, axis=0), []
    noise = _noise_share(settings, step)
    for chain in chains:
        for i, discriminator in enumerate(chain.discriminators):
            met = None
            if settings.pairs_per_step < settings.generators_per_step:
                met = _met(settings, (chain.index, i), step, len(fakes))
            averaged = chain.averaged[i] if chain.averaged else None
            log_ratio = None if chain.log_ratio is None else chain.log_ratio[i]
            seed = seed_pair((settings.seed, 10, chain.index, i), step)
            if chain.shard is not None:
                seed = tf.random.experimental.stateless_fold_in(seed, chain.shard)
            terms.append(
                _discriminator_terms(
                    settings,
                    discriminator,
                    averaged,
                    log_ratio,
                    chain.batch,
                    merged,
                    met,
                    seed,
                    noise,
                )
            )
    return objectives.stack_terms(terms)


def _met(
    settings: EnergySettings, discriminator: tuple[int, int], step: tf.Tensor, count: int
) -> tf.Tensor:
    """Which of `count` generators a discriminator meets in this iteration, int32 [pairs_per_step]."""
    start = random_start((settings.seed, 9, *discriminator), step, count)
    return (start + tf.range(settings.pairs_per_step)) % count


def _discriminator_terms(
    settings: EnergySettings,
    discriminator: keras.Model,
    averaged: keras.Model | None,
    log_ratio: tf.Tensor | None,
    batch: Minibatch,
    fakes: tf.Tensor,
    met: tf.Tensor | None,
    seed: tf.Tensor,
    noise: tf.Tensor | None,
) -> objectives.PairTerms:
    """Terms of one discriminator with all generators, whose `fakes` are one batch, or with those it met.

    Running averages come from real images only: what the passes of other images would write is discarded.
    """
    judge = _judge(settings)
    run = partial(forward, discriminator, noise=noise)
    seeds = tf.unstack(tf.random.split(seed, 3, ALGORITHM))
    real_outputs = run(batch.real, seed=seeds[0], keep_averages=True)
    real_logits, real_features = split_outputs(real_outputs)
    labelled = tf.zeros(())
    if batch.labelled is not None:
        logits, _ = split_outputs(run(batch.labelled, seed=seeds[1], keep_averages=False))
        labelled = objectives.labelled_energy(logits, batch.labels)
    fake, adversarial, matching, penalty = _fake_terms(
        settings, run, real_features, fakes, batch.real, met, seeds[2]
    )
    entropy = objectives.mean_entropy(real_logits) if settings.entropy > 0 else tf.zeros(())
    consistency = tf.zeros(())
    if averaged is not None:
        target, _ = split_outputs(averaged(batch.real, training=True))
        consistency = objectives.inconsistency(real_logits, target)
    frequencies = mean_probabilities = tf.zeros(())
    if log_ratio is not None:
        frequencies = objectives.frequency_divergence(real_logits, log_ratio)
        mean_probabilities = tf.reduce_mean(tf.nn.softmax(real_logits), axis=0)
    return objectives.PairTerms(
        real=judge.real_energy(judge.values(real_outputs)),
        labelled=labelled,
        fake=fake,
        adversarial=adversarial,
        matching=matching,
        entropy=entropy,
        consistency=consistency,
        class_frequencies=frequencies,
        mean_probabilities=mean_probabilities,
        penalty=penalty,
    )


def _fake_terms(
    settings: EnergySettings,
    run: Callable[..., Any],
    real_features: tf.Tensor,
    fakes: tf.Tensor,
    real: tf.Tensor,
    met: tf.Tensor | None,
    seed: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """The terms `fake`, `adversarial`, `matching` and `penalty` of one discriminator.

    `run` is a pass through it. There are as many `fakes` of each generator as `real` images.
    """
    judge, rows = _judge(settings), real.shape[0]
    count = fakes.shape[0] // rows
    if met is not None:
        each = tf.reshape(fakes, (count, rows, *fakes.shape[1:]))
        fakes = tf.reshape(tf.gather(each, met), (-1, *fakes.shape[1:]))
    outputs = run(fakes, seed=seed, keep_averages=False)
    values = _by_generator(judge.values(outputs), rows)
    features = _by_generator(split_outputs(outputs)[1], rows)
    adversarial = judge.real_energy(values)
    matching = tf.zeros_like(adversarial)
    if settings.feature_matching > 0:
        distance = (
            objectives.huber_feature_distance
            if settings.matching == "huber"
            else objectives.mean_feature_distance
        )
        matching = distance(real_features, features)
    if met is not None:
        adversarial, matching = (_spread(v, met, count) for v in (adversarial, matching))
    penalty = tf.zeros(values.shape[0])
    if settings.gradient_penalty is not None:
        points = interpolates(real, fakes, tf.random.experimental.stateless_fold_in(seed, 1))
        critic = partial(run, seed=seed, keep_averages=False)
        penalty = settings.gradient_penalty * gradient_penalties(critic, points, rows)
    return judge.fake_energy(values), adversarial, matching, penalty


def _noise_share(settings: EnergySettings, step: tf.Tensor) -> tf.Tensor | None:
    """Share of the activation noise in this iteration, which falls linearly over `noise_ramp`; None for all."""
    if settings.final_noise == 1.0:
        return None
    first, last = settings.noise_ramp
    passed = tf.cast(step - first, tf.float32) / max(last - first, 1)
    return 1.0 + (settings.final_noise - 1.0) * tf.clip_by_value(passed, 0.0, 1.0)


def _consistency_weight(settings: EnergySettings, step: tf.Tensor) -> tf.Tensor:
    """The weight of the consistency term, which rises linearly over the first iterations."""
    risen = tf.cast(step, tf.float32) / max(settings.consistency_ramp, 1)
    return settings.consistency * tf.minimum(risen, 1.0)


def _regularisers(
    settings: EnergySettings, models: Sequence[Generator], key: tuple[int, ...], step: tf.Tensor
) -> tf.Tensor:
    """-log prior / N of each network (and the authors' noise term), float32 [networks]."""
    prior_std, num_data = settings.prior_std, settings.num_data
    if prior_std is None:
        return tf.zeros(len(models))
    values = []
    for i, model in enumerate(models):
        weights = weights_of(model)
        if settings.objective == "authors":
            seed = seed_pair((settings.seed, 6, *key, i), step)
            values.append(
                objectives.authors_prior(weights, prior_std, num_data)
                + objectives.authors_noise(weights, seed, num_data)
            )
        else:
            values.append(objectives.negative_log_prior(weights, prior_std, num_data))
    return tf.stack(values)


def _spread(values: tf.Tensor, met: tf.Tensor, count: int) -> tf.Tensor:
    """Values of the q generators met, [q], as [count]: count / q times as large, and zero elsewhere."""
    scale = count / values.shape[0]
    return tf.scatter_nd(met[:, None], values * scale, (count,))


def _by_generator(tensor: tf.Tensor, rows: int) -> tf.Tensor:
    """[G * rows, n] to [G, rows, n]."""
    return tf.reshape(tensor, (-1, rows, tensor.shape[-1]))
