"""How a `BayesianGAN` is trained: `fit` on data as people have it, and the step that Keras calls."""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.given import Given, is_source, read, unpack
from bayesian_gan.data.labels import UNLABELLED, check_class_names, integer_labels
from bayesian_gan.data.source import is_mapped
from bayesian_gan.errors import InputError
from bayesian_gan.gan import replicas
from bayesian_gan.gan.chains import Chain
from bayesian_gan.gan.configured import check_number
from bayesian_gan.gan.game import Game
from bayesian_gan.gan.grappler import without_grappler
from bayesian_gan.gan.metrics import Mean
from bayesian_gan.gan.minibatch import CheckedData, TrainingData, check_data
from bayesian_gan.gan.optimizers import check_frozen
from bayesian_gan.gan.predicting import PredictingGAN
from bayesian_gan.gan.shards import check_shard_sizes
from bayesian_gan.gan.step import Moved, Step
from bayesian_gan.gan.terms import State
from bayesian_gan.gan.ticks import ticks
from bayesian_gan.networks.normalization import set_ghost_batch
from bayesian_gan.samplers.guard import GuardedOptimizer

BATCH_SIZE = 64


class TrainingGAN(PredictingGAN):
    """Networks that are trained; `BayesianGAN` says what they are.

    Attributes:
        game: what is played.
        step: the iteration on the data of `fit` or `hold`.
    """

    game: Game
    chains: list[Chain]
    states: list[State]
    generator_template: keras.Model
    strategy: tf.distribute.Strategy | None
    stop_vote: replicas.StopVote
    iteration: keras.Variable
    discriminator_energies: keras.Variable
    generator_energies: keras.Variable
    training_metrics: list[Mean]
    generator_optimizers: list[keras.optimizers.Optimizer]
    discriminator_optimizers: list[keras.optimizers.Optimizer]
    step: Step | None = None

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        *,
        labelled_batch_size: int | None = None,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on images; minibatches are a function of (seed, iteration) alone.

        Args:
            x: images, uint8 [N, height, width, channels], or floats of `input_range`; or vectors,
                finite floats [N, D]. All serve as unlabelled. Those of a np.memmap are read from its
                file as they are drawn. A `tf.data.Dataset`, a generator or a `keras.utils.PyDataset`
                of (images, labels) is read once, into memory; one that does not end gives
                `num_data` examples.
            y: integer labels [N] or [N, 1], -1 where an image has none (scikit-learn's convention);
                names where `class_names` are given, "" or None where there is none. None with K = 1.
            batch_size: B, unlabelled images and generated images of each generator, at least 2; 64,
                or what a dataset's own batches have.
            epochs: number of epochs.
            verbose: of `keras.Model.fit`.
            callbacks: likewise.
            validation_split: share of the examples, the last, that is kept for scores.
            validation_data: (images, labels), or a dataset of them, for scores after each epoch; see
                `evaluate`. A generator is read once, `validation_steps` batches of it.
            shuffle: True. Minibatches are drawn at random.
            class_weight: of each class in the labelled term; 1 by default.
            sample_weight: of each example in the labelled term, [N]; where there is no label it does
                not count.
            initial_epoch: of `keras.Model.fit`.
            steps_per_epoch: iterations in an epoch; ceil(N / B) by default.
            labelled_batch_size: labelled images in a minibatch; min(B, N_s) by default.
            class_names: K names in the order of the logits. They are kept, for `evaluate`.
            **kwargs: of `keras.Model.fit`: validation_steps, validation_batch_size,
                validation_freq.

        Returns:
            Keras's history of the means of energies and probabilities in each epoch.

        Raises:
            InputError: an argument that does not fit; nothing is trained then.
            FloatingPointError: a gradient was not finite; the chain keeps its last state.
        """
        if not self.generator_optimizers:
            raise InputError(
                "call compile(generator_optimizer, discriminator_optimizer) before fit"
            )
        if not shuffle:
            raise InputError(
                "shuffle=False: minibatches are drawn at random, by (seed, iteration): leave it out"
            )
        if class_names is not None:
            self.class_names = check_class_names(class_names, self.num_classes)
        given = self._read(x, y, sample_weight)
        if isinstance(validation_data, Iterator):  # Keras would score its first batches again.
            steps = kwargs.pop("validation_steps", None)
            most = None if steps is None else sys.maxsize
            validation_data = self._read(islice(validation_data, steps), None, None, most)[:3]
        validation_data = self._validation(validation_data, kwargs.get("validation_batch_size"))
        if validation_split and validation_data is None:
            given, validation_data = self._split(given, validation_split)
        batch_size = batch_size or given.batch_size or BATCH_SIZE
        self._take(self._check(given, class_weight, batch_size, labelled_batch_size))
        iterations = steps_per_epoch or -(-len(given.x) // batch_size)
        with self._refusals():
            history = super().fit(
                # It ends, so that the last call of several iterations makes no more of them.
                ticks(iterations),
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=validation_data,
                shuffle=False,  # Minibatches are drawn inside the step.
                initial_epoch=initial_epoch,
                **kwargs,
            )
        for optimizer in (*self.generator_optimizers, *self.discriminator_optimizers):
            if isinstance(optimizer, GuardedOptimizer):  # Under XLA a step cannot raise.
                optimizer.raise_if_halted()
        return history

    def hold(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int = BATCH_SIZE,
        labelled_batch_size: int | None = None,
        sample_weight: Any = None,
    ) -> None:
        """Checks the data and holds them, so that `train_step` draws its minibatches from them.

        `fit` does it. See there for the arguments.

        Raises:
            InputError: see `fit`; or mapped images with XLA.
        """
        given = self._read(x, y, sample_weight)
        self._take(self._check(given, None, batch_size, labelled_batch_size))

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One iteration, all of whose real images are these.

        Batches of one size are traced once.

        Args:
            x: images [B, ...]; see `fit`.
            y: labels, -1 where there is none; not all of them.
            sample_weight: see `fit`.
            class_weight: see `fit`.
            return_dict: whether to return the logs by name.

        Returns:
            The energies and means of this iteration, in the order of their names in `fit`'s history.

        Raises:
            InputError: images or labels that do not fit.
        """
        if not self.generator_optimizers:
            raise InputError(
                "call compile(generator_optimizer, discriminator_optimizer) before train_on_batch"
            )
        if self.game.objective.label_folds > 1:
            raise InputError(
                "label_folds does not go with train_on_batch: which labels a chain leaves out is decided once, "
                "for all of fit; call fit, or make the model without"
            )
        given = self._read(x, y, sample_weight)
        share = 1.0
        if given.y is not None and self.num_classes > 1:
            labels = integer_labels(given.y, len(given.x), self.num_classes, self.class_names)
            labelled = int(np.count_nonzero(labels != UNLABELLED))
            share = self._labelled_share(len(labels), labelled)
            if not labelled:  # A row has to stand there; it weighs nothing.
                labels[0] = 0
            given = given._replace(y=labels)
        self._take(_padded(self._check(given, class_weight, len(given.x), None), share))
        self.make_train_function()
        self.reset_metrics()
        logs = self.train_function(iter([tf.constant(0)]))
        found = {name: float(value) for name, value in logs.items()}
        return found if return_dict else list(found.values())

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One iteration: a step of every generator and every discriminator of every chain.

        A pure function of the state (weights, optimizers, iteration) and the images given to `fit`.
        """
        del data  # Images are held by `fit`; which of them a step takes follows from `iteration`.
        step = tf.identity(self.iteration.value)
        self._finish(step, self._move(step))
        return self._logs()

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's; under a strategy one that runs the step on all replicas."""
        if self.train_function is not None and not force:
            return self.train_function
        if self.strategy is None:
            super().make_train_function(force)
        else:
            self.train_function: Any = replicas.repeated(
                self.strategy,
                self.iteration,
                self._move,
                self._finish,
                self.steps_per_execution,
                self._logs,
                self.stop_vote,
                self.run_eagerly,
            )
        self.train_function = without_grappler(self.train_function)
        return self.train_function

    # ---------------------------------------------------------------------------------- data

    def _read(self, x: Any, y: Any, sample_weight: Any, most: int | None = None) -> Given:
        rank = len(self.image_shape) + 1
        given = read(x, y, sample_weight, rank=rank, most=most or self.game.num_data)
        return given if self.num_classes > 1 or not is_source(x) else given._replace(y=None)

    def _check(
        self,
        given: Given,
        class_weight: Mapping[int, float] | None,
        batch_size: int,
        labelled_batch_size: int | None,
    ) -> CheckedData:
        checked = check_data(
            given.x,
            given.y,
            given.sample_weight,
            class_weight,
            image_shape=self.image_shape,
            num_classes=self.num_classes,
            class_names=self.class_names,
            batch_size=batch_size,
            labelled_batch_size=labelled_batch_size,
            input_range=self.input_range,
            kept_labels=self.game.kept_labels,
        )
        self._warn(checked.images)
        if self.jit_compile and is_mapped(checked.images):
            raise InputError(
                "images of a np.memmap are drawn by Python, which XLA cannot compile: give np.array(images), "
                "or leave out jit_compile"
            )
        check_shard_sizes(self.game.shards, checked.batch_size, checked.labelled_batch_size)
        if self.generator_optimizers:
            k, chains = self.game.moving, self.chains
            blocks = [
                c.generators[i : i + k] for c in chains for i in range(0, self.game.num_gen, k)
            ]
            check_frozen(self.generator_optimizers, blocks)
            check_frozen(self.discriminator_optimizers, [c.discriminators for c in chains])
        return checked

    def _take(self, checked: CheckedData) -> None:
        """Gives the traced step these data; makes a new one where they are of another shape."""
        if self.step is not None and self.step.data.refill(checked):
            return
        carried = [network for state in self.states for network in state.networks]
        networks = (*self.generators, *self.discriminators, *carried, self.generator_template)
        set_ghost_batch(networks, checked.batch_size // self.game.shards)
        data = TrainingData.hold(checked)
        self.step = Step(self.game, self.chains, self.states, self.generator_template, data)
        self.train_function = None

    def _labelled_share(self, rows: int, labelled: int) -> float:
        """What weighs each labelled example of a batch, whose labelled term is a mean over all rows.

        w_s is 1 per mean over the labelled ones; or, of the posterior, 1 / B for each example, where
        the step, which takes the batch for all labelled data, has B / N times the mean.
        """
        if not labelled:
            return 0.0
        of_posterior = self.game.objective.w_s == "posterior"
        return (self.game.num_data if of_posterior else rows * rows / labelled) / rows

    def _validation(self, data: Any, batch_size: int | None, where: str = "validation_data") -> Any:
        """Examples for scores, checked before training begins."""
        if data is None:
            return None
        x, y, weight = (data, None, None) if is_source(data) else unpack(data)
        try:
            checked = self._checked_examples(x, y, weight, batch_size)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        return checked if isinstance(checked[0], np.ndarray) else checked[0]

    def _split(self, given: Given, share: float) -> tuple[Given, Any]:
        """What is trained on, and the last examples for scores."""
        check_number("validation_split", share, above=0.0, below=1.0)
        first = math.floor(len(given.x) * (1.0 - share))
        if not 0 < first < len(given.x):
            raise InputError(
                f"validation_split={share} of {len(given.x)} examples leaves one part empty"
            )

        def part(values: np.ndarray | None, rows: slice) -> np.ndarray | None:
            return None if values is None else values[rows]

        kept, held = slice(None, first), slice(first, None)
        validation = (part(v, held) for v in (given.x, given.y, given.sample_weight))
        y, weight = (part(v, kept) for v in (given.y, given.sample_weight))
        return (
            Given(given.x[kept], y, weight, given.batch_size),
            self._validation(tuple(validation), None, "validation_split"),
        )

    # ---------------------------------------------------------------------------------- step

    def _move(self, step: tf.Tensor) -> list[Moved]:
        """Moves the networks of every group of chains that meet."""
        assert self.step is not None
        optimizers = self.generator_optimizers, self.discriminator_optimizers
        return [self.step.move(group, step, *optimizers) for group in self.game.groups()]

    def _finish(self, step: tf.Tensor, moved: Sequence[Moved]) -> None:
        """Writes what follows from a step whose weights have moved."""
        assert self.step is not None
        found = self.step.finish(step, moved, self.generator_energies.value)
        self.iteration.assign_add(1)
        self.discriminator_energies.assign(found.discriminators)
        self.generator_energies.assign(found.generators)
        values = found.terms | {
            "discriminator_energy": found.discriminators,
            "generator_energy": found.generators,
        }
        for metric in self.training_metrics:
            metric.update_state(tf.reshape(values[metric.name], [-1]))

    def _logs(self) -> dict[str, tf.Tensor]:
        return {metric.name: metric.result() for metric in self.training_metrics}


def _padded(checked: CheckedData, share: float) -> CheckedData:
    """A batch whose labelled examples fill its rows, the repeated ones without weight.

    So batches with few labels and with many are of one shape, and are traced once.

    Args:
        checked: one batch.
        share: what the weights are multiplied by.
    """
    if checked.labels is None or checked.labelled_images is None:
        return checked
    rows, labelled = len(checked.images), len(checked.labels)
    places = np.arange(rows) % labelled
    own = np.ones(labelled, np.float32) if checked.weights is None else checked.weights
    weights = np.where(np.arange(rows) < labelled, own[places] * np.float32(share), np.float32(0))
    return CheckedData(
        checked.images,
        checked.labelled_images[places],
        checked.labels[places],
        weights.astype(np.float32),
        checked.counts,
        None,
        checked.batch_size,
        rows,
        checked.input_range,
    )
