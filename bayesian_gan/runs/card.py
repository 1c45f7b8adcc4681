"""`MODEL_CARD.md`: what a run is, how good, and what it is not good for, for who did not train it.

The sections follow Mitchell et al. 2019, "Model cards for model reporting". docs/reference/model_card.md
describes them.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesian_gan.data.catalogue import find
from bayesian_gan.options.groups import AllOptions
from bayesian_gan.options.option import options_of
from bayesian_gan.options.own_preset import values_of_preset
from bayesian_gan.runs.card_front import front_matter
from bayesian_gan.runs.card_limits import intended_use, limits
from bayesian_gan.runs.card_scores import EVALUATION_FILE, Score, card_scores
from bayesian_gan.runs.command import typed
from bayesian_gan.runs.escaping import fenced, table, words
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.folder import DATA_FILE
from bayesian_gan.runs.whole import damage_of
from bayesian_gan.storage import write_atomically, written

if TYPE_CHECKING:
    from bayesian_gan.evaluation.draws import Verdict

CARD = "MODEL_CARD.md"
FORMAT = 1
MOST_CLASSES = 200
# Where a run lies, and how it goes on, is no part of what it is.
OF_PLACE = ("preset", "data", "data_path", "labels", "cache_dir", "out_dir", "resume", "download")


def write_card(
    folder: Path,
    run: FinishedRun,
    calibration: "Verdict | None" = None,
    exported: Mapping[str, Any] | None = None,
) -> Path:
    """Writes the card into a folder; one that is there is replaced.

    Args:
        folder: of the file.
        run: what it is of.
        calibration: what is said of the probabilities, where the caller has looked at them; else
            what `evaluate` has said.
        exported: what `export.json` says, of an export.

    Raises:
        InputError: it cannot be written, or a file of the run is damaged.
    """
    path = folder / CARD
    text = card(run, calibration, exported).encode()
    with written(path, "make room, or give another place"):
        write_atomically(path, lambda file: file.write(text))
    return path


def card(
    run: FinishedRun,
    calibration: "Verdict | None" = None,
    exported: Mapping[str, Any] | None = None,
) -> str:
    """The text of the card; see `write_card`."""
    read = " or ".join((EVALUATION_FILE, "summary.json", DATA_FILE))
    with damage_of(f"{run.path}: {read}"):
        return _text(run, calibration, exported)


def _text(
    run: FinishedRun, calibration: "Verdict | None", exported: Mapping[str, Any] | None
) -> str:
    scores = card_scores(run, (exported or {}).get("distillation"))
    sections = {
        "": _opening(run, exported),
        "Intended use": intended_use(run),
        "Scores": _scores(run, scores, exported),
        "Calibration": _calibration(run, scores, calibration),
        "Mixing": _mixing(run),
        "Limits": limits(run, scores),
        "Data": _data(run),
        "Labels": _labels(run),
        "How it was trained": _trained(run),
        "Versions": words(", ".join(f"{name} {value}" for name, value in run.versions.items())),
    }
    parts = [front_matter(run, scores), f"# {words(run.path.resolve().name)}"]
    for name, body in sections.items():
        parts += [f"## {name}"] * bool(name) + [body or "Not known."]
    return "\n\n".join(parts) + "\n"


def _opening(run: FinishedRun, exported: Mapping[str, Any] | None) -> str:
    config = run.config
    kind = "A Bayesian GAN" if config.samples else "A GAN, no Bayesian one: it does not sample"
    does = (
        "labels them, says how sure it is, and makes new ones" if config.semi else "makes new ones"
    )
    players = f"{_many(config.num_gen, 'generator')} and {_many(config.num_disc, 'discriminator')}"
    said = (
        f"{kind} (Saatci & Wilson, NIPS 2017) of {_many(config.num_mcmc, 'chain')}, each of {players}. "
        f"It was trained on {run.data_name}; it {does}."
    )
    made = (
        f"Card of format {FORMAT}, written by bayesian-gan, which replaces it when it writes again."
    )
    lines = [words(said), words(made)]
    if exported is not None:
        members = (
            f"{_many(len(exported['classifier']), 'classifier')} and "
            f"{_many(len(exported['generator']), 'generator')}"
        )
        lines.insert(1, words(f"This folder holds {members} of the run as {exported['format']}."))
    return "\n\n".join(lines)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _scores(run: FinishedRun, scores: list[Score], exported: Mapping[str, Any] | None) -> str:
    if not scores:
        why = "it learnt from no labels" if not run.config.semi else "it has no test set"
        if run.config.semi and run.num_test != 0:
            why = "it has not ended, and evaluate has not looked at it"
        return f"No error is known: {words(why)}."
    rows = [
        (
            name,
            f"{numbers['errors']:g}",
            f"{numbers['n']:,}",
            f"{100 * numbers['error_rate']:.2f}",
            f"{numbers['nll']:.4f}",
            "-" if numbers.get("ece") is None else f"{100 * numbers['ece']:.2f}",
        )
        for name, numbers in scores
    ]
    told = (
        "held out of the training set (`--validation`)"
        if run.config.validation
        else "of the test set"
    )
    lines = [
        f"Errors among n examples {told}, negative log-likelihood in nats, and expected calibration "
        "error (15 bins).",
        table(("", "errors", "n", "error %", "NLL", "ECE %"), rows),
    ]
    if exported is not None:
        lines.append(
            "These are scores of all samples that the run collected. An export of fewer samples has others."
        )
    return "\n\n".join(lines)


def _calibration(run: FinishedRun, scores: list[Score], verdict: "Verdict | None") -> str:
    evaluation = run.read_optional(EVALUATION_FILE) or {}
    written = (evaluation.get("classification") or {}).get("verdict") or {}
    said = written.get("text") if verdict is None else verdict.text
    lines = []
    if said is not None:
        lines.append(words(f"Of the posterior average: {said}"))
    elif scores and scores[0].numbers.get("ece") is not None:
        lines.append(
            f"Expected calibration error of the posterior average: {100 * scores[0].numbers['ece']:.2f}%. "
            "Whether that is more than chance makes of right probabilities, `bayesian-gan evaluate` "
            "says, which has not been asked."
        )
    elif run.config.semi:
        lines.append("Not known: there are no test examples to compare the probabilities with.")
    else:
        lines.append("There are no classes, so there are no probabilities of them.")
    if run.tempering is not None:
        lines.append(words(f"{run.tempering.text}. predict applies it."))
    return "\n\n".join(lines)


def _mixing(run: FinishedRun) -> str:
    summary = run.summary or {}
    if "draws" not in summary:
        return "Not known: the run has not ended."
    lines = [words(summary["draws"])]
    rows = []
    found = summary.get("convergence")
    if found:
        tail = found.get("ess_tail_min")
        rows.append(
            ("predictions on fixed examples, worst", found["rhat_max"], found["ess_min"], tail)
        )
        rows.append(("the same, median", found["rhat_median"], found["ess_median"], None))
    mixing = (summary.get("posterior") or {}).get("mixing") or {}
    for name, title in (("error_rate", "error of a draw"), ("nll", "NLL of a draw")):
        if name in mixing:
            each = mixing[name]
            rows.append((title, each["rhat"], each["ess_bulk"], each["ess_tail"]))
    if rows:
        cells = [
            (name, "infinite" if rhat is None else f"{rhat:.2f}", _size(bulk), _size(tail))
            for name, rhat, bulk, tail in rows
        ]
        lines.append(table(("", "R-hat", "bulk ESS", "tail ESS"), cells))
    return "\n\n".join(lines)


def _size(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _data(run: FinishedRun) -> str:
    described = run.data or {}
    shape = " x ".join(map(str, run.image_shape))
    rows = [
        ("name", run.data_name),
        ("from", str(described.get("provenance", "not noted"))),
        ("one example", f"{shape} {'pixels and channels' if run.features is None else 'numbers'}"),
        ("to train on", _count(described.get("num_train"))),
        ("to test on", _count(described.get("num_test"))),
        ("content, SHA-256", str(described.get("checksum", "not noted"))),
        ("licence", find(run.config.dataset).licence),
    ]
    if run.features is not None:
        rows.append(("columns", ", ".join(run.features.names)))
    return table(("data", ""), rows)


def _count(value: int | None) -> str:
    return "not noted" if value is None else f"{value:,}"


def _labels(run: FinishedRun) -> str:
    split = run.split
    if split is None:
        return "None were used." if not run.config.semi else "Not noted."
    counts, names = Counter(split["labels"]), run.class_names
    said = words(f"Split {split['name']}: {len(split['labels']):,} labelled examples.")
    rows = [(name, f"{counts[k]:,}") for k, name in enumerate(names[:MOST_CLASSES])]
    lines = [said, table(("class", "labels"), rows)]
    if len(names) > MOST_CLASSES:
        lines.append(f"{len(names) - MOST_CLASSES:,} classes more are not shown.")
    return "\n\n".join(lines)


def _trained(run: FinishedRun) -> str:
    config = run.config
    base = values_of_preset(config, run.image_shape)
    preset = f"Preset {config.preset}" if config.preset else "No preset"
    # What holds without a flag: the preset's value, or the option's default.
    expected = {name: each.option.default for name, each in options_of(AllOptions).items()} | base
    rows = [
        (f"--{name}", str(value), str(expected[name]))
        for name, value in config.to_json().items()
        if name not in OF_PLACE and value != expected[name]
    ]
    lines = [
        words(f"{preset}. Flags that differ from {'it' if config.preset else 'the defaults'}:"),
        table(("flag", "value", "without it"), rows) if rows else "None.",
        "The command that makes the run:",
        fenced(typed(run.command)),
    ]
    if run.summary is not None:
        minutes = run.summary["seconds"] / 60.0
        lines.append(
            f"{run.summary['iteration']:,} iterations in {minutes:.1f} minutes of training."
        )
    return "\n\n".join(lines)
