"""PNG files in the folder of a run, which may be a stranger's."""

from pathlib import Path

from PIL import Image

from bayesian_gan.errors import InputError
from bayesian_gan.storage import open_regular

MOST_PIXELS = 16_000_000


def read_png(path: Path) -> Image.Image:
    """The picture, "L" or "RGB".

    Raises:
        InputError: it is no PNG, it is damaged, or it has more pixels than a run draws.
    """
    try:
        with open_regular(path) as file, Image.open(file, formats=("PNG",)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise InputError(
                    f"{path}: {picture.width} x {picture.height} pixels are more than a run draws; remove it"
                )
            return picture.convert("L" if picture.mode == "L" else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be read ({error}); remove it") from error
