"""Small models that the tests share."""

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bayesian_gan  # noqa: F401 - before TensorFlow: it leaves TensorFlow's start-up lines out.

# isort: split
import keras
import numpy as np
import pytest
from absl import flags
from command_line import CommandLine
from compiled_kernels import keep_compiled_kernels

from bayesian_gan import storage
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.gan.graphs import free_all_but, registered
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.options import flags as run_flags
from bayesian_gan.options.config import Config
from bayesian_gan.runs.run import run

IMAGE_SHAPE = (8, 8, 1)
NUM_CLASSES = 3
NUM_DATA = 96
Z_DIM = 5

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

keep_compiled_kernels()


@pytest.fixture(scope="module", autouse=True)
def _no_graph_outlives_its_module() -> Iterator[None]:
    """Or a process that tests many models would hold the graphs of them all: 4.5 GB."""
    before = registered()
    yield
    free_all_but(before)
    keras.backend.clear_session()  # Collects the garbage, too.


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Random uint8 images [96, 8, 8, 1]."""
    return np.random.default_rng(0).integers(0, 256, (NUM_DATA, *IMAGE_SHAPE), dtype=np.uint8)


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    """Labels of the images, -1 for all but the first 12."""
    y = np.full(NUM_DATA, -1, np.int32)
    y[:12] = np.arange(12) % NUM_CLASSES
    return y


@pytest.fixture(scope="session")
def make_model() -> Callable[..., BayesianGAN]:
    """Builds small Bayesian GANs; arguments override."""

    def make(num_classes: int = NUM_CLASSES, **arguments: Any) -> BayesianGAN:
        defaults: dict[str, Any] = {"num_data": NUM_DATA, "num_gen": 2, "num_mcmc": 2, "seed": 1}
        return BayesianGAN(
            dcgan_generator(IMAGE_SHAPE, Z_DIM, width=4, num_layers=2),
            dcgan_discriminator(IMAGE_SHAPE, num_classes, width=4, num_layers=2),
            **(defaults | arguments),
        )

    return make


RUN_FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 --num_gen 2 "
    "--num_mcmc 2 --train_iter 40 --n_save 10 --warm_up 10 --collect_every 10 --lr 0.003"
)


def make_run(out_dir: Path, *more: str) -> Path:
    """The folder of a small run on the digits, made in this process; `more` flags override."""
    return run_flagged(*RUN_FLAGS.split(), "--out_dir", str(out_dir), *more)


def run_flagged(*arguments: str, folder: Path | None = None) -> Path:
    """The folder of a run with these flags, made in this process, or of one that goes on there."""
    return run_configured(parse_flags(*arguments), folder)


def run_configured(config: Config, folder: Path | None = None) -> Path:
    """The folder of a run of this configuration, made in this process, or of one that goes on there."""
    Path(config.out_dir).mkdir(exist_ok=True)
    data = load_run_data(config)
    split = label_split(data, config.N, config.label_seed) if config.semi else None
    return run(config, data, split, folder)


def parse_flags(*arguments: str) -> Config:
    """The configuration of a command line."""
    values = flags.FlagValues()
    run_flags.define(values, semi=True)
    values(["program", *arguments])
    return Config.from_flags(values)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run; not to be written to (see `run_copy`)."""
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def run_copy(run_folder: Path, tmp_path: Path) -> Path:
    """A copy of `run_folder` that a test may change."""
    return Path(shutil.copytree(run_folder, tmp_path / "run_copy"))


@pytest.fixture(scope="session")
def watched_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run that sampled for long enough that its health was measured; not to be written to."""
    return make_run(
        tmp_path_factory.mktemp("watched"),
        *("--train_iter", "300", "--n_save", "100", "--warm_up", "100", "--collect_every", "50"),
    )


@pytest.fixture(scope="session")
def unsupervised_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run without labels."""
    return make_run(tmp_path_factory.mktemp("unsupervised"), "--nosemi")


DISTURBED_FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 --num_gen 2 "
    "--train_iter 40 --n_save 10 --warm_up 10 --collect_every 5 --max_samples 4 --lr 0.003 "
    "--checkpoint_every 5 --save_samples --save_weights"
)


def disturbed_config(out_dir: Path, *more: str) -> Config:
    """The configuration of a small run that writes all that a run can write; `more` flags override."""
    return parse_flags(*DISTURBED_FLAGS.split(), "--out_dir", str(out_dir), *more)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of `disturbed_config` that nothing disturbs."""
    return run_configured(disturbed_config(tmp_path_factory.mktemp("undisturbed")))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Refuses to flush files whose name holds `refuses`, as a full disk does, after `skip` of them; counts."""
    state: dict[str, Any] = {"refuses": "", "skip": 0, "count": 0, "until": None}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if state["refuses"] and state["refuses"] in name and state["count"] != state["until"]:
            if state["skip"]:
                state["skip"] -= 1
                return real(descriptor)
            state["count"] += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor)

    monkeypatch.setattr(storage.os, "fsync", fsync)
    return state


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may have more bytes, as on a disk that is full; for C and TensorFlow, too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> CommandLine:
    """The entry points, in this process."""
    return CommandLine(monkeypatch, capfd)


@pytest.fixture
def adam() -> Callable[[], keras.optimizers.Optimizer]:
    """A fresh Adam."""
    return lambda: keras.optimizers.Adam(3e-3, beta_1=0.5)
