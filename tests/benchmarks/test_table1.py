"""The harness of the paper's table: what a cell is, what is done, refused and printed."""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from run_files import write_run
from table_lines import baseline as _baseline
from table_lines import line as _line

from bayesian_gan.data import digits
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.evaluation import classification, label_spreading, points
from bayesian_gan.options.presets import PRESETS
from benchmarks import table1
from benchmarks.driver_runs import newest
from benchmarks.table.cells import SYSTEMS, Cell, configuration, result
from benchmarks.table.numbers import spread, three
from benchmarks.table.render import EQUAL_COST, render
from benchmarks.table.results import append_result, check_version, find, read_results

ROOT = Path(__file__).parents[2]


def test_a_finished_cell_is_found_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "results" / "table1.jsonl"
    append_result(path, _line())
    append_result(path, _line(system="dcgan", temperature=None, label_seed=3))
    append_result(path, _line(label_seed=5, temperature=0.0))
    append_result(path, _baseline(label_seed=3))
    lines = read_results(path)
    assert find(lines, Cell("mnist", 100, "label_spreading", 3, None)) == lines[3]
    assert find(lines, Cell("mnist", 100, "bayesgan", 0, "laptop")) == lines[0]
    assert find(lines, Cell("mnist", 100, "dcgan", 3, "laptop")) == lines[1]
    for other in (
        Cell("mnist", 50, "bayesgan", 0, "laptop"),
        Cell("mnist", 100, "bayesgan", 1, "laptop"),
        Cell("mnist", 100, "bayesgan", 5, "laptop"),  # Of the preset's temperature, which is 1.
        Cell("mnist", 100, "bayesgan", 0, "paper"),
        Cell("mnist", 100, "bayesgan", 0, "laptop", 0.1),
        Cell("digits", 100, "bayesgan", 0, "laptop"),
        Cell("mnist", 100, "dcgan", 3, "laptop", equal_cost=True),
    ):
        assert find(lines, other) is None


def test_an_ensemble_of_equal_cost_makes_fewer_iterations() -> None:
    values = PRESETS["laptop"].values
    chains, iterations = values["num_mcmc"] * values["num_gen"], values["train_iter"]
    equal = Cell("mnist", 100, "dcgan_10", 0, "laptop", equal_cost=True)
    full = Cell("mnist", 100, "dcgan_10", 0, "laptop")
    assert f"--train_iter={iterations * chains // 10}" in equal.flags()
    assert f"--warm_up={values['warm_up'] * chains // 10}" in equal.flags()
    assert not any("train_iter" in flag for flag in full.flags())
    assert equal.name != full.name
    # Two chains that move 2 of 10 generators cost 11.72 GFLOP, a DCGAN 3.74
    # (docs/research/step_cost.md).
    extra = ("--generators_per_step=2", "--train_iter=7000")
    of_paper = Cell("mnist", 100, "dcgan_10", 0, "paper", equal_cost=True).flags(extra)
    given = dict(flag.removeprefix("--").split("=") for flag in of_paper)  # The last one counts.
    assert int(given["train_iter"]) == pytest.approx(7000 * 11.72 / (10 * 3.74), rel=0.01)
    assert int(given["warm_up"]) / int(given["train_iter"]) == pytest.approx(5 / 7, rel=1e-3)
    assert given["generators_per_step"] == "1"


def test_a_block_of_generators_is_taken_from_bayesgan_alone() -> None:
    extra = ("--generators_per_step=2",)
    cell = Cell("mnist", 100, "bayesgan", 0, "paper")
    assert cell.flags(extra)[-1] == "--generators_per_step=2"
    for system in ("dcgan", "w_dcgan", "swag", "dcgan_10"):
        assert replace(cell, system=system).flags(extra)[-1] == "--generators_per_step=1"
        assert not any("per_step" in flag for flag in replace(cell, system=system).flags())


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "line 1: not a result"), (json.dumps({"dataset": "mnist"}), "lacks N")],
)
def test_lines_that_are_no_results_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table1.jsonl"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_results(path)


def test_runs_of_two_versions_are_not_mixed(tmp_path: Path) -> None:
    check_version(tmp_path, [_line(), _baseline(version="0.9")], "1")
    with pytest.raises(InputError, match=r"line 2: a result of version 0\.9, and this is 1"):
        check_version(tmp_path, [_line(), _line(version="0.9")], "1")


