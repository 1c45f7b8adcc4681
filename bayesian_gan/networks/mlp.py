"""Two-layer networks for data that are vectors, as Keras functional models."""

import keras

from bayesian_gan.errors import InputError

LEAKY_SLOPE = 0.2


def _dense(units: int, name: str, seed: int = 0) -> keras.layers.Layer:
    """A dense layer; N(0, 1 / fan-in), with a seed that `replicate` draws anew, and biases of 0."""
    initializer = keras.initializers.LecunNormal(seed=seed)
    return keras.layers.Dense(units, kernel_initializer=initializer, name=name)


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise InputError(f"{name} must be at least 1, not {size}")


def mlp_generator(x_dim: int, z_dim: int, hidden: int = 1000) -> keras.Model:
    """Dense to `hidden`, leaky ReLU of slope 0.2, dense to x: z [batch, z_dim] to x [batch, x_dim].

    Args:
        x_dim: dimension of the data.
        z_dim: dimension of the noise.
        hidden: width of the hidden layer; 1,000 in the authors' program.

    Raises:
        InputError: a size is less than 1.
    """
    _check(x_dim=x_dim, z_dim=z_dim, hidden=hidden)
    z = keras.Input((z_dim,), name="z")
    h = keras.layers.LeakyReLU(LEAKY_SLOPE, name="g_lrelu")(_dense(hidden, "g_hidden")(z))
    return keras.Model(z, _dense(x_dim, "g_out")(h), name="mlp_generator")


def mlp_discriminator(x_dim: int, num_classes: int = 1, hidden: int = 1000) -> keras.Model:
    """Dense to `hidden`, leaky ReLU of slope 0.2 (the *features*), dense to K logits.

    Args:
        x_dim: dimension of the data.
        num_classes: K; 1 is the unsupervised case, D = sigmoid(m).
        hidden: width of the hidden layer; 1,000 in the authors' program.

    Returns:
        A functional model: x [batch, x_dim] to `{"logits": [batch, K], "features": [batch,
            hidden]}`.

    Raises:
        InputError: a size is less than 1.
    """
    _check(x_dim=x_dim, num_classes=num_classes, hidden=hidden)
    x = keras.Input((x_dim,), name="x")
    h = keras.layers.LeakyReLU(LEAKY_SLOPE, name="d_lrelu")(_dense(hidden, "d_hidden")(x))
    return keras.Model(
        x, {"logits": _dense(num_classes, "logits")(h), "features": h}, name="mlp_discriminator"
    )


def mlp_classifier(x_dim: int, num_classes: int, hidden: int = 1000, seed: int = 0) -> keras.Model:
    """Dense to `hidden`, leaky ReLU of slope 0.2, dense to K logits: the supervised baseline.

    Args:
        x_dim: dimension of the data.
        num_classes: K, at least 2.
        hidden: width of the hidden layer.
        seed: of the initial weights.

    Raises:
        InputError: a size is less than 1.
    """
    _check(x_dim=x_dim, num_classes=num_classes, hidden=hidden)
    x = keras.Input((x_dim,), name="x")
    h = _dense(hidden, "s_hidden", 2 * seed)(x)
    h = keras.layers.LeakyReLU(LEAKY_SLOPE, name="s_lrelu")(h)
    return keras.Model(x, _dense(num_classes, "logits", 2 * seed + 1)(h), name="supervised")
