"""Which of a run's pictures to label next: what `bayesian-gan suggest` does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bayesian_gan.data.content import digests
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun

if TYPE_CHECKING:
    from bayesian_gan.evaluation.choosing import Choice
    from bayesian_gan.evaluation.representation import Represented

By = Literal["typical", "uncertain", "random"]
WAYS: tuple[By, ...] = ("typical", "uncertain", "random")
BIT = np.log(2.0)
NEIGHBOURS = 4


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        num: pictures, at least 1.
        by: how they are chosen; see `bayesian_gan.evaluation.choosing`.
        among: so many of the pictures without a label are looked at, drawn at random.
        seed: of all that is drawn.
    """

    num: int
    by: By = "typical"
    among: int = 20_000
    seed: int = 0

    def check(self, opened: FinishedRun) -> None:
        """Raises InputError for a value out of range, and for what this run cannot serve."""
        if self.num < 1:
            raise InputError(f"--num {self.num}: give the number of pictures to label, at least 1")
        if self.among < self.num:
            raise InputError(f"--among {self.among}: give at least --num, {self.num}")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"--seed {self.seed}: give one in [0, 2^32)")
        if self.by == "uncertain" and not opened.config.semi:
            raise InputError(
                f"--by uncertain: {opened.path} is a run without labels, which doubts no class; give "
                "--by typical"
            )


@dataclass(frozen=True)
class Suggestion:
    """One picture to label.

    Attributes:
        place: among the training images.
        path: what a file of labels calls it.
        guess: the class that the posterior puts first; "" of a run without labels.
        probability: of that class; NaN likewise.
        probabilities: of every class; none likewise.
        why: it was chosen, in words.
        neighbours: places of the labelled pictures most like it, the nearest first.
    """

    place: int
    path: str
    guess: str
    probability: float
    probabilities: tuple[float, ...]
    why: str
    neighbours: tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """A label that is there already, as a row of a file of labels: path, class and split."""

    path: str
    label: str
    split: str


@dataclass(frozen=True, eq=False)
class Suggestions:
    """The pictures to label, and what stands around them.

    Attributes:
        data: of the run.
        class_names: in the order of the logits; none where no class is known yet.
        chosen: the most useful first; fewer than asked for where no more are different.
        known: the labels that are there.
        label_of: by place, class of each picture that the run learnt with its label.
        notes: what a user should know, a line each.
    """

    data: ImageData
    class_names: tuple[str, ...]
    chosen: tuple[Suggestion, ...]
    known: tuple[Known, ...]
    label_of: dict[int, str]
    notes: tuple[str, ...]


def suggest(opened: FinishedRun, request: Request, data_path: str | None = None) -> Suggestions:
    """Chooses pictures.

    Args:
        opened: a run that has collected a draw.
        request: what is asked for.
        data_path: where the run's data lie now; None where it had them.

    Raises:
        InputError: the request or the data do not suit the run, or there is nothing to label.
    """
    request.check(opened)
    opened.check_collected()
    data = opened.load_data(data_path)
    split = opened.split or {}
    label_of = {
        i: opened.class_names[k]
        for i, k in zip(split.get("indices", []), split.get("labels", []), strict=True)
    }
    pool, notes = _pool(data, label_of, request)
    labelled = np.array(sorted(label_of), np.int64)
    choice, neighbours, found = _choose(opened, data, pool, labelled, request)
    if len(choice.places) < request.num:
        notes.append(f"only {len(choice.places)} of --num {request.num} pictures are different")
    names, places = data.image_names, pool[choice.places]
    chosen = [
        Suggestion(
            int(place),
            names[place],
            *_guess(opened, found.probabilities[len(labelled) + choice.places[k]]),
            why=_why(request, choice, found.mutual_information[len(labelled) :], len(pool), k),
            neighbours=tuple(int(labelled[i]) for i in neighbours[k]),
        )
        for k, place in enumerate(places)
    ]
    known = tuple(_known(opened, data, label_of))
    return Suggestions(data, opened.class_names, tuple(chosen), known, label_of, tuple(notes))


