"""`run_bgan_synth.py`: refusals, and a short run of it."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absl import flags
from PIL import Image

from bayesian_gan.commands import entry
from bayesian_gan.commands import synth as main
from bayesian_gan.errors import InputError
from bayesian_gan.gan.objectives import Paper, Wasserstein
from bayesian_gan.gan.priors import Normal, StudentT
from bayesian_gan.gan.terms import GradientPenalty
from bayesian_gan.options.flags import define_options
from bayesian_gan.storage import read_arrays
from bayesian_gan.synthetic.options import SYSTEMS, SynthConfig
from bayesian_gan.synthetic.pictures import points_picture, save_picture
from bayesian_gan.synthetic.shown import read_shown
from bayesian_gan.synthetic.systems import build_system

TINY = [
    "--x_dim",
    "5",
    "--z_dim",
    "2",
    "--numz",
    "4",
    "--hidden",
    "8",
    "--n_save",
    "50",
    "--batch_size",
    "8",
]


def parse(arguments: list[str]) -> SynthConfig:
    values = flags.FlagValues()
    define_options(values, SynthConfig)
    values(["run_bgan_synth.py", *arguments])
    return SynthConfig.from_flags(values)


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    values = flags.FlagValues()
    define_options(values, SynthConfig)
    argv = ["run_bgan_synth.py", *arguments]
    monkeypatch.setattr(flags, "FLAGS", values)
    monkeypatch.setattr(sys, "argv", argv)
    try:
        entry.parse(argv, SynthConfig)
        entry.run(main.begin, main.STOPPED)
    except SystemExit as error:
        return int(error.code or 0)
    return 0


def test_the_command_of_the_authors_readme_is_understood() -> None:
    config = parse(["--x_dim", "100", "--z_dim", "10", "--numz", "10", "--out_dir", "O"])
    assert (config.x_dim, config.z_dim, config.num_gen, config.random_seed) == (100, 10, 10, 2222)
    assert config.generators_per_step == 10
    # A random scan where all at once would be too dear: the largest divisor of 98 up to 10.
    assert parse(["--numz", "98", "--out_dir", "O"]).generators_per_step == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--out_dir O --numz 0", "num_gen"),
        ("--out_dir O --x_dim 1", "x_dim"),
        ("--out_dir O --data rings", "clusters|slides"),
        ("--out_dir O --systems bayesgan,vae", "--systems must name some of"),
        ("--out_dir O --systems ml,ml", "each once"),
        ("--out_dir O --wasserstein --feature_matching 1", "--wasserstein and --feature_matching"),
        ("--out_dir O --gradient_penalty 0", "--gradient_penalty must be greater than 0"),
        ("--out_dir O --lr 0", "--lr must be greater than 0"),
        ("--out_dir O --lr nan", "--lr must be a finite number"),
        ("--out_dir O --train_iter 250", "--n_save must divide --train_iter"),
        ("--out_dir O --numz 10 --generators_per_step 3", "--generators_per_step must divide"),
        ("--out_dir O --learning_rate 1", "learning_rate"),
        ("--out_dir O --prior_df 3", "--prior_df needs --prior student_t"),
        ("--out_dir O --prior student_t --prior_df 2", "--prior_df must be greater than 2"),
        ("--out_dir /proc/none", "cannot be written"),
        ("--out_dir O spare", "unexpected argument 'spare'"),
    ],
)
def test_bad_flags_are_refused_in_one_line(
    arguments: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments.split(), monkeypatch) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("run_bgan_synth.py: error: ")
    assert any(part in line for part in message.split("|"))
    assert not list(tmp_path.rglob("*.csv"))


def test_a_scale_that_is_not_positive_is_refused_by_check() -> None:
    with pytest.raises(InputError, match="sampler_lr"):
        parse(["--out_dir", "O", "--sampler_lr", "0"])


def test_which_systems_have_critics() -> None:
    plain, critics = (parse([*TINY, "--out_dir", "O", *flag]) for flag in ([], ["--wasserstein"]))
    for config, expected in ((plain, ["wasserstein"]), (critics, ["bayesgan", "wasserstein"])):
        models = {name: build_system(name, config, 100) for name in SYSTEMS}
        games = {name: model.game for name, model in models.items()}
        found = [name for name, game in games.items() if game.objective == Wasserstein()]
        assert found == expected
        assert all(games[name].terms == (GradientPenalty(10.0),) for name in expected)
        assert {game.objective for game in games.values()} == {Paper(), Wasserstein()}
    assert games["wasserstein"].prior is None
    assert games["bayesgan"].prior == Normal(1.0)


def test_the_bayesian_gan_alone_has_the_prior_that_is_asked_for() -> None:
    config = parse([*TINY, "--out_dir", "O", "--prior", "student_t", "--prior_std", "2"])
    assert build_system("bayesgan", config, 100).game.prior == StudentT(2.0, 5.0)
    assert build_system("ml", config, 100).game.prior is None


def _pixels_that_differ(first: Path, second: Path) -> float:
    """Their share: float16 moves a point by less than a pixel, to a neighbour here and there."""
    with Image.open(first) as one, Image.open(second) as other:
        return float((np.asarray(one) != np.asarray(other)).any(-1).mean())


def test_a_short_run_writes_what_it_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: list[Any] = [*TINY, "--out_dir", str(tmp_path), "--train_iter", "100"]
    arguments += [
        "--warm_up",
        "50",
        "--save_weights",
        "--systems",
        "bayesgan,ml,ml_equal_cost,wasserstein",
    ]
    assert run(arguments, monkeypatch) == 0
    (folder,) = tmp_path.glob("synth_clusters_*")
    with (folder / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    made = {(row["system"], int(row["iteration"])) for row in rows}
    # At equal cost the single GAN makes four times the iterations, for four generators in each step.
    assert made == {
        *(("bayesgan", i) for i in (50, 100)),
        *(("ml", i) for i in (50, 100)),
        *(("ml_equal_cost", i) for i in (200, 400)),
        *(("wasserstein", i) for i in (50, 100)),
    }
    summary = json.loads((folder / "summary.json").read_text())
    for name, found in summary["systems"].items():
        last = [row for row in rows if row["system"] == name][-1]
        assert float(last["divergence"]) == found["divergence"]
        assert 0.0 < found["divergence"] <= np.log(2.0)
        assert sum(found["shares"]) + found["outside"] == pytest.approx(1.0)
    assert 0.0 < summary["floor"] < 0.01
    weights, manifest = read_arrays(folder / "weights_bayesgan.npz")
    # Four generators and a discriminator of two layers.
    assert len(weights) == len(manifest["variables"]) == 5 * 4
    for name in ("points.png", "divergence.png"):
        with Image.open(folder / name) as picture:
            assert np.asarray(picture).std() > 0
    shown = read_shown(folder / "points.npz")
    save_picture(tmp_path / "again.png", points_picture(shown))
    assert _pixels_that_differ(tmp_path / "again.png", folder / "points.png") < 0.01
    assert "results in" in capsys.readouterr().out
