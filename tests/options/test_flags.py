"""Every flag, those of the authors' program with its documented defaults."""

from typing import Any

import pytest
from absl import flags

from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.options.option import options_of

AUTHORS_DEFAULTS = {
    "n_save": 100,
    "z_dim": 100,
    "gf_dim": 64,
    "df_dim": 96,
    "dataset": "mnist",
    "batch_size": 64,
    "prior_std": 1.0,
    "num_layers": 4,
    "num_gen": 1,
    "num_disc": 1,
    "num_mcmc": 1,
    "N": 128,
    "train_iter": 50000,
    "wasserstein": False,
    "ml": False,
    "save_samples": False,
    "save_weights": False,
    "random_seed": 2222,
    "lr": 0.005,
    "lr_decay": 3.0,
    "optimizer": "sgd",
}

AUTHORS_COMMAND = """
    --data_path D --dataset mnist --numz 10 --num_mcmc 2 --out_dir O --train_iter 75000 --save_samples
    --n_save 100 --N 4000 --lr 0.0005 --save_weights --semi --random_seed 7 --optimizer adam --num_disc 3
    --gf_dim 5 --df_dim 6
"""

OWN_DEFAULTS = {
    "order": "simultaneous",
    "prior": "normal",
    "prior_df": None,
    "augment": "none",
    "start_from": None,
    "objective": "paper",
    "weight_clip": None,
    "gradient_penalty": None,
    "feature_matching": 1.0,
    "pairing_reduction": "mean",
    "labelled_weight": 1.0,
    "matching": "huber",
    "entropy": 0.0,
    "consistency": 0.0,
    "consistency_ramp": 1500,
    "class_frequencies": 0.0,
    "neighbours": 0.0,
    "label_folds": 1,
    "swag": None,
    "average_decay": 0.999,
    "input_noise": 0.0,
    "hidden_noise": 0.0,
    "final_noise": 1.0,
    "init": "normal",
    "pooling": "stride",
    "generator_layers": None,
    "labelled_batch_size": None,
    "cosine_from": None,
    "preset": None,
    "validation": 0,
    "generators_per_step": None,
    "pairs_per_step": None,
    "chain_offset": None,
    "device": "auto",
    "strategy": "none",
    "shards": 1,
    "mixed_precision": False,
    "jit": False,
    "friction": 0.1,
    "temperature": 1.0,
    "noise": "normal",
    "sampler_lr": None,
    "warm_up": 5000,
    "collect_every": 1000,
    "max_samples": None,
    "label_seed": 0,
    "data_path": None,
    "ml_ensemble": None,
    "image_size": None,
    "resize": False,
    "celeb_train": 75_000,
    "data": None,
    "fit": "crop",
    "background": "white",
    "label_column": None,
    "category_columns": None,
    "ignore_columns": None,
    "hidden": 200,
    "labels": None,
    "test_fraction": 0.0,
    "cache_dir": None,
    "download": True,
    "download_seconds": 3600.0,
    "resume": None,
    "minutes": None,
    "dry_run": False,
    "checkpoint_every": 1000,
    "checkpoint_minutes": 10.0,
    "on_nan": "stop",
}


def _parse(*arguments: str, semi: bool = True) -> flags.FlagValues:
    values = flags.FlagValues()
    define(values, semi)
    values(["program", *arguments])
    return values


@pytest.mark.parametrize(("name", "default"), (AUTHORS_DEFAULTS | OWN_DEFAULTS).items())
def test_default(name: str, default: Any) -> None:
    value = getattr(Config.from_flags(_parse("--out_dir", "o")), name)
    assert value == default
    assert type(value) is type(default)


def test_every_flag_of_the_authors_commands_parses() -> None:
    config = Config.from_flags(_parse(*AUTHORS_COMMAND.split()))
    assert (config.num_gen, config.num_mcmc, config.num_disc) == (10, 2, 3)
    assert (config.N, config.lr, config.train_iter) == (4000, 0.0005, 75000)
    assert config.save_samples
    assert config.save_weights
    assert (config.optimizer, config.gf_dim, config.df_dim) == ("adam", 5, 6)


@pytest.mark.parametrize("semi", [True, False])
def test_the_entry_points_differ_in_one_default(semi: bool) -> None:
    assert Config.from_flags(_parse("--out_dir", "o", semi=semi)).semi is semi


def test_flags_and_options_are_the_same() -> None:
    values = flags.FlagValues()
    define(values, semi=True)
    assert set(values) == {*options_of(Config), "numz"}
    assert set(options_of(Config)) == {*AUTHORS_DEFAULTS, *OWN_DEFAULTS, "out_dir", "semi"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("--N 0", "flag --N=0: it must be an integer, at least 1, or all"),
        ("--friction 2", "flag --friction=2: 2.0 is not a number in the range [0.0, 1.0]"),
        ("--lr -1", "flag --lr=-1: -1.0 is not a non-negative number"),
        ("--neighbours -1", "flag --neighbours=-1: -1.0 is not a non-negative number"),
        (
            "--objective wasserstein",
            "flag --objective=wasserstein: value should be one of <paper|authors>",
        ),
    ],
)
def test_the_parser_refuses_what_is_out_of_a_declared_range(arguments: str, line: str) -> None:
    with pytest.raises(flags.Error) as caught:
        _parse(*arguments.split())
    assert str(caught.value) == line


def test_another_name_is_the_same_flag() -> None:
    assert Config.from_flags(_parse("--out_dir", "o", "--numz", "7")).num_gen == 7