def _pool(
    data: ImageData, label_of: dict[int, str], request: Request
) -> tuple[np.ndarray, list[str]]:
    """The pictures to choose among, places [n], and what is to be said of them.

    No two of them are equal, and none equals a labelled one.
    """
    # Of data that are labelled throughout, a run saw but few of the labels.
    hidden = data.all_labelled
    free = [
        i
        for i in range(len(data.images))
        if i not in label_of and (hidden or data.labels[i] == UNLABELLED)
    ]
    names = data.image_names
    nameless = {i for i in free if not _is_text(names[i])}
    notes = []
    if nameless:
        notes.append(f"{len(nameless)} pictures whose names are not UTF-8 are left out")
        free = [i for i in free if i not in nameless]
    if len(free) > request.among:
        notes.append(
            f"looked at {request.among:,} of {len(free):,} pictures without a label, drawn at random "
            "(--among)"
        )
        rng = np.random.default_rng([request.seed, 1])
        free = sorted(rng.choice(np.array(free), request.among, replace=False).tolist())
    seen = set(digests(data.images[sorted(label_of)]))
    different = []
    for i, digest in zip(free, digests(data.images[free]), strict=True):
        if digest not in seen:
            seen.add(digest)
            different.append(i)
    if not different:
        raise InputError(
            f"nothing in {data.name} is without a label that does not look the same as a labelled "
            "picture; add pictures to label"
        )
    return np.array(different, np.int64), notes


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _choose(
    opened: FinishedRun, data: ImageData, pool: np.ndarray, labelled: np.ndarray, request: Request
) -> tuple["Choice", np.ndarray, "Represented"]:
    """The choice, the labelled pictures next to each, and all pictures, the labelled ones first."""
    from bayesian_gan.evaluation import choosing
    from bayesian_gan.evaluation.representation import represent

    say = opened.require_samples().all_samples(features=True)
    found = represent(say, data.images[np.concatenate([labelled, pool])], request.seed)
    of_labelled, of_pool = np.split(found.points, [len(labelled)])
    ways: dict[str, Callable[[], Choice]] = {
        "typical": lambda: choosing.typical(of_pool, of_labelled, request.num, request.seed),
        "uncertain": lambda: choosing.uncertain(
            of_pool, of_labelled, found.mutual_information[len(labelled) :], request.num
        ),
        "random": lambda: choosing.at_random(len(pool), request.num, request.seed),
    }
    choice = ways[request.by]()
    neighbours = np.zeros((len(choice.places), 0), np.int64)
    if len(labelled):
        neighbours = choosing.nearest(of_pool[choice.places], of_labelled, NEIGHBOURS)[0]
    return choice, neighbours, found


def _guess(opened: FinishedRun, probabilities: np.ndarray) -> tuple[str, float, tuple[float, ...]]:
    if not opened.config.semi:
        return "", float("nan"), ()
    k = int(probabilities.argmax())
    return opened.class_names[k], float(probabilities[k]), tuple(probabilities.tolist())


def _why(
    request: Request, choice: "Choice", mutual_information: np.ndarray, count: int, k: int
) -> str:
    """In words; the numbers are those that decided."""
    if request.by == "random":
        return "drawn at random"
    if request.by == "uncertain":
        bits = mutual_information[choice.places[k]] / BIT
        return f"the samples disagree on it, mutual information {bits:.2f} bits"
    assert choice.sizes is not None
    assert choice.labels is not None
    size, labels = int(choice.sizes[k]), int(choice.labels[k])
    if size == 1 and not labels:
        return "like no other"
    share = f"one of {size:,} alike, {100 * size / count:.2g}% of the pictures looked at"
    return f"{share}; {f'{labels:,} more have a label' if labels else 'none has a label'}"


def _known(opened: FinishedRun, data: ImageData, label_of: dict[int, str]) -> Sequence[Known]:
    """The labels that are there, which a file of labels must hold to be the next run's."""
    names = data.image_names
    rows = [Known(names[i], label_of[i], "") for i in sorted(label_of)]
    config: Any = opened.config
    if data.test_names is not None and not config.validation:
        # What --test_fraction holds out is labelled, and will be held out again.
        split = "" if config.test_fraction else "test"
        rows += [
            Known(name, data.class_names[k], split)
            for name, k in zip(data.test_names, data.test_labels.tolist(), strict=True)
        ]
    return [row for row in rows if _is_text(row.path)]
