"""Images of another size or channel count than the network's."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageOps

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.pictures import colour
from bayesian_gan.errors import InputError


def resized(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Images of another size and channel count.

    Args:
        images: uint8 [N, h, w, c], c 1 or 3.
        shape: (H, W, C), C 1 or 3.

    Returns:
        uint8 [N, H, W, C]: resampled by Lanczos's filter with antialiasing; grey is ITU-R 601 luma.
    """
    result = np.empty((len(images), *shape), np.uint8)
    for i, image in enumerate(images):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        result[i] = picture_array(picture, shape)
    return result


def picture_array(picture: Image.Image, shape: tuple[int, ...]) -> np.ndarray:
    """A picture as uint8 (H, W, C), converted and resized where it has to be."""
    mode = "L" if shape[2] == 1 else "RGB"
    if picture.mode != mode:
        picture = picture.convert(mode)
    size = (shape[1], shape[0])
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(shape)


def fitted(
    picture: Image.Image, shape: tuple[int, ...], fit: str = "crop", background: str = "white"
) -> np.ndarray:
    """A picture of any proportions as uint8 (H, W, C).

    Args:
        picture: of mode "L" or "RGB".
        shape: (H, W, C), C 1 or 3.
        fit: "crop" takes its middle, "pad" all of it with margins, "stretch" all of it in other
            proportions.
        background: colour of the margins; see `bayesian_gan.data.pictures.colour`.
    """
    size, lanczos = (shape[1], shape[0]), Image.Resampling.LANCZOS
    mode = "L" if shape[2] == 1 else "RGB"
    picture = picture if picture.mode == mode else picture.convert(mode)
    if picture.size == size or fit == "stretch":
        return picture_array(picture, shape)
    if fit == "crop":
        return picture_array(ImageOps.fit(picture, size, lanczos), shape)
    inside = ImageOps.contain(picture, size, lanczos)
    ground = Image.new("RGB", size, colour(background)).convert(mode)
    ground.paste(inside, ((size[0] - inside.width) // 2, (size[1] - inside.height) // 2))
    return picture_array(ground, shape)


def of_size(data: ImageData, image_size: int | None, resize: bool) -> ImageData:
    """The data with images of `image_size` x `image_size`, where one is asked for; vectors have none.

    Raises:
        InputError: they have another size, and resizing was not asked for.
    """
    if data.features is not None:
        return data
    height, width, channels = data.picture_shape
    if image_size is None or (height, width) == (image_size, image_size):
        return data
    if not resize:
        raise InputError(
            f"--image_size {image_size}: the images of {data.name} are {height}x{width}; "
            "give --resize to have them resized, or leave --image_size out"
        )
    shape = (image_size, image_size, channels)
    return replace(
        data,
        images=resized(data.images, shape),
        test_images=resized(data.test_images, shape),
        provenance=f"{data.provenance}, resized to {image_size}x{image_size}",
        cache=None,
    )
