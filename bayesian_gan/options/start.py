"""The options that a newcomer needs: `--help` shows these, and names the other groups."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, option
from bayesian_gan.options.presets import NO_PRESET, PRESETS


@dataclass(frozen=True)
class StartOptions(Group):
    """What is trained, on which data, for how long, and where the results go."""

    title = "start here"

    out_dir: str = option("runs", may_differ=("resume",))
    """Folder for results: a run writes OUT_DIR/bgan_DATASET_UNIXTIME/."""

    dataset: str = option("mnist")
    """Data set: mnist, fashion_mnist, kmnist, emnist, cifar, cifar100, svhn, celeb, imagenet_K,
    digits, folder:PATH, npz:PATH, table:PATH or tfds:NAME. `bayesian-gan data list` shows all.
    """

    data: str | None = option(None)
    """Your own data: a folder of pictures, a table FILE.csv or an .npz file
    (docs/reference/data.md). Short for --dataset folder:PATH and so on.
    """

    data_path: str | None = option(None, may_differ=("resume",))
    """Folder of the data sets, in the authors' layout (DATA_PATH/mnist/*.gz) or a TensorFlow
    Datasets data_dir. Of your own data: where they have moved to, with --resume.
    """

    N: int | Literal["all"] = option(128, low=1)
    """Number of labelled examples, class-balanced; or all labels that there are, the default for
    your own data. The whole training set serves as unlabelled.
    """

    semi: bool = option(True)
    """Learn from N labelled images as well (the classifier); without it, unsupervised."""

    preset: str | None = option(
        None,
        text="Defaults of other flags: "
        + "; ".join((f"{name}, {preset.description}" for name, preset in PRESETS.items()))
        + ". For your own pictures it is laptop. Flags that are given override.",
        choices=(*PRESETS, NO_PRESET),
    )

    num_gen: int = option(1, low=1, alias="numz")
    """J_g, generators of a chain."""

    num_mcmc: int = option(1, low=1)
    """M, SGHMC chains."""

    train_iter: int = option(50000, low=1, unit="iterations", may_differ=("resume", "branch"))
    """Length of the run, its warm-up included."""

    minutes: float | None = option(
        None, above=0.0, unit="minutes", at_parse=False, may_differ=("resume",), since="2.0.0"
    )
    """Have the run take this long: chooses its length."""

    dry_run: bool = option(False, may_differ=("resume",), since="2.0.0")
    """Print what the run would take, and stop; writes nothing."""

    ml: bool = option(False)
    """Maximum likelihood, a DCGAN: no prior, no noise, one network of each kind."""

    random_seed: int = option(2222, low=0)
    """Seed of initial weights, minibatches, z and the samplers' noise."""

    resume: str | None = option(None, may_differ=("resume",))
    """Go on with a run, bit for bit: its folder (its flags need not be given again), or auto, the
    newest run in OUT_DIR with these flags, or a new one. Few options may differ.
    """
