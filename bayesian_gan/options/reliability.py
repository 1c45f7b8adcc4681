"""Options of what keeps a run's work when it is killed, or a number is not finite."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, option


@dataclass(frozen=True)
class ReliabilityOptions(Group):
    """Checkpoints, and what is done about NaN."""

    title = "reliability"

    checkpoint_every: int = option(1000, low=1, unit="iterations", may_differ=("resume",))
    """Iterations between checkpoints; the last two are kept, and that of the warm-up's end."""

    checkpoint_minutes: float = option(10.0, above=0.0, unit="minutes", may_differ=("resume",))
    """Time after which a checkpoint is written in any case."""

    on_nan: Literal["stop", "restart_member"] = option("stop", may_differ=("resume",))
    """When an energy, a gradient or a weight is NaN or infinite. stop: end with status 3; the
    last checkpoint is finite. restart_member: go back to it, and start that network again from
    its last collected sample.
    """
