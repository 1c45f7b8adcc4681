"""Runs that benchmarks make: which are found again, and what is run otherwise."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import write_run

import bayesian_gan
from benchmarks import driver_runs, label_seeds
from benchmarks.driver_runs import RunError, finished, newest, place_name, start, train

ROOT = Path(__file__).parents[2]


def test_only_a_run_with_all_its_iterations_is_finished(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1"
    assert finished(tmp_path) is None
    write_run(folder, iteration=None, train_iter=20)
    assert finished(tmp_path) is None
    write_run(folder, iteration=19, train_iter=20)  # A signal has ended it.
    assert finished(tmp_path) is None
    write_run(folder, iteration=20, train_iter=20)
    assert finished(tmp_path) == folder
    newer = tmp_path / "bgan_digits_2"
    write_run(newer, iteration=3, train_iter=40)
    os.utime(folder, (1, 1))
    assert newest(tmp_path) == newer
    assert finished(tmp_path) is None


def test_place_depends_on_the_version_and_on_all_that_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {
        place_name("digits", ["--ml"], 60),
        place_name("digits", ["--ml", "--lr=0.1"], 60),
        place_name("digits", ["--ml"], 61),
    }
    monkeypatch.setattr(bayesian_gan, "__version__", "0")
    names.add(place_name("digits", ["--ml"], 60))
    assert len(names) == 4
    assert place_name("digits", ["--ml"], 60) in names


def test_script_is_told_where_to_write_and_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_runs, "ROOT", tmp_path)
    (tmp_path / "script.py").write_text(
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "(out_dir,) = [a.split('=')[1] for a in sys.argv if a.startswith('--out_dir=')]\n"
        "Path(out_dir, 'bgan_x_1').mkdir()\n"
        "threads = [os.environ.get(f'TF_NUM_{k}OP_THREADS') for k in ('INTRA', 'INTER')]\n"
        "print(json.dumps([sys.argv[1:], threads]))\n"
    )
    place, log = tmp_path / "new" / "place", tmp_path / "new" / "place" / "log"
    folder = train("script.py", ["--lr=1"], place, threads=1, log=log)
    assert folder == place / "bgan_x_1"
    arguments, threads = json.loads(log.read_text())
    assert arguments == ["--lr=1", f"--out_dir={place}", "--resume=auto"]
    assert threads == ["1", "1"]


def test_failure_has_the_status_and_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(
        RunError, match=rf"failed with status 3: why \(all of it: {log}\)"
    ) as caught:
        start(
            ["-c", "import bayesian_gan, sys; print('first\\rwhy', file=sys.stderr); sys.exit(3)"],
            log=log,
        )
    assert caught.value.status == 3
    assert log.read_text().endswith("why\n")


ENDED = """
import pathlib, signal, sys, time
place = pathlib.Path(sys.argv[1])
def end(*_):
    (place / "ended").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
(place / "begun").touch()
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_ends_with_the_benchmark_that_waits_for_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    waits = f"from benchmarks.driver_runs import start; start(['-c', {ENDED!r}, {str(tmp_path)!r}])"
    # In a thread, as table1.py does.
    program = f"import threading\ndef wait():\n    {waits}\nthreading.Thread(target=wait).start()"
    benchmark = subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    _until((tmp_path / "begun").exists)
    benchmark.send_signal(number)
    benchmark.wait(60)
    _until((tmp_path / "ended").exists)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_package_is_found_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start(["-c", "import benchmarks.driver_runs"])


def test_label_sets_are_trained_once_and_averaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flag_file = tmp_path / "small.flags"
    flag_file.write_text("--dataset=digits\n")
    trained: list[list[str]] = []

    def train(script: str, flags: list[str], place: Path, **_: object) -> Path:
        trained.append(flags)
        seed = int(flags[-1].removeprefix("--label_seed="))
        folder = place / "bgan_digits_1"
        write_run(folder, iteration=2, train_iter=2)
        scores = {
            name: {"errors": errors + 10 * seed, "nll": 0.1, "n": 500}
            for name, errors in (("supervised", 90), ("single", 30), ("posterior", 20))
        }
        summary = {"iteration": 2, "split": f"digits.{seed}", "seconds": 1.0, **scores}
        (folder / "summary.json").write_text(json.dumps(summary))
        return folder

    monkeypatch.setattr(label_seeds, "train", train)
    arguments = f"--flagfile {flag_file} --label_seeds 0 2 --out_dir {tmp_path}".split()
    for _ in range(2):
        assert label_seeds.main(arguments) == 0
        printed = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert printed[-3] == ["mean", "errors", "100.0", "40.0", "30.0"]
        assert printed[-1][-3:] == ["100%", "40%", "30%"]
    assert trained == [["--dataset=digits", f"--label_seed={k}"] for k in (0, 2)]
    flag_file.write_text("--dataset=digits\n--lr=0.1\n")
    assert label_seeds.main(arguments) == 0
    assert len(trained) == 4


def test_label_sets_that_cannot_be_trained_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert label_seeds.main(["--flagfile", str(tmp_path / "none"), "--out_dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("label_seeds.py: error: ")
