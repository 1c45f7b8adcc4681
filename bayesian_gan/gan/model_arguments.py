"""Checks of what a `BayesianGAN` is made from."""

import math
from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.normalization import GhostBatchNormalization
from bayesian_gan.networks.outputs import critic_values, split_outputs, symbolic_output

# Terms over classes, of which there are none without labels.
NEED_LABELS = ("entropy", "consistency", "class_frequencies")


def check_arguments(**arguments: Any) -> None:
    """Raises InputError, which names the argument, where one is out of its range; see `BayesianGAN`."""
    for name in ("num_data", "num_gen", "num_disc", "num_mcmc"):
        if arguments[name] < 1:
            raise InputError(f"{name} must be at least 1, not {arguments[name]}")
    for name, allowed in (
        ("objective", ("paper", "authors", "wasserstein")),
        ("pairing_reduction", ("mean", "sum")),
        ("matching", ("huber", "mean")),
    ):
        if arguments[name] not in allowed:
            raise InputError(f"{name} must be one of {allowed}, not {arguments[name]!r}")
    for name in (
        "feature_matching",
        "labelled_weight",
        "entropy",
        "consistency",
        "consistency_ramp",
        "class_frequencies",
    ):
        if not arguments[name] >= 0:
            raise InputError(f"{name} must be at least 0, not {arguments[name]}")
    if not 0 <= arguments["average_decay"] < 1:
        raise InputError(f"average_decay must lie in [0, 1), not {arguments['average_decay']}")
    if not 0 <= arguments["final_noise"] <= 1:
        raise InputError(f"final_noise must lie in [0, 1], not {arguments['final_noise']}")
    first, last = arguments["noise_ramp"]
    if not 0 <= first <= last:
        raise InputError(
            f"noise_ramp must be (first, last) with 0 <= first <= last, not ({first}, {last})"
        )
    for name in NEED_LABELS:
        if arguments["objective"] == "authors" and arguments[name] > 0:
            raise InputError(
                f'{name} needs objective "paper": the authors\' losses have no such term'
            )
    offset = arguments["chain_offset"]
    if offset < 0:
        raise InputError(f"chain_offset must be at least 0, not {offset}")
    if offset and arguments["objective"] == "authors":
        raise InputError(
            'chain_offset needs objective "paper" or "wasserstein": under "authors" all chains meet, so '
            "none can run alone"
        )
    prior_std = arguments["prior_std"]
    if prior_std is not None and not prior_std > 0:
        raise InputError(f"prior_std must be greater than 0, not {prior_std}")


def check_scan(
    objective: str, num_gen: int, generators_per_step: int | None, pairs_per_step: int | None
) -> None:
    """Raises InputError where the parts of one step do not fit the numbers of samples."""
    moved = generators_per_step or num_gen
    for name, value, most, of in (
        ("generators_per_step", generators_per_step, num_gen, "num_gen"),
        ("pairs_per_step", pairs_per_step, moved, "the generators that move in a step"),
    ):
        if value is None:
            continue
        if objective == "authors":
            raise InputError(
                f'{name} does not go with objective "authors": its logsumexp over all pairs has '
                "no unbiased estimate from some of them"
            )
        if not 1 <= value <= most:
            raise InputError(f"{name} must lie in 1..{most} ({of}), not {value}")
    if num_gen % moved:
        raise InputError(
            f"generators_per_step must divide num_gen, which is {num_gen}, into equal blocks; "
            f"{moved} does not"
        )


def check_critic(
    objective: str,
    discriminator: keras.Model,
    feature_matching: float,
    weight_clip: float | None,
    gradient_penalty: float | None,
) -> None:
    """Raises InputError where the arguments or the network do not make a Wasserstein critic, or none."""
    constraints = {"weight_clip": weight_clip, "gradient_penalty": gradient_penalty}
    given = {name: value for name, value in constraints.items() if value is not None}
    if objective != "wasserstein":
        for name in given:
            raise InputError(f'{name} needs objective "wasserstein", not {objective!r}')
        return
    if len(given) != 1:
        raise InputError('objective "wasserstein" needs either weight_clip or gradient_penalty')
    for name, value in given.items():
        if not 0 < value < math.inf:
            raise InputError(f"{name} must be finite and greater than 0, not {value}")
    if feature_matching > 0:
        raise InputError(
            'feature_matching does not go with objective "wasserstein": set it to 0, not '
            f"{feature_matching}"
        )
    if critic_values(symbolic_output(discriminator)).shape[-1] != 1:
        raise InputError(
            'objective "wasserstein" with K > 1 classes needs a discriminator with an output '
            '"critic" [batch, 1] beside its logits'
        )
    coupling = (GhostBatchNormalization, keras.layers.BatchNormalization)
    if gradient_penalty is not None:
        for layer in discriminator._flatten_layers():
            if isinstance(layer, coupling):
                raise InputError(
                    f"gradient_penalty is a norm for each example, and the discriminator's {layer.name} "
                    "couples those of a batch: give it layer normalisation, or use weight_clip"
                )


def check_networks(
    generator: keras.Model, discriminator: keras.Model, feature_matching: float
) -> None:
    """Raises InputError where the networks are not built, do not fit each other, or lack an output."""
    for name, model in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(model, keras.Model) or not model.built:
            raise InputError(f"{name} must be a built keras.Model, not {model!r}")
    generated, seen = generator.output_shape[1:], discriminator.input_shape[1:]
    if generated != seen:
        raise InputError(
            f"the generator makes images of shape {generated}, the discriminator takes {seen}"
        )
    if len(generator.input_shape) != 2:
        raise InputError(f"the generator must take z [batch, z_dim], not {generator.input_shape}")
    outputs = symbolic_output(discriminator)
    if isinstance(outputs, dict) and "logits" not in outputs:
        raise InputError(f'the discriminator has outputs {sorted(outputs)} and none named "logits"')
    if feature_matching > 0 and not (isinstance(outputs, dict) and "features" in outputs):
        raise InputError(
            'feature_matching needs a discriminator with outputs {"logits": ..., "features": ...}: '
            "add the output or set feature_matching to 0"
        )


def check_terms(discriminator: keras.Model, **weights: float) -> None:
    """Raises InputError where a term of class probabilities is asked for and there are no classes."""
    if int(split_outputs(symbolic_output(discriminator))[0].shape[-1]) > 1:
        return
    for name, weight in weights.items():
        if weight > 0:
            raise InputError(f"{name} needs labels: a discriminator with K > 1 logits; set it to 0")
