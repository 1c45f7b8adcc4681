"""The entry points as a user runs them: a whole run, and every mistake in one line with exit status 2."""

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SMALL = "--df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 16"


def run(
    script: str, arguments: str, cwd: Path, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """Runs an entry point in another folder."""
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments.split()],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mnist(data_path: Path, num_train: int = 200, num_test: int = 53) -> dict[str, Path]:
    """Random images in MNIST's four files; labels are readable from the picture's mean grey."""
    folder = data_path / "mnist"
    folder.mkdir(parents=True)
    paths = {}
    for stem, n in (("train", num_train), ("t10k", num_test)):
        labels = np.arange(n) % 10
        images = np.random.default_rng(n).integers(0, 26, (n, 28, 28)) + 25 * labels[:, None, None]
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{stem}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(_idx(array), 1))
            paths[f"{stem}-{kind.split('-')[0]}"] = path
    return paths


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished semi-supervised run on files of MNIST's format, and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    write_mnist(folder / "D")
    result = run(
        "run_bgan_semi.py",
        f"--dataset mnist --data_path D --out_dir O --N 20 --label_seed 3 --num_gen 2 --num_mcmc 2 {SMALL} "
        "--train_iter 50 --n_save 20 --warm_up 10 --collect_every 10 --max_samples 3 --lr 0.003 "
        "--save_samples --save_weights",
        folder,
    )
    assert result.returncode == 0, result.stderr
    (run_folder,) = (folder / "O").iterdir()
    return run_folder, result.stdout


