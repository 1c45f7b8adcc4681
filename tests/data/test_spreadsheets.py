"""Cells that no spreadsheet program runs, and that are read back as they were."""

import pytest

from bayesian_gan.data.spreadsheets import neutral, original


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_formulas_are_marked(text: str) -> None:
    assert neutral(text) == "'" + text
    assert original(neutral(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'quoted", "''", "'=1"])
def test_every_text_comes_back(text: str) -> None:
    assert original(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@"))
