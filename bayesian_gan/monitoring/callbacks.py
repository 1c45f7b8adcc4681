"""Keras callbacks of a run. An epoch is the stretch between two saves (`--n_save` iterations).

`Evaluate` goes first: it adds `iteration`, `seconds` and accuracies to the logs that the others write.
"""

import csv
import time
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_uint8
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.monitoring.grids import image_grid, save_grid
from bayesian_gan.posterior import Posterior
from bayesian_gan.storage import write_atomically, write_json
from bayesian_gan.supervised import SupervisedBaseline

GRID_IMAGES = 25
GRID_SEED = 0

Logs = dict[str, Any] | None


class StopAtIteration(keras.callbacks.Callback):
    """Ends training after a number of iterations, also in the middle of an epoch."""

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Stops when the model has made its iterations."""
        if int(self.model.iteration.numpy()) >= self.iterations:
            self.model.stop_training = True


class ProgressBar(keras.callbacks.Callback):
    """One progress bar for the whole run, with the time left."""

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self.bar = keras.utils.Progbar(iterations, unit_name="iteration")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Moves the bar."""
        values = [(k, float(v)) for k, v in (logs or {}).items() if k.endswith("energy")]
        self.bar.update(int(self.model.iteration.numpy()), values, finalize=False)

    def on_train_end(self, logs: Logs = None) -> None:
        """Ends the bar's line."""
        self.bar.update(int(self.model.iteration.numpy()), finalize=True)


class CollectPosteriorDraws(keras.callbacks.Callback):
    """Collects the weights of all networks every so many iterations after the warm-up.

    Args:
        posterior: where to.
        warm_up: iterations of the warm-up; the first draw is at `warm_up + every`.
        every: iterations between draws; a multiple of the model's steps_per_execution.
    """

    def __init__(self, posterior: Posterior, warm_up: int, every: int) -> None:
        super().__init__()
        self.posterior, self.warm_up, self.every = posterior, warm_up, every

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Collects where an iteration is due."""
        sampled = int(self.model.iteration.numpy()) - self.warm_up
        if sampled > 0 and sampled % self.every == 0:
            self.posterior.collect(self.model)


class Evaluate(keras.callbacks.Callback):
    """Trains the supervised baseline alongside, and scores both classifiers on the whole test set.

    Adds to the logs of an epoch `iteration`, `seconds`, and, with a baseline, `supervised_acc` and
    `semi_supervised_acc` (of the current discriminators' average) in percent, as the authors' files have.
    """

    def __init__(
        self,
        test_images: np.ndarray,
        test_labels: np.ndarray,
        supervised: SupervisedBaseline | None,
    ) -> None:
        super().__init__()
        self.test_images, self.test_labels = test_images, test_labels
        self.supervised = supervised

    def on_train_begin(self, logs: Logs = None) -> None:
        """Starts the clock."""
        self.start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds to the logs."""
        assert logs is not None
        logs["iteration"] = int(self.model.iteration.numpy())
        logs["seconds"] = round(time.monotonic() - self.start, 3)
        if self.supervised is None:
            return
        self.supervised.train_to(logs["iteration"])
        for name, predicted in (
            ("supervised_acc", self.supervised.predict(self.test_images)),
            ("semi_supervised_acc", self.model.predict(self.test_images, 500, verbose=0)),
        ):
            score = classification(predicted, self.test_labels)
            logs[name] = 100.0 * (1.0 - score.error_rate)


class CsvLog(keras.callbacks.Callback):
    """Writes `log.csv`: a header, then an epoch's logs in a row, flushed at once; `iteration` comes first.

    (Keras's CSVLogger adds an empty `val_` column for every other one where there is no validation data.)
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Appends a row."""
        assert logs is not None
        names = ["iteration", *(name for name in logs if name != "iteration")]
        new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            if new:
                writer.writeheader()
            writer.writerow(logs)


class SaveResults(keras.callbacks.Callback):
    """Writes `results_ITER.json` with the authors' keys."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

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
        write_json(self.folder / f"results_{logs['iteration']}.json", results)


class SaveGrids(keras.callbacks.Callback):
    """Writes 5x5 PNG grids of every generator and of real images, named as the authors' are.

    `B_DCGAN_J_LOSS_ITER.png` (J = m * J_g + j over all chains, LOSS its energy) and `RAW_ITER.png`; also as
    images in TensorBoard.

    Attributes:
        paths: those written last.
    """

    def __init__(
        self, folder: Path, real_images: np.ndarray, writer: tf.summary.SummaryWriter
    ) -> None:
        super().__init__()
        self.folder, self.writer = folder, writer
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
            fakes = to_uint8(self.model.generate(GRID_IMAGES, sample=j, seed=GRID_SEED))
            pictures[f"B_DCGAN_{j}_{energy:.2f}_{iteration}.png"] = (f"generator_{j}", fakes)
        self.paths = []
        with self.writer.as_default(step=iteration):
            for name, (tag, images) in pictures.items():
                save_grid(self.folder / name, images)
                self.paths.append(self.folder / name)
                tf.summary.image(tag, image_grid(images)[None])


class SaveWeights(keras.callbacks.Callback):
    """Writes `weights_ITER.npz`: one array for each trainable variable, under the network's name and path."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the file of this iteration."""
        assert logs is not None
        arrays = {
            f"{player}_{i:04d}/{variable.path}": variable.numpy()
            for player, networks in (
                ("generator", self.model.generators),
                ("discriminator", self.model.discriminators),
            )
            for i, network in enumerate(networks)
            for variable in network.trainable_variables
        }

        def write(file: BinaryIO) -> None:
            np.savez_compressed(file, **arrays)

        write_atomically(self.folder / f"weights_{logs['iteration']}.npz", write)


class TensorBoardScalars(keras.callbacks.Callback):
    """Writes an epoch's logs and every member's energy, with the iteration as the step.

    Keras's own callback counts epochs; the paper and the authors' program count iterations.
    """

    def __init__(self, writer: tf.summary.SummaryWriter) -> None:
        super().__init__()
        self.writer = writer

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the scalars."""
        assert logs is not None
        with self.writer.as_default(step=logs["iteration"]):
            for name, value in logs.items():
                if name != "iteration":
                    tf.summary.scalar(name, value)
            for player in ("discriminator", "generator"):
                energies = getattr(self.model, f"{player}_energies").numpy()
                for i, energy in enumerate(energies):
                    tf.summary.scalar(f"{player}_energies/{i}", energy)
        self.writer.flush()
