"""Pictures as people have them: turned, transparent, of many bits, of many sizes, grey and in colour."""

from collections.abc import Callable
from pathlib import Path

import layouts as make
import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data import catalogue
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.pictures import colour, read_as_stored, read_header, read_picture
from bayesian_gan.data.resizing import fitted
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

ORIENTATION = 0x0112
# Seen upright: red above blue, 6 wide and 4 high.
UPRIGHT = np.zeros((4, 6, 3), np.uint8)
UPRIGHT[:2, :, 0] = UPRIGHT[2:, :, 2] = 255
Read = Callable[..., ImageData]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads the folder `own`, with a cache of the test's own."""

    def read(**options: object) -> ImageData:
        known = {"download": False, "cache_dir": str(tmp_path / "C"), **options}
        return catalogue.load(f"folder:{tmp_path / 'own'}", None, ReadingOptions(**known))  # type: ignore[arg-type]

    return read


def fill(folder: Path, sizes: dict[str, tuple[int, int]], mode: str = "RGB") -> None:
    """Writes one-coloured PNGs of these sizes, wide and high."""
    folder.mkdir(exist_ok=True)
    for k, (name, size) in enumerate(sizes.items()):
        Image.new(mode, size, k + 1 if mode == "L" else (k + 1, 0, 0)).save(folder / name)


# ------------------------------------------------------------------------------------ orientation


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, UPRIGHT),
        (2, UPRIGHT[:, ::-1]),
        (3, UPRIGHT[::-1, ::-1]),
        (4, UPRIGHT[::-1]),
        (5, UPRIGHT.swapaxes(0, 1)),
        (6, np.rot90(UPRIGHT)),
        (7, np.rot90(UPRIGHT)[:, ::-1]),
        (8, np.rot90(UPRIGHT, -1)),
    ],
)
def test_a_camera_s_orientation_is_applied(
    tmp_path: Path, orientation: int, turned: np.ndarray
) -> None:
    path = tmp_path / "a.png"
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(np.ascontiguousarray(turned)).save(path, exif=exif)
    np.testing.assert_array_equal(np.asarray(read_picture(path)), UPRIGHT)
    assert read_header(path)[:3] == (6, 4, 3)
    # Benchmark sets are taken as they are stored.
    np.testing.assert_array_equal(np.asarray(read_as_stored(path)), turned)
    # Of a TIFF Pillow turns the size by itself, before anything is decoded.
    scan = tmp_path / "a.tif"
    Image.fromarray(np.ascontiguousarray(turned)).save(scan, exif=exif)
    np.testing.assert_array_equal(np.asarray(read_picture(scan)), UPRIGHT)
    assert read_header(scan)[:3] == (6, 4, 3)


# ------------------------------------------------------------------------------------ transparency


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
@pytest.mark.parametrize("background", ["white", "#0000ff", "black"])
def test_transparent_parts_show_the_background(tmp_path: Path, mode: str, background: str) -> None:
    path = tmp_path / "a.png"
    # Drawn in the alpha channel: the colours are black everywhere.
    picture = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    picture.putpixel((0, 0), (0, 0, 0, 255))
    picture.putpixel((1, 0), (0, 0, 0, 51))
    if mode == "P":
        palette = picture.convert("L").convert("P")
        palette.putdata([1, 2, 0, 0, 0, 0, 0, 0])
        palette.putpalette([0, 0, 0] * 256)
        palette.save(path, transparency=bytes([0, 255, 51]))
    elif mode == "PA":
        path = path.with_suffix(".tif")
        picture.convert("PA").save(path)
    else:
        picture.convert(mode).save(path)
    found = read_picture(path, background=background)
    assert found.mode == ("L" if mode == "LA" else "RGB")
    assert read_header(path).alpha
    seen = np.asarray(found.convert("RGB")).astype(int)
    ground = np.array(colour(background))
    if mode == "LA":  # Luma, ITU-R 601.
        ground = np.full(3, round(float(ground @ [0.299, 0.587, 0.114])))
    np.testing.assert_array_equal(seen[0, 0], [0, 0, 0])
    np.testing.assert_allclose(seen[0, 1], ground * 0.8, atol=1)
    assert np.all(np.abs(seen[1] - ground) <= 1)


def test_a_folder_says_once_that_pictures_are_transparent(tmp_path: Path, read: Read) -> None:
    path = make.write_own(tmp_path / "own")
    for k in range(3):
        shape = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
        shape.putpixel((k, 0), (0, 0, 0, 255))
        shape.save(path / f"unlabelled/a/{k}.png")
    data = read()
    assert "3 pictures may be transparent, and are laid on white (--background)" in data.provenance
    drawn = [i for i, image in enumerate(data.images) if image.mean() > 250]
    assert len(drawn) == 3
    assert data.images[drawn].min() == 0
    assert "laid on black" in read(background="black").provenance


