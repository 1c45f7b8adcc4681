"""The training of a prepared run, and its way back from a number that was not finite."""

import contextlib

import keras
import tensorflow as tf

from bayesian_gan.errors import RunStopped
from bayesian_gan.gan import replicas
from bayesian_gan.monitoring import (
    CollectPosteriorDraws,
    CsvLog,
    ProgressBar,
    SamplerHealth,
    SaveGrids,
    SaveResults,
    Saves,
    SaveWeights,
    TensorBoardScalars,
)
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.finite import FiniteCheck, NotFiniteError
from bayesian_gan.reliability.keeper import CheckFinite, KeepRun, StopTogether
from bayesian_gan.reliability.signals import StoppedBySignal
from bayesian_gan.reliability.state import restart_member
from bayesian_gan.runs.fit import fit
from bayesian_gan.runs.keeping_time import KeepTime
from bayesian_gan.runs.prepare import Prepared
from bayesian_gan.runs.together import lost


def train(run: Prepared, deadline: float | None = None) -> Config | None:
    """Trains to the last iteration, or until a signal stops it.

    Args:
        run: that is prepared.
        deadline: when it shall end, by `time.monotonic`; None where nobody has said so.

    Returns:
        The configuration of another length with which it shall go on from here; None at its end.
    """
    finite = FiniteCheck(run.model, run.supervised)
    restarted: set[tuple[str, int, int]] = set()
    while True:
        try:
            with finite.named():
                return _fit_to_end(run, finite, deadline)
        except NotFiniteError as found:
            _restart(run, found, restarted)
        except tf.errors.OpError as error:
            if not replicas.is_multiworker(run.model.strategy):
                raise
            raise lost(error, run.interruption.resume_command) from error


def _fit_to_end(run: Prepared, finite: FiniteCheck, deadline: float | None) -> Config | None:
    config, writes = run.config, run.writes
    grids = SaveGrids(run.folder, run.data.images, run.event_file, writes)
    writers: list[keras.callbacks.Callback] = [
        run.evaluate,
        SaveResults(run.folder, writes),
        CsvLog(run.folder / "log.csv", writes),
        TensorBoardScalars(run.event_file, writes),
    ]
    if config.save_samples:
        writers.append(grids)
    if config.save_weights:
        writers.append(SaveWeights(run.folder, writes))
    saves = Saves(writers, config.n_save, config.train_iter, run.model)
    collect = CollectPosteriorDraws(run.posterior, config.warm_up, config.collect_every, writes)
    together = None
    if replicas.is_multiworker(run.model.strategy):
        together = StopTogether(run.model.stop_vote, run.interruption)
    keep = KeepRun(
        run.keeper,
        finite,
        writes,
        run.interruption,
        every=config.checkpoint_every,
        minutes=config.checkpoint_minutes,
        last=config.train_iter,
        saved=run.saved,
        together=together,
    )
    health = SamplerHealth(
        run.folder,
        run.data.probe_images,
        run.data.test_labels if run.split is not None and run.data.has_test else None,
        event_file=run.event_file,
        writes=writes,
        positions=run.positions,
    )
    watch = None
    if (
        deadline is not None
        and not run.iteration
        and not replicas.is_multiworker(run.model.strategy)
    ):
        watch = KeepTime(config, deadline=deadline, tail=run.tail, begun=run.begun, keep=keep)
    callbacks: list[keras.callbacks.Callback] = [
        *([] if together is None else [together]),
        CheckFinite(finite, collect.due, saves.due),
        health,
        collect,
        keep,
        *([] if watch is None else [watch]),
        ProgressBar(config.train_iter, saves.due, expected=run.expected),
        saves,
    ]
    with contextlib.suppress(StoppedBySignal):  # In an evaluation, which comes after an iteration.
        if run.iteration < config.train_iter:
            fit(run.model, config, run.data, run.split, callbacks)
        else:
            saves.resume()
    if run.interruption.signum is not None and keep.saved != run.iteration:
        keep.save()
    run.saved, run.grids = keep.saved, grids.paths
    return None if watch is None or run.interruption.signum is not None else watch.chosen


def _restart(run: Prepared, found: NotFiniteError, restarted: set[tuple[str, int, int]]) -> None:
    """Goes back to the last checkpoint, with one network as it was when it was last collected.

    Raises:
        RunStopped: that is not asked for, or cannot help.
    """
    checkpoints = run.keeper.checkpoints
    hint = (
        f"the checkpoints in {checkpoints.folder} are finite; go on with a smaller --lr or --sampler_lr "
        "in a new run"
    )
    if run.config.on_nan == "stop":
        raise RunStopped(f"{found}; {hint}, or with --on_nan restart_member", found.status)
    checkpoint = checkpoints.load_newest(run.log)
    key = (found.player, found.member, checkpoint.iteration if checkpoint else -1)
    known = found.member >= 0
    drawn = run.posterior.member_weights(found.player, found.member) if known else None
    if checkpoint is None or drawn is None:
        raise RunStopped(
            f"{found}; --on_nan restart_member: no sample of it was collected, or it is not known which; "
            f"{hint}",
            found.status,
        )
    if key in restarted:
        raise RunStopped(f"{found}, again after it was restarted; {hint}", found.status)
    restarted.add(key)
    iteration, weights = drawn
    # What waits to be written was made after the checkpoint, and lies ahead again.
    run.writes.discard()
    run.keeper.restore(checkpoint, run.log)
    restart_member(run.model, found.player, found.member, weights)
    run.keeper.restarts.append(
        {
            "player": found.player,
            "member": found.member,
            "found": found.iteration,
            "checkpoint": checkpoint.iteration,
            "draw": iteration,
        }
    )
    run.saved = None  # So the state with the restart is saved as a beginning is.
    run.log.warning(
        f"{found}; back at iteration {checkpoint.iteration}, where {found.player} {found.member} starts "
        f"again from its sample of iteration {iteration}"
    )
