"""Pictures of many images side by side."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bayesian_gan.storage import write_atomically

GRID_ROWS = 5
MIN_PIXELS = 280


def image_grid(
    images: np.ndarray, rows: int = GRID_ROWS, columns: int | None = None, gap: int = 1
) -> np.ndarray:
    """Joins the first rows * columns images into one, row by row, with white gaps between them.

    Args:
        images: uint8 [n, height, width, channels], 1 or 3 channels; n at least rows * rows, or,
            with `columns`, any number: places without an image stay white.
        rows: of the grid.
        columns: of the grid; by default as many as rows.
        gap: pixels between two images.

    Returns:
        uint8 [rows * (height + gap) - gap, columns * (width + gap) - gap, channels].
    """
    n, height, width, channels = images.shape
    if columns is None:
        columns = rows
        if n < rows * rows:
            raise ValueError(f"a grid of {rows} x {rows} needs {rows * rows} images, not {n}")
    grid = np.full((rows * (height + gap), columns * (width + gap), channels), 255, np.uint8)
    for k in range(min(n, rows * columns)):
        top, left = (k // columns) * (height + gap), (k % columns) * (width + gap)
        grid[top : top + height, left : left + width] = images[k]
    return grid[:-gap, :-gap] if gap else grid


def save_grid(
    path: Path, images: np.ndarray, rows: int = GRID_ROWS, columns: int | None = None
) -> None:
    """Writes `image_grid` as a PNG, enlarged by whole pixels to at least 280 of width."""
    grid = image_grid(images, rows, columns)
    factor = -(-MIN_PIXELS // grid.shape[1])
    grid = grid.repeat(factor, axis=0).repeat(factor, axis=1)
    picture = Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_atomically(path, lambda file: file.write(buffer.getvalue()))
