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
    if declared.choices:
        define_flag, further = flags.DEFINE_enum, {"enum_values": declared.choices}
    if declared.kind is tuple:
        default = list(default)
    define_flag(declared.name, default, help=rule.text, flag_values=values, **further)
    if rule.alias is not None:
        flags.DEFINE_alias(rule.alias, declared.name, flag_values=values)