def test_baselines_need_no_run_and_stand_beside_older_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table1, "train", None)
    path = tmp_path / "r.jsonl"
    append_result(path, _line(version="0.9"))
    rows = ("--rows", "digits:100", "--label_seeds", "0", "3", f"--results={path}")
    both = ("--systems", "logistic_regression", "label_spreading")
    assert table1.main([*rows, "--go"]) == 2
    assert "version 0.9" in capsys.readouterr().err
    assert table1.main([*rows, *both]) == 0
    assert "0 of 4 cells are done" in capsys.readouterr().out
    assert len(read_results(path)) == 1
    assert table1.main([*rows, *both, "--go"]) == 0
    lines = read_results(path)[1:]
    assert [(line["system"], line["label_seed"]) for line in lines] == [
        *(("logistic_regression", 0), ("label_spreading", 0)),
        *(("logistic_regression", 3), ("label_spreading", 3)),
    ]
    data = digits.load()
    split = label_split(data, 100, 3)
    given = points(data.images, split.indices, split.labels, data.test_images, 10, 0)
    found = classification(label_spreading(given, 0).probabilities, data.test_labels)
    assert {name: lines[3][name] for name in vars(found)} == vars(found)
    assert lines[3]["unlabelled"] == 1197
    capsys.readouterr()
    assert table1.main([*rows, *both, "--go"]) == 0
    assert "4 of 4 cells are done" in capsys.readouterr().out
    assert len(read_results(path)) == 5


def test_each_system_reads_its_score_of_the_final_state() -> None:
    scores = {
        name: {"errors": k, "n": 10000, "nll": 0.1 * k, "ece": 0.01 * k}
        for k, name in enumerate(("supervised", "single", "ensemble", "posterior"), 1)
    }
    scores["posterior"]["num_samples"] = 8
    summary = {**scores, "iteration": 9000, "seconds": 540.0}
    flags = {"batch_size": 64, "temperature": 0.5, "label_seed": 7, "lr": 0.1}
    described = {"flags": flags, "versions": {"bayesian-gan": "1"}}
    found = {
        system: result(
            Cell("mnist", 100, system, 7, "laptop"), ("--lr=0.1",), summary, described, 60000
        )
        for system in ("supervised", "dcgan", "w_dcgan", "swag", "dcgan_10", "bayesgan")
    }
    errors = [line["errors"] for line in found.values()]
    assert errors == [1, 2, 2, 4, 3, 4]
    assert [line["ece"] for line in found.values()] == [0.01 * k for k in errors]
    assert found["bayesgan"]["single_errors"] == 2
    # An average along the trajectory of one network stands beside it, and only there.
    drawn = [line["trajectory_errors"] for line in found.values()]
    assert drawn == [None, 4, 4, None, None, None]
    assert found["w_dcgan"]["trajectory_nll"] == pytest.approx(0.4)
    assert found["bayesgan"]["temperature"] == 0.5
    assert found["bayesgan"]["extra"] == "--lr=0.1"
    # 9,000 iterations of 64 images are 9.6 passes over 60,000, in 9 minutes.
    assert found["dcgan"]["minutes_per_epoch"] == pytest.approx(9.0 / 9.6)
    assert configuration(flags | {"label_seed": 8}) == configuration(flags)
    assert configuration(flags | {"lr": 0.2}) != configuration(flags)
    older = summary | {"single": {"errors": 2, "n": 10000, "nll": 0.2}}  # Of version 1.1.0.
    dcgan = Cell("mnist", 100, "dcgan", 7, "laptop")
    line = result(dcgan, (), older, described, 60000)
    assert line["ece"] is None
    assert line["ood"] is None
    detected = {"entropy": {"auroc": 0.9, "aupr": 0.8}, "p_real": {"auroc": 0.7, "aupr": 0.6}}
    evaluation = {"out_of_distribution": {"data_set": "cifar", "scores": detected}}
    line = result(dcgan, (), summary, described, 60000, evaluation)
    assert line["ood"] == {"data_set": "cifar", "auroc": {"entropy": 0.9, "p_real": 0.7}}
    # The draws are the run's, and not the supervised CNN's.
    supervised = replace(dcgan, system="supervised")
    assert result(supervised, (), summary, described, 60000, evaluation)["ood"] is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((1639.6, "1,640"), (302.34, "302"), (9.996, "10.0"), (9.994, "9.99"), (999.7, "1,000")),
        *((0.03496, "0.0350"), (12345.0, "12,300"), (0.0, "0"), (32.0, "32.0"), (0.99951, "1.00")),
    ],
)
def test_numbers_have_three_significant_digits(number: float, text: str) -> None:
    assert three(number) == text


def _cells(text: str, section: str, start: str) -> list[str]:
    """Of the first row that starts so, after a heading."""
    rows = text.split(f"### {section},")[1].splitlines()
    row = next(line for line in rows if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in row.split("|")[2:-1]]


