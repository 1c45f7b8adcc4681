"""`evaluate RUN_DIR`: scores a run's posterior, writes RUN_DIR/evaluation.json, and prints a table."""

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bayesian_gan.commands import evaluate_attacks
from bayesian_gan.commands.score_rows import print_classification, print_detection
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_json, written

if TYPE_CHECKING:
    from bayesian_gan.data.image_data import ImageData
    from bayesian_gan.evaluation.features import FeatureExtractor
    from bayesian_gan.posterior import Posterior

FORMAT = 1
NUM_IMAGES = 10_000
MIN_IMAGES = 20
SAMPLE_ROW = "{:22}{:>7}{:>8}{:>10}{:>10}{:>10}{:>10}{:>8}{:>9}{:>9}"
PICTURE = "nearest_neighbours.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "--data_path", help="folder of the data sets; by default where the run had them"
    )
    parser.add_argument(
        "--ood",
        metavar="DATASET",
        help="data set, a name as for --dataset, whose test images are to be told from the run's",
    )
    parser.add_argument("--ood_path", help="folder of that data set; by default --data_path")
    parser.add_argument(
        "--num_images",
        type=int,
        default=NUM_IMAGES,
        help=f"images of each mixture to judge the generators by, >= {MIN_IMAGES} for each generator; "
        "0 leaves them out (default: %(default)s)",
    )
    parser.add_argument(
        "--inception",
        metavar="FILE.keras",
        help="saved Keras model, images in [-1, 1] to one vector each, for FID with its features as well",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of z, of the real images, of what the baselines see and of attacks, in [0, 2^31 - 4]",
    )
    evaluate_attacks.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluates; all arguments are checked before the work begins."""
    start = time.monotonic()
    opened = FinishedRun(arguments.run_dir)
    if not 0 <= arguments.seed <= 2**31 - 4:
        raise InputError(f"--seed {arguments.seed}: give one in [0, 2^31 - 4]")
    if arguments.inception and not arguments.num_images:
        raise InputError("--inception is for generated images: leave it or --num_images 0 out")
    attacks = evaluate_attacks.request(arguments)
    posterior = opened.require_samples()
    num_generators = posterior.num_generators
    if arguments.num_images and arguments.num_images < MIN_IMAGES * num_generators:
        raise InputError(
            f"--num_images {arguments.num_images}: {num_generators} generators need at least "
            f"{MIN_IMAGES} each; give {MIN_IMAGES * num_generators} or more, or 0"
        )
    data = opened.load_data(arguments.data_path)
    if arguments.ood and not data.has_test:
        raise InputError(
            f"--ood {arguments.ood}: {data.name} has no test set, from whose images others could be told; "
            "leave --ood out, or train with --test_fraction"
        )
    smallest = min(
        len(data.images), *([len(data.test_images)] if data.has_test else []), MIN_IMAGES
    )
    if arguments.num_images and smallest < MIN_IMAGES:
        raise InputError(
            f"{data.name} has {len(data.images)} training and {len(data.test_images)} test {data.noun}, and "
            f"{MIN_IMAGES} of each are needed to judge generators; give --num_images 0"
        )
    if data.features is not None:
        _refuse_of_pictures(arguments, opened)
    if attacks is not None:
        attacks.check(opened, data)
    outside = _outside(arguments, opened)
    extractors = _extractors(arguments, opened, data)

    result: dict[str, Any] = {
        "format": FORMAT,
        "num_samples": posterior.num_samples,
        "iterations": posterior.iterations,
    }
    print(
        f"{posterior.num_samples} discriminator samples, {len(posterior.iterations)} draws of "
        f"{num_generators} generators, iterations {posterior.iterations[0]} to {posterior.iterations[-1]}"
    )
    if opened.config.validation:
        print("test images are those of --validation: the last of the training set, held out")
    if data.has_test:
        result |= _predictions(opened, data, outside, arguments.seed)
    else:
        print("no test set: no error, calibration or uncertainty of unseen images is known")
    if attacks is not None:
        result["attacks"] = evaluate_attacks.run(attacks, opened, posterior, data)
    if arguments.num_images:
        result["samples"] = _samples(arguments, posterior, data, extractors, opened.path)
    result["seconds"] = round(time.monotonic() - start, 1)
    path = opened.path / "evaluation.json"
    with written(path, "make room, or copy the run"):
        write_json(path, result)
    print(f"\n{result['seconds']:.0f} s; all numbers in {path}")
    return 0


def _refuse_of_pictures(arguments: argparse.Namespace, opened: FinishedRun) -> None:
    """Raises InputError where something is asked for that rows of a table have not."""
    for name in ("ood", "inception", "attack"):
        if getattr(arguments, name):
            raise InputError(
                f"--{name} is for pictures, and {opened.path} is a run on rows; leave it out"
            )


class Outside(NamedTuple):
    """Images from elsewhere, uint8 [n, height, width, channels] as the run's."""

    name: str
    provenance: str
    images: np.ndarray


