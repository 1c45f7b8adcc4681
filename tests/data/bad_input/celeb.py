"""Wrong and damaged tables and pictures of CelebA."""

from pathlib import Path

import layouts as make

from bad_input import damages
from bad_input.damages import Case, Damage

ATTR, PART, FACE = (
    "Anno/list_attr_celeba.txt",
    "Eval/list_eval_partition.txt",
    "img_align_celeba/000005.jpg",
)


def attr(old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        text = (folder / ATTR).read_text()
        assert old in text
        (folder / ATTR).write_text(text.replace(old, new))

    return damage


def faces(damage: Damage, *says: str, flags: tuple[str, ...] = ()) -> Case:
    return Case("celeb", make.write_celeb, damage, says, flags)


CELEB = {
    "column missing": faces(attr("000005.jpg -1", "000005.jpg"), "celeba.txt", "line 7 has 39"),
    "column extra": faces(attr("000005.jpg -1", "000005.jpg 1 1"), "celeba.txt", "line 7 has 41"),
    "number of images": faces(attr("64\n", "65\n"), "celeba.txt", "announces 65"),
    "value not 1 or -1": faces(attr("000005.jpg -1", "000005.jpg 2"), "celeba.txt", "line 7"),
    "no number": faces(attr("64\n", "sixty-four\n"), "celeba.txt", "number of images"),
    "other attributes": faces(attr("Eyeglasses", "Hat"), "celeba.txt", "line 2"),
    "empty": faces(damages.content(ATTR, b""), "celeba.txt", "is empty"),
    "not UTF-8": faces(damages.content(ATTR, b"1\n\xff\xfe\n"), "celeba.txt", "UTF-8"),
    "escaping path": faces(attr("000005.jpg", "../../x.jpg"), "celeba.txt", "no plain file name"),
    "listed twice": faces(attr("000005.jpg", "000006.jpg"), "celeba.txt", "twice"),
    "attributes a directory": faces(damages.directory(ATTR), "celeba.txt", "not a file"),
    "no permission": faces(damages.forbidden(ATTR), "celeba.txt", "Permission denied"),
    "image absent": faces(damages.absent(FACE), FACE, "lists it"),
    "image a damages.dangling link": faces(damages.dangling(FACE), FACE, "link to nothing"),
    "image is text": faces(damages.content(FACE, b"not a picture"), FACE, "no known format"),
    "image truncated": faces(damages.cut(FACE, 900), FACE, "truncated"),
    "image empty": faces(damages.content(FACE, b""), FACE, "is empty"),
    "image of another size": faces(damages.picture(FACE, (100, 100)), FACE, "100x100"),
    "partition value": faces(damages.content(PART, b"000001.jpg 3\n"), PART, "line 1"),
    "partition short": faces(damages.content(PART, b"000001.jpg 0\n"), PART, "'000002.jpg'"),
    "no test image": faces(
        damages.content(PART, b"".join(b"%06d.jpg 0\n" % k for k in range(1, 65))),
        PART,
        "no test image",
    ),
    "crop of 48": faces(damages.nothing, "--image_size 48", flags=("--image_size", "48")),
    "train 0": faces(damages.nothing, "--celeb_train 0", flags=("--celeb_train", "0")),
    "N too large": faces(damages.nothing, "--N 60", flags=("--N", "60")),
}
