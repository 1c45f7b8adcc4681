"""The page of all options, docs/reference/options.md, from their declarations: what `make options` writes."""

import sys
from collections.abc import Iterator
from pathlib import Path

from bayesian_gan.options.config import Config
from bayesian_gan.options.option import Declared, options_of
from bayesian_gan.options.predictive import PredictiveOptions
from bayesian_gan.synthetic.options import SynthConfig

HEAD = """\
# Options

This page lists every option of a run, by program and group. `make options` writes it from the
declarations in `bayesian_gan/options/`; do not edit it.

| column | what it says |
| --- | --- |
| default | empty: the option is not set, and its text says what happens then |
| range | *on or off*: `--NAME` switches it on, `--noNAME` off |
| may differ | who may have another value: *resumed*, a run that goes on with `--resume`; |
| | *branched*, one that begins where another's warm-up ended (`bayesian-gan branch`) |

On the command line `--help` shows the first group, `--help GROUP` another one, and `--helpfull` all.
"""
PROGRAMS = (
    ("bayesian-gan train, run_bgan_semi.py, run_bgan.py", Config),
    ("bayesian-gan prior, beside all of these", PredictiveOptions),
    ("bayesian-gan synth, run_bgan_synth.py", SynthConfig),
)
NOTE = """
`--semi` is off by default in `run_bgan.py`.
"""
DIFFERS = {"resume": "resumed", "branch": "branched"}


def page() -> str:
    """The whole page, in Markdown."""
    sections = [_section(name, options) for name, options in PROGRAMS]
    sections[0] += NOTE
    return "\n".join([HEAD, *sections])


def _section(program: str, options: type) -> str:
    declared = list(options_of(options).values())
    groups = dict.fromkeys(each.group for each in declared)
    tables = ["\n".join(_table(g, [e for e in declared if e.group == g])) for g in groups]
    return "\n".join([f"## {program}", *tables, ""])


def _table(title: str, declared: list[Declared]) -> Iterator[str]:
    # Only a run of the first program can be gone on with.
    differ = any(each.option.may_differ for each in declared)
    header = ["option", "default", "range", "what it is", *["may differ"] * differ]
    yield f"\n### {title[0].upper()}{title[1:]}\n"
    yield _row(header)
    yield _row(["---"] * len(header))
    for each in declared:
        rule, default = each.option, each.shown(each.option.default)
        name = f"`--{each.name}`" + (f", `--{rule.alias}`" if rule.alias else "")
        cells = [name, f"`{default}`" if default else "", each.values, rule.text]
        yield _row([*cells, *[", ".join(DIFFERS[d] for d in rule.may_differ)] * differ])


def _row(cells: list[str]) -> str:
    escaped = (cell.replace("|", r"\|").replace("*", r"\*") for cell in cells)
    return f"| {' | '.join(escaped)} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