def test_run_writes_what_the_authors_runs_write(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    assert folder.name.startswith("bgan_mnist_")
    assert int(folder.name.removeprefix("bgan_mnist_")) > 1_600_000_000
    assert (folder / "hypers.txt").read_text().startswith("Hyper settings:\n")
    for iteration in (20, 40, 50):
        results = json.loads((folder / f"results_{iteration}.json").read_text())
        assert set(results) == {
            "disc_losses",
            "gen_losses",
            "supervised_acc",
            "semi_supervised_acc",
            "timestamp",
        }
        assert len(results["disc_losses"]) == 2
        assert len(results["gen_losses"]) == 4
        assert 0 <= results["semi_supervised_acc"] <= 100
        for j, loss in enumerate(results["gen_losses"]):
            grid = Image.open(folder / f"B_DCGAN_{j}_{loss:.2f}_{iteration}.png")
            assert np.asarray(grid).std() > 0
        assert (folder / f"RAW_{iteration}.png").exists()
    with np.load(folder / "weights_50.npz") as weights:
        assert len({name.split("/")[0] for name in weights}) == 6
        assert all(np.isfinite(w).all() for w in weights.values())


def test_summary_is_consistent(finished: tuple[Path, str]) -> None:
    folder, printed = finished
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["num_labelled"] == 20
    assert summary["split"] == "mnist.3@20"
    assert summary["posterior"]["num_samples"] == 3 * 2
    for name in ("supervised", "single", "posterior"):
        score = summary[name]
        assert score["n"] == 53  # The whole test set, which 16 does not divide.
        assert score["error_rate"] == score["errors"] / 53
        assert score["nll"] > 0
        assert f"{score['errors']}" in printed
    assert "mnist.3@20" in printed
    assert "iteration" in printed


def test_configuration_split_log_and_events(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    config = json.loads((folder / "config.json").read_text())
    assert config["flags"]["label_seed"] == 3
    assert config["flags"]["friction"] == 0.1
    assert config["versions"]["tensorflow"].startswith("2.21")
    split = json.loads((folder / "labelled.json").read_text())
    assert split["name"] == "mnist.3@20"
    assert len(set(split["indices"])) == 20
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["iteration"] for row in rows] == ["20", "40", "50"]
    assert {"seconds", "supervised_acc", "semi_supervised_acc", "labelled"} <= set(rows[0])
    assert all(float(row["discriminator_energy"]) > 0 for row in rows)
    assert "mnist.3@20" in (folder / "run.log").read_text()
    from tensorflow.python.summary.summary_iterator import summary_iterator

    (events,) = (folder / "tensorboard").iterdir()
    tags = {value.tag for event in summary_iterator(str(events)) for value in event.summary.value}
    assert {"discriminator_energy", "generator_energies/3", "generator_3", "real"} <= tags
    scores = {f"accuracy/{name}" for name in ("current_discriminators", "supervised_network")}
    assert scores <= tags
    # What TensorBoard shows first: it sorts by name, and has no group for names without one.
    assert min(tag for tag in tags if "/" in tag and tag[0] != "_").startswith("accuracy/")
    steps = [event.step for event in summary_iterator(str(events))]
    assert max(steps) == 50


def test_posterior_of_the_run_is_readable_and_gives_the_summary(
    finished: tuple[Path, str],
) -> None:
    from bayesian_gan.data.catalogue import load
    from bayesian_gan.evaluation import classification
    from bayesian_gan.posterior import Posterior

    folder, _ = finished
    posterior = Posterior(folder / "posterior")
    assert posterior.iterations == [30, 40, 50]
    data = load("mnist", str(folder.parents[1] / "D"))
    score = classification(posterior.predict(data.test_images), data.test_labels)
    summary = json.loads((folder / "summary.json").read_text())["posterior"]
    assert score.errors == summary["errors"]
    assert score.nll == pytest.approx(summary["nll"], rel=1e-6)


@pytest.mark.slow
def test_runs_repeat_bit_for_bit_and_have_their_own_folders(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    arguments = f"--dataset digits --out_dir {tmp_path} --N 20 {SMALL} --train_iter 6 --n_save 6"
    command = [sys.executable, str(ROOT / "run_bgan_semi.py"), *arguments.split()]
    # Side by side, so that both may fall into the same second.
    extra = ["--warm_up", "2", "--collect_every", "2", "--save_weights"]
    processes = [
        subprocess.Popen(
            command + extra,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert [p.wait(timeout=240) for p in processes] == [0, 0]
    first, second = sorted(p for p in tmp_path.iterdir() if p.is_dir())
    for name in ("weights_6.npz", "posterior/draw_00000006.npz"):
        with np.load(first / name) as a, np.load(second / name) as b:
            assert set(a) == set(b)
            for key in a:
                np.testing.assert_array_equal(a[key], b[key])


def test_run_folders_of_one_second_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from absl import flags

    from bayesian_gan.options.config import Config
    from bayesian_gan.options.flags import define
    from bayesian_gan.runs import folder as run_folder

    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", str(tmp_path)])
    monkeypatch.setattr(run_folder.time, "time", lambda: 1_700_000_000.5)
    config = Config.from_flags(values)
    folders = [run_folder.create_run_folder(config) for _ in range(3)]
    assert [f.name for f in folders] == [
        "bgan_mnist_1700000000",
        "bgan_mnist_1700000000_2",
        "bgan_mnist_1700000000_3",
    ]


@pytest.mark.slow
def test_unsupervised_run(tmp_path: Path) -> None:
    result = run(
        "run_bgan.py",
        f"--dataset digits --out_dir {tmp_path} --num_gen 2 {SMALL} --train_iter 12 --n_save 6 --warm_up 4 "
        "--collect_every 4 --save_samples",
        tmp_path,
    )
    assert result.returncode == 0, result.stderr
    (folder,) = tmp_path.iterdir()
    results = json.loads((folder / "results_12.json").read_text())
    assert set(results) == {"disc_losses", "gen_losses", "timestamp"}
    assert len(list(folder.glob("B_DCGAN_*_12.png"))) == 2
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["num_labelled"] == 0
    assert summary["posterior"]["num_samples"] == 2


@pytest.mark.parametrize(
    "objective",
    [
        pytest.param(o, marks=pytest.mark.slow)
        for o in ("--objective authors", "--ml", "--optimizer adam")
    ],
)
def test_other_objectives_train(tmp_path: Path, objective: str) -> None:
    result = run(
        "run_bgan_semi.py",
        f"--dataset digits --out_dir {tmp_path} --N 20 {SMALL} {objective} --train_iter 6 --n_save 6 "
        "--warm_up 2 --collect_every 2",
        tmp_path,
    )
    assert result.returncode == 0, result.stderr
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "summary.json").read_text())["posterior"]["num_samples"] == 2


def test_help_names_every_flag_with_its_range() -> None:
    result = run("run_bgan_semi.py", "--helpfull", ROOT)
    assert result.returncode == 0
    for name in ("--num_mcmc", "--friction", "--collect_every", "--label_seed", "--objective"):
        assert name in result.stdout
    assert "in [0, 1]" in result.stdout
    assert result.stderr == ""


# ------------------------------------------------------------------------------------- bad input


def _replace(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes())), 1))


