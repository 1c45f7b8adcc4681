"""What the samplers of a Bayesian GAN do, measured from outside: nothing here changes the training.

Each number is a function of the state after an iteration. Gradients are those of the next
iteration's minibatch, which the weights have not met yet, so their products with the weights have
no bias from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_uint8, to_unit
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.random_scan import read_block
from bayesian_gan.monitoring.positions import PLAYERS, Positions
from bayesian_gan.networks.generation import draw_noise
from bayesian_gan.networks.outputs import p_real
from bayesian_gan.samplers import SGHMC, SGNHT
from bayesian_gan.samplers.diagnostics import sampler_at_work, sampler_kinetic_temperature
from bayesian_gan.samplers.sampler import current_rate

# States that a mean position is over before anything is centred on it.
MIN_POSITIONS = 10
PROBE_FAKES = 8
PROBE_SEED = 0

Gradients = dict[tuple[str, int], list[np.ndarray]]


@dataclass(frozen=True)
class Health:
    """One measurement.

    Attributes:
        numbers: by QUANTITY/NETWORK, such as `gradient_norm/generator_0`; None where it has no
            meaning then (a temperature during the warm-up) or was not measured (the gradient of a
            generator that a random scan left out). Always the same names in the same order, for one
            model.
        outputs: P(real) for histograms, float32 [images], by `p_real/discriminator_0/real` and
            `/fake`.
        fakes: uint8 [M * J_g, PROBE_FAKES, height, width, 1 or 3], of the same z for every
            generator; None where the data are no pictures.
    """

    numbers: dict[str, float | None]
    outputs: dict[str, np.ndarray]
    fakes: np.ndarray | None


class HealthMeter:
    """Measures the networks and samplers of a compiled model that holds its data.

    Args:
        model: the Bayesian GAN; `hold` or `fit` must have been called.
        images: real images that the discriminators are shown, uint8 or floats in [-1, 1], [n,
            height, width, channels]; test images tell more than those that they train on.
        positions: the chains' mean since the sampling began; without it, or where it is over fewer
            than `MIN_POSITIONS` states, there is no configurational temperature.
    """

    def __init__(
        self, model: BayesianGAN, images: np.ndarray, positions: Positions | None = None
    ) -> None:
        self.model, self._positions = model, positions
        self._images = tf.constant(images)
        self._z = draw_noise(PROBE_FAKES, model.z_dim, PROBE_SEED)
        self._gradients = {
            group: tf.function(partial(self._of, group)) for group in model.game.groups()
        }
        self._outputs = tf.function(self._show)

    def measure(self, turn: int = 0) -> Health:
        """The state as it is now; see docs/explanation/mixing.md for what each number means.

        Args:
            turn: of a random scan's blocks, whose generators' gradients are measured one block at a
                time.
        """
        real, fake, pictures = self._outputs()
        outputs = {}
        for i in range(len(self.model.discriminators)):
            outputs[f"p_real/discriminator_{i}/real"] = real[i].numpy()
            outputs[f"p_real/discriminator_{i}/fake"] = fake[i].numpy()
        gradients = self._measure_gradients(turn)
        numbers: dict[str, float | None] = {}
        for player in PLAYERS:
            numbers |= self._of_networks(player, gradients)
        for player in PLAYERS:
            numbers |= self._of_chains(player, gradients)
        numbers |= {name: float(values.mean()) for name, values in outputs.items()}
        fakes = to_uint8(pictures).numpy() if is_picture(self.model.image_shape) else None
        return Health(numbers, outputs, fakes)

    def _of_networks(self, player: str, gradients: Gradients) -> dict[str, float | None]:
        """Energy, gradient norm and weight norm of every network."""
        energies = getattr(self.model, f"{player}_energies").numpy()
        numbers: dict[str, float | None] = {}
        for i, network in enumerate(_networks(self.model, player)):
            name, gradient = f"{player}_{i}", gradients.get((player, i))
            weights = [v.numpy() for v in network.trainable_variables]
            numbers[f"energy/{name}"] = float(energies[i])
            numbers[f"gradient_norm/{name}"] = None if gradient is None else _norm(gradient)
            numbers[f"weight_norm/{name}"] = _norm(weights)
        return numbers

    def _of_chains(self, player: str, gradients: Gradients) -> dict[str, float | None]:
        """Learning rate and temperatures of every chain."""
        networks = _networks(self.model, player)
        each = len(networks) // self.model.game.num_mcmc
        numbers: dict[str, float | None] = {}
        optimizers = getattr(self.model, f"{player}_optimizers")
        blocks = len(optimizers) // self.model.game.num_mcmc
        for chain in range(self.model.game.num_mcmc):
            of_chain = optimizers[chain * blocks : (chain + 1) * blocks]
            # Those of the blocks of a random scan agree on what is a function of the iteration.
            sampler = sampler_at_work(of_chain[0])
            name = f"{player}s_of_chain_{chain}"
            measured = [
                i for i in range(chain * each, (chain + 1) * each) if (player, i) in gradients
            ]
            kinetic = configurational = target = None
            if sampler is not None:
                target = float(sampler.current_temperature())
                if isinstance(sampler, (SGHMC, SGNHT)) and current_rate(sampler) > 0.0:
                    kinetic = float(np.mean([_kinetic(optimizer) for optimizer in of_chain]))
                configurational = self._configurational(
                    player, measured, gradients, sampler.num_data
                )
            numbers[f"learning_rate/{name}"] = current_rate(of_chain[0])
            numbers[f"temperature/{name}"] = target
            numbers[f"kinetic_temperature/{name}"] = kinetic
            numbers[f"configurational_temperature/{name}"] = configurational
        return numbers

    def _configurational(
        self, player: str, measured: Sequence[int], gradients: Gradients, num_data: float
    ) -> float | None:
        """Mean of (theta - c) dU/dtheta over the weights of these networks; c, the chain's mean.

        E[(theta - c) dU/dtheta] = T for any constant c. c = 0 would leave c E[dU/dtheta], which is 0
        in the mean only, and drowns T where a posterior lies far from 0.
        """
        if self._positions is None or self._positions.count < MIN_POSITIONS:
            return None
        networks = _networks(self.model, player)
        total, count = 0.0, 0
        for i in measured:
            weights, mean = networks[i].trainable_variables, self._positions.mean(player, i)
            for theta, c, gradient in zip(weights, mean, gradients[player, i], strict=True):
                apart = theta.numpy().astype(np.float64) - c
                total += float(np.sum(apart * gradient))
                count += apart.size
        return num_data * total / count

    def _measure_gradients(self, turn: int) -> Gradients:
        """Gradients of U/N by (player, network).

        If a random scan moves the generators, only one block of them is measured.
        """
        model, moved = self.model, self.model.game.moving
        found: Gradients = {}
        for group, function in self._gradients.items():
            start, scanned = group[0] * model.game.num_gen, None
            if moved < model.game.num_gen:
                start += turn % (model.game.num_gen // moved) * moved
                scanned = read_block(model.generators[start : start + moved])
            of_generators, of_discriminators = function(scanned)
            for i, gradient in enumerate(of_generators):
                found["generator", start + i] = [g.numpy() for g in gradient]
            for i, gradient in enumerate(of_discriminators):
                index = group[0] * model.game.num_disc + i
                found["discriminator", index] = [g.numpy() for g in gradient]
        return found

    def _of(
        self, group: tuple[int, ...], scanned: list[list[tf.Tensor]] | None
    ) -> tuple[list[list[tf.Tensor]], list[list[tf.Tensor]]]:
        """Gradients of a group's networks, one list for each, on the next iteration's minibatch."""
        model = self.model
        assert model.step is not None
        found = model.step.change(group, tf.identity(model.iteration.value), scanned)
        moved = model.game.moving
        return (
            [part for chain in found.generators for part in _split(chain, moved)],
            [part for chain in found.discriminators for part in _split(chain, model.game.num_disc)],
        )

    def _show(self) -> tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor]:
        """P(real) of each discriminator on real and on generated images, and the generated ones.

        A discriminator meets the images that the generators of its own chain make.
        """
        model = self.model
        images = to_unit(self._images, model.input_range)
        fakes = [g(self._z, training=False) for g in model.generators]
        real, fake = [], []
        for i, discriminator in enumerate(model.discriminators):
            first = i // model.game.num_disc * model.game.num_gen
            shown = tf.concat(fakes[first : first + model.game.num_gen], 0)
            real.append(p_real(discriminator(images, training=False)))
            fake.append(p_real(discriminator(shown, training=False)))
        return real, fake, tf.stack(fakes)


def _kinetic(optimizer: keras.optimizers.Optimizer) -> float:
    """Kinetic temperature of the sampler at work in an optimizer."""
    sampler = sampler_at_work(optimizer)
    assert sampler is not None
    return sampler_kinetic_temperature(sampler).value


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether data of this shape can be shown: [height, width, 1 or 3]."""
    return len(shape) == 3 and shape[2] in (1, 3)


def warm_up_of(model: BayesianGAN) -> int:
    """Iterations of the longest warm-up among the model's optimizers; 0 without one."""
    optimizers = (*model.generator_optimizers, *model.discriminator_optimizers)
    return max(getattr(optimizer, "warm_up_iterations", 0) for optimizer in optimizers)


def _networks(model: BayesianGAN, player: str) -> Sequence[keras.Model]:
    return model.generators if player == "generator" else model.discriminators


def _norm(arrays: Sequence[np.ndarray]) -> float:
    """Euclidean norm over all elements, in float64."""
    return float(np.sqrt(sum(np.square(a, dtype=np.float64).sum() for a in arrays)))


def _split(values: list[tf.Tensor], parts: int) -> list[list[tf.Tensor]]:
    """A list cut into as many equal parts."""
    each = len(values) // parts
    return [values[i * each : (i + 1) * each] for i in range(parts)]
