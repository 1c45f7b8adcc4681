"""Collects posterior samples while Keras's `fit` runs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from bayesian_gan.samplers.guard import GuardedOptimizer
from bayesian_gan.samplers.inference_data import inference_data
from bayesian_gan.samplers.sampler import check_number


class CollectPosterior(keras.callbacks.Callback):
    """Keeps the model's weights as posterior samples, and predicts with their average.

    A sample is due at iteration `burn_in` and after every further `thinning` iterations, counted by
    the optimizer, so that a resumed `fit` goes on where the last one stopped. It is taken there, or
    at the first later end of a call (with `steps_per_execution` above 1) that `when` allows.
    Non-trainable weights (running averages, for instance) belong to a sample.

    Args:
        burn_in: iteration of the first sample, >= 0; everything before it is thrown away.
        thinning: iterations between samples, >= 1 and at least the model's steps_per_execution.
        max_samples: how many are kept, or None for all of them.
        keep: which: "reservoir", a uniform random choice among all taken so far, or "recent".
        seed: of that choice.
        when: function of the iteration that says whether a sample may be taken then, such as
            `CyclicalStep(...).is_sampling`. Calls must end within what it allows.
        activation: what makes probabilities of the model's outputs: a Keras activation or its name
            ("softmax", "sigmoid"), or None if the outputs are probabilities.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range; the message begins with
            its name. `fit` raises ValueError if several samples would be due in one call.
    """

    def __init__(
        self,
        burn_in: int,
        thinning: int = 1,
        *,
        max_samples: int | None = 100,
        keep: str = "reservoir",
        seed: int = 0,
        when: Callable[[int], Any] | None = None,
        activation: str | Callable[..., Any] | None = None,
    ) -> None:
        super().__init__()
        self.burn_in = int(check_number("burn_in", burn_in, 0.0))
        self.thinning = int(check_number("thinning", thinning, 1.0))
        if max_samples is not None:
            max_samples = int(check_number("max_samples", max_samples, 1.0))
        self.max_samples = max_samples
        if keep not in ("reservoir", "recent"):
            raise ValueError(f'`keep` must be "reservoir" or "recent", not {keep!r}')
        self.keep = keep
        self.when = when
        self.activation = keras.activations.get(activation)
        self.iterations: list[int] = []
        self._weights: list[list[np.ndarray]] = []
        self._taken = 0
        self._next = self.burn_in
        self._rng = np.random.default_rng(seed)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Refuses a call of more iterations than lie between samples."""
        together = self.model.steps_per_execution
        if self.thinning < together:
            raise ValueError(
                f"`thinning` is {self.thinning}, but the model makes {together} iterations a call: "
                f"use a thinning of at least {together}, or a smaller steps_per_execution"
            )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes a sample if one is due; stops `fit` if a gradient was not finite."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if isinstance(optimizer, GuardedOptimizer):
            optimizer.raise_if_halted()
        iteration = int(optimizer.iterations.numpy())
        if iteration < self._next or not (self.when is None or bool(self.when(iteration))):
            return
        self._next = iteration + self.thinning - (iteration - self.burn_in) % self.thinning
        self._take(iteration)

    def __len__(self) -> int:
        """Number of samples kept."""
        return len(self._weights)

    def samples(self) -> dict[str, np.ndarray]:
        """The samples: path of a weight -> array [samples, *shape], in the order of iterations."""
        self._need_samples()
        paths = [weight.path for weight in self.model.weights]
        order = np.argsort(self.iterations)
        stacked = [np.stack([self._weights[i][j] for i in order]) for j in range(len(paths))]
        return dict(zip(paths, stacked, strict=True))

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Mean over the samples of the predicted probabilities: the posterior predictive.

        Args:
            x: inputs, as for `keras.Model.predict`.
            **kwargs: for `keras.Model.predict`; its `verbose` is 0 unless given.

        Returns:
            Float64 array of the shape of the model's output. The model's own weights are as before.

        Raises:
            ValueError: no samples have been collected.
        """
        self._need_samples()
        own = self.model.get_weights()
        total: np.ndarray | float = 0.0
        try:
            for weights in self._weights:
                self.model.set_weights(weights)
                output = self.model.predict(x, **({"verbose": 0} | kwargs))
                probabilities = keras.ops.convert_to_numpy(self.activation(output))
                total = total + probabilities.astype(np.float64)
        finally:
            self.model.set_weights(own)
        return np.asarray(total / len(self._weights))

    def to_inference_data(self, *others: "CollectPosterior") -> Any:
        """The samples of this collector, and of others as further chains, for ArviZ.

        Args:
            *others: collectors of the other chains; longer ones are cut to the length of the
                shortest.

        Returns:
            See `inference_data`: one variable for each weight.

        Raises:
            ImportError: ArviZ is not installed.
        """
        chains = [collector.samples() for collector in (self, *others)]
        draws = min(len(collector) for collector in (self, *others))
        draws_by_path = {
            path: np.stack([list(chain.values())[j][:draws] for chain in chains])
            for j, path in enumerate(chains[0])
        }
        return inference_data(draws_by_path)

    def _take(self, iteration: int) -> None:
        """Adds the current weights, in the place of others once `max_samples` are there."""
        self._taken += 1
        if self.max_samples is None or len(self._weights) < self.max_samples:
            place = len(self._weights)
            self._weights.append([])
            self.iterations.append(iteration)
        elif self.keep == "recent":
            place = (self._taken - 1) % self.max_samples
        else:
            place = int(self._rng.integers(self._taken))  # algorithm R
            if place >= self.max_samples:
                return
        self._weights[place] = self.model.get_weights()
        self.iterations[place] = iteration

    def _need_samples(self) -> None:
        if not self._weights:
            held = "" if self.when is None else ", or let calls end where `when` allows a sample"
            raise ValueError(
                f"no samples have been collected: `burn_in` is {self.burn_in}; train for longer{held}"
            )
