"""Wrong and damaged pictures in the place of ImageNet."""

import shutil
from pathlib import Path

import layouts as make

from bad_input import damages
from bad_input.damages import Case, Damage

JPEG = "train_256/n00000001/n00000001_0.JPEG"


def escaping_link(folder: Path) -> None:
    (folder / "up.JPEG").symlink_to("nowhere")
    (folder / "train_256/n00000001/z.JPEG").symlink_to("../../up.JPEG")


def image(
    damage: Damage, *says: str, name: str = "imagenet_3", flags: tuple[str, ...] = ()
) -> Case:
    return Case(name, make.write_imagenet, damage, says, flags)


IMAGENET = {
    "text": image(damages.content(JPEG, b"<html>"), JPEG, "no known format"),
    "truncated": image(damages.cut(JPEG, 3000), JPEG, "truncated"),
    "only a header": image(damages.cut(JPEG, 30), JPEG),
    "empty file": image(damages.content(JPEG, b""), JPEG, "is empty"),
    "pixel bomb": image(damages.picture(JPEG, (6000, 6000), "1"), JPEG, "6000 x 6000 pixels"),
    "another size": image(damages.picture(JPEG, (300, 256)), JPEG, "300x256"),
    "dangling link": image(damages.dangling(JPEG), JPEG, "link to nothing"),
    "directory": image(damages.directory(JPEG), JPEG, "no file"),
    "no permission": image(damages.forbidden(JPEG), JPEG, "Permission denied"),
    "empty class": image(damages.empty_class("train_256/n00000009"), "n00000009", "is empty"),
    "one split": image(lambda f: shutil.rmtree(f / "val_256"), "val_256"),
    "class name": image(
        lambda f: (f / "train_256/n00000001").rename(f / "train_256/cats"), "cats", "8 digits"
    ),
    "another K": image(
        lambda f: f.rename(f.with_name("imagenet_4")), "imagenet_4", "3 classes", name="imagenet_4"
    ),
    "test class unknown": image(
        lambda f: (f / "val_256/n00000001").rename(f / "val_256/n00000007"), "val_256/n00000007"
    ),
    "no test": image(lambda f: (f / "val_256").rename(f / "other"), "val_256", "No such file"),
    "escaping name": image(damages.nothing, "imagenet_3/../x", name="imagenet_3/../x"),
    "escaping link": image(
        escaping_link,
        "z.JPEG",
        "link to nothing",
    ),
    "size that does not divide": image(
        damages.nothing, "--image_size 50", flags=("--image_size", "50")
    ),
}
