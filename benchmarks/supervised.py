#!/usr/bin/env python
"""The supervised CNN on the labels alone, and the same CNN sampled by SGHMC and averaged.

    python benchmarks/supervised.py --dataset mnist --data_path DATA --N 100

For each label set the CNN trains until its labelled loss has converged, as in every semi-supervised
run. From there SGHMC samples the posterior of its weights, prior N(0, s^2 I), on the labelled
images, all of them in each step. Prints errors and NLL on the whole test set.
"""

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from bayesian_gan.data.batches import to_unit  # noqa: E402
from bayesian_gan.data.catalogue import ImageData, load  # noqa: E402
from bayesian_gan.data.splits import LabelSplit, label_split  # noqa: E402
from bayesian_gan.evaluation import Classification, classification  # noqa: E402
from bayesian_gan.networks.supervised import SupervisedBaseline  # noqa: E402
from bayesian_gan.options.reading import ReadingOptions  # noqa: E402
from bayesian_gan.samplers import SGHMC, CollectPosterior  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402

MOST_ITERATIONS = 50_000
COLUMNS = ("supervised", "last sample", "average")


def with_prior(network: keras.Model, prior_std: float, num_data: int) -> keras.Model:
    """A copy with the same weights, whose loss holds the weights' prior.

    The loss has -log N(w; 0, s^2) / N of every kernel and bias, without its constant.
    """
    precision = 0.5 / (prior_std**2 * num_data)

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        for name in ("kernel_regularizer", "bias_regularizer"):
            if name in config:
                config[name] = keras.regularizers.L2(precision)
        return type(layer).from_config(config)

    copy = keras.models.clone_model(network, clone_function=clone)
    copy.set_weights(network.get_weights())
    return copy


def sample(
    network: keras.Model, split: LabelSplit, known: argparse.Namespace
) -> tuple[keras.Model, CollectPosterior]:
    """The network as SGHMC left it, and the samples it took."""
    num_data = len(split.labels)
    model = with_prior(network, known.prior_std, num_data)
    chosen = {name: getattr(known, name) for name in ("friction", "temperature")}
    sampler = SGHMC(known.learning_rate, num_data, **chosen, seed=split.label_seed)
    model.compile(
        sampler,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=20,
    )
    collected = CollectPosterior(
        known.iterations // 4, known.thinning, max_samples=None, activation="softmax"
    )
    batch = tf.data.Dataset.from_tensors((to_unit(split.images), split.labels)).repeat()
    model.fit(
        batch, steps_per_epoch=known.iterations, callbacks=[collected], verbose=0, shuffle=False
    )
    return model, collected


def scores(data: ImageData, label_seed: int, known: argparse.Namespace) -> list[Classification]:
    """Of the converged CNN, of the last sample and of the average over all samples."""
    split = label_split(data, known.N, label_seed)
    baseline = SupervisedBaseline(
        split.images,
        split.labels,
        num_classes=data.num_classes,
        width=known.df_dim,
        learning_rate=0.003,
        batch_size=64,
        seed=label_seed,
        pooling=known.pooling,
    )
    baseline.train_to(MOST_ITERATIONS)
    model, collected = sample(baseline.model, split, known)
    test = to_unit(data.test_images)
    last = tf.nn.softmax(model.predict(test, batch_size=500, verbose=0)).numpy()
    predictions = (
        baseline.predict(data.test_images),
        last,
        collected.predict(test, batch_size=500),
    )
    return [classification(np.asarray(p), data.test_labels) for p in predictions]


def main() -> int:
    """Prints the table; returns the exit status."""
    parser = parser_of(__doc__)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data_path")
    parser.add_argument("--N", type=int, default=100, help="labelled images")
    parser.add_argument("--label_seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--df_dim", type=int, default=24, help="width of the CNN")
    parser.add_argument("--pooling", default="stride", choices=["stride", "average"])
    parser.add_argument("--prior_std", type=float, default=1.0)
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--friction", type=float, default=0.1)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument(
        "--iterations", type=int, default=2000, help="of SGHMC, a quarter thrown away"
    )
    parser.add_argument("--thinning", type=int, default=50)
    known = parser.parse_args()
    return status_of(__file__, lambda: _print_table(known))


def _print_table(known: argparse.Namespace) -> None:
    data = load(known.dataset, known.data_path, ReadingOptions(download=False))
    print(f"{'label set':>10}" + "".join(f"{name:>20}" for name in COLUMNS), flush=True)
    rows = []
    for seed in known.label_seeds:
        found = scores(data, seed, known)
        print(f"{seed:10d}" + _cells(found), flush=True)
        rows.append(found)
    means = [
        f"{statistics.mean(s.errors for s in column):.1f} / {statistics.mean(s.nll for s in column):.4f}"
        for column in zip(*rows, strict=True)
    ]
    print(f"{'mean':>10}" + "".join(f"{cell:>20}" for cell in means))


def _cells(row: list[Classification]) -> str:
    return "".join(f"{f'{score.errors} / {score.nll:.4f}':>20}" for score in row)


if __name__ == "__main__":
    sys.exit(main())
