"""What is measured of a system while it trains, and where its points are kept for the picture."""

import time
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from bayesian_gan.errors import NOT_FINITE_STATUS, RunStopped
from bayesian_gan.synthetic.clusters import count_clusters
from bayesian_gan.synthetic.data import SyntheticData
from bayesian_gan.synthetic.divergence import Plane
from bayesian_gan.synthetic.systems import draw_each

# The iterations of the picture.
SHOWN = (100, 500, 1000, 2000)


@dataclass(frozen=True)
class Measurement:
    """A system at one iteration; a row of `measurements.csv`.

    Attributes:
        system: its name.
        iteration: iterations made.
        divergence: Jensen-Shannon divergence of the union of its generators and the real data, nats.
        found: true clusters found in the union.
        smallest_share: of the union in the cluster that has least.
        outside: the part of the union in no cluster.
        seconds: of training so far, without the measurements.
    """

    system: str
    iteration: int
    divergence: float
    found: int
    smallest_share: float
    outside: float
    seconds: float


@dataclass
class Watched:
    """What was seen of one system.

    Attributes:
        measurements: at every save.
        points: iteration to the points on the plane of each generator, float64 [n, 2].
        samples: the last union, float32 [n, D].
    """

    measurements: list[Measurement] = field(default_factory=list)
    points: dict[int, list[np.ndarray]] = field(default_factory=dict)
    samples: np.ndarray | None = None


class Watch(keras.callbacks.Callback):
    """Measures a system at the end of every epoch, which is a save.

    Args:
        system: its name.
        data: the truth.
        plane: of the data.
        scale: iterations of this system for one on the picture's axis: more than 1 at equal cost.
        seed: of z.

    Raises:
        RunStopped: what the generators make is not finite.
    """

    def __init__(
        self, system: str, data: SyntheticData, plane: Plane, scale: int, seed: int
    ) -> None:
        super().__init__()
        self.system, self.data, self.plane = system, data, plane
        self.scale, self.seed = scale, seed
        self.watched = Watched()
        self.seconds, self._since = 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock."""
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stops the clock and measures."""
        self.seconds += time.perf_counter() - self._since
        iteration = int(self.model.iteration.numpy())
        each = draw_each(self.model, len(self.data.x), self.seed + iteration)
        union = np.concatenate(each)
        if not np.all(np.isfinite(union)):
            raise RunStopped(
                f"{self.system}: what it generates is not finite at iteration {iteration}; "
                "try a smaller --lr or --sampler_lr",
                NOT_FINITE_STATUS,
            )
        count = count_clusters(union, self.data)
        found = Measurement(
            self.system,
            iteration,
            self.plane.divergence(union),
            count.found,
            float(count.shares.min()),
            count.outside,
            self.seconds,
        )
        self.watched.measurements.append(found)
        self.watched.samples = union
        if iteration in [self.scale * shown for shown in SHOWN]:
            self.watched.points[iteration // self.scale] = [self.plane.project(x) for x in each]
