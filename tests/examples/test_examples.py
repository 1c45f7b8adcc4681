"""The example notebooks, executed as a user's Jupyter does: in a short form, and slowly to what they say."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
SHORT = {
    "own_data": "ITERATIONS = 30",
    "own_term": "ITERATIONS = 20",
    "sampler_classifier": "ITERATIONS, BURN_IN = 600, 200",
}


@pytest.fixture(autouse=True)
def _package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel, a process of its own, finds this package."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def _execute(path: Path, parameters: str) -> nbformat.NotebookNode:
    """The notebook after all its cells ran, those tagged `parameters` with others."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    tagged[0].source = parameters
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return notebook


def _printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return "".join(out.text for out in outputs if out.output_type == "stream")


def _pictures(notebook: nbformat.NotebookNode) -> int:
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return sum("image/png" in out.get("data", {}) for out in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path) -> None:
    kept = nbformat.read(path, as_version=4)
    done = _execute(path, SHORT[path.stem])
    # What is kept shows as much as what a user will see.
    assert _pictures(kept) == _pictures(done) >= 1
    words = re.compile(r"[A-Za-z]+")
    assert words.findall(_printed(kept)) == words.findall(_printed(done)) != []
    counts = [cell.execution_count for cell in kept.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.slow
def test_own_data_learns_from_a_hundred_labels() -> None:
    printed = _printed(_execute(ROOT / "examples" / "own_data.ipynb", "ITERATIONS = 600"))
    accuracy = re.search(r"accuracy on 500 test images: ([\d.]+)", printed)
    assert accuracy is not None
    # The supervised CNN on 100 labels has about 0.90; the standard error on 500 images is 0.01.
    assert float(accuracy[1]) > 0.92


@pytest.mark.slow
def test_the_average_of_the_sampled_classifier_beats_its_last_sample() -> None:
    path = ROOT / "examples" / "sampler_classifier.ipynb"
    printed = _printed(_execute(path, "ITERATIONS, BURN_IN = 25_000, 5_000"))
    last, average = (float(nll) for nll in re.findall(r"likelihood ([\d.]+)", printed))
    assert average < last
