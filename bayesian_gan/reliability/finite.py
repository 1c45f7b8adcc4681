"""Looks for numbers that are not finite: in the energies after every step, in the state before it is saved."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.errors import NOT_FINITE_STATUS, RunStopped
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.reliability.state import PLAYERS, member_slots, state_variables


class NotFiniteError(RunStopped):
    """An energy, a gradient or a weight is NaN or infinite.

    Attributes:
        player: "generator", "discriminator", or "" where it is no member's.
        member: index of the network among the M * J of its player; -1 where it is no member's or unknown.
        iteration: after which it was found.
    """

    def __init__(self, what: str, iteration: int, player: str = "", member: int = -1) -> None:
        whose = (f"{player} {member}: " if member >= 0 else f"{player}: ") if player else ""
        super().__init__(
            f"{whose}{what} is not finite, found after iteration {iteration}", NOT_FINITE_STATUS
        )
        self.player, self.member, self.iteration = player, member, iteration


class FiniteCheck:
    """Checks a model's energies and its whole state.

    Args:
        model: a compiled model.
        supervised: the baseline that trains beside it, or None.
    """

    def __init__(self, model: BayesianGAN, supervised: SupervisedBaseline | None) -> None:
        self.model = model
        carried = {id(v) for state in model.states for v in state.variables}
        # Energies have their own check; the means since the last save follow from them.
        self._variables = {
            name: variable
            for name, variable in state_variables(model, supervised).items()
            if tf.as_dtype(variable.dtype).is_floating
            and (id(variable) in carried or not name.startswith(("metric_", "model/")))
        }
        self._totals = {
            player: metric.total
            for player in PLAYERS
            for metric in model.training_metrics
            if metric.name == f"{player}_energy"
        }
        self._flags = tf.function(self._compute_flags)

    def _compute_flags(self) -> tf.Tensor:
        return tf.stack(
            [tf.reduce_all(tf.math.is_finite(v.value)) for v in self._variables.values()]
        )

    def check_energies(self) -> None:
        """Raises NotFiniteError if an energy since the last save is not finite; reads two numbers.

        These are the sums over all members and iterations; a call of the step makes several. The energies of
        the last iteration then say whose it is.
        """
        for player, total in self._totals.items():
            if np.isfinite(total.numpy()):
                continue
            self.check_state()  # A weight may be the cause; then it is what should be named.
            energies = getattr(self.model, f"{player}_energies").numpy()
            bad = np.flatnonzero(~np.isfinite(energies))
            if len(bad):
                raise NotFiniteError("its energy", self._iteration(), player, int(bad[0]))
            raise NotFiniteError(
                "an energy of one of the last iterations", self._iteration(), player
            )

    def check_state(self) -> None:
        """Raises NotFiniteError if a weight, a running average or an optimizer's slot is not finite."""
        finite = self._flags().numpy()
        if finite.all():
            self._check_latches()  # Under XLA a chain that has stopped cannot say so itself.
            return
        bad = [n for n, ok in zip(self._variables, finite, strict=True) if not ok]
        # Weights come first in the state, then what follows from them.
        name = bad[0]
        player, member = self._owner(name)
        path = self._variables[name].path
        raise NotFiniteError(f"the variable {path}", self._iteration(), player, member)

    def _check_latches(self) -> None:
        """Raises NotFiniteError if a sampler met a gradient that was not finite; see `samplers/guard.py`."""
        for player in PLAYERS:
            for optimizer in getattr(self.model, f"{player}_optimizers"):
                variable = getattr(optimizer, "halted_variable", None)
                if variable is not None:
                    raise NotFiniteError(
                        f"the gradient of the energy with respect to {variable.path}",
                        int(optimizer.iterations.numpy()),
                        *self._network_of(variable),
                    )

    @contextmanager
    def named(self) -> Iterator[None]:
        """Turns an error that a step raised into one that names what is not finite, where something is not.

        TensorFlow's own say neither whose number it was nor of which iteration.

        Raises:
            NotFiniteError: a weight, a gradient or an energy is not finite.
        """
        try:
            yield
        except (FloatingPointError, tf.errors.InvalidArgumentError) as error:
            try:
                self.check_state()
                self.check_energies()
            except NotFiniteError as found:
                raise found from error
            raise

    def _owner(self, name: str) -> tuple[str, int]:
        """Player and member that a variable of the state belongs to."""
        prefix = name.partition("/")[0]
        player, _, rest = prefix.partition("_")
        if player not in PLAYERS:
            for state in self.model.states:
                for i, network in enumerate(state.networks):
                    if any(v is self._variables[name] for v in network.variables):
                        return "discriminator", i
            return "", -1
        if rest.isdigit():
            return player, int(rest)
        for i in range(len(getattr(self.model, f"{player}s"))):
            if any(v is self._variables[name] for v in member_slots(self.model, player, i)):
                return player, i
        return "", -1

    def _network_of(self, variable: keras.Variable) -> tuple[str, int]:
        for player in PLAYERS:
            for i, network in enumerate(getattr(self.model, f"{player}s")):
                if any(v is variable for v in network.trainable_variables):
                    return player, i
        return "", -1

    def _iteration(self) -> int:
        return int(self.model.iteration.numpy())
