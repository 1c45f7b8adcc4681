"""Run folders opened from the outside: what they hold, and what is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan.data import digits
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun


def _change(path: Path, change: Any) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_a_run_is_what_was_asked_for_and_found(run_folder: Path) -> None:
    found = FinishedRun(run_folder)
    assert (found.config.N, found.config.batch_size, found.config.dataset) == (20, 8, "digits")
    assert found.image_shape == (8, 8, 1)
    assert found.class_names == digits.load().class_names
    assert found.posterior.iterations == [20, 30, 40]
    assert found.posterior.num_classes == 10
    assert found.posterior.image_shape == (8, 8, 1)
    assert found.summary is not None
    assert found.summary["posterior"]["num_samples"] == 6
    assert [row["iteration"] for row in found.log] == [10.0, 20.0, 30.0, 40.0]
    assert found.split is not None
    assert found.split["name"] == "digits.0@20"
    np.testing.assert_array_equal(found.load_data().images, digits.load().images)


def test_an_unsupervised_run_knows_its_classes(unsupervised_run: Path) -> None:
    found = FinishedRun(unsupervised_run)
    assert len(found.class_names) == 10
    assert found.posterior.num_classes == 1
    assert found.split is None


def test_a_run_of_an_older_version(run_copy: Path) -> None:
    # Before the folder had a format, and before this flag.
    def change(described: dict[str, Any]) -> None:
        del described["format"]
        del described["flags"]["jit"]
        del described["flags"]["mixed_precision"]
        described["flags"]["precision"] = "bfloat16"

    _change(run_copy / "config.json", change)
    (run_copy / "data.json").unlink()
    found = FinishedRun(run_copy)
    assert found.config.jit is False
    assert found.config.mixed_precision is True
    assert found.image_shape == (8, 8, 1)
    assert found.class_names == tuple("0123456789")
    assert len(found.load_data().images) == 1297


def test_what_is_no_run_is_refused(tmp_path: Path, run_copy: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such folder; give a folder"):
        FinishedRun(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no run here, it is empty"):
        FinishedRun(tmp_path / "empty")
    with pytest.raises(InputError, match=r"posterior: no run here, it holds no config.json"):
        FinishedRun(run_copy / "posterior")
    (run_copy / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json: cannot be read"):
        FinishedRun(run_copy)
    (run_copy / "config.json").write_text("[1]")
    with pytest.raises(InputError, match=r"config.json: not a run's description"):
        FinishedRun(run_copy)


def test_a_newer_version_is_named(run_copy: Path) -> None:
    def newer(described: dict[str, Any]) -> None:
        described["format"] += 1
        described["versions"]["bayesian-gan"] = "7.8.9"

    _change(run_copy / "config.json", newer)
    with pytest.raises(InputError, match=r"made by a newer version of this program, 7\.8\.9"):
        FinishedRun(run_copy)

    def unknown_flag(described: dict[str, Any]) -> None:
        described["format"] -= 1
        described["flags"]["tunnelling"] = 1

    _change(run_copy / "config.json", unknown_flag)
    with pytest.raises(InputError, match=r"newer version .*tunnelling"):
        FinishedRun(run_copy)


def test_a_run_without_samples_says_when_they_come(run_copy: Path) -> None:
    for draw in (run_copy / "posterior").glob("draw_*"):
        draw.unlink()
    found = FinishedRun(run_copy)
    with pytest.raises(InputError, match="0 samples collected; first at iteration 20; wait"):
        found.require_samples()
    assert found.posterior.num_samples == 0
    shutil.rmtree(run_copy / "posterior")
    with pytest.raises(InputError, match="0 samples collected; first at iteration 20"):
        _ = FinishedRun(run_copy).posterior
    _change(run_copy / "config.json", lambda described: described["flags"].update(train_iter=15))
    with pytest.raises(InputError, match=r"first at iteration 20; the run ends at 15.*--resume"):
        FinishedRun(run_copy).require_samples()


def test_other_data_than_the_run_s_are_refused(run_copy: Path) -> None:
    _change(run_copy / "data.json", lambda data: data.update(checksum="0" * 64))
    with pytest.raises(InputError, match=r"not what .* was trained on"):
        FinishedRun(run_copy).load_data()


def test_validation_images_stand_for_the_test_set(run_copy: Path) -> None:
    _change(run_copy / "config.json", lambda described: described["flags"].update(validation=97))
    with pytest.raises(InputError, match="was trained on"):
        FinishedRun(run_copy).load_data()
    (run_copy / "data.json").unlink()  # Then there is nothing to compare with.
    data = FinishedRun(run_copy).load_data()
    np.testing.assert_array_equal(data.test_images, digits.load().images[1200:])
    assert len(data.images) == 1200


def test_opening_loads_no_tensorflow(run_folder: Path) -> None:
    code = (
        "import sys; from bayesian_gan.runs.finished import FinishedRun; "
        f"r = FinishedRun({str(run_folder)!r}); r.class_names, r.image_shape, r.log, r.summary; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
