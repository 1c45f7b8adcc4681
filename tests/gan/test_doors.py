"""Every door of a GAN takes images in their range, and refuses others in one line."""

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import CLASSES, examples, sampled, small_gan

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN

X, Y = examples()
UNIT = X / 127.5 - 1.0


@pytest.fixture(scope="module")
def gan() -> BayesianGAN:
    return small_gan()


@pytest.fixture(scope="module")
def of_0_1() -> BayesianGAN:
    return small_gan(input_range=(0, 1))


class Parts(keras.utils.PyDataset):
    """Batches of 10."""

    def __init__(self, *columns: np.ndarray) -> None:
        super().__init__()
        self.columns = columns

    def __len__(self) -> int:
        return -(-len(self.columns[0]) // 10)

    def __getitem__(self, i: int) -> Any:
        part = tuple(column[10 * i : 10 * i + 10] for column in self.columns)
        return part if len(part) > 1 else part[0]


def dataset(*columns: np.ndarray) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0]).batch(10)


DOORS: dict[str, Callable[[BayesianGAN, Any], Any]] = {
    "predict": lambda m, x: m.predict(x, verbose=0),
    "predict_on_batch": lambda m, x: m.predict_on_batch(x),
    "predict_dataset": lambda m, x: m.predict(dataset(x), verbose=0),
    "predict_labelled_dataset": lambda m, x: m.predict(dataset(x, Y), verbose=0),
    "predict_parts": lambda m, x: m.predict(Parts(x), verbose=0),
    "predict_generator": lambda m, x: m.predict((b for b in dataset(x)), verbose=0),
    "predict_one_by_one": lambda m, x: m.predict(tf.data.Dataset.from_tensor_slices(x), verbose=0),
    "predict_members": lambda m, x: m.predict_members(x).mean(0),
    "predict_sample": lambda m, x: np.mean([m.predict_sample(x, i) for i in range(2)], 0),
    "call": lambda m, x: m(x).numpy(),
    "call_tensor": lambda m, x: m(tf.constant(x)).numpy(),
}
SCORES: dict[str, Callable[[BayesianGAN, Any], Any]] = {
    "evaluate": lambda m, x: m.evaluate(x, Y, verbose=0),
    "evaluate_dataset": lambda m, x: m.evaluate(dataset(x, Y), verbose=0),
    "test_on_batch": lambda m, x: m.test_on_batch(x, Y),
    "validation_data": lambda m, x: m.fit(X, Y, validation_data=(x, Y), verbose=0),
    "validation_dataset": lambda m, x: m.fit(X, Y, validation_data=dataset(x, Y), verbose=0),
    "fit": lambda m, x: m.fit(x, Y, verbose=0),
    "fit_dataset": lambda m, x: m.fit(dataset(x, Y), verbose=0),
    "train_on_batch": lambda m, x: m.train_on_batch(x, Y),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_takes_images_of_its_range(gan: BayesianGAN, of_0_1: BayesianGAN, door: str) -> None:
    expected = np.mean([m.predict_sample(X, i) for m in (gan,) for i in range(2)], 0)
    enter = DOORS[door]
    # Both have the seed 0, and so the same weights.
    for model, x, tolerance in (
        (gan, X, 1e-6),
        (gan, UNIT, 1e-6),
        (gan, UNIT.astype(np.float32) * np.float32(1.0000002), 1e-6),
        (of_0_1, X, 1e-6),
        (of_0_1, X / 255.0, 1e-5),
    ):
        np.testing.assert_allclose(enter(model, x), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("door", DOORS | SCORES)
@pytest.mark.parametrize(
    ("x", "line"),
    [
        (X.astype(np.float32), "must lie in [-1, 1], not 0..255"),
        (UNIT * 1.01, "must lie in [-1, 1], not -1.01..1.01"),
        (X.astype(np.int64), "must be uint8, or floats in [-1, 1], not int64"),
        (np.where(X > 250, np.nan, UNIT), "must lie in [-1, 1], not nan..nan"),
        (X[:, :3], "must have shape [N, 4, 4, 1]"),
    ],
    ids=["0..255", "1.01", "int64", "nan", "shape"],
)
def test_a_door_refuses_other_images_in_one_line(
    gan: BayesianGAN, door: str, x: np.ndarray, line: str
) -> None:
    before = gan.get_weights()
    with pytest.raises(InputError) as caught:
        (DOORS | SCORES)[door](gan, x)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    for one, other in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_a_later_part_of_a_source_holds_is_refused_too(gan: BayesianGAN) -> None:
    x, below = (np.r_[UNIT[:20], far + UNIT[20:]].astype(np.float32) for far in (200.0, -200.0))
    for enter in (
        lambda: gan.predict(dataset(below), verbose=0),
        lambda: gan.predict(dataset(x), verbose=0),
        lambda: gan.predict(Parts(x), verbose=0),
        lambda: gan.evaluate(dataset(x, Y), verbose=0),
    ):
        with pytest.raises(InputError, match=r"^images: float images must lie in \[-1, 1\]"):
            enter()


def test_images_that_may_have_another_range_are_doubted_once() -> None:
    cases: list[tuple[dict[str, Any], np.ndarray, str]] = [
        ({}, X / 255.0, "no value below 0"),
        ({"input_range": (0, 255)}, X / 255.0, "no value above 1"),
        ({}, X // 255, "uint8 and holds no value above 1"),
    ]
    for arguments, x, words in cases:
        model = small_gan(**arguments)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.predict(x, verbose=0)
            model.evaluate(x, Y, verbose=0)
        (doubt,) = (w for w in caught if words in str(w.message))
        assert doubt.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        small_gan().predict(UNIT, verbose=0)
        small_gan(input_range=(0, 1)).predict(X / 255.0, verbose=0)


def test_the_range_is_kept_by_saving_and_is_that_of_generated_images(tmp_path: Any) -> None:
    model = small_gan(input_range=(0, 255))
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    x = X.astype(np.float32)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    plain = small_gan().generate(5, 1)
    np.testing.assert_allclose(again.generate(5, 1), (plain + 1) * 127.5, rtol=1e-6)
    np.testing.assert_array_equal(
        again.predict(X.astype(np.int64), verbose=0), again.predict(X, verbose=0)
    )


def test_training_on_a_range_is_training_on_the_same_images() -> None:
    trained = []
    for bounds, x in (((-1, 1), UNIT), ((0, 1), (UNIT + 1) / 2)):
        model = small_gan(keras.optimizers.SGD(0.1), input_range=bounds)
        model.fit(x.astype(np.float32), Y, epochs=3, verbose=0)
        trained.append(sampled(model))
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("given", [(1, 0), (0, 1, 2), 255, "01", (0, np.inf), (0, None)])
def test_what_is_no_range_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="input_range must be a pair such as"):
        small_gan(input_range=given)


def test_vectors_have_no_range() -> None:
    with pytest.raises(InputError, match="input_range is of images"):
        small_gan(shape=(5,), input_range=(0, 1))
    model = small_gan(shape=(5,))
    x = np.random.default_rng(0).normal(0, 30, (48, 5))
    assert model.fit(x, Y, verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(1), 1.0, rtol=1e-5)


# ------------------------------------------------------------------------------------ scores


def test_scores_are_those_of_the_labelled_examples_with_their_weights(gan: BayesianGAN) -> None:
    p = gan.predict(X, verbose=0).astype(np.float64)
    w = np.linspace(0.0, 2.0, len(X))
    partly = np.where(np.arange(len(X)) % 4, Y, -1)
    for labels, weight in ((Y, None), (Y, w), (partly, None), (partly, w)):
        counted = (labels >= 0) * (np.ones(len(X)) if weight is None else weight)
        nll = -np.sum(counted * np.log(p[np.arange(len(X)), Y])) / counted.sum()
        accuracy = np.sum(counted * (p.argmax(1) == Y)) / counted.sum()
        found = [
            gan.evaluate(X, labels, sample_weight=weight, verbose=0),
            gan.evaluate(X, labels[:, None].astype(float), sample_weight=weight, verbose=0),
            gan.test_on_batch(X, labels, weight),
        ]
        columns = (X, labels) if weight is None else (X, labels, weight)
        found += [gan.evaluate(dataset(*columns), verbose=0)]
        found += [gan.evaluate(Parts(*columns), verbose=0)]
        for scores in found:
            np.testing.assert_allclose(scores, [accuracy, nll], rtol=1e-5)


def test_names_of_scores_are_in_their_order() -> None:
    model = small_gan()
    model.compile("adam", metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, "top2")])
    partly = np.where(np.arange(len(X)) % 4, Y, -1)
    p = model.predict(X, verbose=0)
    by_name = model.evaluate(X, partly, verbose=0, return_dict=True)
    assert (
        dict(zip(model.metrics_names, model.evaluate(X, partly, verbose=0), strict=True)) == by_name
    )
    assert list(by_name) == ["accuracy", "nll", "top2"]
    in_two = (np.argsort(p)[:, 1:] == Y[:, None]).any(1)[partly >= 0].mean()
    np.testing.assert_allclose(by_name["top2"], in_two)
    history = model.fit(X, partly, validation_data=(X, partly), verbose=0).history
    assert {"val_accuracy", "val_nll", "val_top2", "discriminator_energy"} <= set(history)


