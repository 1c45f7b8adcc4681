"""Checkpoints: the last two, the newest that is whole, and nobody else's."""

import errno
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan import storage
from bayesian_gan.errors import InputError
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.storage import write_arrays

LOG = logging.getLogger("test_checkpoint")


def _manifest(iteration: int) -> dict[str, Any]:
    return {
        "iteration": iteration,
        "seconds": 1.5,
        "configuration": "c",
        "data": "d",
        "files": {"log.csv": 3},
        "draws": [],
        "restarts": [],
        "versions": {},
    }


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    """Saved at 10, 20 and 30; so 20 and 30 are there."""
    made = Checkpoints(tmp_path / "checkpoints")
    for iteration in (10, 20, 30):
        made.save({"a/b": np.full(50, iteration, np.float32)}, _manifest(iteration))
    return made


def test_the_last_two_are_kept(checkpoints: Checkpoints, tmp_path: Path) -> None:
    assert checkpoints.iterations == [20, 30]
    newest = checkpoints.load_newest(LOG)
    assert newest is not None
    assert newest.iteration == 30
    np.testing.assert_array_equal(newest.arrays["a/b"], np.full(50, 30, np.float32))
    assert Checkpoints(tmp_path / "nowhere").load_newest(LOG) is None


def test_one_of_choice_is_kept_beside_them(tmp_path: Path) -> None:
    made = Checkpoints(tmp_path / "checkpoints", kept=20)
    for iteration in (10, 20, 30, 40, 50):
        made.save({"a": np.full(2, iteration)}, _manifest(iteration))
    assert made.iterations == [20, 40, 50]
    assert made.load(20).arrays["a"][0] == 20


def test_200_damages_are_named_and_the_one_before_is_used(
    checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    path = checkpoints.path(30)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    flips = np.linspace(0, len(whole) - 1, 120).astype(int)
    damages = [whole[:k] + bytes([whole[k] ^ 0x41]) + whole[k + 1 :] for k in flips]
    damages += [whole[:k] for k in rng.integers(0, len(whole), 70)]
    damages += [b"", whole + whole, bytes(len(whole)), whole[::-1], rng.bytes(len(whole))] * 2
    assert len(damages) == 200
    for damage in damages:
        path.write_bytes(damage)
        caplog.clear()
        found = checkpoints.load_newest(LOG)
        assert found is not None
        assert found.iteration == 20
        np.testing.assert_array_equal(found.arrays["a/b"], np.full(50, 20, np.float32))
        assert f"{path}: cannot be read" in caplog.text
        aside = path.with_name(path.name + ".damaged")
        assert f"set aside as {aside.name}" in caplog.text
        assert aside.read_bytes() == damage
        assert not path.exists()


def test_a_checkpoint_that_may_not_be_read_is_left_where_it_is(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "open_regular", refuse)
        with pytest.raises(InputError, match=r"checkpoint_00000030\.npz: cannot be opened"):
            checkpoints.load_newest(LOG)
    newest = checkpoints.load_newest(LOG)
    assert newest is not None
    assert newest.iteration == 30


def test_a_checkpoint_that_was_being_written_is_no_checkpoint(checkpoints: Checkpoints) -> None:
    left = checkpoints.folder / ".checkpoint_00000040.npz.abc.part"
    left.write_bytes(b"half")
    newest = checkpoints.load_newest(LOG)
    assert newest is not None
    assert newest.iteration == 30
    assert not left.exists()


def test_without_a_whole_one_the_run_is_refused(checkpoints: Checkpoints) -> None:
    for iteration in (20, 30):
        checkpoints.path(iteration).write_bytes(b"")
    for _ in range(2):  # Also when asked again: what was collected must not be begun anew silently.
        with pytest.raises(InputError, match="no checkpoint here is whole"):
            checkpoints.load_newest(LOG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iteration": 31}, "holds iteration 31"),
        ({"format": 99}, "not a checkpoint of format 1"),
        ({"files": None}, "its manifest has no files"),
        ({"seconds": "long"}, "its manifest has no seconds"),
    ],
)
def test_a_checkpoint_of_another_kind_is_set_aside(
    checkpoints: Checkpoints,
    change: dict[str, Any],
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_arrays(checkpoints.path(30), {}, {"format": 1, **_manifest(30), **change})
    found = checkpoints.load_newest(LOG)
    assert found is not None
    assert found.iteration == 20
    assert message in caplog.text
