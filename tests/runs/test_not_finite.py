"""A whole run one of whose networks is not finite any more."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import disturbed_config, run_configured

from bayesian_gan.errors import RunStopped
from bayesian_gan.storage import read_arrays

ROOT = Path(__file__).parents[2]


def test_a_member_that_is_not_finite_is_named_and_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: dict[str, Any]
) -> None:
    from bayesian_gan.monitoring import ProgressBar

    fault = {"at": 30, "left": 1}

    def poison(self: ProgressBar, batch: int, logs: Any = None) -> None:
        if int(self.model.iteration.numpy()) == fault["at"] and fault["left"]:
            fault["left"] -= 1
            weight = self.model.generators[1].trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan, np.float32))

    monkeypatch.setattr(ProgressBar, "on_train_batch_begin", poison)
    config = disturbed_config(tmp_path)
    with pytest.raises(RunStopped, match=r"generator 1: the variable .* is not finite") as stopped:
        run_configured(config)
    assert stopped.value.status == 3
    (folder,) = tmp_path.glob("bgan_*")
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    arrays, manifest = read_arrays(newest)
    assert manifest["iteration"] == 30
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")

    fault["left"] = 1
    disk |= {"refuses": "log.csv", "until": 1}
    run_configured(replace(config, on_nan="restart_member"), folder)
    assert (
        "generator 1 starts again from its sample of iteration 30"
        in (folder / "run.log").read_text()
    )
    arrays, manifest = read_arrays(folder / "checkpoints" / "checkpoint_00000040.npz")
    (restart,) = manifest["restarts"]
    assert (restart["player"], restart["member"], restart["draw"]) == ("generator", 1, 30)
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")
    rows = [line.split(",")[0] for line in (folder / "log.csv").read_text().split()]
    # The row of 30 could not be written before the run went back to 30: it is there once all the same.
    assert disk["count"] == 1
    assert rows == ["iteration", "10", "20", "30", "40"]
    assert json.loads((folder / "summary.json").read_text())["iteration"] == 40

    # The same member at the same place again: to restart it once more would go on for ever.
    fault.update(at=45, left=2)
    with pytest.raises(RunStopped, match="again after it was restarted") as stopped:
        run_configured(replace(config, on_nan="restart_member", train_iter=60), folder)
    assert stopped.value.status == 3
    assert fault["left"] == 0
    _, manifest = read_arrays(folder / "checkpoints" / "checkpoint_00000045.npz")
    assert [restart["checkpoint"] for restart in manifest["restarts"]] == [30, 45]
