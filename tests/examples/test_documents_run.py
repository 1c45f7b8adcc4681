"""The Python of the documentation runs, where it stands: shortened, and given the data that it names."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from small import examples, small_gan

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.posterior import Posterior
from bayesian_gan.samplers.diagnostics import Outcome

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    """The Python of a page, block by block."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def shortened(program: str, changes: dict[str, str]) -> str:
    """The program with numbers that make it short; each must be there."""
    for long, short in changes.items():
        assert long in program, long
        program = program.replace(long, short)
    return program


@pytest.fixture
def run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Executes a program in an empty folder; returns its names."""
    monkeypatch.chdir(tmp_path)

    def run(program: str, **names: Any) -> dict[str, Any]:
        exec(compile(program, "a page of docs", "exec"), names)
        return names

    return run


def test_every_page_with_python_is_run_here() -> None:
    pages = {
        str(page.relative_to(DOCS))
        for page in DOCS.rglob("*.md")
        if "```python" in page.read_text(encoding="utf-8")
    }
    elsewhere = {"tutorials/own_table.md"}  # tests/tools/test_documents.py
    here = set(re.findall(r'blocks\("([^"]*)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert pages == here | elsewhere


def test_evaluation_in_python(run_in: Callable[..., dict[str, Any]], watched_run: Path) -> None:
    (program,) = blocks("explanation/evaluation.md")
    data = digits.load()
    names = run_in(
        program.replace("RUN_DIR", str(watched_run)),
        test_images=data.test_images,
        test_labels=data.test_labels,
    )
    average = Posterior(watched_run / "posterior").predict(data.test_images)
    np.testing.assert_allclose(names["found"].uncertainty.average, average)


def test_health_of_a_model_of_ones_own(run_in: Callable[..., dict[str, Any]]) -> None:
    (program,) = blocks("explanation/mixing.md")
    images, labels = examples()
    run_in(
        shortened(program, {"epochs=5": "epochs=2, steps_per_epoch=60, batch_size=8"}),
        gan=small_gan(),
        images=images,
        labels=labels,
        test_images=images[:8],
        test_labels=labels[:8],
    )
    assert len(Path("results/health.csv").read_text().splitlines()) > 1


def test_cells_are_read_back_as_they_were(
    run_in: Callable[..., dict[str, Any]], watched_run: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "=new.npz", images=digits.load().test_images[:3])
    out = tmp_path / "predictions.csv"
    assert main(["predict", str(watched_run), str(tmp_path / "=new.npz"), "--csv", str(out)]) == 0
    (program,) = blocks("how-to/predict.md")
    rows = run_in(program)["rows"]
    assert len(rows) == 3
    assert all("/=new.npz" in row["path"] for row in rows)


@pytest.mark.slow
def test_the_tutorial_of_a_sampler(run_in: Callable[..., dict[str, Any]]) -> None:
    first, again, verdict = blocks("tutorials/sampler.md")
    short = {
        "burn_in=5000, thinning=200": "burn_in=100, thinning=100",
        "steps_per_epoch=25_000": "steps_per_epoch=1000",
    }
    names = run_in(shortened(first, short))
    assert names["probabilities"].shape == (3000, 2)
    assert len(names["posterior"]) == 10
    model = names["model"]
    # A model that has been trained is refused a folder of samples, so this one begins anew.
    fresh = keras.models.clone_model(model)
    sampler = names["sampler"].with_seed(1)
    fresh.compile(sampler, loss="sparse_categorical_crossentropy")
    small = {
        "burn_in=5000, thinning=200": "burn_in=40, thinning=20",
        "epochs=100": "epochs=40, verbose=0",
    }
    names |= {"model": fresh, "sampler": sampler}
    names = run_in(shortened(again, small), **names)
    assert len(names["posterior"].iterations) == 13
    positions = {
        name: np.stack([draws, draws], axis=1)
        for name, draws in names["posterior"].samples().items()
    }
    rng = np.random.default_rng(0)
    names["positions"] = positions
    names["gradients"] = {name: rng.standard_normal(p.shape) for name, p in positions.items()}
    said = shortened(
        verdict, {"predictions = ...": "predictions = rng.standard_normal((13, 2, 4))"}
    )
    found = run_in(said, rng=rng, **names)["verdict"]
    assert found.outcome in Outcome
