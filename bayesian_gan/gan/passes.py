"""What one discriminator makes of an iteration's images: all that a term of an energy is computed from."""

from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf

from bayesian_gan.networks.outputs import split_outputs
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use


class Passes:
    """The passes of one discriminator in one iteration, and what they gave.

    Args:
        run: a pass through the discriminator, images and seed to outputs, with the iteration's noise; running
            averages that it would write are dropped.
        real: x, the unlabelled minibatch, float32 [B, ...].
        outputs: of the pass of x.
        label_counts: labelled examples of each class, float64 [K]; None without labels.
        read: what a state that terms carry gives for this discriminator, for x and a seed, by its name.
        seed_of: of the term or the state of a name, in this iteration; int32 [2].

    Attributes:
        real: see above.
        logits: m(x), [B, K].
        features: f(x), [B, F]; the logits of a discriminator that gives none.
        fakes: images of the q generators that it meets, one generator after the other, [q * B, ...].
        fake_features: f(G_g(z)), [q, B, F].
        label_counts: see above.
        run: see above.
    """

    def __init__(
        self,
        run: Callable[[tf.Tensor, tf.Tensor], Any],
        real: tf.Tensor,
        outputs: Any,
        label_counts: tf.Tensor | None,
        read: dict[str, Callable[[tf.Tensor, tf.Tensor], Any]],
        seed_of: Callable[[Use, str], tf.Tensor],
    ) -> None:
        self.run, self.real, self.label_counts = run, real, label_counts
        self.logits, self.features = split_outputs(outputs)
        self._read, self._seed_of = read, seed_of
        self._known: dict[Hashable, Any] = {}
        self.fakes: tf.Tensor = None
        self.fake_features: tf.Tensor = None

    def meet(self, fakes: tf.Tensor, seed: tf.Tensor) -> Any:
        """Passes the fakes, one batch of all generators that are met, and returns its outputs.

        Args:
            fakes: [q * B, ...].
            seed: of the pass, int32 [2].
        """
        outputs = self.run(fakes, seed)
        self.fakes = fakes
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
            self._known[name] = self._read[name](self.real, self._seed_of(Use.STATE, name))
        return self._known[name]

    def seeds(self, metric: str, count: int) -> list[tf.Tensor]:
        """Seeds for what a term draws, each int32 [2], which nothing else draws by.

        Args:
            metric: the term's name, `Term.metric`.
            count: how many, at least 1; each has one use.
        """
        seed = self._seed_of(Use.TERM, metric)
        return stateless.split(seed, count)
