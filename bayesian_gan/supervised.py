"""Training of the purely supervised baseline on the labelled images alone."""

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices, to_unit
from bayesian_gan.networks.classifier import supervised_classifier
from bayesian_gan.seeds import seed_pair

LEARNING_RATE_FACTOR = 0.05


class SupervisedBaseline:
    """The authors' supervised CNN, trained by Adam at 0.05 times the GAN's learning rate.

    It trains in lockstep with the GAN: as many iterations, on minibatches of the same size.

    Args:
        images: labelled images, uint8 [N_s, height, width, channels].
        labels: int32 [N_s].
        num_classes: K.
        width: of the network, df_dim.
        learning_rate: of the GAN, before decay.
        batch_size: labelled images in a minibatch.
        seed: of initial weights and minibatches.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        num_classes: int,
        width: int,
        learning_rate: float,
        batch_size: int,
        seed: int,
    ) -> None:
        self.model = supervised_classifier(images.shape[1:], num_classes, width, seed)
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE_FACTOR * learning_rate, beta_1=0.5),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        # Its slots must exist before a checkpoint can be read into them.
        self.model.optimizer.build(self.model.trainable_variables)
        self.images, self.labels = tf.constant(images), tf.constant(labels, tf.int32)
        self.batch_size = min(batch_size, len(images))
        self.key = (seed, 7)
        self.iteration = 0
        self.loss = float("nan")

    def train_to(self, iteration: int) -> None:
        """Trains until it has made this many iterations; `loss` is then the mean of the last stretch."""
        if iteration <= self.iteration:
            return
        # Batch by batch: a dataset for each stretch would be traced again, and its functions never freed.
        self.model.reset_metrics()
        for step in range(self.iteration, iteration):
            images, labels = self._minibatch(tf.constant(step, tf.int64))
            loss = self.model.train_on_batch(images, labels)
        self.iteration, self.loss = iteration, float(loss)

    @tf.function
    def _minibatch(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn = draw_indices(seed_pair(self.key), step, self.images.shape[0], self.batch_size)
        return to_unit(tf.gather(self.images, drawn)), tf.gather(self.labels, drawn)

    def predict(self, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
        """Softmax probabilities, float32 [n, K], of uint8 or [-1, 1] float images."""
        logits = [
            self.model.predict_on_batch(to_unit(images[k : k + batch_size]))
            for k in range(0, len(images), batch_size)
        ]
        return tf.nn.softmax(np.concatenate(logits)).numpy()
