"""Each energy against a NumPy computation that takes probabilities, in float64, straight from the formulas."""

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan import objectives as o

D, G, B, K, F = 2, 3, 5, 4, 6


@pytest.fixture
def terms() -> tuple[o.PairTerms, dict[str, np.ndarray]]:
    """Random terms of D discriminators and G generators, and the same as float64."""
    rng = np.random.default_rng(0)
    arrays = {
        "real": rng.random(D),
        "labelled": rng.random(D),
        "fake": rng.random((D, G)),
        "adversarial": rng.random((D, G)),
        "matching": rng.random((D, G)),
        "entropy": rng.random(D),
        "consistency": rng.random(D),
        "class_frequencies": rng.random(D),
        "mean_probabilities": rng.random((D, K)),
        "penalty": rng.random((D, G)),
    }
    return o.PairTerms(**{k: tf.constant(v, tf.float32) for k, v in arrays.items()}), arrays


def _probability_real(logits: np.ndarray) -> np.ndarray:
    z = np.exp(logits.astype(np.float64)).sum(-1)
    return z / (1.0 + z)


def test_minibatch_terms_from_logits() -> None:
    rng = np.random.default_rng(1)
    logits = (3.0 * rng.standard_normal((G, B, K))).astype(np.float32)
    p = _probability_real(logits)
    np.testing.assert_allclose(o.real_energy(logits), -np.log(p).mean(-1), rtol=2e-6)
    np.testing.assert_allclose(o.fake_energy(logits), -np.log(1.0 - p).mean(-1), rtol=2e-6)
    labels = np.array([0, 3, 1, 1, 2])
    softmax = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    expected = -np.log(softmax[np.arange(B), labels]).mean()
    np.testing.assert_allclose(o.labelled_energy(logits[0], labels), expected, rtol=2e-6)


def test_one_logit_is_the_sigmoid() -> None:
    logits = np.array([[-2.0], [0.5], [3.0]], np.float32)
    d = 1.0 / (1.0 + np.exp(-logits[:, 0].astype(np.float64)))
    np.testing.assert_allclose(o.real_energy(logits), -np.log(d).mean(), rtol=1e-6)
    np.testing.assert_allclose(o.fake_energy(logits), -np.log(1 - d).mean(), rtol=1e-6)


def test_energies_are_finite_where_probabilities_are_not() -> None:
    # exp(200) overflows float32 and 1 - D rounds to 0: only logits carry the number.
    logits = tf.constant([[200.0, 200.0]])
    np.testing.assert_allclose(o.fake_energy(logits), 200.0 + np.log(2.0), rtol=1e-6)
    np.testing.assert_allclose(o.real_energy(-logits), 200.0 - np.log(2.0), rtol=1e-6)


def test_huber_distance_of_features() -> None:
    rng = np.random.default_rng(2)
    real, fake = 2 * rng.standard_normal((B, F)), 2 * rng.standard_normal((G, B, F))
    r = np.abs(real[None] - fake)
    assert (r < 1).any()
    assert (r > 1).any()
    expected = np.where(r < 1, 0.5 * r**2, r - 0.5).mean((1, 2))
    np.testing.assert_allclose(o.huber_feature_distance(real, fake), expected, rtol=1e-6)


def test_distance_of_mean_features() -> None:
    rng = np.random.default_rng(3)
    real, fake = rng.standard_normal((B, F)), rng.standard_normal((G, B, F))
    expected = [np.mean((real.mean(0) - fake[g].mean(0)) ** 2) for g in range(G)]
    np.testing.assert_allclose(o.mean_feature_distance(real, fake), expected, rtol=1e-6)


def test_entropy_and_inconsistency_of_unlabelled_predictions() -> None:
    rng = np.random.default_rng(4)
    logits, target = (2.0 * rng.standard_normal((2, B, K))).astype(np.float32)
    p, q = (np.exp(m) / np.exp(m).sum(-1, keepdims=True) for m in (logits, target))
    np.testing.assert_allclose(o.mean_entropy(logits), -(p * np.log(p)).sum(-1).mean(), rtol=1e-5)
    np.testing.assert_allclose(
        o.inconsistency(logits, target), ((p - q) ** 2).sum(-1).mean(), rtol=1e-5
    )
    # Certain predictions have no entropy: no 0 * log 0.
    assert float(o.mean_entropy(tf.constant([[1e4, 0.0]]))) == 0.0


