"""Data as Keras users have it: all of it trains as arrays do, or is refused in one line."""

import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import CLASSES, SHAPE, examples, sampled, small_gan

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.terms import ClassFrequencies
from bayesian_gan.reliability.state import assign_state, read_state, state_variables

X, ALL = examples()
Y = np.where(np.arange(len(X)) < 12, ALL, -1)
TWICE_X, TWICE_Y = np.r_[X, X], np.r_[Y, Y]
NAMES = ["cat", "dog", "eel"]


class Parts(keras.utils.PyDataset):
    """Batches of 16; without an end, again and again."""

    def __init__(self, ends: bool) -> None:
        super().__init__()
        self.ends = ends

    @property
    def num_batches(self) -> int | None:
        return 3 if self.ends else None

    def __getitem__(self, i: int) -> Any:
        at = np.arange(16 * i, 16 * i + 16) % len(X)
        return X[at], Y[at]


class Loader:
    """Any iterable of batches, such as a data loader."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Any:
        return ((X[k : k + 16], Y[k : k + 16]) for k in range(0, 48, 16))


def _dataset() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y))


def _uneven() -> list[Any]:
    return [(TWICE_X[k : k + 32], TWICE_Y[k : k + 32]) for k in (0, 32, 64)]


def _named(none: str | None = None) -> np.ndarray:
    return np.array([none if k < 0 else NAMES[k] for k in Y], object)


SAME: dict[str, Any] = {
    "lists": lambda: {"x": list(X), "y": Y.tolist()},
    "tensors": lambda: {"x": tf.constant(X), "y": tf.constant(Y)},
    "column": lambda: {"x": X, "y": Y[:, None]},
    "floats": lambda: {"x": X, "y": np.where(Y < 0, np.nan, Y)},
    "names": lambda: {"x": X, "y": _named(), "class_names": NAMES},
    "empty_names": lambda: {"x": X, "y": _named("").tolist(), "class_names": NAMES},
    "objects": lambda: {"x": X, "y": [None if k < 0 else int(k) for k in Y]},
    "bytes": lambda: {"x": X, "y": _named("").astype(bytes), "class_names": NAMES},
    "dataset": lambda: {"x": _dataset().batch(16)},
    "one_by_one": lambda: {"x": _dataset(), "batch_size": 16},
    "repeated": lambda: {"x": _dataset().batch(16).repeat()},
    "unknown_size": lambda: {"x": _dataset().filter(lambda x, y: True).batch(16)},
    "parts": lambda: {"x": Parts(True)},
    "endless_parts": lambda: {"x": Parts(False)},
    "generator": lambda: {"x": ((x, y) for x, y in _dataset().batch(16))},
    "endless_generator": lambda: {"x": itertools.cycle([(X[:24], Y[:24]), (X[24:], Y[24:])]), "batch_size": 16},
    "endless_uneven": lambda: {"x": itertools.cycle(_uneven()), "batch_size": 16},
    "loader": lambda: {"x": Loader()},
    "weights_of_one": lambda: {"x": X, "y": Y, "class_weight": {0: 1.0}},
}  # fmt: skip


@pytest.fixture(scope="module")
def begun() -> Any:
    """A model that is as at its beginning, whenever it is asked for; it is traced once for all."""
    model = small_gan()
    variables = state_variables(model, None)
    state = read_state(variables)

    def begin() -> BayesianGAN:
        assign_state(variables, state, "the state at the beginning")
        model.class_names = None
        return model

    return begin


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    model = small_gan()
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    return sampled(model)


@pytest.mark.parametrize("kind", SAME)
def test_it_trains_as_arrays_do(kind: str, begun: Any, expected: list[np.ndarray]) -> None:
    model, given = begun(), SAME[kind]()
    if "y" in given:
        given["batch_size"] = 16
    model.fit(**given, epochs=2, verbose=0)
    for one, other in zip(sampled(model), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_folder_that_keras_reads_is_trained_on(tmp_path: Path) -> None:
    for i, (image, label) in enumerate(zip(X, ALL, strict=True)):
        folder = tmp_path / NAMES[label]
        folder.mkdir(exist_ok=True)
        keras.utils.save_img(folder / f"{i:02d}.png", image, scale=False)
    arguments = {"color_mode": "grayscale", "image_size": SHAPE[:2], "batch_size": 16, "seed": 0}
    folder = keras.utils.image_dataset_from_directory(tmp_path, **arguments, verbose=False)
    with pytest.raises(InputError, match="input_range"):
        small_gan().fit(folder)
    model = small_gan(input_range=(0, 255))
    model.fit(folder, epochs=30, validation_data=folder, verbose=0)
    accuracy, _ = model.evaluate(folder, verbose=0)
    assert accuracy > 0.9
    assert model.evaluate(X, ALL, verbose=0)[0] == pytest.approx(accuracy)


def test_a_table_of_pandas_is_trained_on() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    vectors = np.random.default_rng(0).normal(size=(48, 5))
    trained: list[np.ndarray] = []
    for x, y in (
        (vectors, Y),
        (pandas.DataFrame(vectors), pandas.Series(np.where(Y < 0, np.nan, Y))),
        (pandas.DataFrame(vectors), pandas.Series(_named(), dtype="string")),
    ):
        model = small_gan(shape=(5,))
        model.fit(x, y, verbose=0, class_names=NAMES if str(y.dtype) == "string" else None)
        trained.append(model.predict(x, verbose=0))
    for one in trained[1:]:
        np.testing.assert_array_equal(one, trained[0])


def test_class_names_are_kept(tmp_path: Path) -> None:
    model = small_gan()
    model.fit(X, _named(), class_names=NAMES, verbose=0)
    named = np.array(NAMES)[ALL]
    score = model.evaluate(X, named, verbose=0)
    assert score == model.evaluate(X, ALL, verbose=0)
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert again.class_names == NAMES
    np.testing.assert_allclose(again.evaluate(X, named, verbose=0), score, rtol=1e-6)


# --------------------------------------------------------------------------------- weights


def test_the_labelled_term_is_weighted() -> None:
    # An example of weight 2 counts as two, one of weight 0 not at all. Whole minibatches of all
    # labelled examples leave no chance in it.
    def labelled(**given: Any) -> float:
        model = small_gan(keras.optimizers.SGD(0.0))
        history = model.fit(X, **given, labelled_batch_size=12, steps_per_epoch=1, verbose=0)
        return history.history["labelled"][0]

    model = small_gan()
    log_p = np.log(np.stack([model.predict_sample(X[:12], i) for i in range(2)]).astype(np.float64))
    each = -log_p[:, np.arange(12), ALL[:12]]
    w = np.r_[np.linspace(0.0, 2.0, 12), np.full(36, 9.0)]
    np.testing.assert_allclose(labelled(y=Y), each.mean(), rtol=1e-5)
    np.testing.assert_allclose(labelled(y=Y, sample_weight=w), (each * w[:12]).mean(), rtol=1e-5)
    classes = np.array([3.0, 1.0, 0.5])
    np.testing.assert_allclose(
        labelled(y=Y, class_weight={0: 3.0, 2: 0.5}), (each * classes[ALL[:12]]).mean(), rtol=1e-5
    )


def test_a_later_fit_on_data_of_the_same_shapes_is_not_traced_again() -> None:
    stepped, anew = small_gan(), small_gan()
    stepped.fit(X, Y, batch_size=16, verbose=0)
    traced = stepped.train_function
    others, labels = 255 - X, np.where(Y < 0, -1, (Y + 1) % CLASSES)
    stepped.fit(others, labels, batch_size=16, verbose=0)
    assert stepped.train_function is traced
    # It is the other data that it trains on, not the first ones.
    anew.fit(X, Y, batch_size=16, verbose=0)
    anew.train_function = None
    anew.step = None
    anew.fit(others, labels, batch_size=16, verbose=0)
    for one, other in zip(sampled(stepped), sampled(anew), strict=True):
        np.testing.assert_array_equal(one, other)
    stepped.fit(X[:40], Y[:40], batch_size=16, verbose=0)
    assert stepped.train_function is not traced


def test_the_last_examples_are_kept_for_validation() -> None:
    kept, whole = small_gan(), small_gan()
    history = kept.fit(X, ALL, validation_split=0.25, verbose=0).history
    whole.fit(X[:36], ALL[:36], verbose=0)
    for one, other in zip(sampled(kept), sampled(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    nll = whole.evaluate(X[36:], ALL[36:], verbose=0)[1]
    np.testing.assert_allclose(history["val_nll"][0], nll, rtol=1e-6)


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"y": ALL + 1}, r"^y: labels count from 0, and these are 1..3: give"),
        ({"y": np.where(Y < 0, -1, Y + 1)}, r"^y: labels count from 0"),
        ({"y": ALL + 7}, r"^y: labels must lie in 0..2"),
        ({"y": np.eye(CLASSES)[ALL]}, r"^y must be class numbers \[48\], not one-hot"),
        ({"y": _named()}, r"^y holds names such as \['cat', 'dog', 'eel'\]: give class_names"),
        ({"y": np.array(NAMES)[ALL], "class_names": NAMES[:2]}, "^class_names must be 3 different"),
        ({"y": np.array(NAMES)[ALL], "class_names": ["a", "dog", "eel"]}, r"^y\[0\] is 'cat'"),
        ({"y": Y, "shuffle": False}, "^shuffle=False"),
        ({"y": Y, "sample_weight": np.ones(5)}, "^sample_weight must be 48 numbers"),
        ({"y": Y, "sample_weight": -np.ones(48)}, "^sample_weight must be finite, at least 0"),
        ({"y": Y, "sample_weight": np.where(Y < 0, 1.0, 0.0)}, "greater for some labelled"),
        ({"y": Y, "sample_weight": np.ones(48), "class_weight": {0: 1.0}}, "give one of the two"),
        ({"y": Y, "validation_split": 1.5}, "^validation_split must be"),
        ({"y": Y, "validation_split": 0.25}, "^validation_split: y labels no image"),
        ({"y": Y, "validation_data": (X, ALL[:5])}, "^validation_data: y must be 48 labels"),
        ({"y": Y, "labelled_batch_size": 0}, "^labelled_batch_size must be"),
        ({"y": Y, "batch_size": 2.5}, "^batch_size must be"),
        ({"x": _dataset().batch(16), "y": Y}, "^y: leave it out, x is a _?BatchDataset"),
        ({"x": iter([]), "y": None}, "gives no examples"),
        ({"x": {"a": 1}, "y": Y}, "^x must be an array, not dict"),
        ({"x": [[1, 2], [3]], "y": Y}, "^x must be an array whose rows are of one shape"),
        ({"x": None, "y": Y}, "^x must be an array, not NoneType"),
    ],
)
def test_what_fits_nothing_is_refused_before_training(given: dict[str, Any], line: str) -> None:
    model = small_gan()
    with pytest.raises(InputError, match=line) as caught:
        model.fit(**({"x": X} | given))
    assert "\n" not in str(caught.value)
    assert int(model.iteration.numpy()) == 0


def test_without_labels_weights_are_refused() -> None:
    with pytest.raises(InputError, match=r"^sample_weight weighs the labelled examples"):
        small_gan(classes=1).fit(X, sample_weight=np.ones(48))


# -------------------------------------------------------------------------- batch by batch


def test_a_batch_of_all_is_an_iteration_of_fit() -> None:
    fitted, stepped = small_gan(), small_gan()
    fitted.fit(X, Y, batch_size=48, labelled_batch_size=12, epochs=2, verbose=0)
    for _ in range(2):
        stepped.train_on_batch(X, Y)
    assert int(stepped.iteration.numpy()) == 2
    # The labelled term is a mean over rows, of which most weigh nothing: sums in another order. The
    # epsilon of Adam keeps that from growing.
    for one, other in zip(sampled(fitted), sampled(stepped), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("weight", [1.0, "posterior"])
def test_the_labelled_term_of_a_batch_is_that_of_its_labels(weight: Any) -> None:
    # w_s times the mean over the labelled ones; of the posterior, 1 / B for each.
    rates = []
    for labels in (Y[:24], np.where(np.arange(24) < 3, ALL[:24], -1), np.full(24, -1)):
        model = small_gan(
            keras.optimizers.SGD(0.0), objective=Paper(weight), prior=None, num_mcmc=1
        )
        logs = model.train_on_batch(X[:24], labels, return_dict=True)
        parts = logs["real"] + logs["fake"]
        log_p = np.log(model.predict(X[:24], verbose=0)[np.arange(24), ALL[:24]])
        of_labelled = -log_p[labels >= 0].astype(np.float64)
        w_s = of_labelled.mean() if weight == 1.0 and len(of_labelled) else of_labelled.sum() / 24
        rates.append(logs["discriminator_energy"] - parts)
        np.testing.assert_allclose(rates[-1], w_s, rtol=1e-4, atol=1e-6)


def test_batches_of_one_size_are_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_gan(terms=[ClassFrequencies(1.0)])
    made = []
    original = type(model).make_train_function

    def counted(self: Any, force: bool = False) -> Any:
        made.append(self.train_function is None)
        return original(self, force)

    monkeypatch.setattr(type(model), "make_train_function", counted)
    for k in range(0, 48, 16):
        model.train_on_batch(X[k : k + 16], Y[k : k + 16])
    assert made == [True, False, False]


def test_a_generator_of_validation_data_gives_every_epoch_the_same_scores() -> None:
    model = small_gan(keras.optimizers.SGD(0.0))
    for first, steps, given in (
        (48, None, iter),
        (24, 3, itertools.cycle),
        (72, 9, itertools.cycle),
    ):
        parts = [(X[k : k + 8], ALL[k : k + 8]) for k in range(0, 48, 8)]
        history = model.fit(
            X, Y, epochs=3, verbose=0, validation_data=given(parts), validation_steps=steps
        ).history
        nll = model.evaluate(TWICE_X[:first], np.r_[ALL, ALL][:first], verbose=0)[1]
        np.testing.assert_allclose(history["val_nll"], nll, rtol=1e-5)
