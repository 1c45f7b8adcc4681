"""What one discriminator makes of an iteration's images: all that a term of an energy is computed from."""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.networks.outputs import split_outputs


class Passes:
    """The passes of one discriminator in one iteration, and what they gave.

    Args:
        run: a pass through the discriminator, images and seed to outputs, with the iteration's noise; running
            averages that it would write are dropped.
        real: x, the unlabelled minibatch, float32 [B, ...].
        outputs: of the pass of x.
        all_labels: those of all labelled examples, int32 [N_s]; None without labels.
        read: what a state that terms carry gives for this discriminator and for x, by its name.

    Attributes:
        real: see above.
        logits: m(x), [B, K].
        features: f(x), [B, F]; the logits of a discriminator that gives none.
        fakes: images of the q generators that it meets, one generator after the other, [q * B, ...].
        fake_features: f(G_g(z)), [q, B, F].
        fake_seed: of the pass of the fakes, int32 [2].
        all_labels: see above.
        run: see above.
    """

    def __init__(
        self,
        run: Callable[[tf.Tensor, tf.Tensor], Any],
        real: tf.Tensor,
        outputs: Any,
        all_labels: np.ndarray | None,
        read: dict[str, Callable[[tf.Tensor], Any]],
    ) -> None:
        self.run, self.real, self.all_labels = run, real, all_labels
        self.logits, self.features = split_outputs(outputs)
        self._read = read
        self._known: dict[Hashable, Any] = {}
        self.fakes: tf.Tensor = None
        self.fake_features: tf.Tensor = None
        self.fake_seed: tf.Tensor = None

    def meet(self, fakes: tf.Tensor, seed: tf.Tensor) -> Any:
        """Passes the fakes, one batch of all generators that are met, and returns its outputs.

        Args:
            fakes: [q * B, ...].
            seed: of the pass, int32 [2].
        """
        outputs = self.run(fakes, seed)
        self.fakes, self.fake_seed = fakes, seed
        self.fake_features = self.by_generator(split_outputs(outputs)[1])
        return outputs

    def by_generator(self, values: tf.Tensor) -> tf.Tensor:
        """[q * B, n] to [q, B, n]."""
        return tf.reshape(values, (-1, self.real.shape[0], values.shape[-1]))

    def carried(self, name: str) -> Any:
        """What a state gives for this discriminator and minibatch; computed once, whoever asks.

        Args:
            name: of the state, `State.name`.
        """
        if name not in self._known:
            self._known[name] = self._read[name](self.real)
        return self._known[name]
