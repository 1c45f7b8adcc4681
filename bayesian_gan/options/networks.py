"""Options of the networks: how many discriminators, how deep and wide, how they begin, and their noise."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, Need, option

COSINE = Need(
    lambda config: config.cosine_from is not None,
    "--cosine_from, where in the warm-up the noise begins to fall",
)


@dataclass(frozen=True)
class NetworkOptions(Group):
    """The structure of generators and discriminators."""

    title = "networks"

    num_disc: int = option(1, low=1)
    """J_d, discriminators of a chain."""

    z_dim: int = option(100, low=1)
    """Dimension of the noise z ~ U(-1, 1)."""

    gf_dim: int = option(64, low=1, kind="pictures")
    """Generator width: channels next to the image. (The authors' program ignores it and takes
    df_dim: give both the same value to have its generator.)
    """

    df_dim: int = option(96, low=1, kind="pictures")
    """Discriminator width: channels of the first layer; also the supervised CNN's."""

    num_layers: int = option(4, low=1, kind="pictures")
    """Convolutions of each network; the paper's networks have 5."""

    generator_layers: int | None = option(None, low=1, kind="pictures")
    """Convolutions of the generators, where they shall have another number than --num_layers."""

    init: Literal["normal", "he"] = option("normal", kind="pictures")
    """Initial weights. normal: N(0, 0.02^2), as in the authors' program. he: He et al.'s, zero
    biases.
    """

    start_from: str | None = option(None, since="2.0.0")
    """Begin with the weights that the networks of an earlier run have, its folder, in the place of
    new ones: for the next round, with more labels of the same classes. Networks, images and
    classes must be the same. docs/how-to/choose_labels.md says when it helps.
    """

    pooling: Literal["stride", "average"] = option("stride", kind="pictures")
    """How the discriminators and the supervised CNN halve their input. stride: convolutions of
    stride 2, as in the authors' program. average: of stride 1, and the mean of each 2 x 2:
    better from few labels, about four times the products.
    """

    hidden: int = option(200, low=1, kind="vectors", since="2.0.0")
    """Width of the two-layer networks for tables and other vectors."""

    input_noise: float = option(0.0, low=0.0)
    """Standard deviation of noise on the discriminators' images in training, which lie in [-1,
    1], or on their vectors, whose columns have standard deviation 1.
    """

    hidden_noise: float = option(0.0, low=0.0)
    """Standard deviation of noise on what the discriminators' hidden layers give, in training."""

    final_noise: float = option(1.0, low=0.0, high=1.0, needs=(COSINE,))
    """Share of --input_noise and --hidden_noise that is left at the end of the warm-up and
    while sampling; they fall to it in a straight line from --cosine_from of the warm-up on.
    """
