"""The authors' DCGAN for any image size, as Keras functional models.

`layer_plan` decides the layers once; the discriminator reads it forwards and the generator
backwards.
"""

import math
from dataclasses import dataclass
from typing import Literal

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.image_ends import ImageConv2D, ImageConv2DTranspose
from bayesian_gan.networks.noise import ActivationNoise
from bayesian_gan.networks.normalization import GhostBatchNormalization, LayerNormalization

Initial = Literal["normal", "he"]
Pooling = Literal["stride", "average"]

NUM_POOLING_LAYERS = 4
MAX_CHANNELS = 512
LEAKY_SLOPE = 0.2
WEIGHT_STD = 0.02
# Of all images here, whatever Keras is set to.
CHANNELS = "channels_last"
# Up to this many image channels the sub-pixel forms of `image_ends` are faster than plain
# convolutions.
MAX_FEW_CHANNELS = 4


@dataclass(frozen=True)
class ConvolutionSpec:
    """One convolution of the discriminator; the generator's layer is its mirror image.

    Attributes:
        kernel: odd width of the square kernel, in pixels.
        stride: 1 or 2.
        channels: output channels.
        in_size: (height, width) of the discriminator's input to this layer.
        out_size: (height, width) of its output, ceil(in_size / stride).
    """

    kernel: int
    stride: int
    channels: int
    in_size: tuple[int, int]
    out_size: tuple[int, int]


def layer_plan(image_size: tuple[int, int], num_layers: int, width: int) -> list[ConvolutionSpec]:
    """Layers of the authors' networks, from the image end.

    Stride 2 at every floor(num_layers / 4)-th layer from the first, at most four times, else 1.
    Kernel 5, then ceil(kernel / stride) of the layer before, rounded up to odd. Channels `width`
    times the product of the strides before, at most 512.

    Args:
        image_size: (height, width) in pixels, each at least 8.
        num_layers: number of convolutions, at least 1 (fewer than four: all of stride 2).
        width: channels of the first layer, at least 1.

    Raises:
        InputError: an argument is out of its range.
    """
    if min(image_size) < 8:
        raise InputError(
            f"images of {image_size[0]}x{image_size[1]} pixels are too small: 8x8 at least"
        )
    if num_layers < 1:
        raise InputError(f"num_layers must be at least 1, not {num_layers}")
    if width < 1:
        raise InputError(f"the width of a network (df_dim, gf_dim) must be at least 1, not {width}")
    interval = max(1, num_layers // NUM_POOLING_LAYERS)
    plan, size, kernel, reduction = [], image_size, 5, 1
    for i in range(num_layers):
        stride = 2 if i % interval == 0 and i < interval * NUM_POOLING_LAYERS else 1
        out_size = (math.ceil(size[0] / stride), math.ceil(size[1] / stride))
        channels = min(width * reduction, MAX_CHANNELS)
        plan.append(ConvolutionSpec(kernel, stride, channels, size, out_size))
        size, reduction = out_size, reduction * stride
        kernel = math.ceil(kernel / stride) // 2 * 2 + 1
    return plan


def _initializers(initial: Initial) -> dict[str, keras.initializers.Initializer]:
    """The initializers of a layer's kernel and bias, with seeds that `replicate` draws anew.

    "normal" is N(0, 0.02^2) for both; "he" is He et al.'s (2015) for kernels, and zero for biases.
    """
    if initial == "he":
        return {
            "kernel_initializer": keras.initializers.HeNormal(seed=0),
            "bias_initializer": keras.initializers.Zeros(),
        }
    return {
        "kernel_initializer": keras.initializers.RandomNormal(stddev=WEIGHT_STD, seed=0),
        "bias_initializer": keras.initializers.RandomNormal(stddev=WEIGHT_STD, seed=1),
    }


def dcgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    width: int = 96,
    num_layers: int = 4,
    precision: str = "float32",
    initial: Initial = "normal",
    input_noise: float = 0.0,
    hidden_noise: float = 0.0,
    *,
    critic: bool = False,
    normalization: Literal["batch", "layer"] = "batch",
    pooling: Pooling = "stride",
) -> keras.Model:
    """The authors' discriminator: images to K logits m_k, D(x) = Z / (1 + Z), Z = sum_k exp m_k.

    Convolutions after `layer_plan`, leaky ReLU of slope 0.2, batch normalisation before it from the
    second layer on; flatten; dense to the last channel count and leaky ReLU, the *features*; dense
    to K.

    Args:
        image_shape: (height, width, channels), from 8x8x1 up.
        num_classes: K; 1 is the unsupervised case, D = sigmoid(m).
        width: df_dim, channels of the first layer.
        num_layers: number of convolutions.
        precision: Keras dtype policy of the layers, "float32" or "mixed_bfloat16" (weights,
            statistics and outputs stay float32).
        initial: of the weights, "normal" as in the authors' program, or "he".
        input_noise: standard deviation of noise on the images in training, at least 0.
        hidden_noise: likewise on the activations of every convolution. (Not in the authors'
            program.)
        critic: give the features a Wasserstein critic's head of its own, `"critic": [batch, 1]`,
            beside the K class logits. With K = 1 the single logit is the critic, and there is no
            other head.
        normalization: "batch", the authors'; or "layer", which leaves examples independent of each
            other, for the gradient penalty.
        pooling: how layers of stride 2 halve their input: "stride", the authors', or "average", a
            convolution of stride 1 and, after its activation, the mean of each block of 2 x 2. The
            weights have the same shapes; the products are about four times as many. What it gives
            depends less on where the strokes of an image lie between the samples of a strided
            convolution (Zhang 2019, "Making convolutional networks shift-invariant again").

    Returns:
        A functional model: float32 images [batch, height, width, channels] in [-1, 1] to
        `{"logits": [batch, K], "features": [batch, channels]}`.

    Raises:
        InputError: an argument is out of its range.
    """
    plan = layer_plan(image_shape[:2], num_layers, width)
    normalise = GhostBatchNormalization if normalization == "batch" else LayerNormalization
    images = keras.Input(image_shape, name="images")
    x = images
    if input_noise > 0:
        x = ActivationNoise(input_noise, dtype=precision, name="d_noise")(x)
    for i, spec in enumerate(plan):
        pooled = pooling == "average" and spec.stride > 1
        sub_pixel = not pooled and _is_image_end(i, spec, image_shape)
        x = (ImageConv2D if sub_pixel else keras.layers.Conv2D)(
            spec.channels,
            spec.kernel,
            1 if pooled else spec.stride,
            "same",
            CHANNELS,
            dtype=precision,
            name=f"d_h{i}",
            **_initializers(initial),
        )(x)
        if i > 0:
            x = normalise(negative_slope=LEAKY_SLOPE, dtype=precision, name=f"d_bn{i}")(x)
        else:
            x = keras.layers.LeakyReLU(LEAKY_SLOPE, dtype=precision, name=f"d_lrelu{i}")(x)
        if pooled:
            x = average_pool(spec.stride, f"d_pool{i}", precision)(x)
        if hidden_noise > 0:
            x = ActivationNoise(hidden_noise, dtype=precision, name=f"d_noise{i}")(x)
    x = keras.layers.Flatten(CHANNELS, dtype=precision, name="d_flatten")(x)
    x = keras.layers.Dense(
        plan[-1].channels, dtype=precision, name="d_h_end_lin", **_initializers(initial)
    )(x)
    features = keras.layers.LeakyReLU(LEAKY_SLOPE, name="features", dtype="float32")(x)
    logits = keras.layers.Dense(
        num_classes, name="logits", dtype="float32", **_initializers(initial)
    )(features)
    outputs = {"logits": logits, "features": features}
    if critic and num_classes > 1:
        head = keras.layers.Dense(1, name="critic", dtype="float32", **_initializers(initial))
        outputs["critic"] = head(features)
    return keras.Model(images, outputs, name="discriminator")


