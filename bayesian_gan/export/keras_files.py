"""Single members as `.keras` files, which `keras.saving.load_model` reads without this package."""

from pathlib import Path

from bayesian_gan.export.networks import Networks


def write_keras(folder: Path, classifier: Networks | None, generator: Networks | None) -> None:
    """Writes `classifier_NAME.keras` and `generator_NAME.keras` for every member.

    A classifier maps float images [n, H, W, C] in [-1, 1] to `{"logits": [n, K], "features": [n,
    F]}`, a generator z [n, z_dim] to images.

    Args:
        folder: exists.
        classifier: discriminator samples, or None to leave them out.
        generator: generator samples, or None.

    Raises:
        InputError: a layer of the network is neither Keras's nor this package's.
    """
    for what, networks in (("classifier", classifier), ("generator", generator)):
        if networks is None:
            continue
        plain = networks.plain()
        for member, name in enumerate(plain.names):
            plain.load(member).save(folder / f"{what}_{name}.keras")
