"""Runs that begin where the warm-up of another one ended."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import make_run, parse_flags

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs import branch as branching
from bayesian_gan.runs.branch import branch
from bayesian_gan.runs.compare import differences
from bayesian_gan.runs.resume import resolve
from bayesian_gan.runs.run import run
from bayesian_gan.storage import read_arrays, write_arrays

SAVING = ("--save_samples", "--save_weights", "--n_save", "5")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 40 iterations, 10 of them warm-up, at temperature 1; not to be written to."""
    return make_run(tmp_path_factory.mktemp("source"), *SAVING)


@pytest.fixture
def copy(source: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(source, tmp_path / "copies" / source.name))


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_branch_is_the_run_that_had_its_flags_from_the_start(
    source: Path, tmp_path: Path
) -> None:
    before = _contents(source)
    changes = {"temperature": 0.1, "friction": 0.3, "collect_every": 5, "train_iter": 30}
    folder = branch(source, tmp_path / "new", changes)
    assert _contents(source) == before
    _train(folder)
    flags = [f"--{name}={value}" for name, value in changes.items()]
    (tmp_path / "alone").mkdir()
    alone = make_run(tmp_path / "alone", *SAVING, *flags)
    assert differences(folder, alone) == []
    # The comparison sees the temperature: the weights are others than the first run's.
    ours, first = (
        read_arrays(path / "posterior" / "draw_00000020.npz")[0] for path in (folder, source)
    )
    assert any(np.any(ours[name] != first[name]) for name in ours)
    assert len(Posterior(folder / "posterior").iterations) == 4
    manifest = json.loads((folder / "config.json").read_text())
    assert manifest["flags"]["temperature"] == 0.1


def _train(folder: Path) -> None:
    config, _ = resolve(parse_flags("--resume", str(folder)), {"resume"})
    data = digits.load()
    run(config, data, label_split(data, config.N, config.label_seed), folder)


def test_the_command_says_how_to_go_on(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out_dir = tmp_path / "new"
    arguments = ["branch", str(source), "--temperature", "0", "--out_dir", str(out_dir)]
    assert main(arguments) == 0
    (folder,) = out_dir.iterdir()
    assert f"--resume {folder}" in capsys.readouterr().out
    config, found = resolve(parse_flags("--resume", str(folder)), {"resume"})
    assert (config.temperature, config.df_dim, found) == (0, 4, folder)
    # The next one has a name of its own.
    assert main(arguments) == 0
    assert len(list(out_dir.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "give at least one of --temperature"),
        ("--temperature -1", "temperature"),
        ("--temperature warm", "temperature"),
        ("--noise none", "noise"),
        ("--train_iter 10", "the warm-up ends at 10"),
    ],
)
def test_what_cannot_be_branched_with_is_refused(
    arguments: str, said: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out_dir = tmp_path / "new"
    assert main(["branch", str(source), "--out_dir", str(out_dir), *arguments.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not out_dir.exists()


def _without_checkpoint(folder: Path) -> None:
    (folder / "checkpoints" / "checkpoint_00000010.npz").unlink()


def _that_names_a_file_outside(folder: Path) -> None:
    path = folder / "checkpoints" / "checkpoint_00000010.npz"
    arrays, manifest = read_arrays(path)
    manifest["files"]["../../other"] = 0
    write_arrays(path, arrays, manifest)


def _that_lost_a_part(folder: Path) -> None:
    (folder / "log.csv").write_text("iteration")


def _of_the_authors(folder: Path) -> None:
    described = json.loads((folder / "config.json").read_text())
    described["flags"]["objective"] = "authors"
    (folder / "config.json").write_text(json.dumps(described))


def _with_a_damaged_event(folder: Path) -> None:
    (path,) = (folder / "tensorboard").iterdir()
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without_checkpoint, r"no checkpoint of iteration 10.*there are: 40"),
        (_that_names_a_file_outside, r"names '../../other', no file of this run"),
        (_that_lost_a_part, r"log.csv: has lost"),
        (_of_the_authors, "has no sampler"),
        (_with_a_damaged_event, r"tfevents.*damaged"),
    ],
)
def test_a_run_that_cannot_be_branched_is_refused(
    damage: Callable[[Path], None], said: str, copy: Path, tmp_path: Path
) -> None:
    damage(copy)
    with pytest.raises(InputError, match=said):
        branch(copy, tmp_path / "new", {"temperature": 0.0})
    assert not any((tmp_path / "new").glob("*"))


def test_a_run_of_another_major_version_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branching, "__version__", "1.1.0")
    with pytest.raises(InputError, match=r"checkpoint is of version 2\.\S+ .* 1.1.0 does not read"):
        branch(source, tmp_path / "new", {"temperature": 0.0})
    assert not (tmp_path / "new").exists()


def test_what_decides_the_warm_up_stays(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--lr decides the warm-up too"):
        branch(source, tmp_path, {"lr": 0.1})


def test_a_full_disk_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(branching.shutil, "copyfile", full)
    with pytest.raises(InputError, match="No space left"):
        branch(source, tmp_path / "new", {"temperature": 0.0})
    assert not any((tmp_path / "new").iterdir())
