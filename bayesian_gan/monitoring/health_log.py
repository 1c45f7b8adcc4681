"""Watches the samplers while Keras's `fit` runs, and writes down what it sees."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bayesian_gan.data.check_images import check_images
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.monitoring import events
from bayesian_gan.monitoring.convergence import (
    Convergence,
    Functionals,
    convergence,
)
from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.monitoring.health import Health, HealthMeter, warm_up_of
from bayesian_gan.monitoring.positions import Positions
from bayesian_gan.options.config import Config
from bayesian_gan.posterior.chains import of_chains
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.storage import append, open_regular

HEALTH_FILE = "health.csv"
FUNCTIONALS_FILE = "functionals.csv"
PROBE_IMAGES = 32
FUNCTIONAL_IMAGES = 16
HISTOGRAM_WEIGHTS = 20_000
# A row's R-hat need not cost more, the longer a run is: neighbours that far into it add little.
MAX_DRAWS = 1000
CONVERGENCE = ("rhat_max", "rhat_median", "ess_min", "ess_median", "draws")


class SamplerHealth(keras.callbacks.Callback):
    """Measures energies, gradients, temperatures, convergence and outputs; see docs/explanation/mixing.md.

    Every `functionals_every` iterations after the warm-up a row of `functionals.csv` says what each
    discriminator makes of 16 fixed images. Every `every` iterations a row of `health.csv` is
    written, and in TensorBoard scalars, histograms and one picture of all generators' images of the
    same z. (With several steps per execution: where the iteration that ends a call is a multiple of
    the number.) Training is not changed by it.

    In a run that goes on, rows beyond the checkpoint must have been cut off, and the callback must
    come before what saves checkpoints; R-hat and effective sample size then go on with the draws in
    `functionals.csv`.

    Args:
        folder: of the two tables.
        images: real images, test images where there are some; the first 32 serve. uint8 or floats in [-1, 1],
            [n, height, width, channels].
        labels: of the images, integers [n]; None where there are none.
        event_file: of TensorBoard, or None.
        writes: carries the writing out, and tries again; without it an error of the disk ends
            `fit`.
        every: iterations between measurements, at least 1.
        functionals_every: iterations between draws of the functionals, at least 1.
        positions: the mean of the chains' weights, which whoever saves checkpoints saves too;
            without it the callback has its own, for all calls of `fit` with one model.

    Raises:
        InputError: images that do not fit the networks, at the beginning of `fit`.
    """

    def __init__(
        self,
        folder: str | Path,
        images: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        event_file: events.EventFile | None = None,
        writes: Writes | None = None,
        every: int = 100,
        functionals_every: int = 20,
        positions: Positions | None = None,
    ) -> None:
        super().__init__()
        if every < 1 or functionals_every < 1:
            raise ValueError("`every` and `functionals_every` must be at least 1")
        self.folder, self.event_file, self.writes = Path(folder), event_file, writes
        self.images = images[:PROBE_IMAGES]
        self.labels = None if labels is None else labels[:PROBE_IMAGES]
        self.every, self.functionals_every = every, functionals_every
        self._draws: list[np.ndarray] = []
        self.positions = positions

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Makes the measuring functions, and takes up the draws that are there."""
        model: BayesianGAN = self.model
        check_images(self.images, model.image_shape, model.input_range)
        if self.positions is None or self.positions.model is not model:
            self.positions = Positions(model)
        self._meter = HealthMeter(model, self.images, self.positions)
        few = slice(FUNCTIONAL_IMAGES)
        labels = None if self.labels is None else self.labels[few]
        self._functionals = Functionals(model, self.images[few], labels)
        self._warm_up = warm_up_of(model)
        shape = (len(model.discriminators), len(self.images[few]))
        self._draws = list(read_functionals(self.folder)[1].reshape(-1, *shape))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures where that is due."""
        iteration = int(self.model.iteration.numpy())
        due = iteration % self.functionals_every == 0 and iteration > self._warm_up
        if due:
            self._draw(iteration)
        if iteration % self.every == 0:
            self._log(iteration)
        if due:
            # Last, for a state is measured against the mean of those before it.
            assert self.positions is not None
            self.positions.add()

    def _draw(self, iteration: int) -> None:
        draw = self._functionals()
        self._draws.append(draw)
        chains, count = draw.shape
        names = [f"discriminator_{i}/image_{k}" for i in range(chains) for k in range(count)]
        # float32 in nine digits is read back as it was: a run that resumes has the same draws.
        values = [f"{value:.9g}" for value in draw.ravel()]
        self._append(FUNCTIONALS_FILE, ["iteration", *names], [iteration, *values])

    def _log(self, iteration: int) -> None:
        health = self._meter.measure(iteration // self.every)
        found = None
        if self._draws:
            chains = of_chains(np.stack(self._draws), self.model.game.num_disc)
            found = convergence(chains, MAX_DRAWS)
        numbers = health.numbers | _flat(found)
        values = ["" if value is None else f"{value:.7g}" for value in numbers.values()]
        self._append(HEALTH_FILE, ["iteration", *numbers], [iteration, *values])
        if self.event_file is None:
            return
        records = self.event_file.records(iteration, *self._summaries(health, numbers))
        path = self.event_file.path
        self._write(path, records)

    def _summaries(self, health: Health, numbers: dict[str, float | None]) -> list[Any]:
        """TensorBoard's; energies are there already, from the means of a save."""
        summaries = [
            events.scalar(name, value)
            for name, value in numbers.items()
            if value is not None and not name.startswith("energy/")
        ]
        summaries += [events.histogram(name, values) for name, values in health.outputs.items()]
        for player in ("generator", "discriminator"):
            for i, network in enumerate(getattr(self.model, f"{player}s")):
                weights = [v.numpy().ravel() for v in network.trainable_variables]
                summaries.append(events.histogram(f"weights/{player}_{i}", _some(weights)))
        if health.fakes is None:
            return summaries
        generators, each = health.fakes.shape[:2]
        picture = image_grid(health.fakes.reshape(-1, *health.fakes.shape[2:]), generators, each)
        return [*summaries, events.image("generators_at_same_z", picture)]

    def _append(self, name: str, header: Sequence[str], row: Sequence[Any]) -> None:
        path = self.folder / name
        text = io.StringIO(newline="")
        csv.writer(text).writerow(row)
        first = io.StringIO(newline="")
        csv.writer(first).writerow(header)
        self._write(path, text.getvalue().encode(), first.getvalue().encode())

    def _write(self, path: Path, data: bytes, header: bytes = b"") -> None:
        def action() -> None:
            new = not path.exists() or not path.stat().st_size
            append(path, header + data if new else data)

        if self.writes is None:
            action()
        else:
            self.writes.write(str(path), action, len(data))


