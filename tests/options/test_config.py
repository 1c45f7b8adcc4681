"""A run's configuration: what flags imply, what they contradict, and what follows from the declarations."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from absl import flags
from conftest import parse_flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import AFTER_WARM_UP, MAY_DIFFER, Config, term_options
from bayesian_gan.options.option import options_of
from bayesian_gan.options.presets import NEED_LABELS, PRESETS

OUT = "--out_dir=o"
TERMS = [
    "feature_matching",
    "gradient_penalty",
    "entropy",
    "consistency",
    "class_frequencies",
    "neighbours",
]


def test_config_json_gives_the_configuration_back() -> None:
    config = parse_flags(
        OUT, "--preset", "laptop", "--numz", "3", "--resume", "auto", "--nodownload"
    )
    again = Config(**json.loads(json.dumps(config.to_json())))
    assert again == config
    assert list(config.to_json()) == list(options_of(Config))
    assert {field.name for field in fields(Config)} == set(config.to_json())


def test_a_run_of_an_older_version_has_the_defaults_of_what_it_lacks() -> None:
    assert Config(out_dir="o", N=7) == parse_flags(OUT, "--N", "7")


def test_groups_stand_in_their_order_and_every_option_has_a_text() -> None:
    declared = options_of(Config)
    assert list(dict.fromkeys(each.group for each in declared.values())) == [
        "start here",
        "data",
        "networks",
        "objective and terms",
        "sampler",
        "cost",
        "output",
        "reliability",
    ]
    for name, each in declared.items():
        assert each.option.text.rstrip(")").endswith("."), name


def test_what_may_differ_follows_from_the_declarations() -> None:
    assert set(MAY_DIFFER) == {
        *("out_dir", "data_path", "cache_dir", "download", "download_seconds", "train_iter"),
        *("n_save", "save_samples", "save_weights", "resume", "checkpoint_every"),
        *("checkpoint_minutes", "on_nan", "device", "strategy", "minutes", "dry_run"),
    }
    # In the order of the line that refuses a branch without any.
    assert (
        *("temperature", "friction", "noise", "collect_every", "max_samples"),
        "train_iter",
    ) == AFTER_WARM_UP


def test_terms_are_those_with_a_weight_in_order() -> None:
    weights: dict[str, Any] = dict.fromkeys(TERMS, 0.5)
    all_terms = term_options(replace(Config(), **weights))
    assert [name for name, _ in all_terms] == TERMS
    assert dict(all_terms)["entropy"] == "bayesian_gan.gan.terms.entropy:Entropy"
    assert dict(all_terms)["neighbours"] == "bayesian_gan.gan.terms.neighbours:Neighbours"
    assert [name for name, _ in term_options(Config())] == ["feature_matching"]
    assert term_options(parse_flags(OUT, "--preset", "paper")) == []


def test_terms_over_classes_need_labels() -> None:
    assert NEED_LABELS == (
        "entropy",
        "consistency",
        "class_frequencies",
        "neighbours",
        "label_folds",
    )
    for name in NEED_LABELS:
        with pytest.raises(InputError) as caught:
            parse_flags(OUT, f"--{name}=2", "--nosemi")
        assert str(caught.value) == f"--{name} needs labels (--semi): without there are no classes"
        with pytest.raises(InputError) as caught:
            parse_flags(OUT, f"--{name}=2", "--objective=authors")
        why = "the authors' losses have no such term"
        if name == "label_folds":
            why = "under --objective authors all chains meet, so none is without a label that another has"
        assert str(caught.value) == f"--{name} needs --objective paper: {why}"


def test_single_dcgan_is_accepted() -> None:
    assert parse_flags(OUT, "--ml").ml


def test_an_ensemble_is_as_many_chains() -> None:
    preset = ("--preset", "authors")  # of ten generators, and another objective
    config = parse_flags(OUT, "--ml_ensemble", "10", *preset)
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
    config = parse_flags(OUT, "--wasserstein", *arguments.split())
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
        (
            "--weight_clip 0.01",
            "--weight_clip needs --wasserstein: add it, or leave --weight_clip out",
        ),
        ("--gradient_penalty 10", "--gradient_penalty needs --wasserstein"),
        ("--ml_ensemble 10 --num_mcmc 10", "--ml_ensemble 10 .* leave out --num_mcmc"),
        ("--ml_ensemble 3 --num_gen 2", "--num_gen 2"),
        ("--ml_ensemble 3 --num_disc 2", "--num_disc 2"),
        ("--ml_ensemble 3 --ml", "--ml True"),
        ("--ml_ensemble 3 --objective authors", "independent"),
        ("--chain_offset 1 --objective authors", "--chain_offset needs --objective paper"),
        ("--pairs_per_step 1 --objective authors", "--pairs_per_step needs --objective paper"),
        ("--num_gen 4 --generators_per_step 3", "--generators_per_step must divide"),
        ("--pairs_per_step 2", "--pairs_per_step must be at most 1"),
        ("--shards 3", "--batch_size 64 does not make 3 equal shards"),
        ("--shards 2 --objective authors", "--shards and --strategy need --objective paper"),
        ("--shards 2 --labelled_batch_size 5", "--labelled_batch_size 5 does not make 2"),
        (
            "--strategy mirrored --objective authors",
            "--shards and --strategy need --objective paper",
        ),
        ("--strategy mirrored --jit", "--strategy does not go with --jit"),
        ("--strategy mirrored --num_gen 2 --generators_per_step 1", "--generators_per_step"),
        ("--strategy multiworker --on_nan restart_member", "--on_nan restart_member"),
        ("--final_noise 0.3", "--final_noise needs --cosine_from"),
        ("--final_noise 0", "--final_noise needs --cosine_from"),
        ("--batch_size 1", "--batch_size must be at least 2 for batch normalisation, not 1"),
        ("--average_decay 1", r"--average_decay must lie in \[0, 1\), not 1.0"),
        ("--lr 0", "--lr must be greater than 0, not 0.0"),
        ("--lr nan", "--lr must be a finite number, not nan"),
        ("--sampler_lr 0", "--sampler_lr must be greater than 0"),
        ("--prior_std 0", "--prior_std must be greater than 0"),
        (
            "--prior student_t --prior_df 2",
            "--prior_df must be greater than 2 for a standard deviation, not 2.0",
        ),
        ("--prior_df -1", "--prior_df must be greater than 2 for a standard deviation, not -1.0"),
        ("--prior student_t --prior_df inf", "--prior_df must be a finite number, not inf"),
        ("--prior_df 5", "--prior_df needs --prior student_t: add it, or leave --prior_df out"),
        ("--prior laplace --prior_df 5", "--prior_df needs --prior student_t"),
        (
            "--objective authors --prior laplace",
            "--prior needs --objective paper: the program's losses have the normal prior",
        ),
        ("--preset authors --prior he_normal", "--prior needs --objective paper"),
        ("--checkpoint_minutes 0", "--checkpoint_minutes must be greater than 0, not 0.0"),
        (
            "--labelled_batch_size 20 --batch_size 16",
            "--labelled_batch_size 20 must be at most --batch_size, which is 16, or a multiple",
        ),
        ("--minutes 0", "--minutes must be greater than 0, not 0.0"),
        ("--minutes -3", "--minutes must be greater than 0, not -3.0"),
        ("--test_fraction 1", r"--test_fraction must lie in \[0, 1\), not 1.0"),
        ("--device tpu", "--device must be auto, cpu, gpu or gpu:NUMBER"),
    ],
)
def test_what_cannot_be_is_refused(arguments: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_flags(OUT, *arguments.split())


def test_a_chain_that_is_the_first_of_all_may_meet_others() -> None:
    assert parse_flags(OUT, "--chain_offset", "0", "--objective", "authors").chain_offset == 0


def test_presets_name_options_and_keep_their_ranges() -> None:
    for preset in PRESETS.values():
        for name, value in preset.values.items():
            assert options_of(Config)[name].holds(value), name


def test_students_t_has_degrees_of_freedom_where_none_are_given() -> None:
    assert parse_flags(OUT, "--prior", "student_t").prior_df == 5.0
    assert parse_flags(OUT, "--prior", "student_t", "--prior_df", "2.5").prior_df == 2.5
    assert parse_flags(OUT, "--prior", "laplace").prior_df is None


def test_a_decay_to_nothing_is_refused() -> None:
    with pytest.raises(flags.Error, match=r"lr_decay=11.*\[0.0, 10.0\]"):
        parse_flags(OUT, "--lr_decay", "11")


def test_data_of_ones_own_keep_all_labels_and_benchmark_sets_128() -> None:
    for name, expected in (("mnist", 128), ("tfds:cmaterdb", 128), ("npz:a", "all")):
        assert expected == parse_flags(OUT, "--dataset", name).N
    assert parse_flags(OUT, "--data", "pictures").N == "all"
    assert parse_flags(OUT, "--data", "pictures", "--N", "20").N == 20
    assert parse_flags(OUT, "--dataset", "mnist", "--N", "all").N == "all"


def test_data_is_a_dataset_whose_place_is_absolute() -> None:
    here = Path.cwd()
    for path, expected in (
        ("some/pictures", f"folder:{here}/some/pictures"),
        ("mnist", f"folder:{here}/mnist"),
        ("own.NPZ", f"npz:{here}/own.NPZ"),
        ("~/cats", f"folder:{Path.home()}/cats"),
    ):
        config = parse_flags(OUT, "--data", path, "--labels", "l.csv")
        assert (config.dataset, config.data) == (expected, None)
        assert config.labels == f"{here}/l.csv"
    assert parse_flags(OUT, "--dataset", "npz:a").dataset == f"npz:{here}/a"
    assert parse_flags(OUT, "--dataset", "tfds:a").dataset == "tfds:a"
    with pytest.raises(InputError, match="leave one of them out"):
        parse_flags(OUT, "--data", "a", "--dataset", "mnist")
