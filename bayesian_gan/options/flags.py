"""Command-line flags, from the declarations of options; nothing here imports TensorFlow."""

from typing import Any

from absl import flags

from bayesian_gan.options.config import Config
from bayesian_gan.options.option import Declared, options_of


def define(values: flags.FlagValues, semi: bool) -> None:
    """Defines all flags of a run.

    Args:
        values: absl's `flags.FLAGS` in an entry point.
        semi: default of `--semi`: True for run_bgan_semi.py, False for run_bgan.py.
    """
    define_options(values, Config, semi=semi)


def define_options(values: flags.FlagValues, group: type, **defaults: Any) -> None:
    """Defines a flag for each option of a class.

    Args:
        values: absl's `flags.FLAGS` in an entry point.
        group: the class.
        **defaults: by name, where the program has others than the class.
    """
    for name, declared in options_of(group).items():
        _define(values, declared, defaults.get(name, declared.option.default))


def _define(values: flags.FlagValues, declared: Declared, default: Any) -> None:
    rule = declared.option
    kinds = {
        bool: flags.DEFINE_bool,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        tuple: flags.DEFINE_list,
        str: flags.DEFINE_string,
    }
    further: dict[str, Any] = {}
    if declared.kind in (int, float) and rule.at_parse:
        # absl knows no bound that is not a value itself: `check_ranges` refuses that one.
        least = rule.above if rule.low is None else rule.low
        further = {"lower_bound": least, "upper_bound": rule.high}
    define_flag = kinds[declared.kind]
    if declared.choices and declared.is_number:
        define_flag, further = _define_number_or_word, {"declared": declared, **further}
    elif declared.choices:
        define_flag, further = flags.DEFINE_enum, {"enum_values": declared.choices}
    if declared.kind is tuple:
        default = list(default)
    define_flag(declared.name, default, help=rule.text, flag_values=values, **further)
    if rule.alias is not None:
        flags.DEFINE_alias(rule.alias, declared.name, flag_values=values)


def _define_number_or_word(
    name: str,
    default: Any,
    help: str,
    flag_values: flags.FlagValues,
    *,
    declared: Declared,
    **bounds: Any,
) -> None:
    """As absl's own definitions: a flag of a number, in the place of which words may stand."""
    parser = flags.IntegerParser if declared.kind is int else flags.FloatParser
    flags.DEFINE(
        _NumberOrWord(parser(**bounds), declared),
        name,
        default,
        help,
        flag_values=flag_values,
        serializer=flags.ArgumentSerializer(),
    )


class _NumberOrWord(flags.ArgumentParser):
    """Reads a number, or leaves one of some words as it is."""

    def __init__(self, number: flags.ArgumentParser, declared: Declared) -> None:
        self._number, self._declared = number, declared

    def parse(self, argument: Any) -> Any:
        """The value.

        Raises:
            ValueError: it is none of the words, and no number in the range.
        """
        if argument in self._declared.choices:
            return argument
        try:
            return self._number.parse(argument)
        except ValueError as error:
            values = self._declared.values
            article = "an" if values[0] in "aeio" else "a"
            raise ValueError(f"it must be {article} {values}") from error
