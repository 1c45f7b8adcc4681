"""Verdicts of runs whose numbers are made up, so that what must be said is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.evaluation.draws import Convergence, Verdict, draws_verdict
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.report.summary import averaging_verdict, diversity_verdict
from bayesian_gan.report.tables import Table, read_table
from bayesian_gan.report.verdicts import last_convergence, sampling_verdicts

ROWS = 60
MIXED = Convergence(400, 2, 1.02, 1.01, 150.0, 300.0, 120.0)


@pytest.fixture(scope="module")
def config() -> Config:
    """A run that samples at T = 0.5 after iteration 3000."""
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", "O", "--warm_up", "3000", "--temperature", "0.5"])
    return Config.from_flags(values)


def _health(**changes: np.ndarray | float) -> Table:
    """A run in perfect health, measured thirty times in its warm-up and thirty times after it."""
    sampling = np.arange(ROWS) >= ROWS // 2
    rng = np.random.default_rng(1)
    columns: dict[str, np.ndarray] = {"iteration": np.arange(1, ROWS + 1) * 100.0}

    def noisy(mean: float, share: float) -> np.ndarray:
        return mean * (1.0 + share * rng.standard_normal(ROWS))

    for player in ("generator", "discriminator"):
        columns[f"energy/{player}_0"] = noisy(1.3, 0.1)
        columns[f"weight_norm/{player}_0"] = noisy(9.0, 0.002)
        columns[f"temperature/{player}s_of_chain_0"] = np.where(sampling, 0.5, np.nan)
        columns[f"kinetic_temperature/{player}s_of_chain_0"] = np.where(sampling, 0.51, np.nan)
        hot = np.where(sampling, noisy(0.5, 0.1), np.nan)
        columns[f"configurational_temperature/{player}s_of_chain_0"] = hot
    for name, value in (
        ("p_real/discriminator_0/real", 0.7),
        ("p_real/discriminator_0/fake", 0.3),
        ("convergence/rhat_max", 1.03),
        ("convergence/rhat_median", 1.01),
        ("convergence/ess_min", 150.0),
        ("convergence/ess_median", 300.0),
        ("convergence/draws", 400.0),
    ):
        columns[name] = np.full(ROWS, value)
    return Table(columns | {name: np.broadcast_to(value, ROWS) for name, value in changes.items()})


def _about(found: list[Verdict], word: str) -> Verdict:
    (verdict,) = (v for v in found if word in v.subject)
    return verdict


def test_a_healthy_run_has_nothing_to_be_said_against(config: Config) -> None:
    found = sampling_verdicts(config, _health(), MIXED)
    assert [v.level for v in found] == ["good"] * 6
    assert "1.02 times the temperature 0.5" in _about(found, "Temperature of the gen").text
    assert "have settled" in _about(found, "Weights of the gen").text
    assert "where 0.5 was asked for" in _about(found, "Weights of the gen").text


RISING = np.linspace(0.99, 1.01, ROWS)


@pytest.mark.parametrize(
    ("changes", "word", "level", "said"),
    [
        (
            {"kinetic_temperature/generators_of_chain_0": 0.7},
            "Temperature of the gen",
            "warning",
            "--sampler_lr",
        ),
        (
            {"kinetic_temperature/discriminators_of_chain_0": 0.2},
            "Temperature of the disc",
            "note",
            "not come up",
        ),
        (
            {"weight_norm/generator_0": np.linspace(5.0, 10.0, ROWS)},
            "Weights of the gen",
            "note",
            "have not settled: norms changed by",
        ),
        # A rise of half a percent, which a norm that does not scatter cannot have by chance.
        (
            {"weight_norm/discriminator_0": 9.0 * RISING},
            "Weights of the disc",
            "note",
            "have not settled: norms changed by +0.5% over the second half of the sampling, beyond",
        ),
        (
            {"energy/discriminator_0": np.linspace(1.5, 1.1, ROWS)},
            "Weights of the disc",
            "note",
            "have not settled: energies changed by -",
        ),
        (
            {"configurational_temperature/generators_of_chain_0": -0.01},
            "Weights of the gen",
            "note",
            "have not settled: the configurational temperature is -0.01",
        ),
        (
            {"configurational_temperature/generators_of_chain_0": 0.8},
            "Weights of the gen",
            "note",
            "where 0.5 was asked for",
        ),
        (
            {
                "configurational_temperature/generators_of_chain_0": np.where(
                    np.arange(ROWS) % 2 == 0, 3.0, -2.0
                )
            },
            "Weights of the gen",
            "note",
            "where 0.5 was asked for: too noisy or too few to say",
        ),
        (
            {"configurational_temperature/discriminators_of_chain_0": np.nan},
            "Weights of the disc",
            "note",
            "cannot be said: the configurational temperature was measured too seldom",
        ),
        (
            {"p_real/discriminator_0/real": 0.99, "p_real/discriminator_0/fake": 0.01},
            "Balance",
            "warning",
            "win outright",
        ),
        ({"p_real/discriminator_0/fake": 0.69}, "Balance", "note", "cannot tell"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_else(
    config: Config, changes: dict[str, np.ndarray | float], word: str, level: str, said: str
) -> None:
    found = sampling_verdicts(config, _health(**changes), MIXED)
    verdict = _about(found, word)
    assert verdict.level == level
    assert said in verdict.text
    assert "have settled" not in verdict.text
    assert [v.level for v in found if v is not verdict] == ["good"] * 5


def test_a_drift_that_all_networks_share_is_seen_in_their_mean(config: Config) -> None:
    # Each alone is hidden by its scatter: 1.5% over the second half, of 1.5% a row.
    rng = np.random.default_rng(3)
    rise = 1.0 + 0.06 * np.arange(ROWS) / ROWS
    networks = {
        f"weight_norm/generator_{j}": 9.0 * (rise + 0.015 * rng.standard_normal(ROWS))
        for j in range(40)
    }
    found = _about(sampling_verdicts(config, _health(**networks), MIXED), "Weights of the gen")
    assert "have not settled: norms" in found.text
    still = {name: values - 9.0 * rise + 9.0 for name, values in networks.items()}
    found = _about(sampling_verdicts(config, _health(**still), MIXED), "Weights of the gen")
    assert "have settled" in found.text


def test_a_few_measurements_do_not_say_that_anything_settled(config: Config) -> None:
    short = Table({name: column[:48] for name, column in _health().columns.items()})
    found = _about(sampling_verdicts(config, short, MIXED), "Weights of the gen")
    assert (found.level, "cannot be said" in found.text) == ("note", True)
    assert "in 9 measurements, which are few" in found.text
    # What is plain is said of a few as well: the numbers of a run of the demo.
    rising: dict[str, np.ndarray | float] = {
        "weight_norm/generator_0": np.linspace(14.8, 15.4, ROWS),
        "configurational_temperature/generators_of_chain_0": 0.05,
    }
    few = Table({name: column[:40] for name, column in _health(**rising).columns.items()})
    found = _about(sampling_verdicts(config, few, MIXED), "Weights of the gen")
    assert "have not settled: norms changed by" in found.text
    assert "the configurational temperature is 0.05" in found.text


def test_what_was_hot_at_first_only_is_forgiven(config: Config) -> None:
    values = np.where(np.arange(ROWS) < 45, 2.0, 0.5)
    found = sampling_verdicts(
        config, _health(**{"kinetic_temperature/generators_of_chain_0": values}), MIXED
    )
    assert _about(found, "Temperature of the gen").level == "good"


@pytest.mark.parametrize(
    ("found", "level", "said"),
    [
        (MIXED, "good", "are samples of one posterior (temperature 0.5)"),
        (replace(MIXED, ess_tail_min=None), "good", "are samples of one posterior"),
        (replace(MIXED, rhat_max=1.1), "note", "They do not fully agree"),
        (replace(MIXED, ess_min=20.0), "note", "They are few"),
        (replace(MIXED, ess_tail_min=20.0), "note", "They are few"),
        (replace(MIXED, rhat_max=np.inf), "note", "not yet samples of one posterior"),
        (replace(MIXED, rhat_max=3.5, rhat_median=1.5), "warning", "an ensemble of local"),
        (replace(MIXED, chains=1), "note", "one alone cannot say"),
        (
            replace(MIXED, chains=1, rhat_max=2.0, rhat_median=1.5),
            "warning",
            "first half disagrees with its second",
        ),
        (None, "note", "cannot be judged"),
    ],
)
def test_draws_are_called_a_posterior_where_r_hat_and_ess_say_so_alone(
    config: Config, found: Convergence | None, level: str, said: str
) -> None:
    verdict = draws_verdict(config, found)
    assert verdict.level == level
    assert said in verdict.text
    assert ("are samples of one posterior" in verdict.text) == (level == "good")
    if found is not None:
        assert (
            f"R-hat of the predictions on fixed images is {found.rhat_median:.2f}" in verdict.text
        )


OPTIMISERS = (
    ({"optimizer": "adam"}, "Adam"),
    ({"temperature": 0.0}, "temperature 0"),
    ({"objective": "authors"}, "without noise"),
    ({"ml": True}, "--ml trains by maximum likelihood"),
    ({"ml_ensemble": 2, "num_gen": 1}, "--ml_ensemble 2 trains by maximum likelihood"),
)


@pytest.mark.parametrize(("change", "said"), OPTIMISERS)
def test_optimisers_are_not_judged_as_samplers(
    config: Config, change: dict[str, object], said: str
) -> None:
    changed = replace(config, **change)  # type: ignore[arg-type]
    assert not changed.samples
    found = sampling_verdicts(changed, _health(), MIXED)
    assert [v.subject for v in found] == ["The draws", "Balance of the players"]
    assert "are no posterior: " in found[0].text
    assert said in found[0].text
    assert "R-hat" not in found[0].text


def test_a_run_that_samples_is_one_and_what_has_not_begun_is_not_judged(config: Config) -> None:
    assert config.samples
    found = sampling_verdicts(replace(config, warm_up=8000), _health(), None)
    assert "not begun" in found[0].text
    assert "no health.csv" in sampling_verdicts(config, Table({}), None)[0].text


def test_a_critic_s_score_is_no_probability(config: Config) -> None:
    critic = replace(config, objective="wasserstein")
    sure = _health(**{"p_real/discriminator_0/real": 0.99, "p_real/discriminator_0/fake": 0.01})
    found = _about(sampling_verdicts(critic, sure, MIXED), "Balance")
    assert found.level == "note"
    assert "the critic's score 0.99" in found.text
    assert "P(real)" not in found.text
    assert "no unit" in found.text


def test_the_last_row_with_an_r_hat_counts(config: Config) -> None:
    draws = np.where(np.arange(ROWS) == ROWS - 1, np.nan, 8.0 * np.arange(ROWS))
    found = last_convergence(config, _health(**{"convergence/draws": draws}))
    assert found == Convergence(8 * (ROWS - 2), 1, 1.03, 1.01, 150.0, 300.0, None)
    assert last_convergence(config, _health(**{"convergence/draws": np.nan})) is None


def test_averaging_and_diversity() -> None:
    assert averaging_verdict(0.2, 0.1, 8).level == "good"
    assert "by 50%" in averaging_verdict(0.2, 0.1, 8).text
    assert averaging_verdict(0.2, 0.199, 8).level == "note"
    assert diversity_verdict(np.array([0.9, 1.1])).level == "good"
    collapsed = diversity_verdict(np.array([0.9, 0.1, 0.2]))
    assert collapsed.level == "warning"
    assert "generator 1, 2 makes" in collapsed.text


def test_tables_are_read_as_they_grow(tmp_path: Path) -> None:
    path = tmp_path / "health.csv"
    assert len(read_table(path)) == 0
    path.write_text("iteration,a\n100,1.5\n200,\n30")
    table = read_table(path)
    np.testing.assert_array_equal(table["iteration"], [100, 200])
    np.testing.assert_array_equal(table["a"], [1.5, np.nan])
    np.testing.assert_array_equal(table["none"], [np.nan, np.nan])
    assert len(table.after(100)) == 1


@pytest.mark.parametrize(
    "text", ["iteration,a\n100,1,2\n", "iteration,a\n100,x\n", "iteration\n\xff\n"]
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "health.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"health.csv: .*put it back"):
        read_table(path)
