"""LiteRT (TensorFlow Lite) files: float32, and int8 weights with dynamic range."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from bayesian_gan.export.average import constant_functions
from bayesian_gan.export.networks import Networks


def write_litert(folder: Path, classifier: Networks | None, generator: Networks | None) -> None:
    """Writes two files of the classifier, and two of each generator: float32 and int8.

    The classifier, `classifier_float32.tflite`, is the average of all members: images uint8 [n, H,
    W, C] to `probabilities`, `entropy`, `mutual_information` and `real`, as in
    `bayesian_gan.export.average.predictive`. A generator, `generator_NAME_float32.tflite`, maps z
    [n, z_dim] to `images`. All have one signature, `serving_default`, and no operations but
    LiteRT's own. The int8 file has dynamic range: weights are int8, activations are quantised as
    they come where a kernel for that exists.

    Arguments and errors are those of `bayesian_gan.export.keras_files.write_keras`.
    """
    for name, function in constant_functions(classifier, generator):
        for suffix, optimizations in (("float32", []), ("int8", [tf.lite.Optimize.DEFAULT])):
            (folder / f"{name}_{suffix}.tflite").write_bytes(_convert(function, optimizations))


def _convert(function: Any, optimizations: list[Any]) -> bytes:
    module = tf.Module()
    module.function = function
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], module
    )
    converter.optimizations = optimizations
    with _quiet():
        return bytes(converter.convert())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The converter saves a temporary model and tells of it on the standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
