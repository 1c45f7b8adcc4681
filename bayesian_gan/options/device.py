"""The value of `--device`."""

import re

from bayesian_gan.errors import InputError

_PATTERN = re.compile(r"(auto|cpu|gpu)(?::(\d+))?")


def parse_device(device: str) -> tuple[str, int | None]:
    """Kind and number of `--device`: ("auto", None), ("cpu", None), ("gpu", None), ("gpu", 1).

    Raises:
        InputError: it is written in another way.
    """
    match = _PATTERN.fullmatch(device)
    if match is None or (match[2] is not None and match[1] != "gpu"):
        raise InputError(f"--device must be auto, cpu, gpu or gpu:NUMBER, not {device!r}")
    return match[1], None if match[2] is None else int(match[2])
