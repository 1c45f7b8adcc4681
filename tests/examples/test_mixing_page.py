"""What the page on what is sampled says of the wines is what the kept run says."""

import json
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "what_is_sampled.md").read_text(encoding="utf-8")
KEPT = json.loads((ROOT / "benchmarks" / "results" / "mixing.json").read_text(encoding="utf-8"))


def _row(begin: str) -> list[str]:
    (cells,) = re.findall(rf"^\| {re.escape(begin)}[^|]*\| (.*) \|$", PAGE, re.MULTILINE)
    return cells.split(" | ")


def test_the_tables_are_those_of_the_kept_run() -> None:
    rhat = KEPT["rhat"]
    assert _row("R-hat") == [f"{np.median(rhat):.3f}", f"{max(rhat):.3f}"]
    for kind in ("bulk", "tail"):
        size = KEPT[f"ess_{kind}"]
        assert _row(f"{kind} effective") == [f"{np.median(size):.0f}", f"{min(size):.0f}"]
    for begin, kind in (("of the velocities", "kinetic"), ("of the positions", "configurational")):
        players = ("generators", "discriminators")
        found = [KEPT["temperature"][f"{kind} temperature of the {name}"] for name in players]
        assert _row(begin) == [f"{value:.2f}" for value in found]


def test_the_sentences_are_those_of_the_kept_run() -> None:
    text, accuracy = " ".join(PAGE.split()), KEPT["accuracy"]
    assert f"{KEPT['iterations']:,} iterations; it took {KEPT['seconds']:,} s" in text
    assert (
        f"The average over {accuracy['draws']} draws is right on {accuracy['average']:.1%} of 58 "
        f"test wines, a single draw on {accuracy['single']:.1%}." in text
    )
    assert len(KEPT["rhat"]) == 16
    # Ranks of the alternative text: the highest and the lowest twentieth of all draws.
    draws = np.array(KEPT["trace"]["log_odds"])
    ends = np.quantile(draws, [0.05, 0.95])
    assert (draws > ends[1]).sum(1).argmax() == 3
    assert (draws < ends[0]).sum(1).argmax() == 1
