"""The film of a training: which grids, in which order, what is refused."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from bayesian_gan.errors import InputError
from bayesian_gan.monitoring.grids import save_grid
from bayesian_gan.report.animation import MOST_GENERATORS, saved_grids, training_gif, write_film
from bayesian_gan.report.pngs import read_png


def _grid(folder: Path, j: int, iteration: int, grey: int, energy: str = "2.50") -> Path:
    path = folder / f"B_DCGAN_{j}_{energy}_{iteration}.png"
    save_grid(path, np.full((25, 8, 8, 1), grey, np.uint8))
    return path


def test_frames_follow_the_iterations(tmp_path: Path) -> None:
    for k, iteration in enumerate((500, 1000, 90)):  # As text, 1000 would come first.
        for j in range(5):
            _grid(tmp_path, j, iteration, 40 * k + j, energy="-0.25")
    (tmp_path / "B_DCGAN_copy.png").write_bytes(b"")
    assert list(saved_grids(tmp_path)) == [500, 1000, 90]
    film = write_film(tmp_path)
    assert (tmp_path / "training.gif").read_bytes() == film
    with Image.open(io.BytesIO(film)) as gif:
        assert len(list(ImageSequence.Iterator(gif))) == 3
        greys = []
        for k in range(3):
            gif.seek(k)
            frame = np.asarray(gif.convert("L"))
            greys.append(int(frame[frame.shape[0] // 2, 4]))
            # Four generators side by side, the fifth is left out.
            width = frame.shape[1] / MOST_GENERATORS
            assert frame[60, int(3.5 * width)] == greys[-1] + 3
    assert greys == [80, 0, 40]


def test_a_save_that_was_made_again_counts_once(tmp_path: Path) -> None:
    first, second = _grid(tmp_path, 0, 5, 10, "1.00"), _grid(tmp_path, 0, 5, 20, "0.50")
    os.utime(first, (1, 1))
    assert saved_grids(tmp_path) == {5: [second]}
    _grid(tmp_path, 0, 6, 30), _grid(tmp_path, 1, 6, 30)
    assert list(saved_grids(tmp_path)) == [6]  # The other save was not finished.


def test_what_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="grids of 0 saves, and a film needs two"):
        training_gif(tmp_path)
    _grid(tmp_path, 0, 1, 10)
    path = _grid(tmp_path, 0, 2, 20)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"B_DCGAN_0_2.50_2.png: cannot be read"):
        training_gif(tmp_path)
    save_grid(path, np.zeros((25, 9, 9, 1), np.uint8))
    with pytest.raises(InputError, match="not all of one size"):
        training_gif(tmp_path)
    Image.new("L", (5000, 4000)).save(path)
    with pytest.raises(InputError, match="5000 x 4000 pixels"):
        training_gif(tmp_path)
    Image.new("L", (4, 4)).save(path, format="BMP")
    with pytest.raises(InputError, match="cannot be read"):
        read_png(path)
