"""Potential energies of the Bayesian GAN, as functions of logits.

A discriminator gives K logits m_k(x); Z = sum_k exp m_k, D(x) = P(real | x) = Z / (1 + Z) and
P(y = k | x, real) = softmax(m)_k; the unsupervised case is K = 1, D = sigmoid(m). All energies are per
example, U / N: minibatch terms are means, and the prior is divided by the number of data N. They use
logsumexp and softplus of logits, never the logarithm of a probability:

    -log D(x) = softplus(-log Z),    -log(1 - D(x)) = softplus(log Z).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import tensorflow as tf

Reduction = Literal["mean", "sum"]

# A class that is predicted no more must not make the logarithm of its frequency infinite.
LEAST_FREQUENCY = 1e-6

AUTHORS_ALPHA = 0.01
AUTHORS_ETA = 2e-4


@dataclass(frozen=True)
class PairTerms:
    """Minibatch terms of D discriminators that meet G generators; float32 tensors.

    Attributes:
        real: [D], -mean log D_d(x) over the unlabelled minibatch.
        labelled: [D], -mean log softmax(m_d(x_s))_{y_s}; zeros where there are no labels.
        fake: [D, G], -mean log(1 - D_d(G_g(z))); [D, q] where a discriminator meets q generators only.
        adversarial: [D, G], -mean log D_d(G_g(z)). Where a discriminator meets q of the G generators, drawn
            at random, its terms are G / q times as large for these and zero for the others: the same in
            expectation.
        matching: [D, G], distance of real and fake features, likewise; zeros where it is off.
        entropy: [D], mean entropy of the unlabelled images' class probabilities; zeros where it is off.
        consistency: [D], their mean squared distance from those of averaged weights; likewise.
        class_frequencies: [D], divergence of the predicted class frequencies from the labels'; likewise.
        mean_probabilities: [D, K], mean class probabilities of the unlabelled minibatch, with that term;
            zeros [D] without.
        penalty: lambda times the critic's gradient penalty, of the shape of `fake`; zeros where it is off.

    Of a Wasserstein critic c, `real` is -mean c(x), `fake` mean c(G_g(z)), and `adversarial` -mean c(G_g(z)).
    """

    real: tf.Tensor
    labelled: tf.Tensor
    fake: tf.Tensor
    adversarial: tf.Tensor
    matching: tf.Tensor
    entropy: tf.Tensor
    consistency: tf.Tensor
    class_frequencies: tf.Tensor
    mean_probabilities: tf.Tensor
    penalty: tf.Tensor


def log_z(logits: tf.Tensor) -> tf.Tensor:
    """Log Z = log sum_k exp m_k, from logits [..., K] to [...]: the logit of P(real)."""
    return tf.reduce_logsumexp(logits, axis=-1)


def real_energy(logits: tf.Tensor) -> tf.Tensor:
    """-mean log D(x): logits [..., batch, K] to [...]."""
    return tf.reduce_mean(tf.nn.softplus(-log_z(logits)), axis=-1)


def fake_energy(logits: tf.Tensor) -> tf.Tensor:
    """-mean log(1 - D(x)): logits [..., batch, K] to [...]."""
    return tf.reduce_mean(tf.nn.softplus(log_z(logits)), axis=-1)


def critic_real_energy(values: tf.Tensor) -> tf.Tensor:
    """-mean c(x) of a Wasserstein critic: c [..., batch, 1] to [...]."""
    return -critic_fake_energy(values)


def critic_fake_energy(values: tf.Tensor) -> tf.Tensor:
    """Mean c(x) of a Wasserstein critic: c [..., batch, 1] to [...]."""
    return tf.reduce_mean(values, axis=(-2, -1))


def labelled_energy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """-mean log softmax(m(x_s))_{y_s}: logits [batch, K] and integer labels [batch] to a scalar."""
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )


def huber_feature_distance(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Mean Huber distance (delta 1) of features, row by row, as in the authors' program.

    h(r) = r^2 / 2 for |r| < 1, else |r| - 1/2, of r = real - fake, averaged over rows and features.

    Args:
        real: features of the unlabelled minibatch, [batch, features].
        fake: features of generated images, [..., batch, features].

    Returns:
        [...].
    """
    r = tf.abs(real - fake)
    clipped = tf.minimum(r, 1.0)
    return tf.reduce_mean(clipped * (r - 0.5 * clipped), axis=(-2, -1))


