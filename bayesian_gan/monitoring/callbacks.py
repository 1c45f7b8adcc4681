"""Keras callbacks of a run, and what it writes at every save (`--n_save` iterations).

To Keras a run is one epoch, so that it can resume at any iteration. `Saves` calls its writers'
`on_epoch_end` wherever the iteration is a multiple of `n_save`, and at the end. `Evaluate` goes
first: it adds `iteration`, `seconds` and accuracies to the logs that the others write.
"""

import contextlib
import csv
import io
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np

from bayesian_gan.data.batches import to_uint8
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.monitoring import events
from bayesian_gan.monitoring.grids import image_grid, save_grid
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.samplers import CollectPosterior
from bayesian_gan.samplers.names import unique_names
from bayesian_gan.storage import append, write_atomically, write_json

EVALUATION_BATCH = 500
GRID_IMAGES = 25
GRID_SEED = 0

# Accuracies in TensorBoard: a group of their own, which comes first.
TAGS = {
    "semi_supervised_acc": f"{events.SCORES}/current_discriminators",
    "supervised_acc": f"{events.SCORES}/supervised_network",
}

Logs = dict[str, Any] | None


class CollectPosteriorDraws(CollectPosterior):
    """Collects a run's draws every so many iterations after the warm-up.

    Args:
        posterior: where to.
        warm_up: iterations of the warm-up.
        every: iterations between draws, at least the model's steps_per_execution.
        writes: carries the writing out, and tries again.
    """

    def __init__(self, posterior: Posterior, warm_up: int, every: int, writes: Writes) -> None:
        super().__init__(warm_up + every, every)
        self._posterior, self.writes = posterior, writes

    def _open(self) -> Posterior:
        return self._posterior

    def _write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        self.writes.write(
            f"the posterior draw of iteration {iteration}",
            partial(self._posterior.write, iteration, arrays),
            sum(array.nbytes for array in arrays.values()),
        )

    def _tell(self, at: int, forgotten: list[int]) -> None:
        """Says nothing: a run that resumes makes them again."""


class Saves(keras.callbacks.Callback):
    """Calls its writers at every save with the means since the last one, then starts new means.

    Args:
        writers: callbacks whose `on_epoch_end` is called, in this order.
        every: iterations between saves, at least 1.
        last: the iteration that ends the run, saved in any case.
        model: as it is when training begins or goes on, with the means since the last save.
    """

    def __init__(
        self,
        writers: Sequence[keras.callbacks.Callback],
        every: int,
        last: int,
        model: BayesianGAN,
    ) -> None:
        super().__init__()
        self.writers, self.every, self.last = writers, every, last
        self.set_model(model)
        for writer in self.writers:
            writer.set_model(model)
        self._means = [v.numpy() for metric in model.training_metrics for v in metric.variables]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Puts back the means, which Keras has reset, and does what is due at the first iteration."""
        self.resume()

    def resume(self) -> None:
        """See `on_epoch_begin`: for a run that has no iteration left to make, too."""
        variables = [v for metric in self.model.training_metrics for v in metric.variables]
        for variable, value in zip(variables, self._means, strict=True):
            variable.assign(value)
        self.on_train_batch_end(0)

    def due(self, iteration: int) -> bool:
        """Whether a save is made after this iteration."""
        return iteration > 0 and (iteration % self.every == 0 or iteration >= self.last)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Saves where the iteration is due; where the training stops, the run that resumes does it."""
        if self.model.stop_training:
            return
        iteration = int(self.model.iteration.numpy())
        if self.due(iteration):
            self.save(iteration)

    def save(self, iteration: int) -> None:
        """Calls the writers."""
        logs = {metric.name: float(metric.result()) for metric in self.model.training_metrics}
        for writer in self.writers:
            writer.on_epoch_end(iteration, logs)
        for metric in self.model.training_metrics:
            metric.reset_state()


class Evaluate(keras.callbacks.Callback):
    """Trains the supervised baseline alongside, and scores both classifiers on the whole test set.

    Adds to the logs of a save `iteration`, `seconds` (of training, over all processes that took
    part), and, with a baseline, `supervised_acc` and `semi_supervised_acc` (of the current
    discriminators' average) in percent, as the authors' files have. Without a test set there is no
    baseline.

    Raises:
        StoppedBySignal: while it is at work; nothing is written then, and the run that resumes evaluates.
    """

    def __init__(
        self,
        test_images: np.ndarray,
        test_labels: np.ndarray,
        supervised: SupervisedBaseline | None,
        seconds_before: float = 0.0,
        interruption: Interruption | None = None,
    ) -> None:
        super().__init__()
        self._interruption = interruption
        self.test_images, self.test_labels = test_images, test_labels
        self.supervised = supervised
        self.start = time.monotonic() - seconds_before

    @property
    def seconds(self) -> float:
        """Of training so far."""
        return time.monotonic() - self.start

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds to the logs."""
        assert logs is not None
        logs["iteration"] = int(self.model.iteration.numpy())
        logs["seconds"] = round(self.seconds, 3)
        if self.supervised is None:
            return
        self.supervised.train_to(logs["iteration"], self._asked_to_stop)
        with self._breakable():
            for name, predicted in (
                ("supervised_acc", self.supervised.predict(self.test_images)),
                ("semi_supervised_acc", self._predict()),
            ):
                score = classification(predicted, self.test_labels)
                logs[name] = 100.0 * (1.0 - score.error_rate)

    def _asked_to_stop(self) -> bool:
        return self._interruption is not None and self._interruption.signum is not None

    def _breakable(self) -> contextlib.AbstractContextManager[None]:
        known = self._interruption
        return contextlib.nullcontext() if known is None else known.breakable()

    def _predict(self) -> np.ndarray:
        """Of the GAN, batch by batch: `predict` would make a dataset that is never freed."""
        n = len(self.test_images)
        batches = (
            self.test_images[k : k + EVALUATION_BATCH] for k in range(0, n, EVALUATION_BATCH)
        )
        return np.concatenate([self.model.predict_on_batch(batch) for batch in batches])


class CsvLog(keras.callbacks.Callback):
    """Writes `log.csv`: a header, then a save's logs in a row, flushed at once.

    The column `iteration` comes first. Keras's CSVLogger would add an empty `val_` column for every
    other one where there is no validation data.
    """

    def __init__(self, path: Path, writes: Writes) -> None:
        super().__init__()
        self.path, self.writes = path, writes

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Appends a row."""
        assert logs is not None
        row = dict(logs)
        self.writes.write(str(self.path), lambda: append(self.path, self._row(row)))

    def _row(self, logs: dict[str, Any]) -> bytes:
        text = io.StringIO(newline="")
        names = ["iteration", *(name for name in logs if name != "iteration")]
        writer = csv.DictWriter(text, names)
        if not self.path.exists() or not self.path.stat().st_size:
            writer.writeheader()
        writer.writerow(logs)
        return text.getvalue().encode()


