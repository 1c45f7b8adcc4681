"""The Bayesian GAN as a scikit-learn classifier that learns from few labels."""

from typing import Any, Self

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.data.standardised import Standardised
from bayesian_gan.errors import InputError
from bayesian_gan.estimators.configuration import PARAMETERS, configuration
from bayesian_gan.estimators.labels import encode_labels
from bayesian_gan.estimators.scaling import Range, Ranged, Scaling
from bayesian_gan.evaluation.calibrated import by_chain, calibrated
from bayesian_gan.evaluation.temperature import Tempering
from bayesian_gan.gan.graphs import freed_graphs
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.monitoring import ProgressBar
from bayesian_gan.networks.outputs import num_classes
from bayesian_gan.options.config import Config
from bayesian_gan.options.presets import TABLE_ITERATIONS
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.finite import FiniteCheck, NotFiniteError
from bayesian_gan.runs.build import assemble, example_networks
from bayesian_gan.runs.calibrate import calibrate
from bayesian_gan.samplers import CollectPosterior

RandomState = int | np.random.RandomState | None


class BayesianGANClassifier(ClassifierMixin, BaseEstimator):
    """A semi-supervised classifier: the discriminators of a Bayesian GAN, averaged.

    It learns from examples without a label, too, and its probabilities are means over all collected
    draws and discriminators.

    X holds vectors, [n, d], which are standardised inside; or images, [n, h, w] or [n, h, w, c], or
    flattened to [n, h * w * c] with `image_shape`. Images are of 8 x 8 pixels or more.

    Args:
        generator: a Keras model, z [batch, z_dim] to examples as the networks see them: vectors
            [batch, d], or images [batch, h, w, c] in [-1, 1]. None for the preset's: two layers for
            vectors, a DCGAN for images.
        discriminator: a Keras model of such examples to K logits, or to `{"logits": [batch, K],
            "features": [batch, F]}`, where the preset matches features (`laptop` does). None for the
            preset's.
        preset: the configuration, a name of `--preset`; what it counts in iterations is scaled to
            `iterations`. The parameters below that are None are the preset's.
        iterations: of the whole training, at least 1.
        warm_up: those of Adam, before the sampling; at least 0.
        collect_every: iterations between draws, at least 1.
        num_gen: J_g, generators of a chain, at least 1.
        num_mcmc: M, chains, at least 1.
        batch_size: examples in a minibatch, at least 2.
        learning_rate: of Adam, more than 0.
        temperature: of the sampler; 1 samples the posterior, 0 adds no noise.
        hidden: width of the preset's networks for vectors, at least 1.
        label_folds: K folds of the labels, of which each chain learns without one, by which the
            probabilities are calibrated; 1 for all labels and none; None for the number that
            `bayesian-gan train` chooses by the labels, 1 below 50 of them.
        image_shape: (h, w, c) of images that are given flattened.
        input_range: (low, high) of the values of images, such as (0, 1) or (0, 255); None for uint8,
            and for floats in [-1, 1].
        random_state: of all that is random in `fit`.
        verbose: whether `fit` shows a progress bar.

    Attributes:
        classes_: the K classes, sorted.
        transduction_: the class inferred for each training example, [n].
        n_iter_: iterations made.
        tempering_: the temperature of the predictions, from labels that chains did not see; None
            without folds of labels.
        n_features_in_: numbers in an example.
        feature_names_in_: names of the columns, where X has them.

    Raises:
        ValueError, TypeError: by `fit`, of parameters and data, in one line.
    """

    def __init__(
        self,
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        preset: str = "laptop",
        *,
        iterations: int = TABLE_ITERATIONS,
        warm_up: int | None = None,
        collect_every: int | None = None,
        num_gen: int | None = None,
        num_mcmc: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        temperature: float | None = None,
        hidden: int = Config.hidden,
        label_folds: int | None = None,
        image_shape: tuple[int, int, int] | None = None,
        input_range: Range | None = None,
        random_state: RandomState = None,
        verbose: bool = False,
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.preset = preset
        self.iterations = iterations
        self.warm_up = warm_up
        self.collect_every = collect_every
        self.num_gen = num_gen
        self.num_mcmc = num_mcmc
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.temperature = temperature
        self.hidden = hidden
        self.label_folds = label_folds
        self.image_shape = image_shape
        self.input_range = input_range
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Tags:
        """What scikit-learn may ask of it: X may have three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Trains on labelled and unlabelled examples.

        Args:
            X: [n, d], [n, h, w] or [n, h, w, c], finite numbers.
            y: labels [n], integers, of which -1 means unlabelled, or strings, of which None, "" and
                NaN do.

        Returns:
            The estimator.

        Raises:
            ValueError, TypeError: data or parameters that do not fit.
        """
        self._example_shape = _shape_of(X)
        rows = self._checked_rows(X, reset=True)
        if y is None:
            validate_data(self, X=rows, y=y, reset=False)  # Says that y is needed.
        self.classes_, labels = encode_labels(y)
        check_consistent_length(rows, labels)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        parameters = {name: getattr(self, name) for name in PARAMETERS}
        config = configuration(self.preset, parameters, int(np.sum(labels >= 0)), seed)
        self._scaling = self._new_scaling(rows, X)
        examples = self._scaling.to_networks(rows)
        with freed_graphs():
            self._posterior = self._trained(config, examples, labels)
        self.tempering_ = self._tempering(config, examples, labels)
        self.n_iter_ = config.train_iter
        self.transduction_ = self._classes_of(self._probabilities(rows))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each example, [n], of the type of `classes_`."""
        return self._classes_of(self.predict_proba(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """P(y | x), float64 [n, K], as `classes_`: the mean over all collected discriminators.

        With `tempering_` that of chains at the temperature of the predictions.
        """
        check_is_fitted(self)
        return self._probabilities(self._checked_rows(X, reset=False))

    def predict_members(self, X: Any) -> np.ndarray:
        """What each collected discriminator says, float64 [S, n, K], draw by draw, uncalibrated.

        Args:
            X: as for `fit`; images may be flattened.

        Raises:
            ValueError, TypeError: X is no such data.
            NotFittedError: `fit` has not been called.
        """
        check_is_fitted(self)
        return self._members(self._checked_rows(X, reset=False))

    def sample(self, n_samples: int = 1, random_state: RandomState = None) -> np.ndarray:
        """Generated examples, of all collected generators in equal parts and random order.

        Args:
            n_samples: how many, at least 1.
            random_state: of z and of the order.

        Returns:
            [n_samples, ...] of the shape, the range and the units of the training data.

        Raises:
            ValueError: n_samples is less than 1.
            NotFittedError: `fit` has not been called.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise InputError(f"n_samples must be at least 1, not {n_samples}")
        seed = int(check_random_state(random_state).randint(2**31 - 1))
        made, _ = self._posterior.generate_mixture(n_samples, seed, self._posterior.iterations)
        return self._scaling.to_rows(made).reshape(n_samples, *self._example_shape)

    def _checked_rows(self, X: Any, *, reset: bool) -> np.ndarray:
        """Examples as flat rows [n, n_features_in_], checked as scikit-learn does."""
        shape = _shape_of(X)
        if len(shape) > 1:
            if not (reset or self._scaling.takes(shape)):
                raise InputError(
                    f"X holds examples of shape {shape}, and `fit` had {self._example_shape}: give such"
                )
            X = np.asarray(X)
            X = X.reshape(len(X), int(np.prod(shape)))
        return validate_data(self, X=X, reset=reset, ensure_min_samples=2 if reset else 1)

    def _new_scaling(self, rows: np.ndarray, X: Any) -> Scaling:
        """Between the units of training data and those of the networks."""
        shape = self._example_shape
        if self.image_shape is None and len(shape) < 2:
            return Standardised.of(rows)
        given = (*shape, 1) if len(shape) == 2 else shape
        image_shape = tuple(self.image_shape or given)
        fits = len(image_shape) == 3 and np.prod(image_shape) == rows.shape[1]
        if not fits or (len(shape) > 1 and given != image_shape):
            raise InputError(
                f"image_shape must be (height, width, channels) of the examples in X, not {image_shape}: "
                f"X has shape {(len(rows), *shape)}"
            )
        height, width, channels = image_shape
        return Ranged.of(rows, (height, width, channels), self.input_range, np.asarray(X).dtype)

    def _trained(self, config: Config, examples: np.ndarray, labels: np.ndarray) -> Posterior:
        """The draws of a new model, which nothing holds any longer."""
        model = assemble(config, *self._networks(config, examples.shape[1:]), len(examples))
        return _collect(model, config, examples, labels, bool(self.verbose))

    def _networks(self, config: Config, shape: tuple[int, ...]) -> tuple[keras.Model, keras.Model]:
        """The user's networks, and the preset's where there are none."""
        K = len(self.classes_)
        generator, discriminator = self.generator, self.discriminator
        if generator is None or discriminator is None:
            own = example_networks(config, shape, K)
            generator = own[0] if generator is None else generator
            discriminator = own[1] if discriminator is None else discriminator
        if num_classes(discriminator) != K:
            raise InputError(
                f"discriminator has {num_classes(discriminator)} logits, but y has {K} classes"
            )
        return generator, discriminator

    def _members(self, rows: np.ndarray) -> np.ndarray:
        """See `predict_members`."""
        examples = self._scaling.to_networks(rows)
        members = np.concatenate(list(self._posterior.member_probabilities(examples)))
        return members / members.sum(axis=-1, keepdims=True)  # Sums of float32 are not quite 1.

    def _probabilities(self, rows: np.ndarray) -> np.ndarray:
        """See `predict_proba`."""
        members = self._members(rows)
        if self.tempering_ is None:
            return members.mean(axis=0)
        config = self._posterior.config
        return calibrated(
            by_chain(members, config["num_mcmc"], config["num_disc"]), self.tempering_
        )

    def _tempering(
        self, config: Config, examples: np.ndarray, labels: np.ndarray
    ) -> Tempering | None:
        """What the chains' answers on labels that they did not see say of the temperature."""
        known = np.flatnonzero(labels >= 0)
        split = LabelSplit("y", 0, known, examples[known], labels[known])
        found = calibrate(config, split, self._posterior)
        return None if found is None else found.tempering

    def _classes_of(self, probabilities: np.ndarray) -> np.ndarray:
        return self.classes_[probabilities.argmax(axis=1)]


def _shape_of(X: Any) -> tuple[int, ...]:
    """The shape of an example; what has no shape of its own is measured as NumPy does."""
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    return tuple(int(size) for size in shape[1:])


def _collect(
    model: BayesianGAN, config: Config, examples: np.ndarray, labels: np.ndarray, verbose: bool
) -> Posterior:
    """Trains a model, and returns its draws.

    Raises:
        InputError: a number is not finite.
    """
    collected = CollectPosterior(config.first_collection, config.collect_every, max_samples=None)
    last = config.train_iter
    progress = [ProgressBar(last, lambda iteration: iteration >= last)] if verbose else []
    try:
        with FiniteCheck(model, None).named():
            model.fit(
                examples,
                labels,
                batch_size=config.batch_size,
                labelled_batch_size=config.labelled_batch_size,
                steps_per_epoch=config.train_iter,
                callbacks=[collected, *progress],
                verbose=0,
            )
    except (NotFiniteError, FloatingPointError) as found:
        raise InputError(f"{found}: give a smaller learning_rate") from found
    try:
        for iteration in collected.iterations:
            collected.posterior.draw(iteration)  # It is checked to be finite.
    except InputError as found:
        raise InputError(f"{found}: give a smaller learning_rate") from found
    return collected.posterior