def test_without_labels_the_score_is_what_is_held_to_be_real() -> None:
    model = small_gan(classes=1)
    expected = model.predict(X, verbose=0).mean()
    for x in (X, dataset(X), dataset(X, Y)):
        np.testing.assert_allclose(model.evaluate(x, verbose=0), expected, rtol=1e-5)
    assert model.metrics_names == ["p_real"]
    for x in (X, dataset(X, Y)):  # Labels of a source are passed over.
        history = model.fit(x, batch_size=16, validation_data=(X,), verbose=0).history
        assert "val_p_real" in history
    with pytest.raises(InputError, match=r"^y: a discriminator of one logit knows no classes"):
        model.evaluate(X, Y)


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        (None, "y: give the labels of x"),
        (Y[:-1], "y must be 48 labels, one for each image"),
        (np.eye(CLASSES)[Y], "not one-hot rows"),
        (Y + 1, "labels count from 0, and these are 1..3"),
        (Y + 0.5, "must be class numbers, not fractions"),
        (np.array(["a", "b", "c"])[Y], "give class_names"),
        (np.full(48, -1), "all are -1"),
    ],
)
def test_labels_that_fit_no_score_are_refused(gan: BayesianGAN, labels: Any, line: str) -> None:
    with pytest.raises(InputError, match=line):
        gan.evaluate(X, labels)


