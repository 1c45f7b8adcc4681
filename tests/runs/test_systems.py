"""The paper's other systems as runs: ensembles of DCGANs."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import run_flagged

from bayesian_gan.data.catalogue import load
from bayesian_gan.posterior import Posterior
from bayesian_gan.storage import read_arrays

FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 8 --train_iter 30 "
    "--n_save 10 --warm_up 10 --collect_every 10 --lr 0.01"
)


def _ensemble(out_dir: Path, members: int) -> Path:
    return run_flagged(*FLAGS.split(), "--out_dir", str(out_dir), "--ml_ensemble", str(members))


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of three DCGANs."""
    return _ensemble(tmp_path_factory.mktemp("ensemble"), 3)


def _state(folder: Path) -> dict[str, np.ndarray]:
    """The last checkpoint: weights, averages and slots by network and chain."""
    return read_arrays(folder / "checkpoints" / "checkpoint_00000030.npz")[0]


@pytest.mark.slow
def test_a_member_does_not_depend_on_how_many_there_are(ensemble: Path, tmp_path: Path) -> None:
    larger = _state(_ensemble(tmp_path, 5))
    smaller = _state(ensemble)
    prefixes = ("generator_", "discriminator_")
    own = [name for name in smaller if name.startswith(prefixes)]
    assert len(own) > 30
    for (
        name
    ) in own:  # Weights, running averages, moments and velocities after 10 Adam and 20 SGD steps.
        np.testing.assert_array_equal(smaller[name], larger[name], err_msg=name)
    # Members differ from each other, and are neither all the same nor all untrained.
    kernels = [larger[f"discriminator_{k:04d}/000_d_h0.kernel"] for k in range(5)]
    assert all(np.any(a != b) for i, a in enumerate(kernels) for b in kernels[:i])


@pytest.mark.slow
def test_all_members_are_averaged(ensemble: Path) -> None:
    summary = json.loads((ensemble / "summary.json").read_text())
    data = load("digits")
    # The last draw holds the weights of the end.
    *_, last = Posterior(ensemble / "posterior").member_probabilities(data.test_images)
    assert len(last) == 3
    p = last.astype(np.float64).mean(0)
    n = len(data.test_labels)
    assert summary["ensemble"]["errors"] == (p.argmax(1) != data.test_labels).sum()
    nll = -np.log(p[np.arange(n), data.test_labels]).mean()
    assert summary["ensemble"]["nll"] == pytest.approx(nll, rel=1e-5)
    single = -np.log(last[-1][np.arange(n), data.test_labels]).mean()
    assert summary["single"]["nll"] == pytest.approx(single, rel=1e-5)
    assert summary["ensemble"]["nll"] != pytest.approx(single, rel=5e-5)
