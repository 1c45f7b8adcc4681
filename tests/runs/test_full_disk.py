"""Whole runs on a disk that is full for a while, or stays full."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import disturbed_config, run_configured

from bayesian_gan.errors import InputError, RunStopped
from bayesian_gan.runs.compare import differences

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "site",
    [
        "checkpoint_",
        *(
            pytest.param(site, marks=pytest.mark.slow)  # They go the same way; seconds each.
            for site in ("log.csv", "tfevents", "draw_", "functionals.csv")
        ),
    ],
)
def test_a_disk_that_is_full_for_a_while_changes_nothing(
    undisturbed: Path, tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    # The first thing of this kind after the beginning is refused once, and written later.
    # (The first events are written while the run is prepared, when a full disk is still the user's to mend.)
    disk |= {"refuses": site, "until": 1, "skip": int(site == "tfevents")}
    folder = run_configured(disturbed_config(tmp_path))
    assert differences(undisturbed, folder) == []
    assert disk["count"] == 1
    assert "No space left" in (folder / "run.log").read_text()


@pytest.mark.parametrize(
    "site",
    [
        "checkpoint_",
        *(
            pytest.param(site, marks=pytest.mark.slow)  # They go the same way; seconds each.
            for site in (
                "draw_",
                "log.csv",
                "results_",
                ".png",
                "weights_",
                "summary",
                "functionals.csv",
            )
        ),
    ],
)
def test_a_disk_that_stays_full_ends_with_an_error_and_loses_nothing(
    undisturbed: Path, tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    disk["refuses"] = site
    config = disturbed_config(tmp_path)
    with pytest.raises(
        RunStopped, match=r"could not be written: .*resume with: python "
    ) as stopped:
        run_configured(config)
    assert stopped.value.status == 4
    assert disk["count"] > 0
    (folder,) = tmp_path.glob("bgan_*")
    assert not [p for p in folder.rglob("*") if site in p.name and p.stat().st_size]
    assert not list(folder.rglob(".*.part"))
    disk["refuses"] = ""
    run_configured(config, folder)
    assert differences(undisturbed, folder) == []


@pytest.mark.parametrize(
    "site",
    ["hypers.txt", "config.json", "data.json", "posterior.json", "tfevents", "labelled.json"],
)
def test_a_folder_that_cannot_be_written_at_the_start_is_refused(
    tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    disk["refuses"] = site
    with pytest.raises(InputError, match=r"cannot be written .*No space left"):
        run_configured(disturbed_config(tmp_path))
    assert disk["count"] == 1
    assert not [p for p in tmp_path.rglob("*") if site in p.name and p.stat().st_size]
    assert not list(tmp_path.rglob(".*.part"))


def test_outputs_on_a_full_disk_do_not_change_the_exit_status() -> None:
    command = (
        f"{sys.executable} {ROOT}/run_bgan_semi.py --lr -1 --out_dir o > /dev/full 2> /dev/full"
    )
    ended = subprocess.run(
        command, shell=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == 2


def test_logging_survives_a_full_disk(tmp_path: Path) -> None:
    from bayesian_gan.runs.folder import close_logger, run_logger

    (tmp_path / "run.log").mkdir()  # Opening it fails.
    log = run_logger(tmp_path)
    log.info("still here")
    close_logger(log)
    assert logging.getLogger(log.name).handlers == []
