"""Draws as ArviZ's object, by the ArviZ that is installed and by the other one's interface."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.samplers.inference_data import inference_data

DRAWS = {
    "dense/kernel": np.arange(60.0).reshape(2, 10, 3),
    "energy": np.arange(20.0).reshape(2, 10),
}


def test_the_installed_arviz_has_chains_draws_and_names() -> None:
    arviz = pytest.importorskip("arviz", reason="ArviZ is optional")
    posterior = inference_data(DRAWS).posterior
    assert posterior["energy"].dims == ("chain", "draw")
    np.testing.assert_array_equal(posterior["dense.kernel"], DRAWS["dense/kernel"])
    assert float(arviz.ess(posterior)["energy"]) > 0


@pytest.mark.parametrize("version", ["0.20.0", "1.0.0", "1.3.0"])
def test_each_version_gets_the_dictionary_that_it_asks_for(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_dict_0(posterior: Any = None, *, prior: Any = None) -> Any:
        return posterior

    def from_dict_1(data: Any, *, name: Any = None) -> Any:
        return data["posterior"]

    from_dict = from_dict_0 if version.startswith("0") else from_dict_1
    arviz = SimpleNamespace(__version__=version, from_dict=from_dict)
    monkeypatch.setitem(sys.modules, "arviz", arviz)
    assert list(inference_data(DRAWS)) == ["dense.kernel", "energy"]


def test_what_arviz_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    arviz = SimpleNamespace(__version__="1.0.0")
    monkeypatch.setitem(sys.modules, "arviz", arviz)
    with pytest.raises(ValueError, match="names of `draws` must differ"):
        inference_data({"a/b": np.zeros((1, 2)), "a.b": np.zeros((1, 2))})
    with pytest.raises(ValueError, match=r"same \[chains, draws\], not \[\(1, 2\), \(2, 2\)\]"):
        inference_data({"a": np.zeros((1, 2)), "b": np.zeros((2, 2))})
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(ImportError, match="pip install arviz"):
        inference_data(DRAWS)
