"""Images of the generator samples, of one and of all in equal parts."""

from collections.abc import Sequence

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.networks.generation import draw_noise, generate
from bayesian_gan.posterior.networks import DrawnNetworks


class Generating(DrawnNetworks):
    """Draws that generate."""

    def generate(
        self, num: int, sample: int, seed: int = 0, iteration: int | None = None
    ) -> np.ndarray:
        """Images of one collected generator: float32 [num, height, width, channels] in `input_range`.

        Args:
            num: number of images, at least 1.
            sample: index of the generator, 0 <= sample < M * J_g.
            seed: of z; the same z for every generator.
            iteration: of the draw; the last by default.

        Raises:
            InputError: no such generator or draw.
        """
        self.require_draws()
        iteration = self.iterations[-1] if iteration is None else iteration
        self._require_draw(iteration)
        if not 0 <= sample < self.num_generators:
            raise InputError(
                f"{self.store}: no generator {sample}; there are {self.num_generators}, give one from 0 to "
                f"{self.num_generators - 1}"
            )
        self._assign("g", self._read(iteration), sample)
        made = generate(self._generator, draw_noise(num, self._generator.input_shape[-1], seed))
        return self.input_range.from_unit(made)

    def generate_mixture(
        self, num: int, seed: int = 0, iterations: Sequence[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images of all generators in equal parts, each of its own z, in random order.

        Args:
            num: number of images, at least 1; the first generators give one more where it does not divide.
            seed: of every z and of the order.
            iterations: of the draws whose generators are mixed; the last alone by default.

        Returns:
            float32 images [num, height, width, channels] in `input_range`, and the index of each
            one's generator, int64 [num], 0 <= index < M * J_g.

        Raises:
            InputError: no such draw.
        """
        self.require_draws()
        chosen = self.iterations[-1:] if iterations is None else list(iterations)
        J = self.num_generators
        parts, owners = [], []
        for place, iteration in enumerate(chosen):
            self._require_draw(iteration)
            draw = self._read(iteration)
            for j in range(J):
                first = place * J + j
                count = len(range(first, num, len(chosen) * J))
                if count:
                    self._assign("g", draw, j)
                    z = draw_noise(count, self._generator.input_shape[-1], (seed, first + 1))
                    parts.append(generate(self._generator, z))
                    owners.append(np.full(count, j))
        order = np.random.default_rng(seed).permutation(num)
        return self.input_range.from_unit(np.concatenate(parts)[order]), np.concatenate(owners)[
            order
        ]
