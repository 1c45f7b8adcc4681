"""The end of a run: its summary, and what could not be written."""

import contextlib

from bayesian_gan.errors import UNWRITTEN_STATUS, RunStopped
from bayesian_gan.monitoring import events
from bayesian_gan.reliability.signals import StoppedBySignal
from bayesian_gan.runs.calibrate import TEMPERATURE_FILE
from bayesian_gan.runs.prepare import Prepared
from bayesian_gan.runs.summary import report, summarise
from bayesian_gan.runs.swag import draw_swag
from bayesian_gan.storage import write_json


def finish(run: Prepared) -> None:
    """Evaluates, writes the summary, and reports; of a run that a signal stops, only how it goes on.

    Raises:
        RunStopped: it was stopped, or something could not be written.
    """
    last, command = run.iteration, run.interruption.resume_command
    with contextlib.suppress(StoppedBySignal):
        with run.interruption.breakable():
            if run.config.swag is not None and last == run.config.train_iter:
                run.posterior = draw_swag(
                    run.config, run.model, run.data.images, run.posterior, run.folder / "posterior"
                )
            summary = summarise(run)
        path = run.folder / "summary.json"
        run.writes.write(str(path), lambda: write_json(path, summary.to_json()))
        if summary.posterior is not None:
            score = summary.posterior.score
            scores = events.posterior_scores(score.error_rate, score.nll)
            run.writes.write(str(run.event_file.path), lambda: run.event_file.write(last, *scores))
        calibration = summary.calibration
        if calibration is not None:
            file = run.folder / TEMPERATURE_FILE
            run.writes.write(str(file), lambda: write_json(file, calibration.to_json()))
        baseline = "supervised CNN" if run.data.features is None else "supervised network"
        report(run.log, summary, run.grids, run.folder, baseline)
    run.writes.clear()
    unwritten = list(run.writes.pending)
    if run.saved != last:
        unwritten.append(f"the checkpoint of iteration {last} (the last is of {run.saved})")
    if unwritten:
        named = ", ".join(
            [*unwritten[:3], *([f"{len(unwritten) - 3} more"] * (len(unwritten) > 3))]
        )
        problem = f"could not be written: {named}; make room or mend the permissions, then "
    else:
        problem = ""
    if run.interruption.signum is not None:
        reason = f"stopped by {run.interruption.name} after iteration {last}"
        raise RunStopped(f"{reason}; {problem}resume with: {command}", run.interruption.status)
    if unwritten:
        raise RunStopped(f"{problem}resume with: {command}", UNWRITTEN_STATUS)
