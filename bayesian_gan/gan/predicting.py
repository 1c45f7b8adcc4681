"""What a `BayesianGAN` says of images: predictions and scores, whatever it is given them as."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.data.check_images import check_images, checked_unit, doubt
from bayesian_gan.data.given import BATCH, as_array, is_source, peeked, unpack
from bayesian_gan.data.input_range import InputRange
from bayesian_gan.data.labels import (
    UNLABELLED,
    WEIGHT_REFUSAL,
    checked_labels,
    checked_weights,
    integer_labels,
    label_refusal,
    labelled_weights,
)
from bayesian_gan.errors import InputError
from bayesian_gan.gan import metrics
from bayesian_gan.networks.generation import draw_noise, generate
from bayesian_gan.networks.outputs import p_real, probabilities, split_outputs


class PredictingGAN(keras.Model):
    """Networks that predict and generate; `BayesianGAN` says what they are.

    Attributes:
        discriminators: M * J_d.
        generators: M * J_g.
        input_range: of images of floats.
        image_shape: of one example.
        num_classes: K.
        class_names: of the classes, where labels are names; None else.
    """

    discriminators: list[keras.Model]
    generators: list[keras.Model]
    input_range: InputRange
    image_shape: tuple[int, ...]
    z_dim: int
    num_classes: int
    class_names: list[str] | None = None
    jit_compile: bool
    _doubted = False

    def _make_test_metrics(self) -> None:
        self._test_metrics = (
            [metrics.Accuracy("accuracy"), metrics.NegativeLogLikelihood("nll")]
            if self.num_classes > 1
            else [metrics.Mean("p_real")]
        )

    # --------------------------------------------------------------------------- predictions

    def __call__(self, images: Any, *args: Any, **kwargs: Any) -> Any:
        """`call`; images at hand are checked first, so that what is wrong with them is one line."""
        symbolic = isinstance(images, keras.KerasTensor)
        if not symbolic and (not keras.ops.is_tensor(images) or hasattr(images, "numpy")):
            images = self._checked(as_array(images, "images"))
        return super().__call__(images, *args, **kwargs)

    def call(self, images: tf.Tensor, training: bool | None = False) -> tf.Tensor:
        """Probabilities averaged over the current discriminators (never their logits).

        Args:
            images: uint8, or floats of `input_range`, [batch, height, width, channels].
            training: ignored: predictions always use the running averages.

        Returns:
            float32 [batch, K], P(y | x, real); with K = 1, P(real | x), or a critic's score (see
            `networks.outputs.probabilities`).

        Raises:
            InputError: images that do not fit; from a graph TensorFlow's InvalidArgumentError.
        """
        members = self._members(self._unit(images))
        return tf.add_n(members) / len(members)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """`call` on many images, batch by batch.

        Args:
            x: uint8, or floats of `input_range`, [n, height, width, channels]; or a
                `tf.data.Dataset`, a generator or a `PyDataset` of such, with or without labels.
            batch_size: images in one pass; 32 by default.
            verbose: of `keras.Model.predict`.
            steps: likewise.
            callbacks: likewise.

        Returns:
            float32 [n, K].

        Raises:
            InputError: images that do not fit.
        """
        with self._refusals():
            return super().predict(
                self._checked(x, batch_size), batch_size, verbose, steps, callbacks
            )

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """`predict` of one batch, in one pass."""
        return super().predict_on_batch(self._checked(x))

    def predict_members(self, images: Any, batch_size: int = 500) -> np.ndarray:
        """Probabilities of each current discriminator, float32 [M * J_d, n, K]; see `call`.

        Their mean over the first axis is what `predict` gives; their spread is what the posterior
        leaves open.

        Args:
            images: array, [n, height, width, channels].
            batch_size: images in one forward pass.
        """
        images = self._checked(as_array(images, "images"))
        if not hasattr(self, "_member_function"):
            # As `partial` of its own: TensorFlow counts the tracings of one code together, and warns.
            self._member_function = tf.function(partial(self._stacked), reduce_retracing=True)
        parts = [
            self._member_function(tf.convert_to_tensor(images[k : k + batch_size]))
            for k in range(0, len(images), batch_size)
        ]
        return tf.concat(parts, axis=1).numpy()

    def predict_sample(self, images: Any, sample: int, batch_size: int = 500) -> np.ndarray:
        """Probabilities of one current discriminator, float32 [n, K]; see `call`.

        Args:
            images: array, [n, height, width, channels].
            sample: index of the discriminator; -1 is the last.
            batch_size: images in one forward pass.
        """
        images = self._checked(as_array(images, "images"))
        discriminator = self.discriminators[sample]
        parts = [
            _classes(discriminator, to_unit(images[k : k + batch_size], self.input_range))
            for k in range(0, len(images), batch_size)
        ]
        return tf.concat(parts, 0).numpy()

    def generate(self, num: int, sample: int, seed: int = 0) -> np.ndarray:
        """Images of one current generator: float32 [num, height, width, channels] in `input_range`.

        Args:
            num: number of images, at least 1.
            sample: index of the generator, 0 <= sample < M * J_g.
            seed: of z; the same z for every generator.
        """
        made = generate(self.generators[sample], draw_noise(num, self.z_dim, seed))
        return self.input_range.from_unit(made)

    # -------------------------------------------------------------------------------- scores

    @property
    def metrics_names(self) -> list[str]:
        """Names of what `evaluate` returns, in its order."""
        compiled = self._compile_metrics
        more = [] if compiled is None else [m.name for m in compiled.metrics]
        return [metric.name for metric in self._test_metrics] + more

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Accuracy and NLL (nats) of the averaged probabilities, and what `compile(metrics=)` asks for.

        Examples whose label is -1 do not count. With K = 1 there are no labels, and the score is
        `p_real`, the mean of P(real | x).

        Args:
            x: see `predict`; a source gives (images, labels) or (images, labels, weights).
            y: labels of arrays; see `fit`.
            batch_size: images in one pass; 32 by default.
            verbose: of `keras.Model.evaluate`.
            sample_weight: of each example, [n].
            steps: of `keras.Model.evaluate`.
            callbacks: likewise.
            return_dict: whether to return the scores by name.
            **kwargs: what `fit` adds.

        Returns:
            The scores in the order of `metrics_names`, or by name with `return_dict=True`.

        Raises:
            InputError: images or labels that do not fit.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # Else `fit` has checked them.
            x, y, sample_weight = self._checked_examples(x, y, sample_weight, batch_size)
        with self._refusals():
            found = super().evaluate(
                x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, **kwargs
            )
        # The mean of none is 0, which would be the best of all NLLs.
        if not float(keras.ops.convert_to_numpy(self._test_metrics[0].count)):
            raise InputError("no image was scored: x gives none that has a label and a weight")
        return found

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """`evaluate` of one batch."""
        examples = self._checked_examples(x, y, sample_weight, None)
        return super().test_on_batch(*examples, return_dict=return_dict)

    def make_test_function(self, force: bool = False) -> Any:
        """Keras's, without XLA, which leaves out the checks of what a source gives."""
        with self._without_xla():
            return super().make_test_function(force)

    def make_predict_function(self, force: bool = False) -> Any:
        """Keras's, without XLA; see `make_test_function`."""
        with self._without_xla():
            return super().make_predict_function(force)

    @contextmanager
    def _without_xla(self) -> Iterator[None]:
        compiled, self.jit_compile = self.jit_compile, False
        try:
            yield
        finally:
            self.jit_compile = compiled

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Scores one batch; see `evaluate`."""
        x, y, weight = unpack(data)
        predicted = self(x)
        if self.num_classes == 1:
            real = [p_real(d(self._unit(x), training=False)) for d in self.discriminators]
            self._test_metrics[0].update_state(tf.add_n(real) / len(real), weight)
            return self._test_results()
        labels = checked_labels(y, self.num_classes)
        labelled = labels != UNLABELLED
        counted = tf.cast(labelled, tf.float32)
        if weight is not None:
            weight = checked_weights(weight)
            counted *= weight
        for metric in self._test_metrics:
            metric.update_state(tf.maximum(labels, 0), predicted, counted)
        if self._compile_metrics is not None:
            known = [
                None if v is None else tf.boolean_mask(v, labelled)
                for v in (labels, predicted, weight)
            ]
            self._compile_metrics.update_state(*known)
        return self._test_results()

    def _test_results(self) -> dict[str, tf.Tensor]:
        found = {metric.name: metric.result() for metric in self._test_metrics}
        if self._compile_metrics is None:
            return found
        # A metric of the same name has no weights: it does not take the place of these.
        return found | self._compile_metrics.result() | found

    # --------------------------------------------------------------------------------- doors

    def _checked(self, x: Any, batch_size: int | None = None, labels: bool = False) -> Any:
        """What is to be predicted, as Keras takes it: an array, or a source whose first part fits.

        Args:
            x: see `predict`.
            batch_size: of a dataset of single examples.
            labels: whether a source must give them.
        """
        if not is_source(x):
            images = check_images(as_array(x, "x"), self.image_shape, self.input_range, "x")
            self._warn(images)
            return images
        first, source = peeked(x)
        images, y, _ = unpack(first)
        images = as_array(images, "x")
        single = images.shape == self.image_shape and isinstance(source, tf.data.Dataset)
        if single:
            source = source.batch(batch_size or BATCH)
            images = images[None]
        if labels:
            with self._refusals():
                checked_labels(y[None] if single and y is not None else y, self.num_classes)
        self._warn(check_images(images, self.image_shape, self.input_range, "x"))
        return source

    def _checked_examples(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None
    ) -> tuple[Any, Any, Any]:
        """Examples to be scored, as Keras takes them."""
        beside = {"y": y, "sample_weight": sample_weight}
        if is_source(x) and (
            given := [name for name, value in beside.items() if value is not None]
        ):
            raise InputError(f"{given[0]}: leave it out, x is a source that gives it itself")
        x = self._checked(x, batch_size, labels=self.num_classes > 1)
        if not isinstance(x, np.ndarray):
            return x, None, None
        if self.num_classes == 1:
            if y is not None:
                raise InputError("y: a discriminator of one logit knows no classes: leave y out")
            return x, None, sample_weight
        if y is None:
            raise InputError("y: give the labels of x, integers from 0; -1 where there is none")
        labels = integer_labels(y, len(x), self.num_classes, self.class_names)
        if not (labels != UNLABELLED).any():
            raise InputError("y labels no image: all are -1")
        labelled_weights(labels, sample_weight, None)  # Refuses what are no weights.
        return (
            x,
            labels,
            None if sample_weight is None else as_array(sample_weight, "sample_weight"),
        )

    def _unit(self, images: tf.Tensor) -> tf.Tensor:
        """Images as the networks take them, checked to be in their range."""
        if tf.executing_eagerly() or isinstance(images, np.ndarray):
            checked = check_images(as_array(images, "images"), self.image_shape, self.input_range)
            return to_unit(checked, self.input_range)
        return checked_unit(images, self.input_range)

    def _warn(self, images: np.ndarray) -> None:
        """Warns once of a model's life that images may have another range."""
        reason = None if self._doubted else doubt(images, self.input_range, "x")
        if reason is not None:
            self._doubted = True
            warnings.warn(reason, stacklevel=4)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What a graph refuses, in one line."""
        try:
            yield
        except tf.errors.InvalidArgumentError as error:
            lines = (
                self.input_range.refusal("images", "values beyond it"),
                label_refusal(self.num_classes),
                WEIGHT_REFUSAL,
            )
            for line in lines:
                if line in error.message:
                    raise InputError(line) from None
            raise

    def _members(self, x: tf.Tensor) -> Sequence[tf.Tensor]:
        return [_classes(d, x) for d in self.discriminators]

    def _stacked(self, images: tf.Tensor) -> tf.Tensor:
        return tf.stack(self._members(self._unit(images)))


def _classes(discriminator: keras.Model, x: tf.Tensor) -> tf.Tensor:
    return probabilities(split_outputs(discriminator(x, training=False))[0])