def read_functionals(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Iterations, int64 [draws], and functionals, float32 [draws, columns], of a run.

    A table that does not exist has none, nor has one that is cut back to its header. A last line
    that is still being written is left out.

    Raises:
        InputError: `functionals.csv` is no table of numbers.
    """
    path = folder / FUNCTIONALS_FILE
    try:
        text = ""
        if path.exists():
            with open_regular(path) as file:
                text = file.read().decode()
        rows = text[: text.rfind("\n") + 1].splitlines()[1:]
        if not rows:
            return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
        table = np.loadtxt(rows, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no table of numbers ({error}); put it back") from error
    return table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32)


def chain_functionals(folder: Path, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """What each chain of a run predicts of the fixed images.

    Args:
        folder: of the run.
        config: of the run.

    Returns:
        Iterations, int64 [draws], and log-odds, float64 [draws, M, images]; see `of_chains`.

    Raises:
        InputError: `functionals.csv` is damaged, or another run's.
    """
    iterations, values = read_functionals(folder)
    count = config.num_mcmc * config.num_disc
    if values.shape[1] % count:
        raise InputError(
            f"{folder / FUNCTIONALS_FILE}: {values.shape[1]} columns are not those of {count} "
            "discriminators; put the run's own back"
        )
    draws = values.reshape(len(values), count, values.shape[1] // count)
    return iterations, of_chains(draws, config.num_disc)


def _flat(found: Convergence | None) -> dict[str, float | None]:
    return {
        f"convergence/{name}": None if found is None else float(getattr(found, name))
        for name in CONVERGENCE
    }


def _some(weights: Sequence[np.ndarray]) -> np.ndarray:
    """At most about `HISTOGRAM_WEIGHTS` of all weights, evenly spaced."""
    every = -(-sum(w.size for w in weights) // HISTOGRAM_WEIGHTS)
    return np.concatenate([w[::every] for w in weights])
