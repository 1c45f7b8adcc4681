"""What `--augment` asks for: transformations of real images, by name."""

from typing import Any

from bayesian_gan.errors import InputError

NONE = "none"
# In the order in which a configuration lists them.
TRANSFORMATIONS = ("flip", "shift", "affine")


def parse_augment(value: str) -> tuple[str, ...]:
    """The names in a value of `--augment`, each once, in one order; empty for "none".

    Raises:
        InputError: a name that is not known, one twice, or "none" beside others.
    """
    names = [name.strip().lower() for name in value.split(",")]
    if names == [NONE]:
        return ()
    odd = [name for name in names if name not in TRANSFORMATIONS or names.count(name) > 1]
    if odd:
        raise InputError(
            f"--augment {value}: give none, or some of {', '.join(TRANSFORMATIONS)} with commas, each once"
        )
    return tuple(name for name in TRANSFORMATIONS if name in names)


def one_spelling(value: str) -> str:
    """The value as every spelling of it is kept."""
    return ",".join(parse_augment(value)) or NONE


def shows_pictures(config: Any) -> bool:
    """Whether a run's data can be pictures, as far as their name says."""
    return not str(config.dataset).startswith("table:")