def test_a_dataset_whose_labels_cannot_be_counted_is_refused(gan: BayesianGAN) -> None:
    with pytest.raises(InputError, match="x gives no labels"):
        gan.evaluate(dataset(X))
    with pytest.raises(InputError, match="label_mode='int'"):
        gan.evaluate(dataset(X, np.eye(CLASSES)[Y]))
    with pytest.raises(InputError, match="gives no examples"):
        gan.predict(iter([]))


def test_a_generator_that_was_looked_into_loses_nothing(gan: BayesianGAN) -> None:
    parts = itertools.chain([X[:7]], [X[7:]])
    assert gan.predict(parts, verbose=0).shape == (len(X), CLASSES)


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        (Y + 1, r"^labels of a dataset must be whole numbers in 0\.\.2"),
        (Y - 5, r"^labels of a dataset must be whole numbers"),
        (Y + 0.5, r"^labels of a dataset must be whole numbers"),
        (np.eye(CLASSES)[Y], r"^labels of a dataset are of shape .*label_mode='int'"),
        (np.array(["a", "b", "c"])[Y], r"^labels of a dataset are string"),
        (np.full(48, -1), r"^no image was scored"),
        (np.full(48, np.nan), r"^no image was scored"),
        (None, "^x gives no labels"),
    ],
    ids=["1..3", "-5", "fractions", "one_hot", "names", "unlabelled", "nan", "none"],
)
@pytest.mark.parametrize("late", [False, True], ids=["first", "later"])
def test_labels_of_sources_that_fit_no_score_are_refused(
    gan: BayesianGAN, labels: Any, line: str, late: bool
) -> None:
    columns: tuple[Any, ...] = (X,) if labels is None else (X, labels)
    if late and labels is not None and labels.dtype.kind in "if" and labels.ndim == 1:
        # The first parts are good, and those of weight 0 do not count.
        columns = (X, np.where(np.arange(48) < 30, Y, labels), np.r_[np.zeros(30), np.ones(18)])
    sources = (dataset(*columns), Parts(*columns), iter(list(Parts(*columns))))
    for source in sources:
        with pytest.raises(InputError, match=line) as caught:
            gan.evaluate(source, verbose=0)
        assert "\n" not in str(caught.value)


