"""The classifier of `examples/sampler_classifier.ipynb` against its SGD solution, five seeds.

    python benchmarks/samplers/mlp.py
    python benchmarks/samplers/mlp.py --data digits

Same network, prior, step, momentum, batches and number of iterations; SGD is the sampler at
temperature 0, which is Keras's SGD with momentum 0.9, and its last weights predict. The seed draws
the training data (200 noisy moons, or half of scikit-learn's digits), the initial weights, the
order of the batches and the noise. Printed: accuracy, negative log likelihood (nats), and expected
calibration error (15 equal bins of confidence), each as mean +- standard deviation.
"""

import argparse

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits, make_moons
from sklearn.model_selection import train_test_split

from bayesian_gan.samplers import SGHMC, CollectPosterior

PRIOR_STD = {"moons": 2.0, "digits": 1.0}


def load(data: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training inputs and labels, test inputs and labels."""
    if data == "moons":
        x, y = make_moons(200, noise=0.35, random_state=seed)
        return x, y, *make_moons(3000, noise=0.35, random_state=1000 + seed)
    images, digits = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(images / 16.0, digits, test_size=0.5, random_state=seed)
    return x, y, x_test, y_test


def scores(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Accuracy, negative log likelihood, expected calibration error."""
    confidence, correct = probabilities.max(-1), probabilities.argmax(-1) == labels
    likelihood = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [
        abs(np.sum(correct[bins == b]) - np.sum(confidence[bins == b])) for b in np.unique(bins)
    ]
    return float(correct.mean()), float(-np.log(likelihood).mean()), float(sum(gaps) / len(labels))


def run(data: str, seed: int, temperature: float, steps: int) -> tuple[float, float, float]:
    """Scores of the posterior predictive at a temperature; at 0, of the last weights."""
    x, y, x_test, y_test = load(data, seed)
    keras.utils.set_random_seed(seed)
    prior = {"kernel_regularizer": keras.regularizers.L2(0.5 / PRIOR_STD[data] ** 2 / len(x))}
    hidden = [keras.layers.Dense(50, "relu", **prior) for _ in range(2)]
    last = keras.layers.Dense(int(y.max()) + 1, "softmax", **prior)
    model = keras.Sequential([keras.Input(x.shape[1:]), *hidden, last])
    sampler = SGHMC(0.03, len(x), temperature=temperature, seed=seed)
    model.compile(sampler, loss="sparse_categorical_crossentropy", steps_per_execution=100)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).repeat().shuffle(1000, seed=seed).batch(50)
    posterior = CollectPosterior(burn_in=5000, thinning=200)
    callbacks = [posterior] if temperature else []
    model.fit(batches, steps_per_epoch=steps, callbacks=callbacks, verbose=0)
    predict = posterior.predict if temperature else lambda x: model.predict(x, verbose=0)
    return scores(predict(x_test), y_test)


def main() -> None:
    """Prints one line for each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=PRIOR_STD, default="moons")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=25_000)
    given = parser.parse_args()
    for name, temperature in (("SGD, T = 0", 0.0), ("SGHMC, T = 1", 1.0)):
        runs = [run(given.data, seed, temperature, given.steps) for seed in range(given.seeds)]
        table = np.array(runs)
        columns = zip(("accuracy", "NLL", "ECE"), table.mean(0), table.std(0, ddof=1), strict=True)
        line = ", ".join(f"{column} {mean:.4f} +- {std:.4f}" for column, mean, std in columns)
        print(f"{name:14} {line}", flush=True)


if __name__ == "__main__":
    main()
