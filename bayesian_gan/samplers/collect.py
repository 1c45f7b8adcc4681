"""Collects posterior samples while Keras's `fit` runs."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bayesian_gan.samplers.guard import GuardedOptimizer
from bayesian_gan.samplers.inference_data import inference_data
from bayesian_gan.samplers.inputs import read_once
from bayesian_gan.samplers.kept import Kept
from bayesian_gan.samplers.model_draws import ModelDraws
from bayesian_gan.samplers.names import unique_names
from bayesian_gan.samplers.sampler import check_integer


class CollectPosterior(keras.callbacks.Callback):
    """Keeps a model's weights as posterior samples while `fit` runs, and predicts with their average.

    It serves any Keras model that a sampler of this package trains, and a `BayesianGAN`.

    **When.** A sample is due at iteration `burn_in` and after every further `thinning` iterations,
    counted by the optimizer. It is taken there, or at the first later end of a call (with
    `steps_per_execution` above 1) that `when` allows. Non-trainable weights (running averages, for
    instance) belong to a sample.

    **Going on.** When `fit` begins, the callback looks at the iteration where the model is: after
    another `fit`, `keras.callbacks.BackupAndRestore`, or weights that were loaded. Samples up to
    there stay, and it goes on with the same grid of iterations. Those beyond, which the model has
    not come to, are forgotten with a warning; a model at iteration 0 is refused a folder that holds
    samples. With `path` the samples of a process that was killed are among them. A new process that
    only predicts calls `set_model(model)`.

    **Models of several networks.** A model that has `new_posterior(path, max_samples, keep, seed)`
    says itself where draws go: to the posterior that it returns. Its clock is its variable
    `iteration`. To collect, a posterior has `iterations`, `arrays(model)`, `write(iteration, arrays)`,
    `draw(iteration)` and `go_on_from(iteration)`; for the methods below `predict(x)`,
    `member_probabilities(x)`, `generate_mixture(n, seed, iterations)` and `to_inference_data()`.

    Args:
        burn_in: iteration of the first sample, an integer >= 0; everything before is thrown away.
        thinning: iterations between samples, >= 1 and at least the model's steps_per_execution.
        path: a folder that keeps the samples, made if it is not there; None keeps them in memory.
            Of a `BayesianGAN` it is the folder that `Posterior(path)` opens.
        max_samples: how many are kept, or None for all of them.
        keep: which: "reservoir", a uniform random choice among all taken so far, or "recent".
        seed: of that choice, an integer >= 0.
        when: function of the iteration that says whether a sample may be taken then, such as
            `CyclicalStep(...).is_sampling`. Calls must end within what it allows.
        activation: what makes probabilities of the model's outputs: a Keras activation or its name
            ("softmax", "sigmoid"), or None if the outputs are probabilities. For a model of several
            outputs one for all, or a dict or list of them as the outputs are nested.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range; the message begins with
            its name. `fit` raises ValueError if several samples would be due in one call, if the
            samples are another model's, or if the folder holds something else.
    """

    def __init__(
        self,
        burn_in: int,
        thinning: int = 1,
        path: str | Path | None = None,
        *,
        max_samples: int | None = 100,
        keep: str = "reservoir",
        seed: int = 0,
        when: Callable[[int], Any] | None = None,
        activation: Any = None,
    ) -> None:
        super().__init__()
        self.burn_in = check_integer("burn_in", burn_in, 0)
        self.thinning = check_integer("thinning", thinning, 1)
        self.path = None if path is None else Path(path)
        self.kept = Kept(max_samples, keep, seed)
        self.when = when
        self.activation = keras.tree.map_structure(keras.activations.get, activation)
        self._has_activation = activation is not None
        self._draws: Any = None
        # How many samples have been due up to where the model is, and where its last call ended.
        self._passed = 0
        self._ended: int | None = None
        self._begins = True

    # --------------------------------------------------------------------------- training

    def set_model(self, model: keras.Model) -> None:
        """Makes the model known; Keras calls it.

        Raises:
            ValueError: samples of another model are here already.
        """
        if model is not self.model and self.model is not None:
            if self.iterations:
                raise ValueError(
                    "this CollectPosterior holds samples of another model: give each model its own"
                )
            self._draws, self._ended = None, None
        super().set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Refuses a call of more iterations than lie between samples; opens the folder."""
        together = self.model.steps_per_execution
        if self.thinning < together:
            raise ValueError(
                f"`thinning` is {self.thinning}, but the model makes {together} iterations a call: "
                f"use a thinning of at least {together}, or a smaller steps_per_execution"
            )
        self._opened()
        self._begins = True

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks, at the first batch, where the model is.

        Not when training begins, for another callback may bring the model to another place then.
        """
        if not self._begins:
            return
        self._begins = False
        at = self._iteration()
        if at == 0 and self.path is not None and self.iterations:
            raise ValueError(
                f"{self.path}: holds samples up to iteration {self.iterations[-1]}, and the model is at 0: "
                "load its weights, give another path, or remove the folder"
            )
        forgotten = self._opened().go_on_from(at)
        if forgotten:
            self._tell(at, forgotten)
        if at != self._ended:
            self._passed = self._passed_by(at)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes a sample if one is due; stops `fit` if a gradient was not finite."""
        optimizer = _inner(self.model.optimizer)
        if isinstance(optimizer, GuardedOptimizer):
            optimizer.raise_if_halted()
        iteration = self._ended = self._iteration()
        if self.due(iteration):
            self._passed = self._due_by(iteration)
            self._write(iteration, self._opened().arrays(self.model))

    def due(self, iteration: int) -> bool:
        """Whether a sample is taken after a call of the model that ends with this iteration."""
        return self._due_by(iteration) > self._passed and self._allows(iteration)

    # --------------------------------------------------------------------------- samples

    @property
    def iterations(self) -> list[int]:
        """The iterations of the samples that are kept, ascending."""
        return [] if self.model is None else list(self._opened().iterations)

    @property
    def posterior(self) -> Any:
        """The `Posterior` of a model of several networks. AttributeError of another."""
        if self.model is None or not self._of_networks:
            raise AttributeError("only a model of several networks has a posterior: use samples()")
        return self._opened()

    def __len__(self) -> int:
        """Number of samples kept; of a model of several networks, each is one of all of them."""
        return len(self.iterations)

    def samples(self) -> dict[str, np.ndarray]:
        """The samples: path of a weight -> array [samples, *shape], in the order of iterations.

        Of two weights with one path the second is `path_1`. A `BayesianGAN` has the names of its
        draws: `g_0003_07` is weight 7 of generator 3, in Keras's order.

        Raises:
            ValueError: no samples have been collected, or a file is damaged.
        """
        collected = self._collected()
        draws = [collected.draw(iteration) for iteration in collected.iterations]
        return {name: np.stack([draw[name] for draw in draws]) for name in draws[0]}

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Mean over the samples of the predicted probabilities: the posterior predictive.

        Args:
            x: inputs, as for `keras.Model.predict`. A generator or a data set is read once, so that
                all samples see the same inputs.
            **kwargs: for `keras.Model.predict`; its `verbose` is 0 unless given. Of a `BayesianGAN`
                only `batch_size`.

        Returns:
            Float64 array of the shape of the model's output, or a dict or list of such if the model
            has several outputs. Of a `BayesianGAN` [n, K], the mean over the discriminators of all
            draws. The model's own weights are as before.

        Raises:
            ValueError: no samples have been collected, or a file is damaged.
        """
        collected = self._collected()
        x, arguments = self._inputs(x, kwargs)
        if self._of_networks:
            return collected.predict(x, **arguments)
        total: Any = None
        for outputs in self._outputs(x, arguments):
            total = outputs if total is None else keras.tree.map_structure(np.add, total, outputs)
        return keras.tree.map_structure(lambda each: each / len(collected.iterations), total)

    def member_predictions(self, x: Any, **kwargs: Any) -> Any:
        """The probabilities that each sample predicts, in the order of iterations.

        Args:
            x: see `predict`.
            **kwargs: see `predict`.

        Returns:
            Float64 array [S, *shape of the model's output], or a dict or list of such if the model
            has several outputs. Of a `BayesianGAN` [S, n, K], S discriminators of all draws.

        Raises:
            ValueError: see `predict`.
        """
        collected = self._collected()
        x, arguments = self._inputs(x, kwargs)
        if self._of_networks:
            return np.concatenate(list(collected.member_probabilities(x, **arguments)))
        members = list(self._outputs(x, arguments))
        return keras.tree.map_structure(lambda *each: np.stack(each), *members)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Images of all generators of all draws in equal parts, in random order.

        Args:
            n: number of images, at least 1.
            seed: of every z and of the order.

        Returns:
            What the generators give, [n, ...].

        Raises:
            ValueError: no samples have been collected, or the model has no generators.
        """
        collected = self._collected()
        if not self._of_networks:
            raise ValueError("this model has no generators: predict(x) is what its samples give")
        images, _ = collected.generate_mixture(n, seed=seed, iterations=collected.iterations)
        return images

    def to_inference_data(self, *others: "CollectPosterior") -> Any:
        """The samples of this collector, and of others as further chains, for ArviZ.

        Args:
            *others: collectors of the other chains; longer ones are cut to the length of the
                shortest. A `BayesianGAN` holds its chains itself, and takes none.

        Returns:
            See `inference_data`: one variable for each weight. Of a `BayesianGAN` what
            `posterior.to_inference_data()` gives: functionals that are the same whatever the order
            of a network's units.

        Raises:
            ImportError: ArviZ is not installed.
            ValueError: no samples have been collected, or another collector is of another model.
        """
        collected = self._collected()
        if self._of_networks:
            if others:
                raise ValueError("`others`: the chains of this model are in its posterior already")
            return collected.to_inference_data()
        chains = [list(collector.samples().values()) for collector in (self, *others)]
        if len({tuple(array.shape[1:] for array in chain) for chain in map(tuple, chains)}) > 1:
            raise ValueError("`others` must be collectors of the same model: their weights differ")
        draws = min(len(chain[0]) for chain in chains)
        # As ArviZ will have them, so that no two are one.
        names = unique_names(name.replace("/", ".") for name in collected.names)
        stacked = [np.stack([chain[k][:draws] for chain in chains]) for k in range(len(names))]
        return inference_data(dict(zip(names, stacked, strict=True)))

    # --------------------------------------------------------------------------- within

    @property
    def _of_networks(self) -> bool:
        """Whether the model says itself where its draws go."""
        return hasattr(self.model, "new_posterior")

    def _opened(self) -> Any:
        """The draws of the model, opened where they were not."""
        if self._draws is None:
            self._draws = self._open()
        return self._draws

    def _open(self) -> Any:
        kept = self.kept
        if not self._of_networks:
            return ModelDraws.open(self.model, self.path, kept)
        if self._has_activation:
            raise ValueError(
                f"`activation` is for a model that gives no probabilities: leave it out, for a "
                f"{type(self.model).__name__} gives them"
            )
        return self.model.new_posterior(self.path, kept.max_samples, keep=kept.keep, seed=kept.seed)

    def _collected(self) -> Any:
        """The draws, of which there is one at least."""
        if self.model is None and self.path is not None:
            raise ValueError(f"call set_model(model) first, to read the samples in {self.path}")
        if not self.iterations:
            held = "" if self.when is None else ", or let calls end where `when` allows a sample"
            where = "" if self.path is None else f" in {self.path}"
            raise ValueError(
                f"no samples have been collected{where}: `burn_in` is {self.burn_in}; train for "
                f"longer{held}"
            )
        return self._opened()

    def _write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds a draw."""
        self._opened().write(iteration, arrays)

    def _tell(self, at: int, forgotten: list[int]) -> None:
        """Says that samples are gone."""
        where = "" if self.path is None else f"{self.path}: "
        warnings.warn(
            f"{where}the model is at iteration {at}: forgot {len(forgotten)} samples beyond it, of "
            f"iterations {forgotten[0]} to {forgotten[-1]}",
            stacklevel=2,
        )

    def _iteration(self) -> int:
        """Where the model is."""
        of_networks = self._of_networks
        clock = self.model.iteration if of_networks else _inner(self.model.optimizer).iterations
        return int(clock.numpy())

    def _due_by(self, iteration: int) -> int:
        """How many samples are due up to an iteration."""
        return max(0, (iteration - self.burn_in) // self.thinning + 1)

    def _passed_by(self, at: int) -> int:
        """How many have been due up to where a model comes from, without one that still waits.

        The last one waits if no call ended since it was due where `when` allows it. Calls are taken
        to have been of `steps_per_execution` iterations.
        """
        due = self._due_by(at)
        last = self.burn_in + (due - 1) * self.thinning
        ends = range(at, max(last, 1) - 1, -self.model.steps_per_execution)
        return due - 1 if due and not any(map(self._allows, ends)) else due

    def _allows(self, iteration: int) -> bool:
        return self.when is None or bool(self.when(iteration))

    def _inputs(self, x: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Inputs that can be read again, and the arguments of `predict`."""
        given = dict(kwargs)
        x, arguments = read_once(x, given.pop("steps", None))
        return x, arguments | given

    def _outputs(self, x: Any, arguments: dict[str, Any]) -> Iterator[Any]:
        """What the model predicts with each sample; the model has its own weights afterwards."""
        collected, own = self._opened(), self.model.get_weights()
        try:
            for iteration in collected.iterations:
                self.model.set_weights(list(collected.draw(iteration).values()))
                yield self._activated(self.model.predict(x, **({"verbose": 0} | arguments)))
        finally:
            self.model.set_weights(own)

    def _activated(self, outputs: Any) -> Any:
        if callable(self.activation):
            return keras.tree.map_structure(partial(_probabilities, self.activation), outputs)
        try:
            return keras.tree.map_structure(_probabilities, self.activation, outputs)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "`activation` must be one for all outputs, or nested as the model's outputs are: "
                f"{keras.tree.map_structure(lambda each: each.__name__, self.activation)} for "
                f"{keras.tree.map_structure(np.shape, outputs)}"
            ) from error


def _probabilities(activation: Callable[..., Any], outputs: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(activation(outputs)).astype(np.float64)


def _inner(optimizer: Any) -> Any:
    """The optimizer, or what a `LossScaleOptimizer` wraps."""
    return getattr(optimizer, "inner_optimizer", optimizer)
