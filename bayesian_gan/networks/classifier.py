"""The purely supervised baseline: a CNN trained on the labelled images alone."""

import keras

from bayesian_gan.networks.dcgan import CHANNELS, LEAKY_SLOPE, WEIGHT_STD, Pooling, average_pool

KERNEL = 5
WIDTHS = (1, 2, 4, 8)


def supervised_classifier(
    image_shape: tuple[int, int, int],
    num_classes: int,
    *,
    width: int,
    seed: int = 0,
    pooling: Pooling = "stride",
) -> keras.Model:
    """The authors' supervised CNN, uncompiled.

    Four 5x5 convolutions of stride 2 and widths `width` * (1, 2, 4, 8), leaky ReLU of slope 0.2,
    batch normalisation (no scale, no offset, decay 0.9) from the second on, dense to K logits.
    Weights and biases start as N(0, 0.02^2).

    Args:
        image_shape: (height, width, channels).
        num_classes: K, at least 2.
        width: df_dim.
        seed: of the initial weights.
        pooling: how each layer halves its input, as in `dcgan_discriminator`; "stride" is the
            authors'.

    Returns:
        A functional model: images [batch, *image_shape] in [-1, 1] to float32 logits [batch, K].
    """
    seeds = iter(range(seed * 1000, seed * 1000 + 2 * len(WIDTHS) + 2))

    def normal() -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(stddev=WEIGHT_STD, seed=next(seeds))

    images = keras.Input(image_shape, name="images")
    x = images
    for i, multiple in enumerate(WIDTHS):
        x = keras.layers.Conv2D(
            width * multiple,
            KERNEL,
            2 if pooling == "stride" else 1,
            "same",
            CHANNELS,
            kernel_initializer=normal(),
            bias_initializer=normal(),
            name=f"s_h{i}",
        )(x)
        if i > 0:
            x = keras.layers.BatchNormalization(
                momentum=0.9, epsilon=1e-5, center=False, scale=False, name=f"s_bn{i}"
            )(x)
        x = keras.layers.LeakyReLU(LEAKY_SLOPE, name=f"s_lrelu{i}")(x)
        if pooling == "average":
            x = average_pool(2, f"s_pool{i}")(x)
    x = keras.layers.Flatten(CHANNELS, name="s_flatten")(x)
    logits = keras.layers.Dense(
        num_classes,
        kernel_initializer=normal(),
        bias_initializer=normal(),
        dtype="float32",
        name="logits",
    )(x)
    return keras.Model(images, logits, name="supervised")
