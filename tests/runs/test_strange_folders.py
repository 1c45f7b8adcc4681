"""A run's folder that a stranger sends: pipes, devices and links in it, and files of another kind."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine

from bayesian_gan.commands import main
from bayesian_gan.errors import InputError
from bayesian_gan.monitoring.health_log import chain_functionals
from bayesian_gan.reliability.lock import RunLock
from bayesian_gan.report.pngs import read_png
from bayesian_gan.report.tables import read_table
from bayesian_gan.runs.card import card
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import MAX_JSON, read_arrays, read_json

VERSION_1 = Path(__file__).parents[1] / "posterior" / "version_1" / "semi"
SECONDS = 10
SCORE = {"errors": 1, "n": 20, "error_rate": 0.05, "nll": 0.1, "ece": 0.01}
NLL = {"rhat": None, "ess_bulk": 9.0, "ess_tail": 8.0}
WORST = dict.fromkeys(("rhat_max", "rhat_median", "ess_min", "ess_median"), 1.0)
FILES: dict[str, dict[str, Any]] = {
    "labelled.json": {
        **{"name": "digits.0@2", "label_seed": 0},
        **{"indices": [1, 2], "labels": [0, 9]},
    },
    "summary.json": {
        **{
            "iteration": 600,
            "num_labelled": 2,
            "split": "digits.0@2",
            "seconds": 9.0,
            "num_test": 20,
        },
        **{"supervised": SCORE, "single": SCORE, "ensemble": None, "calibrated": None},
        "posterior": {**SCORE, "mixing": {"nll": NLL}, "num_samples": 4},
        **{"convergence": WORST, "draws": "The draws are a test's."},
    },
    "temperature.json": {"log_t": [0.0, 1.0], "weights": [0.5, 0.5], "n": 2},
    "evaluation.json": {
        "classification": {"average": SCORE, "verdict": {"level": "good", "text": "so"}},
        "baselines": {"x": {"title": "x", **SCORE}},
    },
}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """What waits for a pipe fails, rather than hang."""
    before = signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _hangs(*_: Any) -> None:
    raise AssertionError(f"it waits for more than {SECONDS} s")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder with one of each file, which nothing needs TensorFlow to open."""
    made = Path(shutil.copytree(VERSION_1, tmp_path / "run"))
    for name, contents in FILES.items():
        (made / name).write_text(json.dumps(contents))
    (made / "log.csv").write_text("iteration,seconds\n1,0.5\n")
    return made


