"""What follows from the declaration of an option, on options made for it."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.flags import define_options
from bayesian_gan.options.option import (
    Group,
    Need,
    Option,
    adapted,
    check_needs,
    check_ranges,
    check_types,
    option,
    options_of,
    to_json,
)

LAMP = Need(lambda room: room.lamp, "--lamp: add it, or leave --{name} out")


@dataclass(frozen=True)
class First(Group):
    title = "first"

    lamp: bool = option(False)
    """A lamp."""

    width: float = option(2.0, above=0.0, unit="metres")
    """A width."""

    colour: Literal["red", "blue"] | None = option(None, needs=(LAMP,))
    """A colour."""


@dataclass(frozen=True)
class Second(Group):
    title = "second"

    seats: int | None = option(None, low=1, high=4, alias="chairs")
    """Seats."""

    names: tuple[str, ...] = option(("a", "b"))
    """Names."""

    share: float = option(0.5, low=0.0, below=1.0, at_parse=False)
    """A share."""


@dataclass(frozen=True)
class More(Group):
    title = "first"

    height: float = option(3.0, low=0.0)
    """A height."""


@dataclass(frozen=True)
class Room(First, Second, More):
    pass


@dataclass(frozen=True)
class Cabin(Group):
    title = "cabin"

    seats: int = adapted(Second, "seats", default=2)
    """Seats of a cabin."""

    colour: Literal["red", "blue"] = adapted(First, "colour", default="red")


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", np.float32(2.0)), ("width", np.int64(2)), ("seats", np.int64(2))],
)
def test_numbers_of_numpy_are_numbers(name: str, value: Any) -> None:
    check_types(replace(Room(), **{name: value}))


OF_ANOTHER_TYPE: dict[str, tuple[object, ...]] = {
    "lamp": (1, "on", None, []),
    "width": ("2", True, None, [2.0]),
    "seats": (2.5, "2", True, []),
    "names": ("ab", [1], None, {}),
    "colour": (1, False, ["red"]),
}


def _parse(group: type, *arguments: str) -> flags.FlagValues:
    values = flags.FlagValues()
    define_options(values, group)
    values(["program", *arguments])
    return values


def test_order_is_that_of_groups_and_then_of_declaration() -> None:
    names = ["lamp", "width", "colour", "height", "seats", "names", "share"]
    assert list(options_of(Room)) == names
    assert list(to_json(Room())) == names
    assert [each.group for each in options_of(Room).values()] == ["first"] * 4 + ["second"] * 3


@pytest.mark.parametrize(
    ("name", "kind", "values", "default"),
    [
        ("lamp", bool, "on or off", "off"),
        ("width", float, "metres, more than 0", "2.0"),
        ("colour", str, "red or blue", ""),
        ("seats", int, "integer in [1, 4]", ""),
        ("names", tuple, "list", "a,b"),
        ("share", float, "number in [0, 1)", "0.5"),
        ("height", float, "number, at least 0", "3.0"),
    ],
)
def test_type_and_range_in_words(name: str, kind: type, values: str, default: str) -> None:
    declared = options_of(Room)[name]
    assert declared.kind is kind
    assert declared.values == values
    assert declared.shown(declared.option.default) == default


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        (Option(0, "", low=1), [1, 2], [0]),
        (Option(0, "", low=0, high=1), [0, 1], [-1, 2]),
        (Option(0, "", above=0.0), [1e-9], [0.0, -1.0, float("nan")]),
        (Option(0, "", low=0.0, below=1.0), [0.0, 0.999], [1.0, -0.1]),
        (Option(0, ""), [-1e9, 1e9], []),
    ],
)
def test_which_values_lie_in_the_range(
    rule: Option, inside: list[float], outside: list[float]
) -> None:
    assert all(rule.holds(value) for value in inside)
    assert not any(rule.holds(value) for value in outside)


def test_flags_have_type_default_text_choices_and_alias() -> None:
    values = _parse(Room, "--chairs", "3", "--names", "c,d", "--nolamp")
    assert (values.seats, values.names, values.lamp) == (3, ["c", "d"], False)
    assert values["width"].default == 2.0
    assert values["width"].help == "A width."
    with pytest.raises(flags.Error, match=r"one of <red\|blue>"):
        _parse(Room, "--colour", "green")


@pytest.mark.parametrize("arguments", ["--seats=0", "--seats=5", "--width=-1", "--height=-1"])
def test_the_parser_refuses_what_the_declaration_leaves_to_it(arguments: str) -> None:
    with pytest.raises(flags.Error):
        _parse(Room, arguments)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (Room(width=0.0), "--width must be greater than 0, not 0.0"),
        (Room(share=1.0), "--share must lie in [0, 1), not 1.0"),
        (Room(height=-1.0), "--height must be at least 0, not -1.0"),
        (Room(height=float("inf")), "--height must be a finite number, not inf"),
        (Room(seats=9), "--seats must lie in [1, 4], not 9"),
    ],
)
def test_a_value_out_of_its_range_is_refused_wherever_it_came_from(room: Room, line: str) -> None:
    with pytest.raises(InputError) as caught:
        check_ranges(room)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in OF_ANOTHER_TYPE.items() for value in values],
)
def test_a_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"--{name} must be "):
        check_types(Room(**{name: value}))  # type: ignore[arg-type]


def test_values_of_their_types_are_taken() -> None:
    check_types(Room())
    check_types(Room(lamp=True, width=2, colour=None, seats=None, names=["c"]))  # type: ignore[arg-type]


def test_an_option_in_use_needs_what_it_declares() -> None:
    check_needs(Room())
    check_needs(Room(colour="red", lamp=True))
    with pytest.raises(InputError) as caught:
        check_needs(Room(colour="red"))
    assert str(caught.value) == "--colour needs --lamp: add it, or leave --colour out"


def test_an_adapted_option_keeps_what_is_not_changed_and_no_need() -> None:
    seats, colour = options_of(Cabin)["seats"], options_of(Cabin)["colour"]
    assert (seats.option.default, seats.option.text) == (2, "Seats of a cabin.")
    assert (seats.option.low, seats.option.high, seats.option.alias) == (1, 4, "chairs")
    assert colour.option.needs == ()
    check_needs(Cabin(colour="blue"))


def test_a_class_without_source_is_named() -> None:
    made = "class Bare(Group):\n    title = 'bare'\n    width: float = option(1.0)\n"
    with pytest.raises(RuntimeError, match=r"nowhere\.Bare: the source.*install the package"):
        exec(made, {"__name__": "nowhere", "Group": Group, "option": option})


@dataclass(frozen=True)
class Dimmed(Group):
    title = "first"

    light: float | Literal["dusk", "dawn"] = option(1.0, low=0.0)
    """Light."""

    steps: int | Literal["all"] | None = option(None, low=1, high=9)
    """Steps."""


@pytest.mark.parametrize(
    ("given", "light", "steps"),
    [("", 1.0, None), ("--light 2 --steps 3", 2.0, 3), ("--light=dawn --steps=all", "dawn", "all")],
)
def test_a_word_may_stand_in_the_place_of_a_number(
    given: str, light: float | str, steps: int | str | None
) -> None:
    values = flags.FlagValues()
    define_options(values, Dimmed)
    values(["program", *given.split()])
    found = Dimmed(**{name: values[name].value for name in options_of(Dimmed)})
    assert found == Dimmed(light, steps)  # type: ignore[arg-type]
    check_ranges(found)
    assert Dimmed(**json.loads(json.dumps(to_json(found)))) == found


def test_what_is_neither_the_number_nor_the_word_is_refused() -> None:
    declared = options_of(Dimmed)
    assert declared["light"].values == "number, at least 0, or dusk or dawn"
    assert declared["steps"].values == "integer in [1, 9], or all"
    for given in ("--light=noon", "--light=-1", "--light="):
        values = flags.FlagValues()
        define_options(values, Dimmed)
        with pytest.raises(flags.Error, match=r"it must be a number, at least 0, or dusk or dawn$"):
            values(["program", given])
    for light in ("noon", -1.0):
        line = f"--light must be at least 0 or dusk or dawn, not {light}"
        with pytest.raises(InputError, match=f"^{line}$"):
            check_ranges(Dimmed(light=light))  # type: ignore[arg-type]
