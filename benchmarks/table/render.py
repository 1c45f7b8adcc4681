"""`docs/research/results.md`: a small table of each data set, and what stands behind it."""

import statistics
from collections import defaultdict
from collections.abc import Sequence

from bayesian_gan.evaluation.baselines import BASELINES
from benchmarks.table.cells import IN_PAPER, PAPER, SYSTEMS
from benchmarks.table.further import details, paired, told_apart, warmest
from benchmarks.table.numbers import COUNTED, Line, Lines, of_lines, spread, three

TITLES = {
    "logistic_regression": "logistic regression ¹",
    "label_spreading": "label spreading ²",
    "supervised": "supervised ³",
    "dcgan": "DCGAN ⁴",
    "w_dcgan": "W-DCGAN ⁴",
    "swag": "SWAG ⁵",
    "dcgan_10": "DCGAN-10",
    "bayesgan": "BayesGAN",
}
EQUAL_COST = "⁶"
INTRODUCTION = """\
This page has what every system of the paper's Table 1 achieves here, beside what is cheap. How the
systems are made: [The systems](systems.md).

    python benchmarks/table1.py --data_path D --go     # runs what is missing, hours
    python benchmarks/table1.py --render               # writes this page; do not edit it

Each run adds a line to `benchmarks/results/table1.jsonl`. Scores are of the *final* state of a run
on the whole test set.

| score | what stands here |
| --- | --- |
| errors | mean ± 2 standard deviations over label sets, their number in parentheses |
| *errors* | the paper's Table 1, as it is printed there |
| NLL | mean, in nats |
| ECE | mean, 15 bins of equal width |
| **bold** | the best mean of a row, of ours, where all are known |
| - | not known: runs of version 1.1.0 did not keep the ECE |

In each preset all systems have the same terms. Systems may have different label sets, so below each
table stand the means over those that both have."""
NOTES = """\
- ¹ On 50 principal components, from the labels alone; C by cross-validation on them.
- ² scikit-learn's LabelSpreading on these components, 7 neighbours, with at most 20,000 images that
  have no label. Both baselines have no preset: `bayesian_gan.evaluation.baselines`.
- ³ The CNN trains within another system's run, and has no minutes of its own.
- ⁴ The last network; the average of its draws along the same run stands in the last table.
- ⁵ 20 draws of a Gaussian of rank 10 along the same path (Maddox et al. 2019), at the DCGAN's cost.
- ⁶ So few iterations that all ten cost what the Bayesian GAN does.

Minutes are those of the machine that ran a cell, and machines differ: they compare systems only
roughly."""


def render(lines: Lines) -> str:
    """The document's text."""
    parts = ["# Results", "", INTRODUCTION]
    if not lines:
        return "\n".join([*parts, "", "No cell is done yet."]) + "\n"
    baselines = [line for line in lines if line["system"] in BASELINES]
    trained = [line for line in lines if line["system"] not in BASELINES]
    parts += ["", *_versions(lines)]
    for preset in sorted({line["preset"] for line in trained}):
        own = [line for line in trained if line["preset"] == preset]
        parts += ["", f"## `--preset {preset}`", *_further_flags(own)]
        parts += _section(own, [line for line in baselines if _row(line) in set(map(_row, own))])
    alone = [line for line in baselines if _row(line) not in set(map(_row, trained))]
    if alone:
        parts += ["", "## Baselines alone", *_section([], alone)]
    return "\n".join([*parts, "", "## Notes", "", NOTES]) + "\n"


def _row(line: Line) -> tuple[str, int]:
    return line["dataset"], line["N"]


def _versions(lines: Lines) -> list[str]:
    """A table of which version measured what."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lines:
        warmth = line.get("temperature") if line["system"] == "bayesgan" else None
        name = line["system"] + ("" if warmth is None else f" at T = {warmth:g}")
        found[line["version"], line["dataset"]].add(name)
    return [
        "| measured with version | data set | systems |",
        "| --- | --- | --- |",
        *(f"| {v} | {data} | {', '.join(sorted(found[v, data]))} |" for v, data in sorted(found)),
    ]


def _further_flags(lines: Lines) -> list[str]:
    """A paragraph with the flags of each data set's runs beside the preset's, if any."""
    found = sorted({(line["dataset"], line["extra"]) for line in lines if line.get("extra")})
    if not found:
        return []
    return ["", "With " + "; ".join(f"`{extra}` ({name})" for name, extra in found) + "."]


def _section(trained: Lines, baselines: Lines) -> list[str]:
    """The tables of each data set, of one preset."""
    parts = []
    for dataset in sorted({line["dataset"] for line in [*trained, *baselines]}):
        own = [line for line in [*trained, *baselines] if line["dataset"] == dataset]
        counted = f"errors of {own[0]['n']:,} test images" if dataset in COUNTED else "error %"
        parts += ["", f"### {dataset}, {counted}", "", *_table(own)]
        for table in (paired(own), details(own), told_apart(own)):
            parts += ["", *table] if table else []
    return parts


def _table(lines: Lines) -> list[str]:
    """N and score down, systems across."""
    cells: dict[tuple[int, str], list[Line]] = defaultdict(list)
    equal: dict[int, list[Line]] = defaultdict(list)
    warm = warmest(lines)
    for line in lines:
        if line.get("equal_cost"):
            equal[line["N"]].append(line)
        elif line["system"] != "bayesgan" or line["temperature"] == warm[_row(line)]:
            cells[line["N"], line["system"]].append(line)
    dataset = lines[0]["dataset"]
    table = [
        "| N | | " + " | ".join(TITLES[system] for system in SYSTEMS) + " |",
        "| --- |" + " --- |" * (1 + len(SYSTEMS)),
    ]
    for N in sorted({line["N"] for line in lines}):
        cheap = not cells[N, "dcgan_10"] and bool(equal[N])
        own = [cells[N, s] or (equal[N] if s == "dcgan_10" else []) for s in SYSTEMS]
        marks = [f" {EQUAL_COST}" * (s == "dcgan_10" and cheap) for s in SYSTEMS]
        paper = dict(zip(IN_PAPER, PAPER.get((dataset, N), ()), strict=False))
        beside = [_paper(paper.get(system)) for system in SYSTEMS]
        errors = "errors" if dataset in COUNTED else "error %"
        table += [
            _line(f"{N}", errors, _scores(own, "errors", marks), beside),
            _line("", "NLL", _scores(own, "nll", marks)),
            _line("", "ECE %", _scores(own, "ece", marks)),
        ]
    return table


def _scores(cells: Sequence[Lines], score: str, marks: Sequence[str]) -> list[str]:
    """A score of each system, the best in bold where all are known; of errors with their spread."""
    found = [of_lines(lines, score) for lines in cells]
    means = [statistics.mean(values) if values else float("inf") for values in found]
    known = all(values for values, lines in zip(found, cells, strict=True) if lines)
    printed = []
    for values, mean, mark in zip(found, means, marks, strict=True):
        text = "-" if not values else spread(values) if score == "errors" else three(mean)
        best = known and bool(values) and mean == min(means)
        printed.append((f"**{text}**" if best else text) + mark * bool(values))
    return printed


def _paper(theirs: tuple[float, float] | None) -> str:
    return "" if theirs is None else f" *{theirs[0]:g} ± {theirs[1]:g}*"


def _line(N: str, score: str, cells: list[str], beside: Sequence[str] = ()) -> str:
    joined = [a + b for a, b in zip(cells, beside or [""] * len(cells), strict=True)]
    return f"| {N} | {score} | " + " | ".join(joined) + " |"
