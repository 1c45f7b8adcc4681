"""The pictures of one z over a whole training, as a GIF, from the grids that the run saved."""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bayesian_gan.errors import InputError
from bayesian_gan.report.pngs import read_png
from bayesian_gan.storage import write_atomically, written

FILE = "training.gif"
MOST_FRAMES = 60
MOST_GENERATORS = 4
FRAME_MS, LAST_MS = 150, 2500
_HEADER = 22
_GAP = 24
# `SaveGrids` names them so: generator, its energy, iteration.
_NAME = re.compile(r"B_DCGAN_(\d+)_[^_]+_(\d+)\.png")


def write_film(folder: Path) -> bytes:
    """Writes `training_gif` into the folder of a run, and returns it.

    Raises:
        InputError: see there; or it cannot be written.
    """
    path, film = folder / FILE, training_gif(folder)
    with written(path, "make room, or copy the run"):
        write_atomically(path, lambda file: file.write(film))
    return film


def training_gif(folder: Path) -> bytes:
    """A frame for each save: a grid of some generators, of the same z throughout, and the iteration.

    Args:
        folder: of a run.

    Raises:
        InputError: there are fewer than two saves with grids, or one cannot be read.
    """
    grids = saved_grids(folder)
    if len(grids) < 2:
        raise InputError(
            f"{folder}: has grids of {len(grids)} saves, and a film needs two: train with --save_samples "
            "and a smaller --n_save"
        )
    iterations = sorted(grids)
    chosen = np.linspace(0, len(iterations) - 1, min(len(iterations), MOST_FRAMES))
    frames = [_frame(grids[iterations[k]], iterations[k]) for k in chosen.round().astype(int)]
    size = tuple(max(frame.size[axis] for frame in frames) for axis in (0, 1))
    if any(frame.size != size for frame in frames):
        raise InputError(
            f"{folder}: its grids are not all of one size; remove those that are not its own"
        )
    file = io.BytesIO()
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        optimize=True,
    )
    return file.getvalue()


def saved_grids(folder: Path) -> dict[int, list[Path]]:
    """The files of the first generators, by iteration; only saves that have as many as any other."""
    found: dict[int, dict[int, Path]] = {}
    # Of a save that was made twice, after a run went back, the later file counts.
    for path in sorted(folder.glob("B_DCGAN_*.png"), key=lambda path: path.stat().st_mtime_ns):
        name = _NAME.fullmatch(path.name)
        if name is not None:
            found.setdefault(int(name[2]), {})[int(name[1])] = path
    shown = min(MOST_GENERATORS, max(map(len, found.values()), default=0))
    wanted = range(shown)
    return {
        iteration: [of[j] for j in wanted]
        for iteration, of in found.items()
        if all(j in of for j in wanted)
    }


def _frame(paths: list[Path], iteration: int) -> Image.Image:
    grids = [read_png(path).convert("RGB") for path in paths]
    width = sum(grid.width for grid in grids) + _GAP * (len(grids) - 1)
    frame = Image.new("RGB", (width, _HEADER + max(grid.height for grid in grids)), "white")
    draw = ImageDraw.Draw(frame)
    draw.text((2, 4), f"iteration {iteration:,}", "black", ImageFont.load_default(14))
    left = 0
    for grid in grids:
        frame.paste(grid, (left, _HEADER))
        left += grid.width + _GAP
    return frame.quantize(64, dither=Image.Dither.NONE)
