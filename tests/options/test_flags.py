"""Every flag of the authors' program, with its documented default; and contradictions."""

from typing import Any

import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define

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
    "cache_dir": None,
    "download": True,
    "download_seconds": 3600.0,
    "resume": None,
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


def test_every_flag_has_help_and_a_field() -> None:
    values = _parse("--out_dir", "o")
    for name in AUTHORS_DEFAULTS | OWN_DEFAULTS | {"out_dir": "", "semi": ""}:
        assert values[name].help.rstrip(")").endswith("."), name
    assert set(Config.from_flags(values).to_json()) == {
        name for name in values if name not in ("numz", "help", "helpshort", "helpfull", "helpxml")
    } - {"undefok", "flagfile"}


def test_single_dcgan_is_accepted() -> None:
    assert Config.from_flags(_parse("--out_dir", "o", "--ml")).ml


def test_an_ensemble_is_as_many_chains() -> None:
    preset = ("--preset", "authors")  # of ten generators, and another objective
    config = Config.from_flags(_parse("--out_dir", "o", "--ml_ensemble", "10", *preset))
    assert config.objective == "paper"
    assert (config.num_mcmc, config.num_gen, config.num_disc) == (10, 1, 1)
    assert config.maximum_likelihood
    config.check()  # As it is read back when the run resumes.


@pytest.mark.parametrize(
    ("arguments", "clip", "penalty"),
    [("", 0.01, None), ("--weight_clip 0.1", 0.1, None), ("--gradient_penalty 10", None, 10.0)],
)
def test_what_a_wasserstein_critic_implies(
    arguments: str, clip: float | None, penalty: float | None
) -> None:
    config = Config.from_flags(_parse("--out_dir", "o", "--wasserstein", *arguments.split()))
    assert (config.objective, config.feature_matching) == ("wasserstein", 0.0)
    assert (config.weight_clip, config.gradient_penalty) == (clip, penalty)
    config.check()  # As it is read back when the run resumes.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--ml --num_gen 2", "--ml is a single DCGAN"),
        ("--ml --num_mcmc 2", "--ml is a single DCGAN"),
        ("--ml --num_disc 2", "--ml is a single DCGAN"),
        ("--wasserstein --feature_matching 1", "--wasserstein does not go with --feature_matching"),
        ("--wasserstein --objective authors", "leave out --objective"),
        ("--wasserstein --weight_clip 0.01 --gradient_penalty 10", "leave one of them out"),
        ("--wasserstein --gradient_penalty 0", "--gradient_penalty must be greater than 0"),
        ("--wasserstein --weight_clip 0", "--weight_clip must be greater than 0"),
        ("--weight_clip 0.01", "--weight_clip needs --wasserstein"),
        ("--gradient_penalty 10", "--gradient_penalty needs --wasserstein"),
        ("--ml_ensemble 10 --num_mcmc 10", "--ml_ensemble 10 .* leave out --num_mcmc"),
        ("--ml_ensemble 3 --num_gen 2", "--num_gen 2"),
        ("--ml_ensemble 3 --num_disc 2", "--num_disc 2"),
        ("--ml_ensemble 3 --ml", "--ml True"),
        ("--ml_ensemble 3 --objective authors", "independent"),
        ("--final_noise 0.3", "--final_noise needs --cosine_from"),
        ("--batch_size 1", "batch_size"),
        ("--lr 0", "--lr must be greater than 0"),
        ("--sampler_lr 0", "--sampler_lr"),
        ("--prior_std 0", "--prior_std"),
        ("--checkpoint_minutes 0", "--checkpoint_minutes"),
    ],
)
def test_contradictions_are_refused(arguments: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Config.from_flags(_parse("--out_dir", "o", *arguments.split()))
