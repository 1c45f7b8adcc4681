"""`prior`: what networks with weights drawn from a run's prior make and say before any data, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from bayesian_gan.commands.entry import run_program
from bayesian_gan.commands.train import choose_preset
from bayesian_gan.data.catalogue import find
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import is_own
from bayesian_gan.options.own_preset import sized
from bayesian_gan.options.predictive import PredictiveConfig
from bayesian_gan.runs.devices import use_device
from bayesian_gan.storage import written

if TYPE_CHECKING:
    from bayesian_gan.runs.prior_predictive import PriorPredictive

OPTIONS = PredictiveConfig
STOPPED = "stopped, and nothing written"


def start() -> None:
    """Parses the command line, writes the picture, prints a line of what it shows, and exits.

    A user's mistake is one line on the standard error and exit status 2.
    """
    run_program(OPTIONS, begin, STOPPED)


def begin() -> None:
    """Checks all that can be checked, then draws.

    Raises:
        InputError: a user's mistake, or the picture cannot be written.
    """
    choose_preset(flags.FLAGS)
    config = PredictiveConfig.from_flags(flags.FLAGS)
    shape, num_classes, examples = _data(config)
    given = {name for name in config.to_json() if flags.FLAGS[name].present}
    config = sized(config, shape, given)
    use_device(config.device)
    # Imported here: TensorFlow takes seconds to load, and a wrong flag or file need not wait for it.
    from bayesian_gan.report.prior_picture import save_prior_picture
    from bayesian_gan.runs.prior_predictive import prior_predictive

    found = prior_predictive(config, shape, num_classes, config.networks, examples)
    noun = "images" if len(shape) == 3 else "rows"
    shown = f"{found.real.shape[1]} {'noise' if examples is None else 'real'} {noun}"
    with written(f"--out {config.out}", "give another"):
        save_prior_picture(Path(config.out), found, _title(config), shown, config.real_score)
    print(f"{config.out}: {_title(config)}: {_said(found, shown, config.real_score)}")


def _data(config: PredictiveConfig) -> tuple[tuple[int, ...], int, np.ndarray | None]:
    """The shape of an example, K, and the examples; without `--data_path` a known set's shape alone."""
    entry = find(config.dataset)
    if is_own(config.dataset) or config.data_path is not None or not entry.layouts:
        data = load_run_data(config)
        if config.semi and data.num_classes < 2:
            raise InputError(
                f"{config.dataset}: labels of {data.num_classes} classes, and two at least are needed: give "
                "data of several classes, or --nosemi"
            )
        return data.image_shape, data.num_classes if config.semi else 1, data.images
    size, *_ = entry.image.split()
    if not entry.classes.isdigit():
        raise InputError(
            f"--dataset {config.dataset}: the shape of its images is not known before they are read: give "
            "--data_path"
        )
    height, width, channels = (int(side) for side in size.split("x"))
    if config.image_size is not None:
        height = width = config.image_size
    return (height, width, channels), int(entry.classes) if config.semi else 1, None


def _title(config: PredictiveConfig) -> str:
    """Such as "prior student_t of 5 degrees of freedom, standard deviation 1, networks of --preset laptop"."""
    df = f" of {config.prior_df:g} degrees of freedom" if config.prior == "student_t" else ""
    of = " of all but kernels" if config.prior == "he_normal" else ""
    preset = f", networks of --preset {config.preset}" if config.preset else ""
    return f"prior {config.prior}{df}, standard deviation {config.prior_std:g}{of}{preset}"


def _said(found: "PriorPredictive", shown: str, real_score: str) -> str:
    """The picture in a line."""
    if found.generated.ndim > 3:
        made = f"{found.saturated:.0%} of generated pixels are all but black or white"
    else:
        made = f"generated numbers have the standard deviation {found.generated.std():.3g}"
    if found.classes is None:
        return f"{made}; {real_score} of {shown} is {found.real.mean():.2f} in the mean"
    return (
        f"{made}; the largest class probability of {shown} is {found.largest.mean():.2f} in the mean, and a "
        f"discriminator gives {found.favourite.mean():.0%} of them one class"
    )
