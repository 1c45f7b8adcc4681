"""One TensorFlow SavedModel of the posterior: it answers without this package."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf

from bayesian_gan.data.input_range import ROUNDING, UNIT, InputRange
from bayesian_gan.export.average import (
    Outputs,
    has_features,
    looped_classify,
    looped_embed,
    looped_generate,
    stack,
)
from bayesian_gan.export.networks import Networks
from bayesian_gan.networks.generation import draw_noise

MIXTURE = -1
CLASS_NAMES = "class_names.txt"


class _Exported(tf.Module):
    """What is saved: functions, variables, assets."""

    variables_of: dict[str, list[tf.Variable]]


def write_saved_model(
    folder: Path,
    classifier: Networks | None,
    generator: Networks | None,
    class_names: Sequence[str],
    input_range: InputRange = UNIT,
) -> None:
    """Writes a SavedModel into a folder.

    Signatures, with n images of any number; floats are in `input_range` but for rounding, else the call
    fails, and generated images are, too:

        classify         images uint8 [n, H, W, C] -> probabilities [n, K], and [n] each of entropy,
                         mutual_information and real
        classify_float   images float32 in their place
        embed            images uint8 -> features [n, S, F]
        embed_float      images float32 in their place
        generate         num, seed, generator, int32 scalars -> images [num, H, W, C], generator [num]
        generate_from_z  z [n, z_dim], generator int32 [n] -> images [n, H, W, C]

    Networks of vectors [n, D] take `images` float32 of any range in `classify` and `embed`, and
    have no `_float` signatures. See `bayesian_gan.export.average.predictive` for the first; with
    K = 1 `real` is its only output. `generate` with generator -1 draws one at random for each
    image; z ~ U(-1, 1) is that of `Posterior.generate`. The default signature is `classify`, or
    `generate` without a classifier.
    The object that `tf.saved_model.load` returns has methods `classify` and `embed`, which take
    both types, `generate` and `generate_from_z`.

    Args:
        folder: exists and is empty.
        classifier: discriminator samples, or None to leave them out.
        generator: generator samples, or None.
        class_names: K names, the asset `class_names.txt`; of K = 1, none.
        input_range: of images of floats.

    Raises:
        OSError: it cannot be written.
    """
    module = _Exported()
    module.variables_of = {}
    signatures: dict[str, Any] = {}
    with TemporaryDirectory() as assets:
        if classifier is not None:
            signatures |= _add_classifier(module, classifier, input_range)
            if class_names:
                file = Path(assets) / CLASS_NAMES
                file.write_text("".join(f"{name}\n" for name in class_names), encoding="utf-8")
                module.class_names = tf.saved_model.Asset(str(file))
        if generator is not None:
            signatures |= _add_generator(module, generator, input_range)
        default = signatures.get("classify", signatures.get("generate"))
        signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY] = default
        try:
            tf.saved_model.save(module, str(folder), signatures)
        except tf.errors.OpError as error:  # TensorFlow has its own for a disk that is full.
            raise OSError(str(error.message).rpartition("; ")[2]) from error


def _add_classifier(
    module: _Exported, networks: Networks, input_range: InputRange
) -> dict[str, Any]:
    networks = networks.plain(others=True)
    network, stacked = networks.network, stack(networks)
    module.variables_of["classifier"] = stacked
    image_shape = network.input_shape[1:]
    functions = {"classify": looped_classify(network, stacked)}
    if has_features(network):
        functions["embed"] = looped_embed(network, stacked)
    kinds = [(tf.uint8, ""), (tf.float32, "_float")]
    if len(image_shape) == 1:
        kinds = [(tf.float32, "")]
    signatures = {}
    for name, compute in functions.items():
        function = _of_images(compute, input_range)
        for dtype, suffix in kinds:
            spec = tf.TensorSpec((None, *image_shape), dtype, name="images")
            signatures[name + suffix] = function.get_concrete_function(spec)
        setattr(module, name, function)
    return signatures


def _of_images(compute: Callable[[tf.Tensor], Outputs], input_range: InputRange) -> Any:
    @tf.function
    def function(images: tf.Tensor) -> Outputs:
        return compute(_in_range(images, input_range))

    return function


def _in_range(images: tf.Tensor, input_range: InputRange) -> tf.Tensor:
    """The images, floats scaled to [-1, 1] after a check that they lie in their range, but for rounding.

    The call fails at other floats, such as pixels of 0 to 255 that were not scaled, and at NaN.
    Vectors have any range, and must be finite.
    """
    if images.dtype == tf.uint8:
        return images
    if images.shape.rank == 4:
        images = input_range.to_unit(images)
        limit = 1.0 + ROUNDING
        message = f"float images must lie in {input_range}; give pixels of 0 to 255 as uint8"
    else:
        limit, message = images.dtype.max, "vectors must be finite"
    check = tf.debugging.assert_less_equal(tf.abs(images), limit, message, summarize=1)
    with tf.control_dependencies([check]):
        return tf.identity(images)


def _add_generator(
    module: _Exported, networks: Networks, input_range: InputRange
) -> dict[str, Any]:
    networks = networks.plain(others=True)
    network, stacked = networks.network, stack(networks)
    module.variables_of["generator"] = stacked
    z_dim, members = network.input_shape[-1], len(networks)
    compute = looped_generate(network, stacked)
    message = f"there are {members} generators, from 0"

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, z_dim), tf.float32, "z"),
            tf.TensorSpec((None,), tf.int32, "generator"),
        ]
    )
    def generate_from_z(z: tf.Tensor, generator: tf.Tensor) -> dict[str, tf.Tensor]:
        checks = [
            tf.debugging.assert_non_negative(generator, message),
            tf.debugging.assert_less(generator, members, message),
            tf.debugging.assert_equal(
                tf.shape(z)[0], tf.size(generator), "give one generator for each row of z"
            ),
        ]
        with tf.control_dependencies(checks):
            return {"images": input_range.from_unit(compute(z, tf.identity(generator)))}

    scalar = [tf.TensorSpec((), tf.int32, name) for name in ("num", "seed", "generator")]

    @tf.function(input_signature=scalar)
    def generate(num: tf.Tensor, seed: tf.Tensor, generator: tf.Tensor) -> dict[str, tf.Tensor]:
        checks = [
            tf.debugging.assert_non_negative(num, "num must be 0 or more"),
            tf.debugging.assert_greater_equal(generator, MIXTURE, f"{message}; -1 mixes them"),
            tf.debugging.assert_less(generator, members, f"{message}; -1 mixes them"),
        ]
        with tf.control_dependencies(checks):
            z = draw_noise(num, z_dim, (seed, 0))
            drawn = tf.random.stateless_uniform((num,), (seed, 1), 0, members, tf.int32)
            chosen = tf.where(generator == MIXTURE, drawn, tf.fill((num,), generator))
            made = input_range.from_unit(compute(z, chosen))
            return {"images": made, "generator": chosen}

    module.generate, module.generate_from_z = generate, generate_from_z
    return {
        "generate": generate.get_concrete_function(),
        "generate_from_z": generate_from_z.get_concrete_function(),
    }
