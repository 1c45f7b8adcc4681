"""The whole page of one run, or of several that are compared."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from bayesian_gan.report import compare, html
from bayesian_gan.report.classification import classification_sections
from bayesian_gan.report.evaluated import evaluation_section
from bayesian_gan.report.findings import EVALUATION_FILE, Findings
from bayesian_gan.report.generators import generator_section
from bayesian_gan.report.health import curves_section, health_section
from bayesian_gan.report.mixing import mixing_section
from bayesian_gan.report.opening import counted, opening
from bayesian_gan.report.summary import verdicts_of
from bayesian_gan.runs.command import typed
from bayesian_gan.runs.whole import damage_of

TEMPLATE = Path(__file__).with_name("page.html")


def page(runs: Sequence[Findings]) -> str:
    """The HTML document: what a person wants first, and the rest folded.

    Args:
        runs: at least one; several are compared, and each is folded whole.
    """
    if len(runs) > 1:
        title = f"{len(runs)} runs of a Bayesian GAN"
        parts = [
            html.heading(1, title),
            html.links((f"run{k}", _name(found)) for k, found in enumerate(runs)),
            *compare.sections(runs),
        ]
        for k, found in enumerate(runs):
            parts.append(html.fold(1, _name(found), f"run{k}", _run(found, k), _subtitle(found)))
    else:
        (found,) = runs
        title = f"Bayesian GAN: {_name(found)}"
        parts = [
            html.heading(1, _name(found), "run0"),
            html.paragraph(_subtitle(found), soft=True),
            *_run(found, 0),
        ]
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), body="\n".join(parts))


def _run(found: Findings, k: int) -> list[str]:
    """The opening, then all sections of one run, those that have nothing to show left out."""
    verdicts = verdicts_of(found)
    sections = [
        ("Verdicts", [html.verdicts(verdicts)]),
        ("Learning curves", curves_section(found)),
        *classification_sections(found),
        ("What the generators learnt", generator_section(found)),
        ("Do the chains agree?", mixing_section(found)),
        ("Sampler health", health_section(found)),
        ("Evaluation", _evaluation(found)),
        ("Configuration", _configuration(found)),
        ("Left out", [html.unordered(found.left_out)] if found.left_out else []),
    ]
    shown = [(name, f"run{k}-{i}", body) for i, (name, body) in enumerate(sections) if body]
    said = {"Verdicts": counted(verdicts), "Left out": f"{len(found.left_out)}"}
    return [
        *opening(found, verdicts),
        html.links((anchor, name) for name, anchor, _ in shown),
        *(html.fold(2, name, anchor, body, said.get(name, "")) for name, anchor, body in shown),
    ]


def _evaluation(found: Findings) -> list[str]:
    with damage_of(str(found.run.path / EVALUATION_FILE)):
        return evaluation_section(found)


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
    return f"{labels}{html.shown(found.run.data_name)}, {players}, objective {config.objective}"


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
