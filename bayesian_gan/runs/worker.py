"""A process that trains along with the chief of a strategy of several processes, and writes nothing."""

import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.errors import RunStopped
from bayesian_gan.gan import replicas
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.finite import FiniteCheck
from bayesian_gan.reliability.keeper import CheckFinite, StopTogether
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.runs.build import build_model
from bayesian_gan.runs.fit import fit
from bayesian_gan.runs.together import build_together, give_state, lost

RESUME = "the same commands and --resume auto"


def work(
    config: Config, data: ImageData, split: LabelSplit | None, strategy: tf.distribute.Strategy
) -> None:
    """Trains as `bayesian_gan.runs.run.run` does, from the chief's state, to the last iteration.

    Args:
        config: resolved flags, the chief's.
        data: the chief's.
        split: the chief's.
        strategy: of several processes.

    Raises:
        InputError: the flags or data are not the chief's.
        RunStopped: by a signal to any of the processes, by a number that was not finite, or because one of the
            others was lost.
    """
    with Interruption(RESUME) as interruption:
        try:
            model = build_together(
                lambda start: build_model(config, data, start, strategy), config, data, 0, strategy
            )
            give_state(model, strategy)
            _train(model, config, data, split, interruption)
        except tf.errors.OpError as error:
            raise lost(error, RESUME) from error
        replicas.meet(strategy)
        if interruption.signum is not None:
            raise RunStopped(
                f"stopped by {interruption.name} after iteration {int(model.iteration.numpy())}; resume with: "
                f"{RESUME}",
                interruption.status,
            )


def _train(
    model: BayesianGAN,
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    interruption: Interruption,
) -> None:
    if int(model.iteration.numpy()) == config.train_iter:
        return
    finite = FiniteCheck(model, None)
    with finite.named():
        callbacks = [StopTogether(model.stop_vote, interruption), CheckFinite(finite)]
        fit(model, config, data, split, callbacks)
