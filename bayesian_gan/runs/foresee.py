"""A prepared run says what it will take, from some steps of its own."""

from bayesian_gan.errors import RunStopped
from bayesian_gan.gan import replicas
from bayesian_gan.reliability.signals import StoppedBySignal
from bayesian_gan.runs.duration import end_seconds, expected_seconds
from bayesian_gan.runs.machine import run_needs
from bayesian_gan.runs.plan import announce, describe_choice, shorter_calls
from bayesian_gan.runs.prepare import Prepared
from bayesian_gan.runs.timing import Parts, measure


def foresee(run: Prepared) -> None:
    """Times some steps, prints what the rest will take, and puts the state back as it was.

    `run.expected` and `run.tail` are set. Where a step takes long, a call of it makes fewer.

    Raises:
        RunStopped: a signal came meanwhile.
    """
    config, made = run.config, run.iteration
    if made >= config.train_iter or replicas.is_multiworker(run.model.strategy):
        return
    parts = Parts(config, run.data, run.split, run.model, run.supervised)
    try:
        with run.interruption.breakable():
            costs = measure(parts, iterations=config.train_iter - made)
    except StoppedBySignal as stopped:
        raise RunStopped(
            f"stopped by {run.interruption.name} before the training began; resume with: "
            f"{run.interruption.resume_command}",
            run.interruption.status,
        ) from stopped
    if config.minutes is not None and made == 0:
        run.log.info(describe_choice(config))
    for line in announce(config, costs, run_needs(config, run.data, run.split), made):
        run.log.info(line)
    if costs is None:
        return
    run.tail = end_seconds(config, costs)
    run.expected = expected_seconds(config, costs, made) / (config.train_iter - made)
    fewer = shorter_calls(run.model.steps_per_execution, max(costs.warm_up, costs.sampling))
    if run.model.strategy is None and fewer < run.model.steps_per_execution:
        run.model.steps_per_execution, run.model.train_function = fewer, None