def test_labels_of_sources_count_as_those_of_arrays(gan: BayesianGAN) -> None:
    partly = np.where(np.arange(len(X)) % 4, Y, -1)
    expected = gan.evaluate(X, partly, verbose=0)
    for labels in (np.where(partly < 0, np.nan, partly), partly[:, None].astype(np.float32)):
        for source in (dataset(X, labels), Parts(X, labels), dataset(X, labels).unbatch()):
            np.testing.assert_allclose(gan.evaluate(source, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize("weights", [-np.ones(48), np.full(48, np.nan), np.zeros(48)])
def test_weights_that_fit_no_score_are_refused(gan: BayesianGAN, weights: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"^sample_weight must be finite, at least 0"):
        gan.evaluate(X, Y, sample_weight=weights, verbose=0)
    with pytest.raises(InputError, match=r"^(weights of a dataset must be|no image was scored)"):
        gan.evaluate(dataset(X, Y, weights), verbose=0)
    with pytest.raises(InputError, match=r"^y: leave it out, x is a source"):
        gan.evaluate(dataset(X), Y)


def test_compiled_with_xla_it_checks_what_sources_give_too() -> None:
    # XLA leaves out what a graph asserts.
    model = small_gan()
    model.compile("adam", jit_compile=True)
    late = np.concatenate([UNIT[:20], 200.0 * UNIT[20:]]).astype(np.float32)
    for enter in (
        lambda: model.predict(dataset(late), verbose=0),
        lambda: model.evaluate(dataset(late, Y), verbose=0),
        lambda: model.evaluate(dataset(X, np.where(np.arange(48) < 20, Y, 7)), verbose=0),
    ):
        with pytest.raises(InputError, match=r"^(images: float images must lie|labels of a)"):
            enter()
    assert model.jit_compile is True


def test_a_model_is_a_layer_of_another(gan: BayesianGAN) -> None:
    images = keras.Input(gan.image_shape)
    whole = keras.Model(images, gan(images))
    np.testing.assert_allclose(
        whole.predict(UNIT.astype(np.float32), verbose=0), gan.predict(X, verbose=0), atol=1e-6
    )


def test_arguments_stand_in_the_order_of_keras(gan: BayesianGAN) -> None:
    expected = gan.predict(X, verbose=0)
    np.testing.assert_allclose(gan.predict(X, 7, 0, None, []), expected, atol=1e-6)
    scores = gan.evaluate(X, Y, verbose=0, return_dict=True)
    assert gan.evaluate(X, Y, 32, 0, None, None, [], True) == scores


def test_a_metric_of_the_same_name_leaves_the_weighted_score() -> None:
    model, w = small_gan(), np.linspace(0.0, 2.0, len(X))
    expected = model.evaluate(X, Y, sample_weight=w, verbose=0, return_dict=True)
    model.compile("adam", metrics=["accuracy"])
    assert model.evaluate(X, Y, sample_weight=w, verbose=0, return_dict=True) == expected


def test_integers_beyond_0_to_255_are_refused() -> None:
    model = small_gan(input_range=(0, 255))
    for x, line in ((X.astype(int) - 1, "not -1..254"), (X.astype(int) + 1, r"not 1\.\.256")):
        with pytest.raises(InputError, match=line):
            model.predict(x, verbose=0)
