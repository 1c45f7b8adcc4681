"""Every data set of the catalogue trains 20 iterations through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import layouts as make
import numpy as np
import pytest
from command_line import CommandLine

SMALL = """
    --df_dim 2 --gf_dim 2 --num_layers 2 --z_dim 4 --batch_size 16 --train_iter 20 --n_save 20
    --warm_up 10 --collect_every 10 --save_samples
"""

ROWS: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "digits": (lambda _: None, 20, ""),
    "mnist": (lambda d: make.write_idx(d, "mnist"), 20, ""),
    "fashion_mnist": (lambda d: make.write_idx(d, "fashion_mnist"), 20, ""),
    "kmnist": (lambda d: make.write_idx(d, "kmnist"), 20, ""),
    "emnist_digits": (
        lambda d: make.write_idx(d, "emnist", ("emnist-digits-train", "emnist-digits-test")),
        20,
        "",
    ),
    "cifar": (make.write_cifar, 20, ""),
    "cifar100": (make.write_cifar100, 100, ""),
    "svhn": (make.write_svhn, 20, ""),
    "celeb": (lambda d: make.write_celeb(d, 64, partition=True), 16, ""),
    "celeba": (lambda d: make.write_celeb(d, 64), 20, "--image_size 50 --celeb_train 40"),
    "imagenet_3": (make.write_imagenet, 12, "--image_size 32"),
    "folder:{D}/own": (lambda d: make.write_folder(d / "own", 40), 8, ""),
    "npz:{D}/own.npz": (lambda d: make.write_npz(d / "own.npz", **make.npz_arrays(40)), 8, ""),
}


# Reading each is tested apart from training; quick tests train on one of each kind.
QUICK = ("digits", "folder:{D}/own")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in ROWS]
)
def test_it_trains_evaluates_and_draws(
    name: str, tmp_path: Path, command_line: CommandLine
) -> None:
    write, num_labelled, extra = ROWS[name]
    data, out = tmp_path / "D", tmp_path / "O"
    data.mkdir()
    write(data)
    result = command_line(
        [
            *("--dataset", name.format(D=data), "--data_path", str(data), "--out_dir", str(out)),
            *("--cache_dir", str(tmp_path / "C"), "--N", str(num_labelled)),
            *(*SMALL.split(), *extra.split()),
        ]
    )
    assert result.status == 0, result.stderr
    (folder,) = out.iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["num_labelled"] == num_labelled
    own = name.startswith(("folder:", "npz:"))  # `laptop`: two chains.
    assert summary["posterior"]["num_samples"] == 1 + own
    assert np.isfinite(summary["posterior"]["nll"])
    assert (folder / "RAW_20.png").exists()
    assert len(list(folder.glob("B_DCGAN_0_*_20.png"))) == 1
    # Which reader served, in one line.
    where = "scikit-learn" if name == "digits" else str(data)
    provenance = [line for line in result.stdout.splitlines() if where in line and " from " in line]
    assert len(provenance) == 1
    assert provenance[0] in (folder / "run.log").read_text()


@pytest.mark.slow
def test_one_class_trains_without_labels(tmp_path: Path, command_line: CommandLine) -> None:
    path = make.write_folder(tmp_path / "own", 40)
    for split in ("train", "test"):
        (path / split / "dog").rename(tmp_path / split)
    arguments = ["--dataset", f"folder:{path}", "--out_dir", str(tmp_path / "O")]
    arguments += ["--cache_dir", str(tmp_path / "C"), *SMALL.split()]
    result = command_line(arguments, semi=False)
    assert result.status == 0, result.stderr
    (folder,) = (tmp_path / "O").iterdir()
    assert folder.name.startswith("bgan_own_")
