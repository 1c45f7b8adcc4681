"""The whole page of one run, or of several that are compared."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from bayesian_gan.report import compare, html
from bayesian_gan.report.classification import classification_sections
from bayesian_gan.report.evaluated import evaluation_section
from bayesian_gan.report.findings import Findings
from bayesian_gan.report.generators import generator_section
from bayesian_gan.report.health import curves_section, health_section
from bayesian_gan.report.mixing import mixing_section
from bayesian_gan.report.summary import verdicts_of
from bayesian_gan.runs.command import typed

TEMPLATE = Path(__file__).with_name("page.html")


def page(runs: Sequence[Findings]) -> str:
    """The HTML document.

    Args:
        runs: at least one; several are compared before each is shown.
    """
    parts = []
    if len(runs) > 1:
        title = f"{len(runs)} runs of a Bayesian GAN"
        parts.append(html.heading(1, title))
        parts.append(html.links((f"run{k}", _name(found)) for k, found in enumerate(runs)))
        parts += compare.sections(runs)
    else:
        title = f"Bayesian GAN: {_name(runs[0])}"
    for k, found in enumerate(runs):
        parts += _run(found, k)
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), body="\n".join(parts))


def _run(found: Findings, k: int) -> list[str]:
    """All sections of one run, those that have nothing to show left out."""
    sections = [
        ("Verdicts", [html.verdicts(verdicts_of(found))]),
        ("Learning curves", curves_section(found)),
        *classification_sections(found),
        ("What the generators learnt", generator_section(found)),
        ("Do the chains agree?", mixing_section(found)),
        ("Sampler health", health_section(found)),
        ("Evaluation", evaluation_section(found)),
        ("Configuration", _configuration(found)),
        ("Left out", [html.unordered(found.left_out)] if found.left_out else []),
    ]
    shown = [(name, f"run{k}-{i}", body) for i, (name, body) in enumerate(sections) if body]
    parts = [
        html.heading(1, _name(found), f"run{k}"),
        html.paragraph(_subtitle(found), soft=True),
        html.cards(_cards(found)),
        html.links((anchor, name) for name, anchor, _ in shown),
    ]
    for name, anchor, body in shown:
        parts += [html.heading(2, name, anchor), *body]
    return parts


def _name(found: Findings) -> str:
    return found.run.path.resolve().name


def _subtitle(found: Findings) -> str:
    config = found.run.config
    players = (
        f"{config.num_mcmc} chain{'s' * (config.num_mcmc > 1)} of {config.num_gen} "
        f"generator{'s' * (config.num_gen > 1)} and {config.num_disc} "
        f"discriminator{'s' * (config.num_disc > 1)}"
    )
    labels = f"{len((found.run.split or {}).get('indices', []))} labels of " if config.semi else ""
    return f"{labels}{found.run.data_name}, {players}, objective {config.objective}"


def _cards(found: Findings) -> list[tuple[str, str]]:
    summary: dict[str, Any] = found.run.summary or {}
    values = []
    for name, what in (
        ("posterior", "error, posterior average"),
        ("single", "error, last single sample"),
        ("supervised", "error, supervised network"),
    ):
        score = summary.get(name) or {}
        if "errors" in score:
            said = f"{100 * score['error_rate']:.2f}%"
            known = f"({score['errors']} of {score['n']:,}), NLL {score['nll']:.3f}"
            values.append((said, f"{what} {known}{_mixing(score)}"))
    if found.run.num_test == 0:
        values.append(("no test set", "nothing was held out: no error is known"))
    count = summary.get("posterior", {}).get("num_samples")
    if count is not None:
        values.append((f"{count}", "discriminator samples collected"))
    if "iteration" in summary:
        values.append((f"{summary['iteration']:,}", "iterations"))
        values.append((_duration(summary["seconds"]), "of training"))
    elif len(found.log):
        last = int(found.log["iteration"][-1])
        values.append((f"{last:,}", f"of {found.run.config.train_iter:,} iterations: not finished"))
    return values


def _mixing(score: dict[str, Any]) -> str:
    """R-hat and effective sample size of the draws' NLL, where they are known."""
    nll = (score.get("mixing") or {}).get("nll")
    if nll is None:
        return ""
    rhat = "infinite" if nll["rhat"] is None else f"{nll['rhat']:.2f}"
    return f", whose R-hat is {rhat} and effective sample size {nll['ess_bulk']:.0f}"


def _duration(seconds: float) -> str:
    minutes = seconds / 60.0
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _configuration(found: Findings) -> list[str]:
    from absl import flags

    from bayesian_gan.options.flags import define

    values = flags.FlagValues()
    define(values, semi=True)
    resolved = found.run.config.to_json()
    listed = [
        (name, "none" if value is None else str(value), value != values[name].default)
        for name, value in resolved.items()
    ]
    versions = ", ".join(f"{name} {value}" for name, value in found.run.versions.items())
    return [
        html.code(typed(found.run.command)),
        html.paragraph(
            "All flags; those in bold, which come first, are not the default.", soft=True
        ),
        html.flags(sorted(listed, key=lambda flag: not flag[2])),
        html.paragraph(versions, soft=True),
    ]
