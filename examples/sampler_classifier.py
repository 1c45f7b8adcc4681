"""A Bayesian neural network in twenty lines: any Keras classifier, `compile` with a sampler, `fit`, average."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import make_moons

from bayesian_gan.samplers import SGHMC, CollectPosterior

(x, y), (x_test, y_test) = (make_moons(n, noise=0.35, random_state=n) for n in (200, 3000))
prior = {"kernel_regularizer": keras.regularizers.L2(0.5 / 2.0**2 / len(x))}  # N(0, 2^2) / N
hidden = [keras.layers.Dense(50, "relu", **prior) for _ in range(2)]
model = keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(2, "softmax", **prior)])
sampler = SGHMC(learning_rate=0.03, num_data=len(x), seed=0)
model.compile(sampler, loss="sparse_categorical_crossentropy", steps_per_execution=100)
batches = tf.data.Dataset.from_tensor_slices((x, y)).repeat().shuffle(1000, seed=0).batch(50)
posterior = CollectPosterior(burn_in=5000, thinning=200)
model.fit(batches, steps_per_epoch=25_000, callbacks=[posterior], verbose=0)
probabilities = posterior.predict(x_test)
nll = -np.mean(np.log(probabilities[np.arange(len(y_test)), y_test]))
accuracy = np.mean(probabilities.argmax(-1) == y_test)
print(f"{len(posterior)} samples: accuracy {accuracy:.4f}, negative log likelihood {nll:.4f}")
