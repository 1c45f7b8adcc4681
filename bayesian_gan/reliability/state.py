"""The training state as named arrays: all that decides what the next iteration does."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.optimizers import parts_of
from bayesian_gan.networks.players import PLAYERS
from bayesian_gan.networks.supervised import SupervisedBaseline

_SEED_STATE = "seed_generator_state"


def state_variables(
    model: BayesianGAN, supervised: SupervisedBaseline | None
) -> dict[str, keras.Variable]:
    """Every variable that training reads or writes, under a name that no other has.

    Weights and running averages of each network (`generator_0003/...`), the iteration and the last
    energies (`model/...`), the means since the last save (`metric_...`), every slot of the optimizers
    of each chain, or block of a random scan (`generator_optimizer_0000/...`), and the supervised
    baseline with its optimizer. The templates, which are only copied, do not belong to it, nor do
    the states of random layers, since every pass has a seed of its iteration.
    """
    templates = (model.generator_template, model.discriminator_template)
    seen = {id(v) for template in templates for v in template.variables}
    found: dict[str, keras.Variable] = {}

    def add(prefix: str, variables: Sequence[keras.Variable], counted: bool = False) -> None:
        new = _named(prefix, variables, counted)
        found.update({name: v for name, v in new.items() if id(v) not in seen})
        seen.update(id(v) for v in new.values())

    for player in PLAYERS:
        for i, network in enumerate(_networks(model, player)):
            add(f"{player}_{i:04d}", network.variables)
    add("model", model.variables)
    for metric in model.training_metrics:
        add(f"metric_{metric.name}", metric.variables, counted=True)
    for player in PLAYERS:
        for chain, optimizer in enumerate(_optimizers(model, player)):
            add(f"{player}_optimizer_{chain:04d}", optimizer.variables, counted=True)
    return found if supervised is None else found | supervised_variables(supervised)


def supervised_variables(supervised: SupervisedBaseline) -> dict[str, keras.Variable]:
    """Those of the supervised baseline and its optimizer, by their names in `state_variables`."""
    optimizer = supervised.model.optimizer
    return _named("supervised", supervised.model.variables) | _named(
        "supervised_optimizer", optimizer.variables, counted=True
    )


def supervised_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The supervised baseline's part of a checkpoint's arrays; empty where it holds none."""
    return {
        k: v for k, v in arrays.items() if k.startswith(("supervised/", "supervised_optimizer/"))
    }


def _named(
    prefix: str, variables: Sequence[keras.Variable], counted: bool = False
) -> dict[str, keras.Variable]:
    """Variables by place and path, but the states of random layers."""
    found = {}
    for k, variable in enumerate(variables):
        if variable.name != _SEED_STATE:
            # Keras counts optimizers and metrics in a process: `adam_3` may be `adam` in the next.
            path = variable.path.partition("/")[2] if counted else variable.path
            found[f"{prefix}/{k:03d}_{path.replace('/', '.')}"] = variable
    return found


def read_state(variables: dict[str, keras.Variable]) -> dict[str, np.ndarray]:
    """Values by name."""
    return {name: variable.numpy() for name, variable in variables.items()}


def assign_state(
    variables: dict[str, keras.Variable], arrays: dict[str, np.ndarray], where: str
) -> None:
    """Gives the variables the values of `read_state`: all of them, or none.

    Raises:
        InputError: a name, shape or dtype differs, so the arrays are another model's.
    """
    # Checkpoints held the states of random layers once, under names that a process counts up.
    arrays = {name: array for name, array in arrays.items() if not name.endswith(_SEED_STATE)}
    for name in sorted(variables.keys() ^ arrays.keys()):
        side = "lacks" if name in variables else "also holds"
        raise InputError(f"{where}: belongs to another model: it {side} {name}")
    for name, variable in variables.items():
        array = arrays[name]
        if array.shape != tuple(variable.shape) or array.dtype != np.dtype(variable.dtype):
            raise InputError(
                f"{where}: belongs to another model: {name} is {array.dtype} {list(array.shape)}, "
                f"not {variable.dtype} {list(variable.shape)}"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def restart_member(
    model: BayesianGAN, player: str, member: int, weights: Sequence[np.ndarray]
) -> None:
    """Gives a network these weights, and its optimizer's slots (velocities, moments) zeros.

    What the terms carry for a discriminator begins again with these.

    Args:
        model: whose network it is.
        player: "generator" or "discriminator".
        member: index of the network among the M * J of its player.
        weights: in Keras's order of `network.weights`.
    """
    _networks(model, player)[member].set_weights(list(weights))
    if player == "discriminator":
        for state in model.states:
            state.restart(member, weights)
    for slot in member_slots(model, player, member):
        slot.assign(np.zeros(slot.shape, slot.dtype))


def member_slots(model: BayesianGAN, player: str, member: int) -> list[keras.Variable]:
    """The optimizer's variables that belong to one network's weights."""
    networks, optimizers = _networks(model, player), _optimizers(model, player)
    optimizer = optimizers[member // (len(networks) // len(optimizers))]
    own = {id(v) for v in networks[member].trainable_variables}
    found = []
    for part in (optimizer, *parts_of(optimizer)):
        trained = part._trainable_variables
        for value in vars(part).values():
            # Keras keeps a list of slots for each kind, in the order of the trained variables.
            if not isinstance(value, list) or value is trained or len(value) != len(trained):
                continue
            found += [
                slot
                for slot, variable in zip(value, trained, strict=True)
                if id(variable) in own and isinstance(slot, keras.Variable)
            ]
    return found


def _networks(model: BayesianGAN, player: str) -> list[keras.Model]:
    return model.generators if player == "generator" else model.discriminators


def _optimizers(model: BayesianGAN, player: str) -> list[keras.optimizers.Optimizer]:
    if player == "generator":
        return model.generator_optimizers
    return model.discriminator_optimizers