def dcgan_generator(
    image_shape: tuple[int, int, int],
    z_dim: int = 100,
    width: int = 64,
    num_layers: int = 4,
    precision: str = "float32",
    initial: Initial = "normal",
) -> keras.Model:
    """The authors' generator: noise to images, the discriminator's mirror image.

    Dense to a (height, width, channels) block, batch normalisation, ReLU; transposed convolutions
    with batch normalisation and ReLU between them; tanh.

    Args:
        image_shape: (height, width, channels), from 8x8x1 up.
        z_dim: dimension of z ~ U(-1, 1).
        width: gf_dim, channels next to the image. (The authors' program ignores its flag and takes
            df_dim.)
        num_layers: number of transposed convolutions.
        precision: Keras dtype policy of the layers, "float32" or "mixed_bfloat16" (weights,
            statistics and images stay float32).
        initial: of the weights, "normal" as in the authors' program, or "he".

    Returns:
        A functional model: float32 z [batch, z_dim] to float32 images [batch, *image_shape] in [-1,
            1].

    Raises:
        InputError: an argument is out of its range.
    """
    if z_dim < 1:
        raise InputError(f"z_dim must be at least 1, not {z_dim}")
    plan = layer_plan(image_shape[:2], num_layers, width)[::-1]
    block = (*plan[0].out_size, plan[0].channels)
    z = keras.Input((z_dim,), name="z")
    x = keras.layers.Dense(
        math.prod(block), dtype=precision, name="g_h0_lin", **_initializers(initial)
    )(z)
    x = keras.layers.Reshape(block, dtype=precision, name="g_block")(x)
    channels = [spec.channels for spec in plan[1:]] + [image_shape[2]]
    for i, (spec, out_channels) in enumerate(zip(plan, channels, strict=True)):
        x = GhostBatchNormalization(negative_slope=0.0, dtype=precision, name=f"g_bn{i}")(x)
        layer = (
            ImageConv2DTranspose
            if _is_image_end(len(plan) - 1 - i, spec, image_shape)
            else keras.layers.Conv2DTranspose
        )
        x = layer(
            out_channels,
            spec.kernel,
            spec.stride,
            "same",
            output_padding=_output_padding(spec),
            data_format=CHANNELS,
            dtype=precision,
            name=f"g_h{i + 1}",
            **_initializers(initial),
        )(x)
    images = keras.layers.Activation("tanh", name="fakes", dtype="float32")(x)
    return keras.Model(z, images, name="generator")


def average_pool(size: int, name: str, precision: str = "float32") -> keras.layers.Layer:
    """The mean of each block of `size` x `size`; the last block of an odd side is a part of one."""
    return keras.layers.AveragePooling2D(
        size, padding="same", data_format=CHANNELS, dtype=precision, name=name
    )


def _is_image_end(i: int, spec: ConvolutionSpec, image_shape: tuple[int, int, int]) -> bool:
    """Whether layer i, counted from the image, is one that `image_ends` computes."""
    return i == 0 and spec.stride == 2 and image_shape[2] <= MAX_FEW_CHANNELS


def _output_padding(spec: ConvolutionSpec) -> tuple[int, int]:
    """Rows and columns that a transposed convolution adds, so that 4 grows to 7 and to 8 as asked.

    With "same" padding and an odd kernel it gives (in - 1) * stride + 1 + padding.
    """
    height, width = (
        large - ((small - 1) * spec.stride + 1)
        for large, small in zip(spec.in_size, spec.out_size, strict=True)
    )
    return height, width