def mean_feature_distance(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Squared distance of the minibatch means of features (Salimans et al. 2016, "Improved techniques").

    ||mean f(x) - mean f(G(z))||^2 / F, with F the number of features.

    Args:
        real: features of the unlabelled minibatch, [batch, F].
        fake: features of generated images, [..., batch, F].

    Returns:
        [...].
    """
    difference = tf.reduce_mean(real, axis=-2) - tf.reduce_mean(fake, axis=-2)
    return tf.reduce_mean(tf.square(difference), axis=-1)


def mean_entropy(logits: tf.Tensor) -> tf.Tensor:
    """Mean entropy (nats) of softmax(m(x)): logits [batch, K] to a scalar.

    As an energy it draws unlabelled images away from the borders of the classes (Grandvalet & Bengio 2004).
    """
    log_p = tf.nn.log_softmax(logits)
    return -tf.reduce_mean(tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1))


def inconsistency(logits: tf.Tensor, target_logits: tf.Tensor) -> tf.Tensor:
    """Mean over images of ||softmax(m(x)) - softmax(m'(x))||^2, both logits [batch, K], to a scalar.

    m' are the logits of averaged weights, through which no gradient passes (Tarvainen & Valpola 2017, "Mean
    teachers").
    """
    target = tf.stop_gradient(tf.nn.softmax(target_logits))
    return tf.reduce_mean(tf.reduce_sum(tf.square(tf.nn.softmax(logits) - target), axis=-1))


def log_frequency_ratio(q: tf.Tensor, pi: tf.Tensor) -> tf.Tensor:
    """log(q_k / pi_k) of predicted class frequencies q [..., K] and expected ones pi [K], to [..., K].

    A q_k below `LEAST_FREQUENCY` counts as that.
    """
    return tf.math.log(tf.maximum(q, LEAST_FREQUENCY) / pi)


def frequency_divergence(logits: tf.Tensor, log_ratio: tf.Tensor) -> tf.Tensor:
    """The mean over images of sum_k p_k(x) log(q_k / pi_k), p = softmax(m(x)), to a scalar.

    Where q is the mean of p over all images, this is KL(q || pi), and its gradient, q being constant to it, is
    that of KL(q || pi): the derivative of sum_k q_k log(q_k / pi_k) by q_k is log(q_k / pi_k) + 1, and the q_k
    add up to 1. With `mean_entropy` it makes the negative mutual information of image and class where pi is
    uniform (Bridle et al. 1991; Krause et al. 2010, "Discriminative clustering by regularized information
    maximization").

    Args:
        logits: m(x), [batch, K].
        log_ratio: of `log_frequency_ratio`, [K].
    """
    p = tf.nn.softmax(logits)
    return tf.reduce_mean(tf.reduce_sum(p * tf.stop_gradient(log_ratio), axis=-1))


def stack_terms(terms: Sequence[PairTerms]) -> PairTerms:
    """Joins the terms of single discriminators, scalars and [G], to [D] and [D, G]."""
    return PairTerms(
        **{f.name: tf.stack([getattr(t, f.name) for t in terms]) for f in fields(PairTerms)}
    )


def _reduce(values: tf.Tensor, reduction: Reduction, axis: int, count: int | None) -> tf.Tensor:
    """Mean, or the sum over `count` networks of which `values` may hold a random part."""
    mean = tf.reduce_mean(values, axis)
    return mean if reduction == "mean" else mean * (count or values.shape[axis])


def paper_discriminator_energy(
    terms: PairTerms, labelled_weight: float, reduction: Reduction, num_gen: int | None = None
) -> tf.Tensor:
    """Energy of each discriminator without its prior, [D] (Saatci & Wilson 2017, eqs. 2 and 6).

    mean_g [ -mean log D(x) - mean log(1 - D(G_g(z))) ] - w_s mean log softmax(m(x_s))_{y_s}

    With the terms of a Wasserstein critic the brackets hold -mean c(x) + mean c(G_g(z)) + penalty_g.

    Args:
        terms: of the pairs that meet.
        labelled_weight: w_s, at least 0. The posterior as the paper writes it, with one likelihood factor for
            each labelled example, is N_s / N; the authors' program has 1.
        reduction: "mean" over generators, or Algorithm 1's "sum".
        num_gen: J_g, if the terms hold a random part of the generators: the energy is then an unbiased
            estimate.
    """
    pairs = terms.real[:, None] + terms.fake + terms.penalty
    return _reduce(pairs, reduction, 1, num_gen) + labelled_weight * terms.labelled


def paper_generator_energy(
    terms: PairTerms, feature_matching: float, reduction: Reduction
) -> tf.Tensor:
    """Energy of each generator without its prior, [G] (Saatci & Wilson 2017, eq. 1).

    mean_d [ -mean log D_d(G(z)) + feature_matching * distance of features ]; with the terms of a Wasserstein
    critic, mean_d [ -mean c_d(G(z)) ].

    Args:
        terms: of the pairs that meet.
        feature_matching: weight of the distance, at least 0; 0 is the paper's text.
        reduction: "mean" over discriminators, or Algorithm 1's "sum".
    """
    return _reduce(terms.adversarial + feature_matching * terms.matching, reduction, 0, None)


def negative_log_prior(weights: Sequence[tf.Tensor], prior_std: float, num_data: int) -> tf.Tensor:
    """-log N(theta; 0, s^2 I) / N without its constant: sum ||w||^2 / (2 s^2 N), a scalar."""
    return tf.add_n([tf.nn.l2_loss(w) for w in weights]) / (prior_std**2 * num_data)


def authors_discriminator_energy(
    terms: PairTerms, num_gen: int, regulariser: tf.Tensor
) -> tf.Tensor:
    """The released program's loss of each discriminator, [D].

    logsumexp_g [ labelled + J_g * real + fake_g + prior + noise ]

    Args:
        terms: of all pairs.
        num_gen: J_g, not multiplied by the number of chains.
        regulariser: [D], prior + noise of each discriminator.
    """
    pairs = (terms.labelled + num_gen * terms.real + regulariser)[:, None] + terms.fake
    return tf.reduce_logsumexp(pairs, axis=1)


def authors_generator_energy(
    terms: PairTerms, feature_matching: float, regulariser: tf.Tensor
) -> tf.Tensor:
    """The released program's loss of each generator, [G].

    logsumexp_d [ -log P(real) of its fakes + Huber distance of features + prior + noise ]

    Args:
        terms: of all pairs.
        feature_matching: weight of the distance; 1 in the program.
        regulariser: [G], prior + noise of each generator.
    """
    pairs = terms.adversarial + feature_matching * terms.matching + regulariser
    return tf.reduce_logsumexp(pairs, axis=0)


def authors_prior(weights: Sequence[tf.Tensor], prior_std: float, num_data: int) -> tf.Tensor:
    """The released program's prior: the sum over tensors of mean((w / s)^2), over N; a scalar."""
    return tf.add_n([tf.reduce_mean(tf.square(w / prior_std)) for w in weights]) / num_data


def authors_noise(weights: Sequence[tf.Tensor], seed: tf.Tensor, num_data: int) -> tf.Tensor:
    """The released program's noise term: sum of w * n, n ~ N(0, 2 alpha eta), over N; a scalar.

    Its gradient has the standard deviation 0.002 / N: it does not sample (see the documentation). The
    program draws n for each pairing of one network, here it is drawn once for each network and
    iteration.

    Args:
        weights: of one network.
        seed: int32 [2], stateless.
        num_data: N.
    """
    std = (2.0 * AUTHORS_ALPHA * AUTHORS_ETA) ** 0.5
    terms = [
        tf.reduce_sum(
            w
            * tf.random.stateless_normal(
                w.shape, tf.random.experimental.stateless_fold_in(seed, i), stddev=std
            )
        )
        for i, w in enumerate(weights)
    ]
    return tf.add_n(terms) / num_data
