"""`diagnose`: its numbers against an independent computation, its files, what it refuses."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import arviz
import numpy as np
import pytest
from PIL import Image

from bayesian_gan.commands import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def mixed_run(watched_run: Path, tmp_path: Path) -> Path:
    """A run whose functionals are made up: two chains that agree on image 0 and not on image 1."""
    folder = Path(shutil.copytree(watched_run, tmp_path / "run"))
    rng = np.random.default_rng(0)
    values = rng.standard_normal((200, 2, 2))
    values[:, 1, 1] += 3.0
    names = [f"discriminator_{i}/image_{k}" for i in range(2) for k in range(2)]
    rows = [f"{120 + 20 * t},{','.join(f'{v:.9g}' for v in values[t].ravel())}" for t in range(200)]
    (folder / "functionals.csv").write_text("\n".join(["iteration," + ",".join(names), *rows, ""]))
    return folder


def test_it_prints_what_arviz_finds_and_draws_and_writes(
    mixed_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "draws.nc"
    assert main(["diagnose", str(mixed_run), "--netcdf", str(file)]) == 0
    printed = capsys.readouterr().out
    table = np.loadtxt(mixed_run / "functionals.csv", delimiter=",", skiprows=1)[:, 1:]
    draws = table.reshape(200, 2, 2)
    for k in range(2):
        match = re.search(rf"^image {k} +(.*)$", printed, re.MULTILINE)
        assert match is not None
        mean, deviation, rhat, bulk, tail = map(float, match[1].split())
        values = draws[..., k].T.copy()
        assert mean == pytest.approx(values.mean(), abs=1e-3)
        assert deviation == pytest.approx(values.std(), abs=1e-3)
        assert rhat == pytest.approx(float(arviz.rhat(values)), abs=1e-3)
        assert bulk == pytest.approx(float(arviz.ess(values, method="bulk")), abs=1)
        assert tail == pytest.approx(float(arviz.ess(values, method="tail")), abs=1)
    # One of the two functionals agrees and the other does not: the median lies between.
    assert "The draws: are an ensemble of local posteriors" in printed
    assert "Weights of the generators" in printed
    for name in ("trace", "rank", "ess"):
        with Image.open(mixed_run / "diagnostics" / f"{name}.png") as picture:
            assert min(picture.size) > 200
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    read = arviz.from_netcdf(str(file))
    assert read.posterior["log_odds"].dims[:2] == ("chain", "draw")
    np.testing.assert_allclose(read.posterior["log_odds"], draws.swapaxes(0, 1), rtol=1e-6)


def test_a_run_that_has_sampled_little_is_refused_in_a_line(
    run_folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["diagnose", str(run_folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "draws of its predictions, and chains are compared from 8 on" in line
    assert not (run_folder / "diagnostics").exists()
    assert main(["diagnose", str(tmp_path / "nowhere")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_files_that_cannot_be_written_are_refused(
    mixed_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["diagnose", str(mixed_run), "--netcdf", str(tmp_path / "no" / "x.nc")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main(["diagnose", str(mixed_run), "--out", str(tmp_path / "no" / "x")]) == 2
    assert "--out" in capsys.readouterr().err.splitlines()[-1]


def test_without_arviz_it_is_said_before_anything_is_loaded(mixed_run: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import importlib.util, sys\n"
            "found = importlib.util.find_spec\n"
            "importlib.util.find_spec = lambda n, *a: None if n == 'arviz' else found(n, *a)\n"
            "from bayesian_gan.commands import main\n"
            f"status = main(['diagnose', {str(mixed_run)!r}, '--netcdf', 'x.nc'])\n"
            "print(status, 'tensorflow' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["2", "False"]
    (line,) = done.stderr.splitlines()
    assert "--netcdf needs ArviZ, which is not installed: pip install arviz" in line
    assert importlib.util.find_spec("arviz") is not None
