"""How long a run takes, and the numbers with which it takes as long as it shall."""

from dataclasses import replace

import pytest
from conftest import parse_flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.runs.build import steps_per_execution
from bayesian_gan.runs.duration import SCALED, Costs, chosen, expected_seconds, scaled

COSTS = Costs(
    start=30.0,
    warm_up=0.1,
    sampling=0.2,
    baseline=0.01,
    evaluation=2.0,
    pictures=0.5,
    health=0.3,
    draw=0.1,
    prediction=1.0,
)
LAPTOP = parse_flags("--preset", "laptop", "--out_dir", "O")
PLAIN = parse_flags("--out_dir", "O")


def test_what_a_run_takes_is_the_sum_of_its_parts() -> None:
    config = replace(
        LAPTOP, train_iter=900, warm_up=800, collect_every=10, n_save=50, checkpoint_every=300
    )
    expected = 30.0 + 800 * 0.1 + 100 * 0.2 + 900 * 0.01 + 18 * 2.5 + 9 * 0.3
    expected += (10 + 5) * 0.1 + 2 * 2.0 + 10 * 1.0
    assert expected_seconds(config, COSTS) == pytest.approx(expected)


def test_parts_that_a_run_has_not_cost_nothing() -> None:
    assert set(vars(Costs()).values()) == {0.0}
    assert expected_seconds(LAPTOP, Costs()) == 0.0


def test_of_a_run_that_goes_on_only_the_rest_counts() -> None:
    config = replace(LAPTOP, train_iter=900, warm_up=800, collect_every=10, n_save=50)
    rest = expected_seconds(config, replace(COSTS, start=0.0), made=850)
    expected = 50 * 0.21 + 1 * 2.5 + 0 * 0.3 + (5 + 2) * 0.1 + 2 * 2.0 + 10 * 1.0
    assert rest == pytest.approx(expected)
    assert expected_seconds(config, COSTS, 899) < rest + 30.0
    # Of a run that is in its warm-up no draw is made yet.
    each = replace(config, collect_every=1)
    rest = expected_seconds(each, replace(COSTS, start=0.0), made=790)
    expected = (
        10 * 0.1
        + 100 * 0.2
        + 110 * 0.01
        + 3 * 2.5
        + 1 * 0.3
        + (100 + 2) * 0.1
        + 2 * 2.0
        + 100 * 1.0
    )
    assert rest == pytest.approx(expected)


@pytest.mark.parametrize("config", [LAPTOP, PLAIN], ids=["laptop", "plain"])
@pytest.mark.parametrize("factor", [0.01, 0.05, 0.1, 0.33, 1.0, 2.5])
def test_all_numbers_are_scaled_together(config: Config, factor: float) -> None:
    found = scaled(config, factor)
    found.check()
    assert steps_per_execution(found) >= min(5, found.collect_every)
    for name in SCALED:
        least = 10 if name == "n_save" else 1
        want = max(least, factor * getattr(config, name))
        # A number of a few iterations is rounded to whole ones, and all to what a call divides.
        allowed = 0.13 + found.collect_every / (2.0 * want) * (want < 10 * found.collect_every)
        assert getattr(found, name) == pytest.approx(want, rel=min(allowed, 0.6), abs=1.0), name
    assert found.cosine_from == config.cosine_from
    assert found.final_noise == config.final_noise
    if factor == 1.0:
        assert found == config


@pytest.mark.parametrize("config", [LAPTOP, PLAIN], ids=["laptop", "plain"])
@pytest.mark.parametrize("minutes", [5.0, 20.0, 60.0, 600.0])
def test_the_run_takes_as_long_as_it_shall_and_no_longer(config: Config, minutes: float) -> None:
    found = chosen(replace(config, minutes=minutes), COSTS, 60.0 * minutes, ())
    seconds = expected_seconds(found, COSTS)
    assert 0.95 * 60.0 * minutes <= seconds <= 60.0 * minutes
    share = found.warm_up / found.train_iter
    # Of a few hundred iterations the round numbers decide.
    allowed = 0.1 if found.train_iter > 1000 else 0.35
    assert share == pytest.approx(config.warm_up / config.train_iter, abs=allowed)


def test_what_is_given_stays() -> None:
    given = replace(LAPTOP, n_save=70, collect_every=30, consistency_ramp=11, minutes=10.0)
    found = chosen(given, COSTS, 600.0, ("n_save", "collect_every", "consistency_ramp", "lr"))
    assert (found.n_save, found.collect_every, found.consistency_ramp) == (70, 30, 11)
    assert found.train_iter < LAPTOP.train_iter
    assert (found.train_iter - found.warm_up) % 30 == 0


def test_a_run_without_warm_up_or_without_draws_keeps_it_so() -> None:
    assert scaled(replace(LAPTOP, warm_up=0), 0.1).warm_up == 0
    short = replace(PLAIN, train_iter=5000)
    assert scaled(short, 0.1).train_iter <= scaled(short, 0.1).warm_up + 100


def test_too_few_minutes_say_how_many_are_enough() -> None:
    config = replace(LAPTOP, minutes=0.5)
    with pytest.raises(InputError, match=r"^--minutes 0.5: too few here .* at least ") as refused:
        chosen(config, COSTS, 20.0, ())
    enough = float(str(refused.value).split("at least ")[1].split(",")[0])
    chosen(replace(config, minutes=enough), COSTS, 20.0 + 60.0 * (enough - 0.5) + 1e-6, ())
    fewer = enough - 0.2
    with pytest.raises(InputError, match=f"at least {enough:g}, or smaller networks"):
        chosen(replace(config, minutes=fewer), COSTS, 20.0 + 60.0 * (fewer - 0.5), ())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--minutes 0", "--minutes must be greater than 0, not 0.0"),
        ("--minutes -3", "--minutes"),
        ("--minutes nan", "--minutes must be a finite number, not nan"),
        (
            "--minutes 5 --train_iter 100",
            "--minutes chooses --train_iter: leave out --train_iter 100",
        ),
        ("--minutes 5 --warm_up 10", "--minutes chooses --warm_up: leave out --warm_up 10"),
        ("--minutes 5 --resume RUN", "--minutes is of a new run"),
        ("--dry_run --resume RUN", "--dry_run is of a new run"),
        ("--minutes 5 --strategy multiworker", "--minutes does not go with --strategy multiworker"),
        ("--dry_run --strategy multiworker", "--dry_run does not go with --strategy multiworker"),
    ],
)
def test_what_contradicts_is_one_line(flags: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - absl's own, or an InputError.
        parse_flags("--out_dir", "O", *flags.split())
    assert said in str(refused.value)


def test_results_go_into_runs_where_nothing_else_is_said() -> None:
    assert parse_flags("--minutes", "5").out_dir == "runs"