def _outside(arguments: argparse.Namespace, opened: FinishedRun) -> Outside | None:
    """The test images of the other data set, in the run's shape."""
    if arguments.ood is None:
        return None
    from bayesian_gan.data.catalogue import load
    from bayesian_gan.data.resizing import resized

    config, shape = opened.config, opened.image_shape
    if shape[-1] not in (1, 3):
        raise InputError(f"--ood: images of {shape[2]} channels cannot be compared; leave it out")
    options = ReadingOptions(cache_dir=config.cache_dir, download=config.download, resize=True)
    path = arguments.ood_path or arguments.data_path or config.data_path
    data = load(arguments.ood, path, options)
    if data.image_shape == shape:
        return Outside(data.name, data.provenance, data.test_images)
    size = "x".join(map(str, shape))
    provenance = f"{data.provenance}, resized to {size}"
    return Outside(data.name, provenance, resized(data.test_images, shape))


def _extractors(
    arguments: argparse.Namespace, opened: FinishedRun, data: "ImageData"
) -> "list[FeatureExtractor]":
    if not arguments.num_images:
        return []
    from bayesian_gan.evaluation.features import (
        classifier_features,
        file_features,
        random_features_of,
    )

    # The user's file first: it may have to be refused.
    files = [file_features(arguments.inception)] if arguments.inception else []
    # A classifier of a few labels would judge generators by what it does not know.
    judge = data.num_classes > 1 and data.all_labelled and data.has_test and data.features is None
    trained = [classifier_features(data, opened.config.cache_dir)] if judge else []
    return [*trained, random_features_of(data), *files]


# ------------------------------------------------------------------------------------- predictions


def _predictions(
    opened: FinishedRun, data: "ImageData", outside: Outside | None, seed: int
) -> dict[str, Any]:
    from bayesian_gan.evaluation.calibrated import calibrated
    from bayesian_gan.evaluation.calibration_verdict import calibration_verdict
    from bayesian_gan.evaluation.predictions import (
        classification_report,
        detections,
        predictions,
        scores,
    )

    posterior = opened.posterior
    inside = predictions(posterior, data.test_images, data.test_labels)
    result: dict[str, Any] = {"p_real": float(1.0 - inside.p_fake.mean())}
    if inside.single:
        result["classification"] = classification_report(inside, data.test_labels, data.class_names)
        verdict = calibration_verdict(inside.uncertainty.average, data.test_labels)
        result["classification"]["verdict"] = {"level": verdict.level, "text": verdict.text}
        if opened.tempering is not None:
            p = calibrated(inside.of_chains, opened.tempering)
            result["classification"]["calibrated"] = {
                **asdict(scores(p, data.test_labels)),
                "temperature": opened.tempering.T,
                "text": opened.tempering.text,
            }
        result["baselines"] = _baselines(opened, data, seed)
        supervised = (opened.summary or {}).get("supervised")
        print_classification(result["classification"], result["baselines"], supervised, data.noun)
    else:
        print("no labels in this run: nothing to classify")
    if outside is not None:
        elsewhere = predictions(posterior, outside.images)
        found = detections(inside, elsewhere, posterior.num_classes)
        result["out_of_distribution"] = {
            "data_set": outside.name,
            "provenance": outside.provenance,
            "p_real": float(1.0 - elsewhere.p_fake.mean()),
            "scores": {name: score.to_json() for name, score in found.items()},
        }
        print_detection(result["out_of_distribution"])
    return result


def _baselines(opened: FinishedRun, data: "ImageData", seed: int) -> dict[str, Any]:
    """The part of `evaluation.json` on baselines; empty without labels."""
    from bayesian_gan.evaluation.baselines import BASELINES, points
    from bayesian_gan.evaluation.predictions import scores

    if opened.split is None:
        return {}
    indices, labels = (np.array(opened.split[name]) for name in ("indices", "labels"))
    given = points(data.images, indices, labels, data.test_images, data.num_classes, seed)
    said = {name: baseline(given, seed) for name, baseline in BASELINES.items()}
    return {
        name: {"title": b.title, **asdict(scores(b.probabilities, data.test_labels)), **b.how}
        for name, b in said.items()
    }