class _IntoFolder(keras.callbacks.Callback):
    """Writes files into a folder, each named by its iteration."""

    def __init__(self, folder: Path, writes: Writes) -> None:
        super().__init__()
        self.folder, self.writes = folder, writes


class SaveResults(_IntoFolder):
    """Writes `results_ITER.json` with the authors' keys."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the file of this iteration."""
        assert logs is not None
        results: dict[str, Any] = {
            "disc_losses": self.model.discriminator_energies.numpy().astype(float).tolist(),
            "gen_losses": self.model.generator_energies.numpy().astype(float).tolist(),
        }
        for key in ("supervised_acc", "semi_supervised_acc"):
            if key in logs:
                results[key] = logs[key]
        results["timestamp"] = time.time()
        path = self.folder / f"results_{logs['iteration']}.json"
        self.writes.write(str(path), lambda: write_json(path, results))


class SaveGrids(_IntoFolder):
    """Writes 5x5 PNG grids of every generator and of real images, named as the authors' are.

    `B_DCGAN_J_LOSS_ITER.png` (J = m * J_g + j over all chains, LOSS its energy) and `RAW_ITER.png`;
    also as images in TensorBoard.

    Attributes:
        paths: those written last.
    """

    def __init__(
        self,
        folder: Path,
        real_images: np.ndarray,
        event_file: events.EventFile,
        writes: Writes,
    ) -> None:
        super().__init__(folder, writes)
        self.event_file = event_file
        # Where there are fewer images they are repeated.
        self.real = real_images[np.arange(GRID_IMAGES) % len(real_images)]
        self.paths: list[Path] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Draws all generators with the same z."""
        assert logs is not None
        iteration = logs["iteration"]
        energies = self.model.generator_energies.numpy()
        pictures = {f"RAW_{iteration}.png": ("real", self.real)}
        for j, energy in enumerate(energies):
            fakes = to_uint8(self.model.generate(GRID_IMAGES, sample=j, seed=GRID_SEED)).numpy()
            pictures[f"B_DCGAN_{j}_{energy:.2f}_{iteration}.png"] = (f"generator_{j}", fakes)
        self.paths = [self.folder / name for name in pictures]
        for name, (_, images) in pictures.items():
            path = self.folder / name
            self.writes.write(str(path), partial(save_grid, path, images), images.nbytes)
        summaries = [events.image(tag, image_grid(images)) for tag, images in pictures.values()]
        self.writes.write(
            str(self.event_file.path),
            lambda: self.event_file.write(iteration, *summaries),
            sum(images.nbytes for _, images in pictures.values()),
        )


class SaveWeights(_IntoFolder):
    """Writes `weights_ITER.npz`: each trainable variable under its network and path."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the file of this iteration."""
        assert logs is not None
        arrays = {
            f"{player}_{i:04d}/{name}": variable.numpy()
            for player, networks in (
                ("generator", self.model.generators),
                ("discriminator", self.model.discriminators),
            )
            for i, network in enumerate(networks)
            for name, variable in _named(network.trainable_variables).items()
        }

        def write(file: BinaryIO) -> None:
            np.savez_compressed(file, **arrays)

        path = self.folder / f"weights_{logs['iteration']}.npz"
        num_bytes = sum(array.nbytes for array in arrays.values())
        self.writes.write(str(path), lambda: write_atomically(path, write), num_bytes)


def _named(variables: Sequence[keras.Variable]) -> dict[str, keras.Variable]:
    """Variables by their paths, made unique."""
    names = unique_names(variable.path for variable in variables)
    return dict(zip(names, variables, strict=True))


class TensorBoardScalars(keras.callbacks.Callback):
    """Writes a save's logs and every member's energy, with the iteration as the step.

    Keras's own callback counts epochs; the paper and the authors' program count iterations.
    """

    def __init__(self, event_file: events.EventFile, writes: Writes) -> None:
        super().__init__()
        self.event_file, self.writes = event_file, writes

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the scalars."""
        assert logs is not None
        iteration = logs["iteration"]
        points = {TAGS.get(name, name): v for name, v in logs.items() if name != "iteration"}
        for player in ("discriminator", "generator"):
            energies = getattr(self.model, f"{player}_energies").numpy()
            points |= {f"{player}_energies/{i}": energy for i, energy in enumerate(energies)}
        summaries = [events.scalar(name, value) for name, value in points.items()]
        self.writes.write(
            str(self.event_file.path), lambda: self.event_file.write(iteration, *summaries)
        )