@pytest.mark.parametrize(("mode", "kind"), [("I;16", "PNG"), ("I", "TIFF"), ("F", "TIFF")])
def test_more_than_8_bits_are_refused_and_not_clipped(tmp_path: Path, mode: str, kind: str) -> None:
    path = tmp_path / "a.png"
    Image.new(mode, (4, 4)).save(path, format=kind)
    for call in (read_picture, read_header):
        with pytest.raises(InputError, match=r"a\.png' has values of mode .*, not 8 bits; convert"):
            call(path)


@pytest.mark.parametrize("text", ["whit", "#12", ""])
def test_a_background_that_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=f"--background '{text}': no colour; give"):
        colour(text)


# ------------------------------------------------------------------------------------ sizes


def test_mixed_sizes_become_the_median_shorter_side(tmp_path: Path, read: Read) -> None:
    fill(tmp_path / "own", {"a.png": (20, 30), "b.png": (50, 40), "c.png": (44, 48)})
    data = read()
    assert data.images.shape == (3, 40, 40, 3)
    assert data.images[:, 5, 5, 0].tolist() == [1, 2, 3]
    assert "pictures of 3 sizes, 20x30 to 44x48 wide and high, made 40x40" in data.provenance
    assert "--fit crop, --image_size for another" in data.provenance
    assert read(image_size=16).images.shape == (3, 16, 16, 3)


@pytest.mark.parametrize(("side", "expected"), [(64, 64), (65, 64), (5, 8), (16, 16)])
def test_large_and_tiny_pictures_of_one_size(
    tmp_path: Path, read: Read, side: int, expected: int
) -> None:
    fill(tmp_path / "own", {"a.png": (side, side), "b.png": (side, side)}, "L")
    data = read()
    assert data.images.shape == (2, expected, expected, 1)
    assert ("made" in data.provenance) == (side != expected)


def test_pictures_of_one_size_that_is_no_square_stay(tmp_path: Path, read: Read) -> None:
    fill(tmp_path / "own", {"a.png": (20, 12), "b.png": (20, 12)})
    assert read().images.shape == (2, 12, 20, 3)


def test_a_turned_photo_has_the_size_that_is_seen(tmp_path: Path, read: Read) -> None:
    fill(tmp_path / "own", {"a.png": (20, 12)})
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.new("RGB", (12, 20)).save(tmp_path / "own" / "b.png", exif=exif)
    assert read().images.shape == (2, 12, 20, 3)


def test_grey_and_colour_mixed_become_colour(tmp_path: Path, read: Read) -> None:
    fill(tmp_path / "own", {"a.png": (16, 16)})
    fill(tmp_path / "own", {"b.png": (16, 16), "c.png": (16, 16)}, "L")
    data = read()
    assert data.images.shape == (3, 16, 16, 3)
    assert data.images[2, 0, 0].tolist() == [2, 2, 2]
    assert "2 grey pictures among 3 become colour" in data.provenance


def test_fit_crops_pads_or_stretches() -> None:
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, :20, 0], pixels[:, 20:40, 1], pixels[:, 40:, 2] = 255, 255, 255
    picture = Image.fromarray(pixels)
    crop, pad, stretch = (
        fitted(picture, (30, 30, 3), fit, "#102030") for fit in ("crop", "pad", "stretch")
    )
    assert crop.shape == pad.shape == stretch.shape == (30, 30, 3)
    # The middle third, whole.
    assert crop[15, 15].tolist() == [0, 255, 0]
    assert all(crop[15, x].argmax() == 1 for x in range(2, 28))
    # All three parts, a third as high, between margins.
    assert [pad[15, x].argmax() for x in (3, 15, 26)] == [0, 1, 2]
    assert pad[3, 15].tolist() == pad[26, 15].tolist() == [0x10, 0x20, 0x30]
    assert pad[11, 15].tolist() == [0, 255, 0]
    # All three parts, as high as the image.
    assert [stretch[y, x].argmax() for y in (0, 29) for x in (3, 15, 26)] == [0, 1, 2] * 2
    grey = fitted(picture.convert("L"), (30, 30, 1), "pad", "white")
    assert grey.shape == (30, 30, 1)
    assert grey[0, 0, 0] == 255


def test_fit_leaves_a_picture_of_the_size_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    for fit in ("crop", "pad", "stretch"):
        np.testing.assert_array_equal(fitted(Image.fromarray(pixels), (8, 8, 3), fit), pixels)
