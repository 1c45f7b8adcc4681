"""`--start_from`: a new run whose networks begin with the weights of an earlier one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import RUN_FLAGS, make_run, parse_flags

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.reliability.state import read_state, state_variables
from bayesian_gan.runs.build import build_model
from bayesian_gan.runs.start_from import read_start


@pytest.fixture(scope="module")
def data() -> ImageData:
    return digits.load()


def config(run: Path, *more: str) -> Config:
    return parse_flags(*RUN_FLAGS.split(), "--start_from", str(run), "--out_dir", "O", *more)


def newest(run: Path) -> dict[str, np.ndarray]:
    checkpoints = Checkpoints(run / "checkpoints")
    return checkpoints.load(checkpoints.iterations[-1]).arrays


def test_a_model_has_the_weights_of_the_last_checkpoint_and_nothing_else_of_it(
    run_folder: Path, data: ImageData
) -> None:
    asked = config(run_folder, "--consistency", "1")
    start, model = read_start(asked, data), build_model(asked, data)
    assert start is not None
    before = read_state(state_variables(model, None))
    start.give(model)
    arrays = newest(run_folder)
    for player, networks in (
        ("generator", model.generators),
        ("discriminator", model.discriminators),
    ):
        for k, network in enumerate(networks):
            there = [arrays[n] for n in sorted(arrays) if n.startswith(f"{player}_{k:04d}/")]
            assert len(there) == len(network.get_weights())
            for found, expected in zip(network.get_weights(), there, strict=True):
                np.testing.assert_array_equal(found, expected)
    # What the averaged weights average begins there, too.
    (teacher,) = model.states
    for averaged, network in zip(teacher.networks, model.discriminators, strict=True):
        for found, expected in zip(averaged.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert model.iteration.numpy() == 0
    after = read_state(state_variables(model, None))
    others = [name for name in after if "optimizer" in name]
    assert len(others) > 20
    for name in others:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_a_run_says_what_it_began_with_and_goes_on_without_it(
    run_folder: Path, tmp_path: Path
) -> None:
    earlier = Path(shutil.copytree(run_folder, tmp_path / "earlier"))
    short = ("--train_iter", "20", "--N", "30", "--start_from", str(earlier))
    folder = make_run(tmp_path / "new", *short)
    described = json.loads((folder / "config.json").read_text())
    assert described["started_from"] == {"run": str(earlier), "iteration": 40}
    assert described["flags"]["start_from"] == str(earlier)
    assert f"begins with the weights of {earlier}, iteration 40" in (folder / "run.log").read_text()
    assert Checkpoints(folder / "checkpoints").iterations[-1] == 20
    shutil.rmtree(earlier)
    arguments = ["train", "--resume", str(folder), "--train_iter", "30"]
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(arguments))
    assert not ended.value.code
    assert Checkpoints(folder / "checkpoints").iterations[-1] == 30


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ("--df_dim", "6"),
            r"discriminators of another shape: \S+kernel is \[5, 5, 1, 4\] there and \[5, 5, 1, 6\] here; "
            "give --df_dim 4 as it has$",
        ),
        (("--z_dim", "6"), r"generators of another shape: .* give --z_dim 5 as it has$"),
        (("--num_layers", "2"), "give --num_layers 1 as it has$"),
        (("--num_mcmc", "3"), "has 4 generators, and this run 6; give --num_mcmc 2 as it has$"),
        (("--nosemi",), r"learnt with labels, and this run without \(--semi\); begin anew$"),
    ],
)
def test_networks_of_another_shape_are_refused_by_the_first_that_differs(
    run_folder: Path, data: ImageData, more: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_start(config(run_folder, *more), data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "ten"]},
            "has other classes: it does not know '9'; it knows beside 'ten'; begin anew without it",
        ),
        ({"class_names": [str(9 - k) for k in range(10)]}, "they are in another order"),
        ({"image_shape": [8, 8, 3]}, "its images are 8x8x3, and these are 8x8x1; begin anew"),
    ],
)
def test_other_classes_and_images_are_refused_by_name(
    run_copy: Path, data: ImageData, changes: dict[str, object], message: str
) -> None:
    described = json.loads((run_copy / "data.json").read_text())
    (run_copy / "data.json").write_text(json.dumps(described | changes))
    with pytest.raises(InputError, match=message):
        read_start(config(run_copy), data)


def test_what_has_no_weights_is_refused(run_copy: Path, data: ImageData) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder"):
        read_start(config(run_copy.parent / "nowhere"), data)
    checkpoint = sorted((run_copy / "checkpoints").iterdir())[-1]
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(InputError, match=checkpoint.name):
        read_start(config(run_copy), data)
    assert checkpoint.exists()  # It is another run's.
    shutil.rmtree(run_copy / "checkpoints")
    with pytest.raises(InputError, match="has no checkpoint; give a run that has saved one"):
        read_start(config(run_copy), data)
    with pytest.raises(InputError, match="--start_from is of a new run, and --resume of one that"):
        parse_flags("--start_from", "R", "--resume", str(run_copy))


def test_the_path_means_the_same_from_every_folder() -> None:
    assert parse_flags("--out_dir", "O", "--start_from", "R").start_from == str(
        Path("R").absolute()
    )