# ------------------------------------------------------------------------------------- samples


def _samples(
    arguments: argparse.Namespace,
    posterior: "Posterior",
    data: "ImageData",
    extractors: "list[FeatureExtractor]",
    folder: Path,
) -> dict[str, Any]:
    from bayesian_gan.evaluation.generated import generated, sample_report

    start, cpu = time.monotonic(), time.process_time()
    made = generated(posterior, arguments.num_images, arguments.seed)
    generation = time.monotonic() - start
    result: dict[str, Any] = {"num_images": len(made.last), "seed": arguments.seed, "features": {}}
    for k, extractor in enumerate(extractors):
        # Neighbours are looked for once: by the classifier's features where there is one.
        report, suspects = sample_report(made, data, extractor, arguments.seed, memorisation=k == 0)
        result["features"][extractor.name] = report
        _print_samples(report, data.noun)
        if suspects is not None and data.features is None:
            path = folder / PICTURE
            _save_suspects(path, suspects, data)
            print(
                f"{path}: generated images nearest to the training set, and their five neighbours"
            )
    result["seconds_of_generation"] = round(generation, 1)
    result["seconds"] = round(time.monotonic() - start, 1)
    result["processor_seconds"] = round(time.process_time() - cpu, 1)
    print(
        f"\n2 x {len(made.last)} {data.noun} generated in {generation:.0f} s; with all scores "
        f"{result['seconds']:.0f} s, {result['processor_seconds']:.0f} s of processor time"
    )
    return result


def _print_samples(report: dict[str, Any], noun: str) -> None:
    rows = report["rows"]
    print(f"\ngenerated {noun}, features of {report['note']}")
    names = ("n", "n real", "FID", "KID", "+- s.e.", "precision", "recall", "density", "coverage")
    print(SAMPLE_ROW.format("", *names))
    for name, row in rows.items():
        numbers = [f"{row[key]:.3f}" for key in ("precision", "recall", "density", "coverage")]
        print(
            SAMPLE_ROW.format(
                name,
                row["n"],
                row["n_real"],
                f"{row['fid']:.4g}",
                f"{row['kid']:.3g}",
                f"{row['kid_standard_error']:.1g}",
                *numbers,
            )
        )
    print("FID falls with n: compare rows of equal n only, or KID.")
    between = np.array(report["fid_between_generators"])
    if len(between) > 1:
        pairs = between[np.triu_indices(len(between), 1)]
        print(
            f"FID between generators: {pairs.min():.4g} to {pairs.max():.4g}, mean {pairs.mean():.4g}; "
            f"generator 0 and itself, other z: {report['fid_of_generator_0_to_itself']:.4g}"
        )
    if "mode_coverage" in report:
        modes = report["mode_coverage"]
        K = sum(share > 0 for share in modes["real"])
        print(
            f"classes made, of {K}: all together {modes['covered_by_union']}, each generator "
            f"{', '.join(map(str, modes['covered']))}; collapsed generators: {modes['num_collapsed']} "
            f"of {len(modes['covered'])}"
        )
    if "memorisation" not in report:
        return
    memory = report["memorisation"]
    said = f"nearest of {memory['n_train']} training {noun}: median distance {memory['median_distance']:.4g}"
    if "median_distance_of_test_images" in memory:
        share = memory["share_nearer_than_1_percent_of_test_images"]
        said += (
            f", of test {noun} {memory['median_distance_of_test_images']:.4g}; nearer than the nearest 1% of "
            f"test {noun}: {100 * share:.1f}%"
        )
    print(said)


def _save_suspects(path: Path, suspects: Any, data: "ImageData") -> None:
    from bayesian_gan.monitoring.grids import save_grid

    blank = np.full_like(suspects.images[:1], 255)  # Between an image and its neighbours.
    rows = [
        np.concatenate([image[None], blank, np.stack([data.images[k] for k in near])])
        for image, near in zip(suspects.images, suspects.neighbours, strict=True)
    ]
    save_grid(path, np.concatenate(rows), rows=len(rows), columns=len(rows[0]))
