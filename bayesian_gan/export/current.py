"""The networks that a model has now, as a SavedModel: `BayesianGAN.export`."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from bayesian_gan.data.input_range import InputRange
from bayesian_gan.errors import InputError
from bayesian_gan.export.networks import Networks, sample_name
from bayesian_gan.export.output import DESCRIPTION, describe, output_folder
from bayesian_gan.export.savedmodel import write_saved_model
from bayesian_gan.networks.outputs import num_classes
from bayesian_gan.storage import write_json


def export_current(
    path: str | Path,
    discriminators: Sequence[keras.Model],
    generators: Sequence[keras.Model],
    iteration: int,
    class_names: Sequence[str] | None,
    overwrite: bool,
    input_range: InputRange,
) -> None:
    """Writes the SavedModel of docs/how-to/export.md, and its `export.json`.

    Args:
        path: a folder that does not exist yet.
        discriminators: M * J_d of one architecture, which are averaged.
        generators: M * J_g of one architecture.
        iteration: at which they are so; it names them.
        class_names: K names, the asset `class_names.txt`; None for none.
        overwrite: whether an export at `path` is replaced.
        input_range: of images of floats.

    Raises:
        InputError: there is something at `path`, or the names are not one for each class.
    """
    names = list(class_names or ())
    K = num_classes(discriminators[0])
    if names and (len(names) != K or K == 1 or not all(isinstance(name, str) for name in names)):
        wanted = f"{K} texts, one for each class" if K > 1 else "left out: there are no classes"
        raise InputError(f"class_names must be {wanted}, not {class_names!r}")
    classifier, generator = (_networks(each, iteration) for each in (discriminators, generators))
    shape = discriminators[0].input_shape[1:]
    with output_folder(Path(path), overwrite) as folder:
        write_saved_model(folder, classifier, generator, names, input_range)
        described = describe("savedmodel", shape, names, classifier, generator)
        write_json(folder / DESCRIPTION, described)


def _networks(networks: Sequence[keras.Model], iteration: int) -> Networks:
    return Networks(
        networks[0],
        tuple(sample_name(iteration, member) for member in range(len(networks))),
        tuple(tuple(np.asarray(w) for w in network.weights) for network in networks),
    )