def _truncate(paths: dict[str, Path]) -> None:
    path = paths["train-images"]
    path.write_bytes(path.read_bytes()[:-1000])


def _drop_class(paths: dict[str, Path]) -> None:
    _replace(paths["train-labels"], lambda b: b[:8] + bytes(v if v != 7 else 8 for v in b[8:]))


MNIST = "--dataset mnist --data_path D --out_dir O"

BAD_FILES: dict[str, tuple[Callable[[dict[str, Path]], object], str]] = {
    "truncated": (_truncate, "train-images-idx3-ubyte.gz"),
    "magic": (
        lambda p: _replace(p["train-images"], lambda b: b"\1" + b[1:]),
        "train-images-idx3-ubyte.gz",
    ),
    "count": (
        lambda p: _replace(
            p["test-images" if "test-images" in p else "t10k-images"],
            lambda b: b[:4] + (54).to_bytes(4, "big") + b[8:],
        ),
        "t10k-images-idx3-ubyte.gz",
    ),
    "length": (
        lambda p: _replace(p["train-labels"], lambda b: b + b"\0"),
        "train-labels-idx1-ubyte.gz",
    ),
    "numbers differ": (
        lambda p: p["train-labels"].write_bytes(gzip.compress(_idx(np.arange(199) % 10))),
        "199",
    ),
    "label too large": (
        lambda p: _replace(p["train-labels"], lambda b: b[:-1] + b"\x0a"),
        "train-labels-idx1-ubyte.gz",
    ),
    "missing file": (lambda p: p["t10k-labels"].unlink(), "t10k-labels-idx1-ubyte"),
    "class without example": (_drop_class, "class"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files(tmp_path: Path, case: str) -> None:
    damage, message = BAD_FILES[case]
    damage(write_mnist(tmp_path / "D"))
    _refused(tmp_path, MNIST, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--dataset kitten --out_dir O", "kitten"),
        ("--dataset mnist --out_dir O", "--data_path"),
        ("--dataset mnist --data_path nowhere --out_dir O", "nowhere"),
        (f"{MNIST} --N 0", "N"),
        (f"{MNIST} --N -5", "N"),
        (f"{MNIST} --N 201", "N"),
        (f"{MNIST} --N 9", "N"),
        (f"{MNIST} --N ten", "N"),
        (f"{MNIST} --num_mcmc 0", "num_mcmc"),
        (f"{MNIST} --num_gen 0", "num_gen"),
        (f"{MNIST} --lr 0", "lr"),
        (f"{MNIST} --lr -0.1", "lr"),
        (f"{MNIST} --friction 1.5", "friction"),
        (f"{MNIST} --friction -0.1", "friction"),
        (f"{MNIST} --temperature -1", "temperature"),
        (f"{MNIST} --lr nan", "lr"),
        (f"{MNIST} --temperature inf", "temperature"),
        (f"{MNIST} --ml --num_gen 3", "--ml"),
        (f"{MNIST} --wasserstein --feature_matching 1", "--feature_matching"),
        (f"{MNIST} --ml_ensemble 3 --num_mcmc 3", "--num_mcmc"),
        (f"{MNIST} --optimizer lbfgs", "optimizer"),
        (f"{MNIST} --objective elbo", "objective"),
        (f"{MNIST} --no_such_flag", "no_such_flag"),
        (f"{MNIST} stray", "stray"),
        ("--dataset digits --out_dir D/mnist/train-images-idx3-ubyte.gz", "out_dir"),
        ("--dataset digits --out_dir /proc/1/none", "out_dir"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: str, message: str) -> None:
    write_mnist(tmp_path / "D")
    _refused(tmp_path, arguments, message)


def _refused(folder: Path, arguments: str, message: str) -> None:
    result = run("run_bgan_semi.py", arguments, folder, timeout=60)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("run_bgan_semi.py: error: ")
    assert message in line
    assert not any((folder / "O").glob("*"))
