"""From images to activations, apart from the metrics that compare these.

classifier  the features of a small network trained here on the real data's labels, kept in the cache folder
random      the same network with its initial weights: what does not show here may be the classifier's taste
columns     vectors themselves, whose columns are standardised
a file      any Keras model of the user's, such as Inception for the FID of the literature
"""

from functools import partial
from pathlib import Path
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices, to_unit
from bayesian_gan.data.cache import cache_folder, content_key, slug
from bayesian_gan.data.content import data_checksum
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.networks.dcgan import CHANNELS
from bayesian_gan.samplers import stateless
from bayesian_gan.storage import read_arrays, write_arrays, written

# Part of the cache's key: raise it with any change of the network or of its training.
VERSION = 1
NUM_FEATURES = 128
TRAINING_STEPS = 1500
BATCH = 128
LEARNING_RATE = 2e-3
SEED = 0


class FeatureExtractor(Protocol):
    """Images to activations.

    Attributes:
        name: short, for tables.
        note: one line on where the features come from.
    """

    name: str
    note: str

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Activations, float64 [n, d], of uint8 images [n, height, width, channels]."""


class NetworkFeatures:
    """Activations of a Keras model.

    Args:
        network: images in [-1, 1], of the shape given, to features [n, d].
        name: see `FeatureExtractor`.
        note: likewise.
        image_shape: to which images are resized (bilinear) and repeated over channels; None leaves
            them.
    """

    def __init__(
        self,
        network: keras.Model,
        name: str,
        note: str,
        image_shape: tuple[int, int, int] | None = None,
    ) -> None:
        self.name, self.note = name, note
        self._image_shape = image_shape
        signature = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
        self._forward = tf.function(partial(network, training=False), input_signature=[signature])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """See `FeatureExtractor`."""
        batch = 500 if self._image_shape is None else 50
        parts = [
            self._forward(self._fitted(images[k : k + batch])) for k in range(0, len(images), batch)
        ]
        return np.concatenate(parts).astype(np.float64)

    def _fitted(self, images: np.ndarray) -> tf.Tensor:
        x = to_unit(images)
        if self._image_shape is None:
            return x
        height, width, channels = self._image_shape
        if x.shape[-1] != channels:
            x = tf.image.grayscale_to_rgb(x) if channels == 3 else tf.image.rgb_to_grayscale(x)
        return tf.image.resize(x, (height, width))


class ClassifierFeatures(NetworkFeatures):
    """The features, and the verdicts, of a classifier of the real data.

    Args:
        network: of `classifier_network`, trained.
        accuracy: of its predictions of the test set, in [0, 1].
        scale: what activations are divided by. The root of the mean square of the real images'
            makes numbers of different data sets, whose classifiers have other units, alike in size.
    """

    def __init__(self, network: keras.Model, accuracy: float, scale: float) -> None:
        features = network.outputs[0]
        note = f"a classifier trained on all labels, test accuracy {100 * accuracy:.2f}%"
        super().__init__(keras.Model(network.inputs, features), "classifier", note)
        self.accuracy, self.scale = accuracy, scale
        self._logits_layer = network.get_layer("logits")

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """See `FeatureExtractor`; the mean square over images and features is 1 for real ones."""
        return super().__call__(images) / self.scale

    def classes(self, activations: np.ndarray) -> np.ndarray:
        """The class of each image by its activations [n, d]: int64 [n]."""
        kernel, bias = (np.asarray(w, np.float64) for w in self._logits_layer.get_weights())
        return np.argmax(self.scale * activations @ kernel + bias, axis=1)


def classifier_network(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """A classifier of convolutions, whose last hidden layer gives the features.

    Convolutions of stride 2, at least three, lead down to at most 4 x 4. A dense layer makes 128
    features of that, and another one K logits.

    Args:
        image_shape: (height, width, channels).
        num_classes: K.

    Returns:
        A functional model: images in [-1, 1] to [features [n, 128], logits [n, K]].
    """
    seeds = iter(range(SEED, SEED + 100))

    def he() -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=next(seeds))

    images = keras.Input(image_shape)
    x, width = images, 32
    while x.shape[1] > 4 or x.shape[2] > 4 or width <= 64:
        stride = 2 if max(x.shape[1:3]) > 4 else 1
        x = keras.layers.Conv2D(
            min(width, 128), 3, stride, "same", CHANNELS, use_bias=False, kernel_initializer=he()
        )(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.95)(x))
        width *= 2
    x = keras.layers.Flatten(CHANNELS)(x)
    features = keras.layers.Dense(NUM_FEATURES, "relu", kernel_initializer=he(), name="features")(x)
    logits = keras.layers.Dense(num_classes, kernel_initializer=he(), name="logits")(features)
    return keras.Model(images, [features, logits])


def classifier_features(data: ImageData, cache_dir: str | None = None) -> ClassifierFeatures:
    """The classifier of a data set: read from the cache folder, or trained and put there.

    1,500 steps of Adam with a cosine step on minibatches of 128 of all training images, without
    augmentation; a minute or less on two cores. The weights depend on the data's content and on
    `VERSION` alone, so numbers of different runs on the same data are comparable.

    Args:
        data: with at least two classes, all labelled, and a test set.
        cache_dir: as in `bayesian_gan.options.reading.ReadingOptions`.

    Raises:
        InputError: one class only, or the cache folder cannot be written.
    """
    if data.num_classes < 2:
        raise InputError(
            f"{data.name} has one class only: no classifier can give features; use random"
        )
    network = classifier_network(data.picture_shape, data.num_classes)
    folder = cache_folder(cache_dir)
    checksum = data_checksum(data.images, data.labels, data.test_images, data.test_labels)
    path = folder / f"classifier_{slug(data.name)}-{content_key(VERSION, checksum)}.npz"
    try:
        arrays, manifest = read_arrays(path)
        network.set_weights([arrays[f"{k:02d}"] for k in range(len(network.weights))])
        return ClassifierFeatures(network, float(manifest["accuracy"]), float(manifest["scale"]))
    except FileNotFoundError:
        pass
    except (InputError, KeyError, ValueError) as error:
        print(f"{path}: damaged ({error}); trained anew", flush=True)
    print(f"training a classifier of {data.name} for its features, kept in {path}", flush=True)
    _train(network, data)
    found = ClassifierFeatures(network, 0.0, 1.0)
    activations = found(data.test_images)
    accuracy = float(np.mean(found.classes(activations) == data.test_labels))
    scale = float(np.sqrt(np.mean(activations**2)))
    weights = {f"{k:02d}": weight for k, weight in enumerate(network.get_weights())}
    with written(f"--cache_dir {folder}", "make room, or give another folder"):
        folder.mkdir(parents=True, exist_ok=True)
        write_arrays(path, weights, {"accuracy": accuracy, "scale": scale})
    return ClassifierFeatures(network, accuracy, scale)


def _train(network: keras.Model, data: ImageData) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, TRAINING_STEPS)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(network.trainable_variables)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(images: tf.Tensor, labels: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            _, logits = network(to_unit(images), training=True)
            loss = cross_entropy(labels, logits)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    @tf.function
    def drawn(k: tf.Tensor) -> tf.Tensor:
        return draw_indices(stateless.seed_pair((SEED, 1)), k, len(data.images), BATCH)

    for k in range(TRAINING_STEPS):
        indices = np.sort(drawn(tf.constant(k, tf.int64)).numpy())
        step(tf.constant(data.images[indices]), tf.constant(data.labels[indices]))


def random_features(image_shape: tuple[int, int, int]) -> NetworkFeatures:
    """The classifier's network with its initial weights, always the same, which know no data."""
    network = classifier_network(image_shape, 2)
    return NetworkFeatures(
        keras.Model(network.inputs, network.outputs[0]),
        "random",
        f"an untrained convolutional network, {NUM_FEATURES} features",
    )


