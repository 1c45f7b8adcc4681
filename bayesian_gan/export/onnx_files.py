"""ONNX files, through tf2onnx (the extra `onnx`)."""

import logging
from importlib.util import find_spec
from pathlib import Path

from bayesian_gan.errors import InputError
from bayesian_gan.export.average import constant_functions
from bayesian_gan.export.networks import Networks

OPSET = 17


def check_onnx() -> None:
    """Raises InputError where tf2onnx is not installed."""
    if find_spec("tf2onnx") is None or find_spec("onnx") is None:
        raise InputError(
            "--format onnx: tf2onnx is not installed; pip install 'bayesian-gan[onnx]'"
        )


def write_onnx(folder: Path, classifier: Networks | None, generator: Networks | None) -> None:
    """Writes `classifier.onnx`, the average of all members, and `generator_NAME.onnx` for each.

    Inputs and outputs are those of `bayesian_gan.export.litert.write_litert`, of operator set 17,
    and the arguments those of `bayesian_gan.export.keras_files.write_keras`.

    Raises:
        InputError: tf2onnx is not installed, or cannot express the network.
    """
    check_onnx()
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    for name, function in constant_functions(classifier, generator):
        model, _ = tf2onnx.convert.from_function(
            function, input_signature=function.input_signature, opset=OPSET
        )
        try:
            # tf2onnx passes an operation that it does not know on, under TensorFlow's name.
            onnx.checker.check_model(model)
        except onnx.checker.ValidationError as error:
            raise InputError(
                f"--format onnx: tf2onnx {tf2onnx.__version__} cannot express {name} "
                f"({str(error).splitlines()[0]}); export savedmodel"
            ) from error
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
