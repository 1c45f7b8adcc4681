"""`classify RUN_DIR IMAGE...`: what a run's posterior says of pictures, from its folder alone."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.data.pictures import read_picture
from bayesian_gan.data.resizing import picture_array
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun

GREY_MODES = ("1", "L", "LA", "I", "I;16", "F")
SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run with labels")
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="picture files (PNG, JPEG, BMP, GIF, PPM, TIFF, WebP) of the run's size; grey or in colours, as "
        "the run's images",
    )
    parser.add_argument(
        "--resize",
        action="store_true",
        help="resize and convert pictures of another size or colour; without it they are refused",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON: all probabilities, in nats all entropies"
    )


def run(arguments: argparse.Namespace) -> int:
    """Classifies."""
    opened = FinishedRun(arguments.run_dir)
    if not opened.config.semi:
        raise InputError(
            f"{opened.path}: a run without labels, which cannot classify; give one of run_bgan_semi.py"
        )
    # Looked at before TensorFlow is loaded.
    images = np.stack(
        [_read(Path(name), opened.image_shape, arguments.resize) for name in arguments.images]
    )
    posterior = opened.require_samples()
    from bayesian_gan.evaluation.predictions import predictions

    found = predictions(posterior, images)
    u = found.uncertainty
    results = [
        {
            "image": name,
            "class": opened.class_names[int(p.argmax())],
            "probabilities": dict(zip(opened.class_names, p.tolist(), strict=True)),
            "entropy": float(u.total[i]),
            "mutual_information": float(u.epistemic[i]),
            "p_real": float(1.0 - found.p_fake[i]),
        }
        for i, (name, p) in enumerate(zip(arguments.images, u.average, strict=True))
    ]
    if arguments.json:
        print(json.dumps({"num_samples": posterior.num_samples, "images": results}, indent=2))
    else:
        for result in results:
            _print(result)
    return 0


def _print(result: dict[str, Any]) -> None:
    ranked = sorted(result["probabilities"].items(), key=lambda item: -item[1])[:SHOWN]
    classes = ", ".join(f"{name} {100 * p:.2f}%" for name, p in ranked)
    print(
        f"{result['image']}: {classes}; entropy {result['entropy']:.4f}, mutual information "
        f"{result['mutual_information']:.4f} nats, P(real) {result['p_real']:.4f}"
    )


def _read(path: Path, shape: tuple[int, int, int], resize: bool) -> np.ndarray:
    """A picture as uint8 [height, width, channels].

    Raises:
        InputError: no picture, or one of another size or colour, and resizing was not asked for.
    """
    picture = read_picture(path)
    channels = 1 if picture.mode in GREY_MODES else 3
    size = (picture.height, picture.width, channels)
    if size != shape and not resize:
        found, wanted = ("x".join(map(str, s)) for s in (size, shape))
        raise InputError(
            f"{str(path)!r} is {found} (height, width, channels), and the run's images are {wanted}; give "
            "--resize to have it resized and converted, or a picture of that size"
        )
    return picture_array(picture, shape)