class ColumnFeatures:
    """Vectors as they are, with columns of mean 0 and standard deviation 1 in the training data."""

    name = "columns"
    note = "the columns themselves, standardised"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """See `FeatureExtractor`; of vectors [n, D]."""
        return images.astype(np.float64)


def random_features_of(data: ImageData) -> FeatureExtractor:
    """Features that no labels decide: of an untrained network, or of vectors their columns."""
    if data.features is not None:
        return ColumnFeatures()
    return random_features(data.picture_shape)


def file_features(path: str | Path) -> NetworkFeatures:
    """A saved model of the user's: `keras.applications.InceptionV3(include_top=False, pooling="avg")`.

    Args:
        path: a `.keras` file, read in Keras's safe mode: layers of foreign code are refused. (Of
            `.h5` files Keras does not keep that promise, so they are not read.) The model takes
            images in [-1, 1] of a fixed size and gives one vector for each; images are resized to
            that size (bilinear).

    Raises:
        InputError: no such file, or no such model in it.
    """
    path = Path(path)
    advice = "give a model saved with model.save('NAME.keras')"
    if path.suffix != ".keras" or not path.is_file():
        raise InputError(f"--inception {path}: no file NAME.keras; {advice}")
    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
        height, width, channels = network.input_shape[1:]
        (_, features) = network.output_shape
    # Keras raises anything of a damaged or foreign file.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"--inception {path}: not a model from images to one vector each ({reason}); {advice}"
        ) from error
    if None in (height, width, features) or channels not in (1, 3):
        raise InputError(
            f"--inception {path}: takes {network.input_shape}, gives {network.output_shape}; it must "
            f"have fixed sizes and 1 or 3 channels; {advice}"
        )
    note = f"{path.name}: {features} features of images resized to {height}x{width}"
    return NetworkFeatures(network, "file", note, (height, width, channels))
