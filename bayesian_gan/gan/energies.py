"""The potential energies of the networks that meet, and their gradients, from forward passes.

Generated images of all generators that a discriminator meets are one batch through it, and the gradients of
players that move together are taken at the same state. What the energies are is the game's: its objective,
terms and prior.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from bayesian_gan.gan.game import Game
from bayesian_gan.gan.generators import Generator
from bayesian_gan.gan.minibatch import Minibatch, TrainingData
from bayesian_gan.gan.objectives import Pairs
from bayesian_gan.gan.objectives.base import labelled_energy
from bayesian_gan.gan.order import WHOLE, Half
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.random_scan import random_start
from bayesian_gan.gan.terms import State
from bayesian_gan.networks.noise import forward
from bayesian_gan.networks.outputs import split_outputs, to_float32
from bayesian_gan.networks.players import Player
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use, name_key

Values = dict[str, tf.Tensor]


@dataclass(frozen=True)
class Players:
    """What one chain brings to an iteration.

    Attributes:
        number: of the chain.
        generators: those that move.
        discriminators: all of the chain.
        data: what is trained on.
        batch: its minibatch of that.
        first: index of its first discriminator among those of all chains.
        states: that the terms carry.
        shard: number of the shard that the minibatch is; None for a whole one.
        half: of the iteration that they are brought to.
    """

    number: int
    generators: Sequence[Generator]
    discriminators: Sequence[keras.Model]
    data: TrainingData
    batch: Minibatch
    first: int
    states: Sequence[State]
    shard: tf.Tensor | None = None
    half: Half = WHOLE


class Energies(NamedTuple):
    """Energies per example, U / N, of the networks that meet, and what they are made of.

    Attributes:
        discriminators: float32 [D]; None of a half in which they do not move.
        generators: float32 [G]; likewise.
        terms: minibatch means by name: "real" and "labelled" [D], "fake" [D, q], "adversarial" [D, G] (see
            `objectives.Pairs`), and each term's by its metric: [D], or [D, q] of pairs in the discriminators'
            energies, [D, G] in the generators'.
        observed: what the states are told, by name, [D, ...].
    """

    discriminators: tf.Tensor
    generators: tf.Tensor
    terms: Values
    observed: Values


def gradients(
    game: Game, chains: Sequence[Players], step: tf.Tensor
) -> tuple[Energies, list[list[tf.Tensor]], list[list[tf.Tensor]]]:
    """Energies of chains that meet and their gradients with respect to each network's own weights.

    Args:
        game: what is played.
        chains: those whose networks meet.
        step: iteration, int64, which seeds what is random and moves the ramps.

    Returns:
        The energies; for each chain the gradients of U_g / N for the weights of its generators, in their
        order; and likewise those of U_d / N. In a half of an iteration there is only what belongs to the player
        that moves: what only the other's is made of is not computed in a graph.
    """
    players = chains[0].half.players
    theta = {
        "generator": [[w for g in chain.generators for w in g.trainable] for chain in chains],
        "discriminator": [
            [w for d in chain.discriminators for w in weights_of(d)] for chain in chains
        ],
    }
    tapes = {player: tf.GradientTape(watch_accessed_variables=False) for player in players}
    with ExitStack() as recording:
        for player, tape in tapes.items():
            recording.enter_context(tape)
            tape.watch(theta[player])
        found = _of_players(game, energies(game, chains, step), players)
        # One network's energy does not depend on another's weights of the same player, so the gradient of
        # the sum holds each one's own.
        of = {"generator": found.generators, "discriminator": found.discriminators}
        totals = {player: tf.reduce_sum(of[player]) for player in players}
    slopes = {p: tapes[p].gradient(total, theta[p]) for p, total in totals.items()}
    return found, slopes.get("generator", []), slopes.get("discriminator", [])


def _of_players(game: Game, found: Energies, players: Sequence[Player]) -> Energies:
    """What belongs to the energies of these players; the states are told by the discriminators' passes."""
    of_generators = {"adversarial"} | {t.metric for t in game.terms if t.player == "generator"}
    terms = {
        name: value
        for name, value in found.terms.items()
        if ("generator" if name in of_generators else "discriminator") in players
    }
    return Energies(
        found.discriminators if "discriminator" in players else None,
        found.generators if "generator" in players else None,
        terms,
        found.observed if "discriminator" in players else {},
    )


