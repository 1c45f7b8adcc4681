"""Training of the purely supervised baseline on the labelled images alone."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices, to_unit
from bayesian_gan.networks.classifier import supervised_classifier
from bayesian_gan.networks.dcgan import Pooling
from bayesian_gan.networks.likelihood import log_likelihood
from bayesian_gan.networks.mlp import mlp_classifier
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use

LEARNING_RATE_FACTOR = 0.05
# Nats: every labelled image is then classified right, with a probability of 0.999 on average.
CONVERGED = 1e-3
ITERATIONS_BETWEEN_CHECKS = 100


class SupervisedBaseline:
    """The authors' supervised CNN, or two layers for vectors.

    Adam trains it at 0.05 times the GAN's learning rate.

    It trains in lockstep with the GAN, on minibatches of the same size, until the mean loss of the
    labelled images is below 0.001 nats; from there on its weights would hardly move.

    Args:
        images: labelled images, uint8 [N_s, height, width, channels], or vectors float32 [N_s, D].
        labels: int32 [N_s].
        num_classes: K.
        width: of the network, df_dim, or of its hidden layer.
        learning_rate: of the GAN, before decay.
        batch_size: labelled images in a minibatch.
        seed: of initial weights and minibatches.
        pooling: of the CNN, as in `dcgan_discriminator`.
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
        pooling: Pooling = "stride",
    ) -> None:
        if images.ndim == 2:
            self.model = mlp_classifier(images.shape[1], num_classes, width, seed)
        else:
            self.model = supervised_classifier(
                images.shape[1:], num_classes, width=width, seed=seed, pooling=pooling
            )
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE_FACTOR * learning_rate, beta_1=0.5),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        # Its slots must exist before a checkpoint can be read into them.
        self.model.optimizer.build(self.model.trainable_variables)
        self.images, self.labels = tf.constant(images), tf.constant(labels, tf.int32)
        self.batch_size = min(batch_size, len(images))
        self.key = (seed, Use.SUPERVISED)
        self.iteration = 0
        self.loss = float("nan")

    def train_to(self, iteration: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Trains until it has made this many iterations or converged.

        `loss` is then the loss of the last stretch.

        Args:
            iteration: to be reached.
            stop: asked before each iteration whether to leave it at those that are made.
        """
        if iteration <= self.iteration:
            return
        # Batch by batch: a dataset for each stretch would be traced again, and its functions never
        # freed.
        self.model.reset_metrics()
        for step in range(self.iteration, iteration):
            if stop():
                return
            # At fixed iterations, and of the weights alone: where a run was resumed makes no
            # difference.
            if step and step % ITERATIONS_BETWEEN_CHECKS == 0:
                labelled_loss = self.labelled_loss()
                if labelled_loss < CONVERGED:
                    self.loss = labelled_loss
                    return
            # An array: of each Python number that becomes a tensor TensorFlow keeps a copy for
            # ever.
            images, labels = self._minibatch(tf.constant(np.array(step), tf.int64))
            self.loss = float(self.model.train_on_batch(images, labels))
            self.iteration = step + 1

    def labelled_loss(self) -> float:
        """Mean cross-entropy (nats) of all labelled images, normalised by running averages."""
        probabilities = self.predict(self.images.numpy())
        chosen = probabilities[np.arange(len(probabilities)), self.labels.numpy()]
        return float(-np.mean(np.log(np.maximum(chosen, 1e-30))))

    @tf.function
    def _minibatch(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn = draw_indices(
            stateless.seed_pair(self.key), step, self.images.shape[0], self.batch_size
        )
        return to_unit(tf.gather(self.images, drawn)), tf.gather(self.labels, drawn)

    def predict(self, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
        """Softmax probabilities, float32 [n, K], of uint8 or [-1, 1] float images."""
        logits = [
            self.model.predict_on_batch(to_unit(images[k : k + batch_size]))
            for k in range(0, len(images), batch_size)
        ]
        return tf.nn.softmax(np.concatenate(logits)).numpy()

    def nll_gradient(
        self, images: np.ndarray, labels: np.ndarray, batch_size: int = 250
    ) -> tuple[np.ndarray, np.ndarray]:
        """-log P(y | x) of each image's class, and its gradient with respect to the image.

        Args:
            images: float32 in [-1, 1], [n, ...].
            labels: integers [n].
            batch_size: images in one pass; the result does not depend on it.

        Returns:
            float32 [n] and [n, ...].
        """
        classes = np.asarray(labels, np.int32)
        parts = [
            self._log_likelihood(
                tf.constant(images[k : k + batch_size], tf.float32),
                tf.constant(classes[k : k + batch_size]),
            )
            for k in range(0, len(images), batch_size)
        ]
        log_p, gradient = (np.concatenate(part) for part in zip(*parts, strict=True))
        return -log_p, -gradient

    @tf.function(reduce_retracing=True)
    def _log_likelihood(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return log_likelihood(lambda x: self.model(x, training=False), images, labels)