def test_the_document_has_a_table_of_each_data_set() -> None:
    assert spread([1.0, 2.0, 3.0]) == "2.00 ± 2.00 (3)"
    assert spread([5.0]) == "5.00 (1)"
    lines = [_line(label_seed=k, errors=100 + 10 * k, ece=0.003) for k in range(3)]
    lines += [_line(label_seed=k, errors=90, temperature=0.0) for k in range(3)]
    lines += [_line(dataset="cifar", N=1000, errors=5000)]
    lines += [
        _line(system="dcgan_10", errors=97, nll=0.03, ece=0.002),
        _line(system="dcgan_10", errors=130, equal_cost=True),
        _line(dataset="digits", system="dcgan_10", errors=12, equal_cost=True, extra="--lr=0.1"),
        _line(dataset="digits", n=500, system="supervised", temperature=None, errors=31),
        _baseline(errors=1080, nll=0.4),
        _baseline(errors=1100, nll=0.3, label_seed=1, version="2"),
        _baseline(dataset="svhn", N=500, errors=4000),
    ]
    text = render(lines)
    own = [row for row in text.splitlines() if row.startswith(("| 1 |", "| 2 |"))]
    assert own == [
        "| 1 | cifar | bayesgan at T = 1 |",
        "| 1 | digits | dcgan_10, supervised |",
        "| 1 | mnist | bayesgan at T = 0, bayesgan at T = 1, dcgan_10, label_spreading |",
        "| 1 | svhn | label_spreading |",
        "| 2 | mnist | label_spreading |",
    ]
    # BayesGAN's is of temperature 1 alone.
    assert _cells(text, "mnist", "100") == [
        *("errors", "-", "1,090 ± 28.3 (2)", "- *2134 ± 525*", "- *128 ± 11*", "- *156 ± 17*"),
        *("-", "**97.0 (1)** *97 ± 8.2*", "110 ± 20.0 (3) *79 ± 5.8*"),
    ]
    nll, ece = text.split("### mnist,")[1].splitlines()[5:7]
    assert nll == "|  | NLL | - | 0.350 | - | - | - | - | **0.0300** | 0.0400 |"
    assert ece == "|  | ECE % | - | 1.25 | - | - | - | - | **0.200** | 0.300 |"
    assert _cells(text, "cifar", "1000")[:2] == ["error %", "-"]
    assert _cells(text, "cifar", "1000")[-1] == "**50.0 (1)** *32.7 ± 5.2*"
    assert "With `--lr=0.1` (digits)." in text
    digits_cells = _cells(text, "digits", "100")
    assert digits_cells[3:] == ["31.0 (1)", "-", "-", "-", f"**12.0 (1)** {EQUAL_COST}", "-"]
    # Of no system of digits is the ECE known.
    assert (
        text.split("### digits,")[1].splitlines()[6]
        == "|  | ECE % | - | - | - | - | - | - | - | - |"
    )
    assert "| 100 | dcgan_10 at the cost of bayesgan | 1 | 120 (1) | 130 (1) |" in text
    assert (
        "| 100 | bayesgan | 0 | 120 ± 0 (3) | 90.0 ± 0 (3) | 0.0500 | 0.0400 | - | 10.0 | 0.500 |"
        in text
    )
    assert "| 100 | label_spreading |  | 1,090 ± 28.3 (2) |  | 0.350 |  | 1.25 | 10.0 |  |" in text
    # It trains within another run, whose minutes are not its own.
    assert "| 100 | supervised |  | 31.0 (1) |  | 0.0400 |  | - |  |  |" in text
    alone = text.split("## Baselines alone")[1]
    assert _cells(alone, "svhn", "500")[:3] == ["error %", "-", "**40.0 (1)**"]
    assert "svhn" not in text.split("## `--preset ")[1].split("## Baselines alone")[0]


def test_no_score_is_best_that_is_not_known_of_all() -> None:
    text = render([_baseline(errors=1080), _line(nll=0.9)])
    assert "|  | NLL | - | **0.0400** | - | - | - | - | - | 0.900 |" in text
    assert "|  | ECE % | - | 1.25 | - | - | - | - | - | - |" in text


def test_a_baseline_stands_in_the_table_of_every_preset() -> None:
    lines = [_line(), _line(preset="paper"), _line(preset="paper", N=20), _baseline()]
    text = render(lines)
    laptop, paper = text.split("## `--preset ")[1:]
    for section in (laptop, paper):
        assert _cells(section, "mnist", "100")[2] == "**100 (1)**"
    assert _cells(paper, "mnist", "20")[2] == "-"
    assert "Baselines alone" not in text