def energies(game: Game, chains: Sequence[Players], step: tf.Tensor) -> Energies:
    """Energies per example, U / N, of the networks of chains that meet; see `gradients` for the arguments."""
    fakes = [
        g.images(z, _seed(game, chain, step, Use.GENERATOR_PASSES, j))
        for chain in chains
        for j, (g, z) in enumerate(zip(chain.generators, tf.unstack(chain.batch.z), strict=True))
    ]
    terms, observed = _values(game, chains, tf.concat(fakes, axis=0), len(fakes), step)
    numbers = [chain.number for chain in chains]
    generators = [g for chain in chains for g in chain.generators]
    discriminators = [d for chain in chains for d in chain.discriminators]
    regulariser_g = _regularisers(
        game, generators[0].template, [g.trainable for g in generators], (0, *numbers), step
    )
    regulariser_d = _regularisers(
        game, discriminators[0], [weights_of(d) for d in discriminators], (1, *numbers), step
    )
    weighted: dict[str, list[tf.Tensor]] = {"discriminator": [], "generator": []}
    for term in game.pair_terms():
        weighted[term.player].append(term.weight_at(step) * terms[term.metric])
    pairs = Pairs(
        terms["real"],
        terms["labelled"],
        terms["fake"],
        terms["adversarial"],
        weighted["discriminator"],
        weighted["generator"],
    )
    w_s = _labelled_weight(game, chains[0].data)
    energies_d = game.objective.discriminator_energies(pairs, regulariser_d, w_s, game.num_gen)
    for term in game.own_terms():
        energies_d += term.weight_at(step) * terms[term.metric]
    energies_g = game.objective.generator_energies(pairs, regulariser_g)
    return Energies(energies_d, energies_g, terms, observed)


def _labelled_weight(game: Game, data: TrainingData) -> float:
    """w_s of the labelled term: "posterior" is N_s / N."""
    w_s = game.objective.w_s
    if not isinstance(w_s, str):
        return w_s
    return 0.0 if data.labels is None else data.labels.shape[0] / game.num_data


def _values(
    game: Game, chains: Sequence[Players], fakes: tf.Tensor, count: int, step: tf.Tensor
) -> tuple[Values, Values]:
    """Minibatch means of all discriminators, and what states are told; [D, ...] each.

    Args:
        game: what is played.
        chains: those whose networks meet.
        fakes: images of the `count` generators that move, as one batch.
        count: G.
        step: iteration.
    """
    noise = None if game.noise is None else game.noise.share(step)
    found: list[tuple[Values, Values]] = []
    for chain in chains:
        for i, discriminator in enumerate(chain.discriminators):
            met = None
            if game.meeting < game.moving:
                met = _met(game, (chain.number, i, *chain.half.fold), step, count)
            run = partial(forward, discriminator, noise=noise)
            found.append(_of_discriminator(game, chain, i, run, fakes, met, step))
    return _stacked([values for values, _ in found]), _stacked([told for _, told in found])


def _stacked(each: Sequence[Values]) -> Values:
    return {name: tf.stack([values[name] for values in each]) for name in each[0]}


def _seed(game: Game, chain: Players, step: tf.Tensor, use: Use, *key: int) -> tf.Tensor:
    """Of one use in a half of an iteration of a chain, and of a shard where there are some; int32 [2]."""
    seed = stateless.seed_pair((game.seed, use, chain.number, *key, *chain.half.fold), step)
    if chain.shard is None:
        return seed
    return stateless.fold_in(seed, chain.shard)


def _met(game: Game, discriminator: tuple[int, ...], step: tf.Tensor, count: int) -> tf.Tensor:
    """Which of `count` generators a discriminator meets in this iteration, int32 [q]."""
    start = random_start((game.seed, Use.MET, *discriminator), step, count)
    return (start + tf.range(game.meeting)) % count


