"""A run as a table for the terminal, from its files as they are now."""

import re
import time
from pathlib import Path

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bayesian_gan.evaluation.draws import Verdict
from bayesian_gan.report.tables import Table, read_table
from bayesian_gan.report.verdicts import last_convergence, sampling_verdicts
from bayesian_gan.runs.finished import FinishedRun

SIGNS = {"good": ("ok  ", "green"), "note": ("note", "yellow"), "warning": ("WARN", "red")}
LOG_COLUMNS = {
    "discriminator_energy": "energy D",
    "generator_energy": "energy G",
    "supervised_acc": "supervised network, error %",
    "semi_supervised_acc": "discriminators, error %",
}
ROWS = 8


def live_table(run: FinishedRun) -> RenderableType:
    """What `watch` shows: progress, the last saves, the last health numbers, verdicts."""
    log, health = read_table(run.path / "log.csv"), read_table(run.path / "health.csv")
    found = last_convergence(run.config, health)
    return Group(
        Text(str(run.path), style="bold", overflow="fold"),
        Text(progress(run, log, health)),
        *([Text("no test set: no error is measured")] if run.num_test == 0 else []),
        _saves(log),
        _health(health, run.config.real_score),
        *(_line(verdict) for verdict in sampling_verdicts(run.config, health, found)),
    )


def progress(run: FinishedRun, log: Table, health: Table) -> str:
    """How far it is, how fast, and how long ago it was heard of."""
    last = max(
        (int(table["iteration"][-1]) for table in (log, health) if len(table)),
        default=0,
    )
    last = max(last, int((run.summary or {}).get("iteration", 0)))
    config = run.config
    phase = "warm-up" if last <= config.warm_up else "sampling"
    draws = len(list((run.path / "posterior").glob("draw_*.npz")))
    parts = [
        f"iteration {last:,} of {config.train_iter:,} ({100 * last / config.train_iter:.0f}%), {phase}",
        f"{draws} draws",
    ]
    rate = _seconds_per_iteration(log)
    left = config.train_iter - last
    if rate is not None:
        parts.append(f"{1000 * rate:.3g} ms an iteration")
        if left:
            parts.append(f"{_duration(rate * left)} to go")
    if not left and run.summary is not None:
        parts.append("finished")
    else:
        parts.append(f"last written {_duration(_age(run.path))} ago")
    checkpoint = _last_checkpoint(run.path)
    if checkpoint is not None:
        parts.append(f"checkpoint of iteration {checkpoint:,}")
    return ", ".join(parts)


def _seconds_per_iteration(log: Table) -> float | None:
    """Between the last two saves; from the beginning to the only one."""
    iterations, seconds = log["iteration"], log["seconds"]
    if not len(log):
        return None
    if len(log) == 1:
        return float(seconds[0] / iterations[0])
    return float((seconds[-1] - seconds[-2]) / (iterations[-1] - iterations[-2]))


def _age(folder: Path) -> float:
    """Seconds since a table or a log line was written."""
    files = [folder / name for name in ("log.csv", "health.csv", "functionals.csv", "run.log")]
    times = [file.stat().st_mtime for file in files if file.exists()]
    return max(0.0, time.time() - max(times, default=folder.stat().st_mtime))


def _last_checkpoint(folder: Path) -> int | None:
    found = (re.fullmatch(r"checkpoint_(\d+)", p.stem) for p in folder.glob("checkpoints/*.npz"))
    return max((int(match[1]) for match in found if match), default=None)


def _saves(log: Table) -> RenderableType:
    if not len(log):
        return Text("no save yet")
    grid = Grid(title="saves, means since the one before", title_justify="left")
    columns = {name: title for name, title in LOG_COLUMNS.items() if name in log.columns}
    grid.add_column("iteration", justify="right")
    for title in columns.values():
        grid.add_column(title, justify="right")
    for k in range(max(0, len(log) - ROWS), len(log)):
        cells = [
            _number(100.0 - log[name][k] if name.endswith("_acc") else log[name][k])
            for name in columns
        ]
        grid.add_row(f"{int(log['iteration'][k]):,}", *cells)
    return grid


def _health(health: Table, real_score: str) -> RenderableType:
    if not len(health):
        return Text("no health numbers yet")
    iteration = int(health["iteration"][-1])
    grid = Grid(title=f"samplers at iteration {iteration:,}", title_justify="left")
    grid.add_column("")
    grid.add_column("discriminators", justify="right")
    grid.add_column("generators", justify="right")
    for name, prefix, ending in (
        ("gradient norm", "gradient_norm", "_"),
        ("weight norm", "weight_norm", "_"),
        ("kinetic temperature", "kinetic_temperature", "s_of_chain_"),
        ("temperature asked for", "temperature", "s_of_chain_"),
    ):
        cells = []
        for player in ("discriminator", "generator"):
            last = [column[-1] for column in health.matching(f"{prefix}/{player}{ending}").values()]
            cells.append(_range(np.array(last)))
        grid.add_row(name, *cells)
    for name, side in (("of real images", "real"), ("of generated", "fake")):
        last = [c[-1] for n, c in health.matching("p_real/").items() if n.endswith(side)]
        grid.add_row(f"{real_score} {name}", _range(np.array(last)), "")
    rhat = [health[f"convergence/rhat_{kind}"][-1] for kind in ("median", "max")]
    ess = [health[f"convergence/ess_{kind}"][-1] for kind in ("median", "min")]
    grid.add_row("R-hat, median and worst", " and ".join(_number(v) for v in rhat), "")
    grid.add_row("effective sample size, likewise", " and ".join(_number(v) for v in ess), "")
    return grid


def _range(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "-"
    low, high = _number(known.min()), _number(known.max())
    return low if low == high else f"{low} to {high}"


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "-"


def _line(verdict: Verdict) -> Text:
    sign, style = SIGNS[verdict.level]
    return Text.assemble((f"{sign} ", style), (f"{verdict.subject}: ", "bold"), verdict.text)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
