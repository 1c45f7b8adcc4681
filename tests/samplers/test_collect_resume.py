"""CollectPosterior where training stops and goes on: the same samples, in memory and in a folder."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from chains import data, model

from bayesian_gan.samplers import SGHMC, CollectPosterior, CyclicalStep


def make() -> keras.Model:
    return model(SGHMC(0.01, 100.0, seed=1), jit_compile=False)


def fit(net: keras.Model, epochs: int, *callbacks: keras.callbacks.Callback, **given: Any) -> None:
    """Four iterations an epoch, in the same order."""
    x = data()
    given = {"batch_size": 10, "shuffle": False, "verbose": 0} | given
    net.fit(x, x[:, :2], epochs=epochs, callbacks=list(callbacks), **given)


def same(found: CollectPosterior, expected: CollectPosterior) -> None:
    assert found.iterations == expected.iterations
    pairs = zip(found.samples().values(), expected.samples().values(), strict=True)
    for received, wanted in pairs:
        np.testing.assert_array_equal(received, wanted)


PLANS: list[dict[str, Any]] = [
    {"burn_in": 3, "thinning": 3},
    {"burn_in": 0, "thinning": 2, "max_samples": 4, "keep": "reservoir", "seed": 5},
    {"burn_in": 1, "thinning": 1, "max_samples": 3, "keep": "recent"},
    {"burn_in": 2, "thinning": 4, "when": CyclicalStep(0.1, 6, exploration=0.5).is_sampling},
]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("in_folder", [False, True], ids=["memory", "folder"])
def test_weights_that_are_loaded_take_the_samples_back_with_them(
    plan: dict[str, Any], in_folder: bool, tmp_path: Path
) -> None:
    whole = CollectPosterior(**plan)
    fit(make(), 5, whole)

    net, collector = make(), CollectPosterior(**plan, path=tmp_path / "s" if in_folder else None)
    fit(net, 2, collector)
    net.save_weights(tmp_path / "at_8.weights.h5")
    fit(net, 2, collector)
    net.load_weights(tmp_path / "at_8.weights.h5")
    with pytest.warns(UserWarning, match="the model is at iteration 8: forgot . samples beyond it"):
        fit(net, 3, collector)
    same(collector, whole)
    # What is forgotten is gone, made again or not.
    net.load_weights(tmp_path / "at_8.weights.h5")
    with pytest.warns(UserWarning, match="beyond it"):
        fit(net, 1, collector)
    assert all(iteration <= 12 for iteration in collector.iterations)


def test_fit_after_fit_is_one_fit() -> None:
    plan: dict[str, Any] = {"burn_in": 3, "thinning": 3}
    whole, parts = CollectPosterior(**plan), CollectPosterior(**plan)
    fit(make(), 5, whole)
    net = make()
    for _ in range(5):
        fit(net, 1, parts)
    same(parts, whole)


def test_a_sample_that_waits_is_taken_by_the_next_fit() -> None:
    # Calls of an epoch of seven end at 2, 4, 6 and 7 of it: 12 is none, and due until 16.
    net = model(SGHMC(0.01, 100.0, seed=1), jit_compile=False, steps_per_execution=2)
    collector = CollectPosterior(12, 10, when=lambda iteration: iteration in (12, 16))
    fit(net, 2, collector, batch_size=6)
    fit(net, 1, collector, batch_size=6)
    assert collector.iterations == [16]


class KilledError(Exception):
    """What ends a process."""


@pytest.mark.parametrize("ours_first", [True, False])
def test_backup_and_restore_in_another_process(ours_first: bool, tmp_path: Path) -> None:
    plan: dict[str, Any] = {"burn_in": 3, "thinning": 2, "max_samples": 5}
    whole = CollectPosterior(**plan)
    fit(make(), 5, whole)

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            if int(self.model.optimizer.iterations.numpy()) == 15:
                raise KilledError

    def callbacks() -> list[keras.callbacks.Callback]:
        both = [
            CollectPosterior(**plan, path=tmp_path / "samples"),
            keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        ]
        return both if ours_first else both[::-1]

    with pytest.raises(KilledError):
        fit(make(), 5, *callbacks(), Kill())
    (tmp_path / "samples" / ".draw_00000017.npz.ab.part").write_bytes(b"half")
    again = callbacks()
    net = make()
    with pytest.warns(UserWarning, match=r"samples: the model is at iteration 12: forgot"):
        fit(net, 5, *again)
    collector = again[0 if ours_first else 1]
    assert isinstance(collector, CollectPosterior)
    same(collector, whole)
    # And one more process, which only predicts.
    reader = CollectPosterior(**plan, path=tmp_path / "samples")
    reader.set_model(make())
    same(reader, whole)
    np.testing.assert_array_equal(reader.predict(data()), whole.predict(data()))
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        *(f"draw_{iteration:08d}.npz" for iteration in whole.iterations),
        "samples.json",
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of samples at 4, 8 and 12."""
    path = tmp_path_factory.mktemp("trained") / "samples"
    fit(make(), 3, CollectPosterior(4, 4, path))
    return path