def _of_discriminator(
    game: Game,
    chain: Players,
    i: int,
    run: Any,
    fakes: tf.Tensor,
    met: tf.Tensor | None,
    step: tf.Tensor,
) -> tuple[Values, Values]:
    """Minibatch means of one discriminator with all generators, or with those it met, and what it tells.

    Running averages come from real images only: what the passes of other images would write is discarded.

    Args:
        game: what is played.
        chain: of the discriminator.
        i: its index in the chain.
        run: a pass through it, given the images, `seed` and `keep_averages`.
        fakes: one batch of all generators.
        met: numbers of those that it meets; None for all.
        step: iteration.
    """
    batch, objective, counts = chain.batch, game.objective, chain.data.counts
    seeds = stateless.split(_seed(game, chain, step, Use.PASSES, i), 3)

    def seed_of(use: Use, name: str) -> tf.Tensor:
        return _seed(game, chain, step, use, i, name_key(name))

    real_outputs = run(batch.real, seed=seeds[0], keep_averages=True)
    passes = Passes(
        lambda images, seed: run(images, seed=seed, keep_averages=False),
        batch.real,
        real_outputs,
        None if counts is None else tf.convert_to_tensor(counts),
        {state.name: partial(state.read, chain.first + i) for state in chain.states},
        seed_of,
    )
    values = {"labelled": tf.zeros(())}
    if batch.labelled is not None:
        logits, _ = split_outputs(passes.run(batch.labelled, seeds[1]))
        values["labelled"] = labelled_energy(logits, batch.labels, batch.weights)
    values |= _of_pairs(game, passes, fakes, met, seeds[2])
    for term in game.own_terms():
        values[term.metric] = term.value(passes)
    told = {state.name: state.observe(passes) for state in chain.states}
    values["real"] = objective.real_energy(objective.score(real_outputs))
    return values, {name: value for name, value in told.items() if value is not None}


def _of_pairs(
    game: Game, passes: Passes, fakes: tf.Tensor, met: tf.Tensor | None, seed: tf.Tensor
) -> Values:
    """The values of one discriminator that belong to pairs; of each generator as many fakes as real."""
    objective, rows = game.objective, passes.real.shape[0]
    count = fakes.shape[0] // rows
    if met is not None:
        each = tf.reshape(fakes, (count, rows, *fakes.shape[1:]))
        fakes = tf.reshape(tf.gather(each, met), (-1, *fakes.shape[1:]))
    scores = passes.by_generator(objective.score(passes.meet(fakes, seed)))
    values = {"adversarial": objective.real_energy(scores)}
    for term in game.pair_terms():
        values[term.metric] = term.value(passes)
    if met is not None:
        of_generators = [t.metric for t in game.pair_terms() if t.player == "generator"]
        for name in ("adversarial", *of_generators):
            values[name] = _spread(values[name], met, count)
    return values | {"fake": objective.fake_energy(scores)}


def _spread(values: tf.Tensor, met: tf.Tensor, count: int) -> tf.Tensor:
    """Values of the q generators met, [q], as [count]: count / q times as large, and zero elsewhere."""
    scale = count / values.shape[0]
    return tf.scatter_nd(met[:, None], values * scale, (count,))


def weights_of(network: keras.Model) -> list[tf.Variable]:
    """What the energy of a network is differentiated by."""
    return [v.value for v in network.trainable_variables]


def _regularisers(
    game: Game,
    network: keras.Model,
    samples: Sequence[Sequence[Any]],
    key: tuple[int, ...],
    step: tf.Tensor,
) -> tf.Tensor:
    """-log prior / N of the weights of each sample of a network's architecture, float32 [samples]."""
    if game.prior is None:
        return tf.zeros(len(samples))
    prior, values = game.prior.of(network), []
    for i, sample in enumerate(samples):
        seed = partial(stateless.seed_pair, (game.seed, Use.REGULARISER, *key, i), step)
        weights = [to_float32(w) for w in sample]
        values.append(game.objective.regulariser(prior, weights, game.num_data, seed))
    return tf.stack(values)
