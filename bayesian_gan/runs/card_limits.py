"""What a model is for, and where it fails, in plain words that its own numbers decide."""

import math

from bayesian_gan.runs.card_scores import EVALUATION_FILE, Score
from bayesian_gan.runs.escaping import words
from bayesian_gan.runs.finished import FinishedRun

FEW_LABELS = 20


def intended_use(run: FinishedRun) -> str:
    """For whom and for what."""
    noun = "pictures" if run.features is None else "rows"
    if run.config.semi:
        does = (
            f"Labelling further {noun} of the kind that it was trained on, with the probabilities of each "
            f"class beside the label; choosing which {noun} a person should label next; research on Bayesian "
            "deep learning."
        )
    else:
        does = (
            f"Making {noun} like those that it was trained on; research on Bayesian deep learning."
        )
    return (
        f"{does}\n\nNot for decisions about people, nor for what harms where it is wrong, unless someone has "
        f"measured its errors on the very {noun} that it will meet."
    )


def limits(run: FinishedRun, scores: list[Score]) -> str:
    """A list."""
    return "\n".join(f"- {words(text)}" for text in _said(run, scores))


def _said(run: FinishedRun, scores: list[Score]) -> list[str]:
    config, noun = run.config, "pictures" if run.features is None else "rows"
    found = []
    if config.semi:
        found += _of_classes(run, scores, noun)
    if config.not_sampling is not None:
        found.append(f"The draws are no samples of a posterior: {config.not_sampling}.")
    else:
        found.append(
            "Generators and discriminators are sampled each by its posterior given the other. No joint "
            "posterior stands behind the two."
        )
    found.append(
        "P(real) is the word of discriminators against the generators that they were trained with. It is no "
        "density, and it is not calibrated: a strange picture can have more of it than a real one."
        if noun == "pictures"
        else "P(real) is no density, and it is not calibrated."
    )
    found.append(_copies(run, noun))
    return found


def _of_classes(run: FinishedRun, scores: list[Score], noun: str) -> list[str]:
    found = []
    if scores:
        numbers = scores[0].numbers
        rate, n = numbers["error_rate"], numbers["n"]
        # Agresti and Coull's estimate, so that no errors among n do not make it certain.
        p = (rate * n + 2.0) / (n + 4.0)
        within = 2.0 * math.sqrt(p * (1.0 - p) / (n + 4.0))
        found.append(
            f"The error of the posterior average was measured on {n:,} {noun}, and is known to within "
            f"{100 * within:.1f} points. Of {noun} from elsewhere, or of another time, it says nothing."
        )
    else:
        found.append(
            f"Its error is not known. Measure it on labelled {noun} of your own before you rely on it."
        )
    found.append(
        f"It knows {len(run.class_names)} classes, and gives every input one of them, noise too."
    )
    split = run.split
    if split is not None:
        counts = [split["labels"].count(k) for k in range(len(run.class_names))]
        least = min(counts)
        if least < FEW_LABELS:
            rarest = run.class_names[counts.index(least)]
            found.append(
                f"It learnt from few labels: of the class {rarest} from {least}. Another choice of labels "
                "gives another error."
            )
    return found


def _copies(run: FinishedRun, noun: str) -> str:
    evaluation = run.read_optional(EVALUATION_FILE) or {}
    features = (evaluation.get("samples") or {}).get("features") or {}
    for each in features.values():
        share = (each.get("memorisation") or {}).get("share_nearer_than_1_percent_of_test_images")
        if share is not None:
            return (
                f"{100 * share:.1f}% of the generated {noun} lie nearer to one that it was trained on than the "
                "nearest hundredth of the test examples do; 1% is expected. Those may repeat training data."
            )
    return (
        f"Whether generated {noun} repeat what it was trained on has not been measured. "
        "bayesian-gan evaluate does it."
    )