READS: dict[str, Callable[[Path], object]] = {
    "config.json": FinishedRun,
    "data.json": lambda folder: FinishedRun(folder).class_names,
    "labelled.json": lambda folder: FinishedRun(folder).split,
    "summary.json": lambda folder: FinishedRun(folder).summary,
    "temperature.json": lambda folder: FinishedRun(folder).tempering,
    "evaluation.json": lambda folder: card(FinishedRun(folder)),
    "log.csv": lambda folder: (FinishedRun(folder).log, read_table(folder / "log.csv")),
    "functionals.csv": lambda folder: chain_functionals(folder, FinishedRun(folder).config),
    "attacks.png": lambda folder: read_png(folder / "attacks.png"),
    "posterior/posterior.json": lambda folder: FinishedRun(folder).posterior,
    "posterior/draw_00000500.npz": lambda folder: read_arrays(
        folder / "posterior/draw_00000500.npz"
    ),
}


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _is_a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [_pipe, _device, _is_a_folder])
@pytest.mark.parametrize("name", READS)
def test_what_is_no_file_is_refused_at_once(
    folder: Path, name: str, make: Callable[[Path], None]
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(InputError, match=str(folder)):
        READS[name](folder)


@pytest.mark.parametrize("name", [*READS, "posterior", "run.log", "lock", "checkpoints"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, name: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    if (folder / name).is_dir():
        shutil.move(folder / name, outside)
    else:
        outside.write_text("secret")
        (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside)
    with pytest.raises(InputError, match=r"is a link to .*outside"):
        FinishedRun(folder)


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "posterior").rename(folder / "elsewhere")
    (folder / "posterior").symlink_to("elsewhere")
    assert FinishedRun(folder).posterior.iterations == [500, 600]


def test_links_that_predict_has_sorted_are_no_part_of_the_run(folder: Path, tmp_path: Path) -> None:
    (folder / "sorted" / "cat").mkdir(parents=True)
    (folder / "sorted" / "cat" / "1.png").symlink_to(tmp_path / "1.png")
    FinishedRun(folder)


def test_links_in_a_circle_are_refused(folder: Path) -> None:
    (folder / "run.log").symlink_to("log.csv")
    (folder / "log.csv").unlink()
    (folder / "log.csv").symlink_to("run.log")
    with pytest.raises(InputError, match="is a link"):
        FinishedRun(folder)


def test_a_linked_run_is_as_good(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert FinishedRun(tmp_path / "link").num_test is not None


def test_nothing_is_appended_elsewhere(
    folder: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    (folder / "log.csv").unlink()
    (folder / "log.csv").symlink_to(outside)
    described = json.loads((folder / "config.json").read_text())
    from bayesian_gan.options.config import Config

    described["flags"] = Config(dataset="digits").to_json()
    (folder / "config.json").write_text(json.dumps(described))
    command_line(["--resume", str(folder)]).refused("log.csv", "is a link to", "put there")
    assert outside.read_text() == "secret"
    assert not (folder / "lock").exists()


def test_a_lock_that_is_a_link_empties_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(outside)
    with pytest.raises(OSError, match="lock"):
        RunLock(tmp_path / "run")
    assert outside.read_text() == "secret"


def test_json_that_no_run_writes_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MAX_JSON + 1)  # A hole: it takes no room.
    with pytest.raises(InputError, match="more than"):
        read_json(path)


def _change(folder: Path, name: str, place: tuple[Any, ...], value: Any) -> None:
    whole = json.loads((folder / name).read_text())
    owner = whole
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = value
    (folder / name).write_text(json.dumps(whole))


# One for each kind that a fuzzer found, and some beside.
STRANGE: tuple[tuple[str, tuple[Any, ...], Any], ...] = (
    ("config.json", ("format",), "1"),
    ("config.json", ("versions",), []),
    ("config.json", ("command",), 1),
    ("config.json", ("command",), [1]),
    ("config.json", ("flags",), []),
    ("config.json", ("flags", "dataset"), None),
    ("config.json", ("flags", "num_gen"), "2"),
    ("config.json", ("flags", "num_gen"), True),
    ("config.json", ("flags", "num_gen"), 0),
    ("config.json", ("flags", "lr"), []),
    ("config.json", ("flags", "lr"), 1e999),
    ("config.json", ("flags", "N"), "many"),
    ("data.json", ("image_shape",), None),
    ("data.json", ("image_shape",), "888"),
    ("data.json", ("image_shape",), [8, 8]),
    ("data.json", ("image_shape",), [8, 8, True]),
    ("data.json", ("image_shape",), [8, 8, 0]),
    ("data.json", ("class_names",), "abc"),
    ("data.json", ("class_names",), []),
    ("data.json", ("class_names", 3), None),
    ("data.json", ("num_test",), -1),
    ("labelled.json", ("indices",), [1]),
    ("labelled.json", ("indices", 0), -1),
    ("labelled.json", ("labels", 0), 10),
    ("labelled.json", ("labels", 0), "0"),
    ("labelled.json", ("name",), None),
    *(("summary.json", (key,), []) for key in ("iteration", "seconds", "draws", "num_labelled")),
    ("summary.json", ("iteration",), -1),
    ("summary.json", ("posterior",), [1]),
    ("summary.json", ("posterior", "num_samples"), None),
    ("summary.json", ("posterior", "nll"), "0.1"),
    ("summary.json", ("posterior", "mixing", "nll"), 3),
    ("summary.json", ("posterior", "mixing", "nll", "rhat"), "x"),
    ("summary.json", ("supervised", "n"), 0),
    ("summary.json", ("supervised",), {"errors": 1}),
    ("summary.json", ("convergence",), 3),
    ("summary.json", ("convergence", "rhat_max"), []),
    ("temperature.json", ("n",), 1e999),
    ("temperature.json", ("n",), -1),
    ("temperature.json", ("log_t", 0), 1e999),
    ("temperature.json", ("weights",), "half"),
    ("evaluation.json", ("classification",), 3),
    ("evaluation.json", ("classification", "average"), {"nll": 0.1}),
    ("evaluation.json", ("classification", "average", "n"), 0),
    ("evaluation.json", ("baselines",), [1]),
    ("evaluation.json", ("baselines", "x", "errors"), None),
)


@pytest.mark.parametrize("name", [name for name in READS if name.endswith(".json")])
def test_whole_files_are_read(folder: Path, name: str) -> None:
    READS[name](folder)


@pytest.mark.parametrize(("name", "place", "value"), STRANGE)
def test_values_of_another_kind_are_refused(
    folder: Path,
    name: str,
    place: tuple[Any, ...],
    value: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _change(folder, name, place, value)
    with pytest.raises(InputError, match=name):
        READS[name](folder)
    if name == "config.json":
        assert main(["watch", str(folder), "--once"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