def test_one_network_and_the_average_of_its_draws_stand_side_by_side() -> None:
    single = {"temperature": None, "single_errors": None, "single_nll": None}
    drawn = {"trajectory_errors": 96, "trajectory_nll": 0.03}
    lines = [_line(**single, **drawn, system="dcgan", errors=106)]
    # The next drew nothing.
    lines += [_line(**single, system="dcgan", errors=110, label_seed=1, nll=0.06)]
    lines += [_line(**single, system="w_dcgan", errors=311)]
    text = render(lines)
    assert "| 100 | dcgan |  | 108 ± 5.66 (2) | 96.0 (1) | 0.0500 | 0.0300 | - | 10.0 |" in text
    assert "| 100 | w_dcgan |  | 311 (1) |  | 0.0400 |  | - | 10.0 |" in text
    # The table's is the last network.
    assert _cells(text, "mnist", "100")[4] == "**108 ± 5.66 (2)** *128 ± 11*"


def test_systems_are_compared_on_the_label_sets_that_both_have() -> None:
    lines = [_line(label_seed=k, errors=100 + 10 * k, nll=0.01 * k) for k in range(5)]
    single = {"system": "dcgan", "temperature": None}
    lines += [_line(**single, label_seed=k, errors=120, nll=0.05) for k in (1, 4, 7)]
    lines += [_line(label_seed=3, errors=90, temperature=0.0, nll=0.2, ece=0.004)]
    lines += [_line(**single, N=20)]  # Without a Bayesian GAN there is nothing to compare with.
    lines += [_baseline(label_seed=2, errors=900)]
    text = render(lines)
    paired = text.split("that both have:")[1].split("a single network")[0]
    for row in (
        "| 100 | label_spreading | 2 | 900 | 120 | 0.0400 | 0.0200 | 1.25 | - |",
        "| 100 | dcgan | 1, 4 | 120 | 125 | 0.0500 | 0.0250 | - | - |",
        "| 100 | bayesgan, temperature 0 | 3 | 90.0 | 130 | 0.200 | 0.0300 | 0.400 | - |",
    ):
        assert row in paired
    assert paired.count("| 100 |") == 3
    assert "| 20 |" not in paired


@pytest.mark.parametrize("warm", [None, 0.1])
def test_another_temperature_branches_off_a_finished_run(
    warm: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branched: list[tuple[Path, Path, dict[str, float]]] = []

    def branch(source: Path, out_dir: Path, changes: dict[str, float]) -> None:
        branched.append((source, out_dir, changes))
        (out_dir / "bgan_mnist_2").mkdir()

    def train(script: str, flags: list[str], place: Path, **_: Any) -> Path | None:
        return newest(place)

    monkeypatch.setattr(table1, "branch", branch)
    monkeypatch.setattr(table1, "train", train)
    known = argparse.Namespace(runs=tmp_path, data_path=None, temperatures=[0.1, 0.0], ood=None)
    warmed = tmp_path / Cell("mnist", 100, "bayesgan", 3, "laptop", warm).name / "bgan_mnist_1"
    write_run(warmed, iteration=8500, train_iter=9000)
    cold = Cell("mnist", 100, "bayesgan", 3, "laptop", 0.0)
    table1._run_cell(cold, known, (), 1)  # The other run is not finished: nothing to branch off.
    assert not branched
    write_run(warmed, iteration=9000, train_iter=9000)
    for _ in range(2):  # The second time it is there already, and goes on.
        assert table1._run_cell(cold, known, (), 1) == tmp_path / cold.name / "bgan_mnist_2"
    assert branched == [(warmed, tmp_path / cold.name, {"temperature": 0.0})]


def test_temperatures_are_asked_for_so_that_they_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for extra in ("--temperature=0", "-temperature=0"):
        assert table1.main(["--go", f"--results={tmp_path / 'r.jsonl'}", extra]) == 2
        assert "give --temperatures" in capsys.readouterr().err


@pytest.mark.parametrize("extra", ["--num_mcms=3", "--plan", "mnist:100", "--lr=fast"])
def test_what_no_run_would_take_is_refused_before_the_first_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: str
) -> None:
    places = (f"--results={tmp_path / 'r.jsonl'}", f"--runs={tmp_path / 'runs'}")
    assert table1.main(["--go", "--rows", "digits:100", *places, extra]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("table1.py: error: ")
    assert extra.lstrip("-").partition("=")[0] in line
    assert not (tmp_path / "runs").exists()


def test_absent_data_is_skipped_and_the_plan_runs_nothing(tmp_path: Path) -> None:
    printed = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "table1.py"),
            *("--rows", "svhn:500", "digits:100"),
            *("--label_seeds", "0", "1"),
            *("--data_path", str(tmp_path)),
            *("--results", str(tmp_path / "r.jsonl")),
            *("--runs", str(tmp_path / "runs")),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.startswith("skipped svhn:500: no svhn in --data_path")
    assert f"0 of {2 * len(SYSTEMS)} cells are done" in printed
    assert printed.endswith("--go runs them\n")
    assert printed.count("digits_100_bayesgan") == 2  # The supervised CNN trains beside it.
    assert not (tmp_path / "runs").exists()
