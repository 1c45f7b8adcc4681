"""The classifier on vectors and images: what it learns, what it says, and what it refuses."""

import gc
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.semi_supervised import SelfTrainingClassifier

import bayesian_gan
from bayesian_gan import BayesianGANClassifier
from bayesian_gan.estimators.configuration import PARAMETERS, configuration
from bayesian_gan.estimators.labels import encode_labels
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import options_of
from bayesian_gan.options.presets import PRESETS, preset_values

# Far from 0 and of very different units, so that nothing works without standardising.
OFFSET, UNITS = np.array([1e4, -30.0]), np.array([100.0, 0.01])


def tiny(**parameters: Any) -> BayesianGANClassifier:
    """A classifier whose fit is all but tracing."""
    defaults = {"iterations": 60, "num_mcmc": 1, "hidden": 20, "batch_size": 16, "random_state": 0}
    return BayesianGANClassifier(**(defaults | parameters))


def table(n: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Three far clusters."""
    X, y = make_blobs(n, random_state=0, centers=[[0, 0], [6, 0], [0, 6]])
    return X * UNITS + OFFSET, y


def partial(y: np.ndarray, labelled: int = 15) -> np.ndarray:
    """Labels of the first examples alone."""
    return np.where(np.arange(len(y)) < labelled, y, -1)


@pytest.fixture(scope="module")
def fitted() -> BayesianGANClassifier:
    """A fit on three clusters, of two chains; not to be changed."""
    X, y = table()
    return tiny(num_mcmc=2).fit(X, partial(y))


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """60 flattened images in 0..16, and their labels."""
    X, y = load_digits(return_X_y=True)
    return X[:60], y[:60]


@pytest.fixture(scope="module")
def images(digits: tuple[np.ndarray, np.ndarray]) -> BayesianGANClassifier:
    """A fit on flattened images; not to be changed."""
    return tiny(iterations=10, image_shape=(8, 8, 1), input_range=(0, 16)).fit(*digits)


def test_it_is_public() -> None:
    assert bayesian_gan.BayesianGANClassifier is BayesianGANClassifier


def test_it_learns_from_a_few_labels(fitted: BayesianGANClassifier) -> None:
    X, y = table(300)
    assert fitted.score(X, y) > 0.95
    assert (fitted.n_features_in_, fitted.n_iter_) == (2, 60)
    np.testing.assert_array_equal(fitted.classes_, [0, 1, 2])
    assert fitted.classes_.dtype == y.dtype


def test_probabilities_are_means_over_draws_and_discriminators(
    fitted: BayesianGANClassifier,
) -> None:
    X, _ = table()
    members = fitted.predict_members(X)
    # The preset collects ten draws, here of two chains of one discriminator.
    assert members.shape == (20, 90, 3)
    assert members.dtype == np.float64
    assert len(np.unique(members[:, 0, 0])) == 20
    np.testing.assert_allclose(members.sum(-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(fitted.predict_proba(X), members.mean(0), rtol=1e-12)
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[members.mean(0).argmax(1)])


def test_transduction_labels_the_training_examples(fitted: BayesianGANClassifier) -> None:
    X, _ = table()
    np.testing.assert_array_equal(fitted.transduction_, fitted.predict(X))


def test_generated_vectors_have_the_units_of_the_data() -> None:
    X, y = table()
    made = tiny(iterations=300).fit(X, y).sample(500, random_state=0)
    assert made.shape == (500, 2)
    spread = X.std(0)
    # A generator of 300 iterations lies about the data; without the units it is off by thousands.
    assert np.all(np.abs(made.mean(0) - X.mean(0)) < spread)
    assert np.all((made.std(0) > spread / 5) & (made.std(0) < 3 * spread))


def test_samples_are_repeatable(fitted: BayesianGANClassifier) -> None:
    one, same, other = (fitted.sample(4, random_state=k) for k in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.all(one != other)
    with pytest.raises(ValueError, match="n_samples must be at least 1, not 0"):
        fitted.sample(0)


@pytest.mark.parametrize("how", ["pickle", "joblib"])
def test_it_predicts_the_same_after_a_round_trip(
    fitted: BayesianGANClassifier, tmp_path: Path, how: str
) -> None:
    X, _ = table()
    if how == "pickle":
        read = pickle.loads(pickle.dumps(fitted))
    else:
        joblib.dump(fitted, tmp_path / "fitted.joblib")
        read = joblib.load(tmp_path / "fitted.joblib")
    np.testing.assert_array_equal(read.predict_members(X), fitted.predict_members(X))
    np.testing.assert_array_equal(read.sample(3, 0), fitted.sample(3, 0))


@pytest.mark.slow
def test_a_random_state_decides_all(fitted: BayesianGANClassifier) -> None:
    X, y = table()
    again = clone(fitted).fit(X, partial(y))
    np.testing.assert_array_equal(again.predict_members(X), fitted.predict_members(X))
    other = clone(fitted).set_params(random_state=np.random.RandomState(1)).fit(X, partial(y))
    assert np.abs(other.predict_proba(X) - fitted.predict_proba(X)).max() > 1e-3


@pytest.mark.parametrize("missing", ["", None, np.nan, -1])
def test_names_of_classes_with_missing_ones(missing: Any) -> None:
    names = np.array(["cedar", missing, "ash", missing, "cedar"], object)
    classes, places = encode_labels(names.astype(str) if missing == "" else names)
    assert classes.tolist() == ["ash", "cedar"]
    assert places.tolist() == [1, -1, 0, -1, 1]


def test_numbers_among_objects_are_numbers() -> None:
    classes, places = encode_labels(np.array([7, None, 3], object))
    assert classes.dtype.kind == "i"
    assert (classes.tolist(), places.tolist()) == ([3, 7], [1, -1, 0])


def test_names_of_columns_and_classes() -> None:
    pd = pytest.importorskip("pandas")
    X, y = table(30)
    frame = pd.DataFrame(X, columns=["length", "width"])
    labels = pd.Series(["a", "b", "c"], dtype="string").take(y).reset_index(drop=True)
    labels[15:] = pd.NA
    model = tiny(iterations=4).fit(frame, labels)
    assert model.feature_names_in_.tolist() == ["length", "width"]
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert set(model.predict(frame)) <= {"a", "b", "c"}
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"width": "height"}))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.full(30, -1), "y contains no labelled sample"),
        (np.array(["", None] * 15, object), "y contains no labelled sample"),
        (partial(np.ones(30, int)), r"number of classes has to be greater than one; got 1 class"),
        (np.full(30, np.nan), "Input y contains NaN"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
        (np.array([0, 1, "a"] * 10, object), "y mixes strings and numbers"),
        (np.array(["a", "b", "-1"] * 10), "string '-1', which NumPy makes of a missing label"),
        (np.array([0, 1]), "inconsistent numbers of samples"),
        (np.zeros((30, 2)), "y should be a 1d array"),
        (None, "requires y to be passed"),
    ],
)
def test_labels_that_are_refused(y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as found:
        tiny().fit(table(30)[0], y)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"iterations": 0}, "iterations must be at least 1, not 0"),
        ({"iterations": None}, "iterations must be an integer, not None"),
        ({"iterations": 1.5}, "iterations must be an integer, not 1.5"),
        ({"learning_rate": -1.0}, "learning_rate must be greater than 0, not -1.0"),
        ({"learning_rate": "big"}, "learning_rate must be a number, not 'big'"),
        ({"num_gen": 0}, "num_gen must be at least 1, not 0"),
        ({"hidden": 0}, "hidden must be at least 1, not 0"),
        ({"preset": "desktop"}, "preset must be one of paper, authors, laptop"),
        ({"warm_up": 60}, "leave no draw in 60 iterations"),
        ({"image_shape": (8, 8, 1)}, r"image_shape must be \(height, width, channels\)"),
        ({"random_state": "me"}, "cannot be used to seed"),
        ({"learning_rate": 1e30}, "is not finite, found after iteration .*: give a smaller"),
    ],
)
def test_parameters_that_are_refused(parameters: dict[str, Any], words: str) -> None:
    X, y = table(30)
    with pytest.raises(ValueError, match=words):
        tiny(**parameters).fit(X, y)


def test_nothing_is_predicted_before_a_fit() -> None:
    for call in (lambda: tiny().predict(table(3)[0]), lambda: tiny().sample(3)):
        with pytest.raises(NotFittedError):
            call()


@pytest.mark.slow
def test_images_of_every_form_are_the_same(
    digits: tuple[np.ndarray, np.ndarray], images: BayesianGANClassifier
) -> None:
    X, y = digits
    assert images.n_features_in_ == 64
    cube = X.reshape(-1, 8, 8)
    np.testing.assert_array_equal(images.predict_proba(cube), images.predict_proba(X))
    for form, given in (
        (cube / 16, (0, 1)),
        (cube[..., None] / 8 - 1, None),
        (np.rint(cube).astype(np.int64), (0, 16)),
    ):
        model = tiny(iterations=10, input_range=given).fit(form, y)
        np.testing.assert_allclose(
            model.predict_proba(form), images.predict_proba(X), rtol=0, atol=1e-4
        )
        made = model.sample(5, random_state=0)
        assert (made.shape, made.dtype) == ((5, *form.shape[1:]), form.dtype)
        low, high = (-1, 1) if given is None else given
        assert low <= made.min() < made.max() <= high


def test_examples_of_another_shape_are_refused(
    digits: tuple[np.ndarray, np.ndarray],
    images: BayesianGANClassifier,
    fitted: BayesianGANClassifier,
) -> None:
    for model, X in ((images, digits[0].reshape(-1, 4, 16)), (fitted, np.zeros((3, 2, 1)))):
        with pytest.raises(ValueError, match=r"X holds examples of shape \(.*\), and `fit` had"):
            model.predict(X)


def test_bytes_have_a_known_range(digits: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = digits
    pictures = (X.reshape(-1, 8, 8) * 15).astype(np.uint8)
    made = tiny(iterations=10).fit(pictures, y).sample(5)
    assert made.dtype == np.uint8
    assert made.max() > 16  # In 0..255, not in -1..1.


@pytest.mark.parametrize(
    ("scale", "parameters", "words"),
    [
        (1.0, {}, r"images of float64 in 0..16 have no known range: give input_range"),
        (2.0, {"input_range": (0, 16)}, r"X holds values in 0..32, and the range of its images is"),
        (1.0, {"input_range": (16, 0)}, r"input_range must be \(low, high\) with low < high"),
        (1.0, {"image_shape": (8, 8, 2)}, r"image_shape must be \(height, width, channels\)"),
    ],
)
def test_images_that_are_refused(
    digits: tuple[np.ndarray, np.ndarray], scale: float, parameters: dict[str, Any], words: str
) -> None:
    X, y = digits
    with pytest.raises(ValueError, match=words):
        tiny(**parameters).fit(X.reshape(-1, 8, 8) * scale, y)


def test_networks_of_ones_own() -> None:
    def networks(K: int) -> dict[str, keras.Model]:
        x = keras.Input((2,))
        h = keras.layers.Dense(30, "relu")(x)
        return {
            "generator": keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
            "discriminator": keras.Model(x, {"logits": keras.layers.Dense(K)(h), "features": h}),
        }

    X, y = table()
    model = clone(tiny(**networks(3), iterations=200)).fit(X, y)
    assert model._posterior.config["shapes"]["d"] == [[2, 30], [30], [30, 3], [3]]
    assert model.score(X, y) > 0.95
    with pytest.raises(ValueError, match="discriminator has 4 logits, but y has 3 classes"):
        tiny(**networks(4)).fit(X, y)


@pytest.mark.slow
def test_scikit_learn_around_it() -> None:
    X, y = table(45)
    pipeline = make_pipeline(MinMaxScaler(), tiny(iterations=10))
    grid = {"bayesianganclassifier__temperature": [0.0, 1.0]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise", refit=False).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    predicted = cross_val_predict(tiny(iterations=10), X, y, cv=2, method="predict_proba")
    assert predicted.shape == (45, 3)
    outer = SelfTrainingClassifier(tiny(iterations=10), max_iter=1)
    assert outer.fit(X, partial(y)).predict(X).shape == y.shape


@pytest.mark.parametrize("preset", ["paper", pytest.param("authors", marks=pytest.mark.slow)])
def test_presets_of_others(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = table(30)
    model = tiny(preset=preset, num_gen=2, iterations=20, verbose=preset == "paper").fit(X, y)
    assert ("iteration 20 of 20" in capsys.readouterr().out) == (preset == "paper")
    assert model.predict_proba(X).shape == (30, 3)


def test_the_length_of_a_preset_is_scaled() -> None:
    given = dict.fromkeys(PARAMETERS) | {"iterations": 1800}
    config = configuration("laptop", given, 30, 7)
    whole = PRESETS["laptop"].values
    assert (config.train_iter, config.collect_every) == (1800, whole["collect_every"] // 5)
    assert config.warm_up == whole["warm_up"] // 5
    assert config.consistency_ramp == 300
    assert 1 - config.average_decay == pytest.approx(5 * 0.001)
    assert (config.lr, config.random_seed, config.N) == (whole["lr"], 7, 30)
    assert configuration("laptop", given | {"batch_size": 8}, 30, 7).labelled_batch_size == 8


def objects() -> Iterator[int]:
    """Objects alive after each of four small fits."""
    X, y = table(30)
    for _ in range(4):
        tiny(iterations=4, num_gen=1).fit(X, y)
        gc.collect()
        yield len(gc.get_objects())


@pytest.mark.slow
def test_fits_leave_nothing_behind() -> None:
    _, second, _, fourth = objects()
    # A graph that is kept has some 18,000.
    assert fourth - second < 1000


def test_runs_on_tables_have_the_same_defaults() -> None:
    one = Config(**preset_values("table", semi=True, ml=False))
    given = dict.fromkeys(PARAMETERS) | {"iterations": BayesianGANClassifier().iterations}
    other = configuration("laptop", given, 30, 0)
    named = ("N", "n_save", "random_seed")
    for name, declared in options_of(Config).items():
        if declared.option.kind != "pictures" and name not in named:
            assert getattr(one, name) == getattr(other, name), name
    assert one.hidden == BayesianGANClassifier().hidden
