"""What objectives, terms, priors and schedules have in common: they are what their arguments say."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, Self

import keras

from bayesian_gan.errors import InputError


def check_number(
    where: str,
    value: Any,
    *,
    low: float | None = None,
    above: float | None = None,
    below: float | None = None,
    high: float | None = None,
    whole: bool = False,
) -> float:
    """The number as Python's own, if it is finite and in its range.

    Args:
        where: what is refused, such as "Entropy: weight".
        value: anything.
        low: least value.
        above: what it must be greater than.
        below: what it must be less than.
        high: greatest value.
        whole: whether it must be an integer.

    Raises:
        InputError: it is no number, or not in its range.
    """
    kind = Integral if whole else Real
    bounds = (
        ("at least", low, lambda v: v >= low),
        ("greater than", above, lambda v: v > above),
        ("less than", below, lambda v: v < below),
        ("at most", high, lambda v: v <= high),
    )
    given = [(words, bound, holds) for words, bound, holds in bounds if bound is not None]
    fits = isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)
    if not (fits and all(holds(value) for *_, holds in given)):
        wanted = " and ".join(f"{words} {bound:g}" for words, bound, _ in given)
        noun = "a whole number" if whole else "a finite number"
        raise InputError(f"{where} must be {noun} {wanted}, not {value!r}")
    return int(value) if whole else float(value)


@dataclass(frozen=True)
class Configured:
    """An object that is its class and its arguments: compared, hashed, shown and saved by them.

    Its subclasses are frozen dataclasses too, whose fields are the arguments.
    """

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, those that are such objects as Keras serialises them."""
        arguments = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: keras.saving.serialize_keras_object(value)
            if isinstance(value, Configured)
            else value
            for name, value in arguments.items()
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object of this configuration."""
        arguments = {
            name: keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
            for name, value in config.items()
        }
        return cls(**arguments)

    def _check(self, name: str, **bounds: Any) -> None:
        """Refuses an argument that is not in its range; see `check_number`."""
        value = check_number(f"{type(self).__name__}: {name}", getattr(self, name), **bounds)
        object.__setattr__(self, name, value)
