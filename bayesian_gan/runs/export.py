"""A run's posterior, exported: what `bayesian-gan export` does."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.export.output import DESCRIPTION, check_output, describe, output_folder
from bayesian_gan.runs.card import write_card
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_json

FORMATS = ("savedmodel", "keras", "litert", "onnx")
WHAT = ("classifier", "generator", "both")


@dataclass(frozen=True)
class Request:
    """What is to be exported.

    Attributes:
        run: the run's folder.
        format: one of `FORMATS`.
        output: a folder that does not exist yet.
        samples: see `bayesian_gan.runs.samples.choose`.
        what: one of `WHAT`.
        overwrite: whether an export at `output` is replaced.
        distill: whether one student takes the place of the classifier's samples.
        distill_epochs: passes of its training over the unlabelled images.
        data_path: where the run's data lie now, for its training; None where the run had them.
    """

    run: Path
    format: str
    output: Path
    samples: str = "all"
    what: str = "both"
    overwrite: bool = False
    distill: bool = False
    distill_epochs: int = 5
    data_path: str | None = None


def export(request: Request, say: Callable[[str], object] = print) -> None:
    """Exports, and says what was written.

    Raises:
        InputError: the request cannot be met; nothing is written then.
    """
    check_output(request.output, request.overwrite)
    if request.distill and (request.what == "generator" or request.distill_epochs < 1):
        raise InputError(
            "--distill makes a classifier: not with --what generator"
            if request.what == "generator"
            else f"--distill_epochs must be at least 1, not {request.distill_epochs}"
        )
    run = FinishedRun(request.run)
    posterior = run.require_samples()
    if request.format == "onnx":
        from bayesian_gan.export.onnx_files import check_onnx

        check_onnx()
    if request.distill and posterior.num_classes == 1:
        raise InputError(
            f"{request.run}: a run without labels (--nosemi) has no classes to --distill"
        )
    from bayesian_gan.runs.samples import read

    classifier, generator = (
        read(posterior, what, request.samples) if request.what in (what, "both") else None
        for what in ("classifier", "generator")
    )
    class_names = list(run.class_names) if posterior.num_classes > 1 else []
    description = describe(request.format, run.image_shape, class_names, classifier, generator)
    description["run"] = request.run.resolve().name
    if run.features is not None:
        description["table"] = run.features.to_json()
    else:
        description["pictures"] = {"fit": run.fit, "background": run.config.background}
    with output_folder(request.output, request.overwrite) as folder:
        if request.distill:
            assert classifier is not None
            classifier, description["distillation"] = _distill(run, classifier, request, say)
        _write(request.format, folder, classifier, generator, class_names)
        write_json(folder / DESCRIPTION, description)
        write_card(folder, run, exported=description)
        sizes = {
            str(path.relative_to(folder)): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    for name, size in sizes.items():
        say(f"{size:>12,} bytes  {request.output / name}")


def _write(
    name: str, folder: Path, classifier: Any, generator: Any, class_names: list[str]
) -> None:
    if name == "savedmodel":
        from bayesian_gan.export.savedmodel import write_saved_model

        write_saved_model(folder, classifier, generator, class_names)
    elif name == "keras":
        from bayesian_gan.export.keras_files import write_keras

        write_keras(folder, classifier, generator)
    elif name == "litert":
        from bayesian_gan.export.litert import write_litert

        write_litert(folder, classifier, generator)
    else:
        from bayesian_gan.export.onnx_files import write_onnx

        write_onnx(folder, classifier, generator)


def _distill(
    run: FinishedRun, members: Any, request: Request, say: Callable[[str], object]
) -> tuple[Any, dict[str, Any]]:
    """The student, and the scores of the average, of the student and of the last sample alone."""
    from bayesian_gan.runs.distillation import distill, quality

    data = run.load_data(request.data_path)
    epochs = request.distill_epochs
    say(f"distilling {len(members)} samples, {epochs} epochs of {len(data.images)} images")
    student = distill(members, data.images, epochs, run.config.random_seed)
    if not data.has_test:
        say("no test set: how good the student is cannot be measured")
        return student, {}
    rows = {"average": members, "student": student, "last sample": members.last()}
    found = {
        name: quality(networks, data.test_images, data.test_labels)
        for name, networks in rows.items()
    }
    say("             networks  errors of      n     NLL     ECE   ms (1 image)  ms (500)")
    for name, q in found.items():
        say(
            f"{name:12} {q.members:8}  {q.errors:6}  {q.n:7}  {q.nll:6.4f}  {q.ece:6.4f}  "
            f"{q.milliseconds_1:12.2f}  {q.milliseconds_500:8.1f}"
        )
    return student, {name: asdict(q) for name, q in found.items()}
