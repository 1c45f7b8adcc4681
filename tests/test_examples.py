"""The example programs, as a user runs them."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_own_data_learns_from_a_hundred_labels() -> None:
    spec = importlib.util.spec_from_file_location("own_data", EXAMPLES / "own_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # The supervised CNN on 100 labels has about 0.90; the standard error on 500 images is 0.01.
    assert module.main(iterations=600) > 0.92
