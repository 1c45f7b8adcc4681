"""Verdicts of runs whose numbers are made up, so that what must be said is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.report.summary import averaging_verdict, calibration_verdict, diversity_verdict
from bayesian_gan.report.tables import Table, read_table
from bayesian_gan.report.verdicts import Verdict, sampling_verdicts

ROWS = 20


@pytest.fixture(scope="module")
def config() -> Config:
    """A run that samples at T = 0.5 after iteration 1000."""
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", "O", "--warm_up", "1000", "--temperature", "0.5"])
    return Config.from_flags(values)


def _health(**changes: np.ndarray | float) -> Table:
    """A run in perfect health, measured ten times in its warm-up and ten times after it."""
    sampling = np.arange(ROWS) >= ROWS // 2
    columns: dict[str, np.ndarray] = {"iteration": np.arange(1, ROWS + 1) * 100.0}
    for player in ("generator", "discriminator"):
        columns[f"weight_norm/{player}_0"] = np.full(ROWS, 9.0)
        columns[f"temperature/{player}s_of_chain_0"] = np.where(sampling, 0.5, np.nan)
        columns[f"kinetic_temperature/{player}s_of_chain_0"] = np.where(sampling, 0.51, np.nan)
    for name, value in (
        ("p_real/discriminator_0/real", 0.7),
        ("p_real/discriminator_0/fake", 0.3),
        ("convergence/rhat_max", 1.02),
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
    found = sampling_verdicts(config, _health())
    assert [v.level for v in found] == ["good"] * 6
    assert "1.02 times the temperature 0.5" in _about(found, "Temperature of the gen").text


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
        ({"convergence/rhat_max": 1.1}, "Mixing", "note", "run longer"),
        ({"convergence/ess_min": 20.0}, "Mixing", "note", "run longer"),
        (
            {"convergence/rhat_max": 3.0, "convergence/rhat_median": 1.5},
            "Mixing",
            "warning",
            "ensemble",
        ),
        ({"convergence/rhat_max": np.nan}, "Mixing", "note", "too few"),
        (
            {"weight_norm/generator_0": np.linspace(5.0, 10.0, ROWS)},
            "Weights of the gen",
            "note",
            "not stationary",
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
    found = sampling_verdicts(config, _health(**changes))
    verdict = _about(found, word)
    assert verdict.level == level
    assert said in verdict.text
    assert [v.level for v in found if v is not verdict] == ["good"] * 5


def test_what_was_hot_at_first_only_is_forgiven(config: Config) -> None:
    values = np.where(np.arange(ROWS) < 15, 2.0, 0.5)
    found = sampling_verdicts(
        config, _health(**{"kinetic_temperature/generators_of_chain_0": values})
    )
    assert _about(found, "Temperature of the gen").level == "good"


def test_optimisers_are_not_judged_as_samplers(config: Config) -> None:
    for change, said in (
        ({"optimizer": "adam"}, "Adam"),
        ({"temperature": 0.0}, "temperature 0"),
        ({"objective": "authors"}, "without noise"),
    ):
        found = sampling_verdicts(replace(config, **change), _health())
        assert [v.subject for v in found] == ["Sampling", "Balance of the players"]
        assert said in found[0].text
    found = sampling_verdicts(replace(config, warm_up=5000), _health())
    assert "not begun" in found[0].text
    assert "no health.csv" in sampling_verdicts(config, Table({}))[0].text


def _classifier(sharpen: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [4000, 5] and labels drawn from them, the probabilities then sharpened."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(5, 0.4), 4000)
    labels = np.array([rng.choice(5, p=row) for row in p])
    q = p**sharpen
    return q / q.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize(
    ("sharpen", "level", "said"),
    [(1.0, "good", "at their word"), (3.0, "note", "overconfident"), (0.4, "note", "underconf")],
)
def test_calibration_is_held_against_chance(sharpen: float, level: str, said: str) -> None:
    verdict = calibration_verdict(*_classifier(sharpen))
    assert verdict.level == level
    assert said in verdict.text


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
