"""A run on data of one's own, as a user begins and continues it, withholds labels and calibrates."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from bayesian_gan.data import digits

SMALL = "--df_dim=2 --gf_dim=2 --num_layers=1 --generator_layers=1 --z_dim=2 --batch_size=10"
SHORT = "--n_save=4 --warm_up=2 --collect_every=1 --out_dir=runs"


def _train(folder: Path, flags: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bayesian_gan", "train", "--data=own.npz", *flags.split()],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_withholds_labels_and_goes_on_with_them(tmp_path: Path) -> None:
    data = digits.load()
    labels = np.where(np.arange(200) < 60, data.labels[:200], -1)
    np.savez(tmp_path / "own.npz", X=data.images[:200], y=labels)
    said = _train(tmp_path, f"{SMALL} {SHORT} --train_iter=4")
    assert "each chain learns without 12 of them" in said
    # Two chains were asked about 12 labels each.
    assert "by 24 labels that the chains asked did not learn from" in said
    (folder,) = (tmp_path / "runs").iterdir()
    again = _train(tmp_path, f"{SMALL} {SHORT} --train_iter=6 --resume=auto")
    assert "after iteration 4" in again
    assert "by 24 labels" in again
    assert list((tmp_path / "runs").iterdir()) == [folder]
    assert json.loads((folder / "config.json").read_text())["flags"]["label_folds"] == 5
