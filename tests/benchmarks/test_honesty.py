"""What the study of honest probabilities prints."""

from typing import Any

from benchmarks.honesty.__main__ import BESIDE, table


def _line(variant: str, seed: int, errors: int, temperature: float | None) -> dict[str, Any]:
    score = {"errors": errors, "n": 200, "nll": 0.01 * errors, "ece": 0.001 * errors}
    beside = {name: {"errors": 50, "n": 200, "nll": 1.0, "ece": 0.1} for name in BESIDE}
    calibrated = None if temperature is None else score | {"nll": 0.2}
    scores = {"average": score, "single": score, "calibrated": calibrated}
    return {
        "data": "digits",
        "part": "tune",
        "N": 20,
        "iterations": 2250,
        "variant": variant,
        "label_seed": seed,
        "temperature": temperature,
        "scores": scores | beside,
    }


def test_a_table_has_means_of_each_variant_and_what_stands_beside_them_once() -> None:
    lines = [_line("preset", 1, 10, 1.5), _line("preset", 2, 20, 2.5), _line("other", 2, 4, None)]
    title, _, _, _, *rows = table(lines).splitlines()
    assert title == "digits (tune), 20 labels, 2,250 iterations, 200 tested:"
    assert rows == [
        "| preset | average | 1, 2 | 7.5 | 0.150 | 1.5 |  |",
        "| preset | calibrated | 1, 2 | 7.5 | 0.200 | 1.5 | 2.00 |",
        "| preset | single | 1, 2 | 7.5 | 0.150 | 1.5 |  |",
        "| other | average | 2 | 2.0 | 0.040 | 0.4 |  |",
        "| other | single | 2 | 2.0 | 0.040 | 0.4 |  |",
        "|  | supervised | 1, 2 | 25.0 | 1.000 | 10.0 |  |",
        "|  | logistic regression | 1, 2 | 25.0 | 1.000 | 10.0 |  |",
        "|  | label spreading | 1, 2 | 25.0 | 1.000 | 10.0 |  |",
    ]
