"""Options of what a run writes beside its posterior."""

from dataclasses import dataclass

from bayesian_gan.options.option import Group, option


@dataclass(frozen=True)
class OutputOptions(Group):
    """When the run is evaluated, and what is saved then."""

    title = "output"

    n_save: int = option(100, low=1, unit="iterations", may_differ=("resume",))
    """Iterations between evaluations, rows of the tables, and saved samples and weights."""

    save_samples: bool = option(False, kind="pictures", may_differ=("resume",))
    """Save 5x5 PNG grids of every generator and of real images at every save."""

    save_weights: bool = option(False, may_differ=("resume",))
    """Save weights_ITER.npz with all current weights at every save."""
