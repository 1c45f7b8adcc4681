"""Chains that ran apart, joined: bit for bit what ran together; and what must not be joined."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import make_run, parse_flags

from bayesian_gan.commands import main
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.merge import architecture, difference, merge
from bayesian_gan.runs.resume import resolve
from bayesian_gan.storage import read_arrays

MakeModel = Callable[..., BayesianGAN]
ROOT = Path(__file__).parents[2]
# All that draws at random: a block of generators, pairs, noise in the discriminators, averaged weights.
FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 8 --num_gen 4 "
    "--generators_per_step 2 --pairs_per_step 1 --input_noise 0.1 --hidden_noise 0.1 --consistency 1 "
    "--entropy 0.1 --class_frequencies 1 --train_iter 30 --n_save 30 --warm_up 10 --collect_every 10 --lr 0.003"
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of two runs of one chain each: chain 0 and chain 1 of `make_run`'s two."""
    return [
        make_run(tmp_path_factory.mktemp("part"), "--num_mcmc", "1", "--chain_offset", str(chain))
        for chain in range(2)
    ]


def _equal_draws(one: Path, other: Path) -> None:
    names = sorted(path.name for path in one.glob("draw_*.npz"))
    assert names
    assert names == sorted(path.name for path in other.glob("draw_*.npz"))
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.slow
def test_two_processes_of_one_chain_give_the_posterior_of_one_process_with_two(
    tmp_path: Path,
) -> None:
    def run(name: str, *more: str) -> Path:
        (tmp_path / name).mkdir()
        subprocess.run(
            [
                sys.executable,
                str(ROOT / "run_bgan_semi.py"),
                *FLAGS.split(),
                *more,
                "--out_dir",
                name,
            ],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
        (folder,) = (tmp_path / name).glob("bgan_*")
        return folder

    together = run("together", "--num_mcmc", "2", "--chain_offset", "0")
    apart = [run(f"chain_{k}", "--num_mcmc", "1", "--chain_offset", str(k)) for k in range(2)]
    merged = tmp_path / "merged"
    # In any order.
    assert main(["merge", *map(str, reversed(apart)), str(merged)]) == 0
    _equal_draws(together / "posterior", merged / "posterior")
    text = (merged / "posterior" / "posterior.json").read_text()
    assert text == (together / "posterior" / "posterior.json").read_text()
    # Chains are not copies of each other.
    draw, _ = read_arrays(merged / "posterior" / "draw_00000030.npz")
    assert np.abs(draw["g_0000_00"] - draw["g_0004_00"]).max() > 1e-4
    assert np.abs(draw["d_0000_00"] - draw["d_0001_00"]).max() > 1e-4


@pytest.mark.slow
def test_more_chains_than_two_keep_their_numbers(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, adam: Any, tmp_path: Path
) -> None:
    def collected(name: str, offset: int, chains: int) -> Path:
        model = make_model(num_mcmc=chains, chain_offset=offset, num_disc=2)
        model.compile(adam(), adam())
        model.fit(images, labels, batch_size=8, steps_per_epoch=2, verbose=0)
        Posterior.create(tmp_path / name, model).collect(model)
        return tmp_path / name

    whole = collected("whole", 0, 4)
    a, b, c = collected("a", 0, 2), collected("b", 2, 1), collected("c", 3, 1)
    _equal_draws(whole, merge([c, a, b], tmp_path / "abc").path)
    # A chain that is missing leaves a gap, which can be filled later.
    gap = merge([a, c], tmp_path / "ac")
    assert gap.config["chains"] == [0, 1, 3]
    with pytest.raises(InputError, match="both hold chain 3"):
        merge([tmp_path / "ac", c], tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_what_was_merged_serves_every_command(
    parts: list[Path],
    run_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    merged = tmp_path / "merged"
    assert main(["merge", *map(str, reversed(parts)), str(merged)]) == 0  # In any order.
    assert "chains 0, 1; 3 draws, iterations 20 to 40" in capsys.readouterr().out
    assert main(["check", str(merged / "posterior")]) == 0
    # In this process all runs have the same threads, so they are equal without --chain_offset 0 too.
    _equal_draws(run_folder / "posterior", merged / "posterior")
    evaluated = []
    for folder in (merged, run_folder):
        assert main(["evaluate", str(folder), "--num_images", "0"]) == 0
        found = json.loads((folder / "evaluation.json").read_text())
        evaluated.append(found["classification"])
        (folder / "evaluation.json").unlink()
    assert evaluated[0] == evaluated[1]
    grid = tmp_path / "grid.png"
    assert main(["generate", str(merged), "--num", "8", "--grid", str(grid)]) == 0
    assert main(["report", str(merged)]) == 0
    exported = tmp_path / "exported"
    assert main(["export", str(merged), "--format", "keras", "--output", str(exported)]) == 0
    with pytest.raises(InputError, match="was merged from other runs"):
        resolve(parse_flags("--resume", str(merged)), {"resume"})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(("--df_dim", "6"), "--df_dim 4 and 6", marks=pytest.mark.slow),
        (("--lr", "0.004", "--random_seed", "1"), "--random_seed 2222 and 1, --lr 0.003 and 0.004"),
        pytest.param(("--chain_offset", "0"), "both hold chain 0", marks=pytest.mark.slow),
    ],
)
def test_runs_that_do_not_belong_together_are_refused(
    parts: list[Path],
    tmp_path: Path,
    more: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = make_run(
        tmp_path, "--num_mcmc", "1", "--chain_offset", "1", "--train_iter", "20", *more
    )
    assert main(["merge", str(parts[0]), str(other), str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert str(other) in line
    assert sorted(p.name for p in tmp_path.iterdir()) == [other.name]


def test_posteriors_of_other_networks_are_refused_by_name(
    parts: list[Path], tmp_path: Path
) -> None:
    wide = make_run(tmp_path, "--num_mcmc", "1", "--chain_offset", "1", "--df_dim", "6")
    with pytest.raises(
        InputError,
        match=r"discriminator\.config\.layers\[1\]\.config\.filters is 4 in the first and 6",
    ):
        merge([parts[0] / "posterior", wide / "posterior"], tmp_path / "out")
    with pytest.raises(InputError, match="one is a run's folder, one a posterior"):
        merge([parts[0], wide / "posterior"], tmp_path / "out")


def test_draws_that_are_missing_are_named(parts: list[Path], tmp_path: Path) -> None:
    longer = make_run(
        tmp_path, "--num_mcmc", "1", "--chain_offset", "1", "--train_iter", "60", "--n_save", "60"
    )
    with pytest.raises(InputError, match=rf"{parts[0]}: has no draw of iteration 50, .*\(2 such\)"):
        merge([parts[0], longer], tmp_path / "out")
    assert merge([parts[0], longer], tmp_path / "out", common=True).iterations == [20, 30, 40]
    with pytest.raises(InputError, match="exists; give the merged folder another name"):
        merge([parts[0], longer], tmp_path / "out", common=True)


def test_a_damaged_draw_leaves_nothing_behind(parts: list[Path], tmp_path: Path) -> None:
    import shutil

    bad = Path(shutil.copytree(parts[1], tmp_path / "bad"))
    draw = bad / "posterior" / "draw_00000030.npz"
    data = bytearray(draw.read_bytes())
    data[len(data) // 2] ^= 1
    draw.write_bytes(data)
    with pytest.raises(InputError, match=r"draw_00000030.npz: this draw cannot be read"):
        merge([parts[0], bad], tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["bad"]


def test_names_that_keras_counts_up_are_no_difference() -> None:
    import keras

    from bayesian_gan.networks import dcgan_generator

    def serialized(width: int) -> dict[str, Any]:
        inputs = keras.Input((3,))
        network = keras.Model(inputs, keras.layers.Dense(width)(inputs))
        return keras.saving.serialize_keras_object(network)

    first, second = serialized(2), serialized(2)
    assert first != second  # dense and dense_1
    assert difference(architecture(first), architecture(second)) is None
    found = difference(architecture(first), architecture(serialized(4)))
    assert found == ("config.layers[1].config.units", 2, 4)
    network = keras.saving.serialize_keras_object(dcgan_generator((8, 8, 1), 5, 4, 2))
    assert difference(architecture(network), architecture(network)) is None


def test_chains_that_meet_have_no_offset(make_model: MakeModel) -> None:
    with pytest.raises(InputError, match=r"chain_offset does not go with Authors"):
        make_model(objective=Authors(), chain_offset=1)
    assert make_model(chain_offset=3).get_config()["chain_offset"] == 3
