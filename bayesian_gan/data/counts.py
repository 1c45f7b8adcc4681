"""How many examples of one's own have a label, and how many of each class, in words."""

from collections import Counter
from collections.abc import Iterable


def counted(labels: Iterable[str], num_test: int, noun: str) -> str:
    """Such as "40 labelled rows of 3 classes (10 to 15 of each), none without a label, no test set".

    Args:
        labels: of the training examples; "" where there is none.
        num_test: examples to test on.
        noun: what they are, in the plural.
    """
    every = Counter(labels)
    unlabelled = every.pop("", 0)
    said = [f"{every.total():,} labelled {noun}"]
    if every:
        low, high = min(every.values()), max(every.values())
        each_has = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        said = [f"{said[0]} of {len(every)} classes ({each_has} of each)"]
    said.append(f"{unlabelled:,} without a label" if unlabelled else "none without a label")
    said.append(f"{num_test:,} to test on" if num_test else "no test set")
    return ", ".join(said)