def test_the_frequency_term_is_kl_of_the_mean_prediction_and_has_its_gradient() -> None:
    rng = np.random.default_rng(5)
    logits = tf.constant(2.0 * rng.standard_normal((B, K)), tf.float32)
    pi = np.arange(1.0, K + 1)
    pi = (pi / pi.sum()).astype(np.float32)

    def softmax(m: np.ndarray) -> np.ndarray:
        return np.exp(m) / np.exp(m).sum(-1, keepdims=True)

    def kl(m: np.ndarray) -> float:
        q = softmax(m).mean(0)
        return float((q * np.log(q / pi)).sum())

    m = logits.numpy().astype(np.float64)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        q = tf.reduce_mean(tf.nn.softmax(logits), 0)
        value = o.frequency_divergence(logits, o.log_frequency_ratio(q, tf.constant(pi)))
    np.testing.assert_allclose(value, kl(m), rtol=1e-5)
    # Its gradient against central differences of KL, which know nothing of q being held constant.
    h, differences = 1e-5, np.zeros_like(m)
    for i in np.ndindex(m.shape):
        e = np.zeros_like(m)
        e[i] = h
        differences[i] = (kl(m + e) - kl(m - e)) / (2 * h)
    assert np.abs(differences).max() > 1e-3
    np.testing.assert_allclose(tape.gradient(value, logits), differences, rtol=1e-4, atol=1e-7)


def test_a_class_that_is_predicted_no_more_has_a_finite_term() -> None:
    ratio = o.log_frequency_ratio(tf.constant([0.0, 1.0]), tf.constant([0.5, 0.5]))
    np.testing.assert_allclose(ratio, np.log([o.LEAST_FREQUENCY / 0.5, 2.0]), rtol=1e-6)


def test_no_gradient_passes_through_the_averaged_weights() -> None:
    logits, target = tf.constant([[1.0, -1.0]]), tf.constant([[0.0, 0.5]])
    with tf.GradientTape() as tape:
        tape.watch((logits, target))
        value = o.inconsistency(logits, target)
    through_logits, through_target = tape.gradient(value, (logits, target))
    assert through_target is None
    assert np.all(np.abs(through_logits) > 0.1)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_paper_energies(
    terms: tuple[o.PairTerms, dict[str, np.ndarray]], reduction: o.Reduction
) -> None:
    pair_terms, a = terms
    reduce = np.mean if reduction == "mean" else np.sum
    expected_d = [
        reduce([a["real"][d] + a["fake"][d, g] + a["penalty"][d, g] for g in range(G)])
        + 0.3 * a["labelled"][d]
        for d in range(D)
    ]
    expected_g = [
        reduce([a["adversarial"][d, g] + 0.7 * a["matching"][d, g] for d in range(D)])
        for g in range(G)
    ]
    got_d = o.paper_discriminator_energy(pair_terms, 0.3, reduction)
    got_g = o.paper_generator_energy(pair_terms, 0.7, reduction)
    np.testing.assert_allclose(got_d, expected_d, rtol=1e-6)
    np.testing.assert_allclose(got_g, expected_g, rtol=1e-6)


def test_authors_energies(terms: tuple[o.PairTerms, dict[str, np.ndarray]]) -> None:
    pair_terms, a = terms
    regulariser_d, regulariser_g = np.array([0.1, 0.2]), np.array([0.3, 0.1, 0.5])
    expected_d = [
        np.log(
            sum(
                np.exp(a["labelled"][d] + 10 * a["real"][d] + a["fake"][d, g] + regulariser_d[d])
                for g in range(G)
            )
        )
        for d in range(D)
    ]
    expected_g = [
        np.log(
            sum(
                np.exp(a["adversarial"][d, g] + a["matching"][d, g] + regulariser_g[g])
                for d in range(D)
            )
        )
        for g in range(G)
    ]
    got_d = o.authors_discriminator_energy(pair_terms, 10, tf.constant(regulariser_d, tf.float32))
    got_g = o.authors_generator_energy(pair_terms, 1.0, tf.constant(regulariser_g, tf.float32))
    np.testing.assert_allclose(got_d, expected_d, rtol=1e-6)
    np.testing.assert_allclose(got_g, expected_g, rtol=1e-6)


def test_priors() -> None:
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal((4, 5)), rng.standard_normal(7)]
    tensors = [tf.constant(w, tf.float32) for w in weights]
    squares = sum((w**2).sum() for w in weights)
    np.testing.assert_allclose(
        o.negative_log_prior(tensors, 3.0, 50), squares / (2 * 9 * 50), rtol=1e-6
    )
    expected = sum(((w / 3.0) ** 2).mean() for w in weights) / 50
    np.testing.assert_allclose(o.authors_prior(tensors, 3.0, 50), expected, rtol=1e-6)


def test_authors_noise_has_the_programs_standard_deviation() -> None:
    # The gradient of sum w n / N is n / N with n ~ N(0, 2 * 0.01 * 2e-4). Of 40,000 numbers the standard
    # deviation has a relative Monte-Carlo error of 1 / sqrt(2 * 40,000) = 0.35%: 4 of them are 1.4%.
    num_data = 50
    w = tf.zeros((200, 200))
    with tf.GradientTape() as tape:
        tape.watch(w)
        energy = o.authors_noise([w], tf.constant([1, 2]), num_data)
    n = tape.gradient(energy, w).numpy() * num_data
    assert n.std() == pytest.approx(np.sqrt(2 * 0.01 * 2e-4), rel=0.014)
    assert abs(n.mean()) < 4 * 0.002 / 200
