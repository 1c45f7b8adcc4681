"""Presets set defaults of flags, and no more."""

import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.options.own_preset import describe_preset, sized
from bayesian_gan.options.presets import PRESETS


def _parse(*arguments: str) -> Config:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", "O", *arguments])
    return Config.from_flags(values)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_sets_what_the_command_line_leaves_out(name: str) -> None:
    config, plain = _parse("--preset", name, "--batch_size", "32"), _parse()
    values = PRESETS[name].values
    assert config.batch_size == 32
    for flag, value in config.to_json().items():
        if flag not in ("preset", "batch_size"):
            assert value == values.get(flag, getattr(plain, flag)), flag


def test_a_flag_overrides_its_preset_also_with_its_own_default() -> None:
    assert PRESETS["laptop"].values["consistency"] > 0
    assert _parse("--preset", "laptop", "--consistency", "0").consistency == 0
    assert _parse("--preset=laptop", "--lr=0.005").lr == 0.005


def test_terms_that_the_paper_lacks_are_off_in_its_presets() -> None:
    for name in ("paper", "authors"):
        config = _parse("--preset", name)
        terms = (config.entropy, config.consistency, config.class_frequencies)
        assert (*terms, config.input_noise, config.hidden_noise) == (0,) * 5
        assert (config.matching, config.init, config.cosine_from) == ("huber", "normal", None)
    paper = _parse("--preset", "paper")
    assert paper.feature_matching == 0
    assert (paper.labelled_weight, paper.prior_std**2) == ("posterior", pytest.approx(10))
    assert _parse("--preset", "paper", "--labelled_weight=1").labelled_weight == 1.0


def test_a_preset_of_a_source_has_its_order() -> None:
    orders = {name: _parse("--preset", name).order for name in PRESETS}
    assert (orders.pop("paper"), orders.pop("authors")) == (
        "generators_first",
        "discriminators_first",
    )
    assert set(orders.values()) == {_parse().order} == {"simultaneous"}


def test_a_preset_without_labels_has_no_terms_over_classes() -> None:
    config = _parse("--preset", "laptop", "--nosemi")
    assert (config.entropy, config.consistency, config.class_frequencies) == (0, 0, 0)
    assert config.input_noise == PRESETS["laptop"].values["input_noise"] > 0
    with pytest.raises(InputError, match="--entropy needs labels"):
        _parse("--preset", "laptop", "--nosemi", "--entropy", "0.3")
    with pytest.raises(InputError, match="--class_frequencies needs labels"):
        _parse("--preset", "laptop", "--nosemi", "--class_frequencies", "3")


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_dcgan_takes_a_preset(name: str) -> None:
    arguments = ("--preset", name, "--objective", "paper", "--ml")
    config = _parse(*arguments)
    assert (config.num_gen, config.num_disc, config.num_mcmc) == (1, 1, 1)
    with pytest.raises(InputError, match="num_mcmc"):
        _parse(*arguments, "--num_mcmc", "2")


def test_only_the_preset_whose_name_says_so_takes_classes_to_be_equally_frequent() -> None:
    weights = {name: _parse("--preset", name).class_frequencies for name in PRESETS}
    assert {name for name, weight in weights.items() if weight > 0} == {"laptop_balanced"}
    rest = dict(PRESETS["laptop_balanced"].values)
    del rest["class_frequencies"]
    assert rest == PRESETS["laptop"].values


def test_a_preset_has_no_more_labelled_images_than_the_minibatch_that_is_asked_for() -> None:
    assert _parse("--preset", "laptop").labelled_batch_size == 20
    assert _parse("--preset", "laptop", "--batch_size", "16").labelled_batch_size == 16
    given = ("--batch_size", "16", "--labelled_batch_size", "32")
    assert _parse("--preset", "laptop", *given).labelled_batch_size == 32


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(flags.Error, match=r"preset.*paper"):
        _parse("--preset", "quick")


def test_a_preset_is_printed_in_full() -> None:
    config = _parse("--preset", "laptop", "--lr", "0.1")
    line = describe_preset(config, (28, 28, 1))
    kept, overridden = line.split("; overridden: ")
    assert overridden == f"--lr 0.1 (not {PRESETS['laptop'].values['lr']})"
    for flag, value in PRESETS["laptop"].values.items():
        assert (f"--{flag} {value}" in kept) == (flag != "lr")


# ------------------------------------------------------------------------------- own pictures


@pytest.mark.parametrize(
    ("arguments", "preset"),
    [
        (("--data", "pictures"), "laptop"),
        (("--dataset", "folder:pictures"), "laptop"),
        (("--data", "a.npz"), "laptop"),
        (("--data", "pictures", "--preset", "laptop_balanced"), "laptop_balanced"),
        (("--data", "pictures", "--preset", "none"), None),
        (("--data", "pictures", "--objective", "authors"), None),
        (("--dataset", "mnist"), None),
        (("--dataset", "tfds:x"), None),
    ],
)
def test_pictures_of_ones_own_have_laptop_where_no_other_is_given(
    arguments: tuple[str, ...], preset: str | None
) -> None:
    config = _parse(*arguments)
    assert config.preset == preset
    assert (config.consistency > 0) == (preset is not None)


def test_a_run_that_goes_on_is_given_no_preset() -> None:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--resume", "R", "--data", "pictures"])
    assert Config.from_flags(values).preset is None


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ((8, 8, 1), (3, 2)),
        ((16, 12, 1), (3, 2)),
        ((28, 28, 1), (3, 2)),
        ((32, 32, 3), (3, 2)),
        ((64, 64, 3), (4, 3)),
        ((1024, 8, 3), (4, 3)),
        ((7,), (3, 2)),
    ],
)
def test_laptop_has_layers_for_the_size_of_ones_own_pictures(
    shape: tuple[int, ...], layers: tuple[int, int]
) -> None:
    own, other = _parse("--data", "pictures"), _parse("--preset", "laptop")
    found = sized(own, shape, ())
    assert (found.num_layers, found.generator_layers) == layers
    assert (found.df_dim < other.df_dim) == (layers[0] == 4)
    assert sized(own, shape, {"num_layers"}).num_layers == own.num_layers
    assert sized(other, shape, ()) is other
    if len(shape) == 3:
        line = describe_preset(found, shape)
        assert f"for images of {shape[0]}x{shape[1]}x{shape[2]}: " in line
        assert "overridden" not in line
