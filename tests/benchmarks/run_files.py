"""The files by which a benchmark knows how far a run is."""

import json
from pathlib import Path


def write_run(folder: Path, *, iteration: int | None, train_iter: int) -> None:
    """Writes what a run leaves behind that was to make `train_iter` iterations.

    `iteration` None is a run that has no summary yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"flags": {"train_iter": train_iter}}))
    if iteration is not None:
        (folder / "summary.json").write_text(json.dumps({"iteration": iteration}))