def reader(path: Path, net: keras.Model | None = None) -> CollectPosterior:
    collector = CollectPosterior(4, 4, path)
    collector.set_model(make() if net is None else net)
    return collector


def test_a_file_that_is_damaged_or_another_draw_s_is_one_line(trained: Path) -> None:
    first, second = trained / "draw_00000004.npz", trained / "draw_00000008.npz"
    whole = first.read_bytes()
    flipped = bytearray(whole)
    # A byte of the kernel: its 24 lie behind the name, 20 bytes of the archive, 128 of NumPy.
    flipped[whole.index(b"w_0000.npy") + 165] ^= 1
    damages = {
        bytes(flipped): r"this draw cannot be read \(.*\); remove the file to go on without it",
        whole[: len(whole) // 2]: "this draw cannot be read",
        b"": "this draw cannot be read",
        second.read_bytes(): "holds the draw of iteration 8, not its name's",
    }
    try:
        for damage, message in damages.items():
            first.write_bytes(damage)
            with pytest.raises(ValueError, match=rf"^{first}: {message}") as caught:
                reader(trained).predict(data())
            assert "\n" not in str(caught.value)
    finally:
        first.write_bytes(whole)
    assert len(reader(trained).samples()) == 2


def test_pickles_are_not_loaded(trained: Path) -> None:
    file = trained / "draw_00000004.npz"
    whole = file.read_bytes()
    try:
        evil = {"w_0000": np.array([{"a": 1}], dtype=object), "iteration": np.array(4)}
        with file.open("wb") as opened:
            np.savez(opened, **evil)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
            reader(trained).samples()
    finally:
        file.write_bytes(whole)


def test_another_model_s_folder_is_refused(trained: Path, tmp_path: Path) -> None:
    other = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(5)])
    other.compile(SGHMC(0.01, 100.0, seed=1), "mse")
    with pytest.raises(ValueError, match=r"samples\.json: describes the draws of another model"):
        reader(trained, other).predict(data())
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="holds other things than a model's draws"):
        fit(make(), 1, CollectPosterior(4, 4, tmp_path))
    (tmp_path / "samples.json").write_text("{")
    with pytest.raises(ValueError, match=r"samples\.json: cannot be read"):
        fit(make(), 1, CollectPosterior(4, 4, tmp_path))
    with pytest.raises(ValueError, match=rf"^no samples have been collected in {tmp_path / 'no'}"):
        reader(tmp_path / "no").predict(data())
    with pytest.raises(ValueError, match=r"^call set_model\(model\) first"):
        CollectPosterior(4, 4, trained).predict(data())


def test_a_model_that_begins_anew_takes_no_samples_away(tmp_path: Path) -> None:
    plan: dict[str, Any] = {"burn_in": 3, "thinning": 3, "path": tmp_path / "s"}
    trained = CollectPosterior(**plan)
    fit(make(), 3, trained)
    kept = trained.samples()
    with pytest.raises(ValueError, match="holds samples up to iteration 12, and the model is at 0"):
        fit(make(), 1, CollectPosterior(**plan))
    for name, values in trained.samples().items():
        np.testing.assert_array_equal(values, kept[name])
