"""The synthetic experiment over seeds: what is run, kept and printed."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bayesian_gan.synthetic.data import synthetic_data
from bayesian_gan.synthetic.measure import Measurement, Watched
from benchmarks.synthetic import figures, seeds

TINY = (
    "--x_dim 5 --z_dim 2 --numz 2 --hidden 8 --batch_size 8 --warm_up 2 --train_iter 4 --n_save 2 "
    "--systems bayesgan,ml"
)


def rows(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "measurements.csv").open(newline="") as file:
        return [(row["seed"], row["system"], row["divergence"]) for row in csv.DictReader(file)]


@pytest.mark.slow
def test_missing_seeds_are_run_and_others_kept_only_with_the_same_flags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*TINY.split(), "--out_dir", str(tmp_path)]
    assert seeds.main([*arguments, "--seeds", "1"]) == 0
    (folder,) = tmp_path.iterdir()
    first = rows(folder)
    assert [row[:2] for row in first] == [("0", "bayesgan")] * 2 + [("0", "ml")] * 2
    assert seeds.main([*arguments, "--seeds", "2"]) == 0
    both = rows(folder)
    assert both[:4] == first
    assert {row[0] for row in both[4:]} == {"1"}
    assert not {row[2] for row in both[:4]} & {row[2] for row in both[4:]}
    assert "2 seeds; floor" in capsys.readouterr().out
    assert seeds.main([*arguments, "--seeds", "1", "--lr", "0.01"]) == 0
    assert rows(folder) == both
    (other,) = set(tmp_path.iterdir()) - {folder}
    assert [row[0] for row in rows(other)] == ["0"] * 4


def test_a_seed_has_data_and_weights_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[int, float]] = []

    def record(name: str, config: Any, data: Any, plane: Any) -> Watched:
        trained.append((config.random_seed, float(data.x[0, 0])))
        return Watched([Measurement(name, 4, 0.1, 1, 0.1, 0.0, 1.0)])

    monkeypatch.setattr(seeds, "train", record)
    arguments = [*TINY.split(), "--out_dir", str(tmp_path), "--systems", "bayesgan"]
    assert seeds.main([*arguments, "--first", "3", "--seeds", "2"]) == 0
    assert trained == [(k, float(synthetic_data("clusters", 5, k).x[0, 0])) for k in (3, 4)]


def test_a_wrong_flag_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert seeds.main([*TINY.split(), "--out_dir", "O", "--numz", "0"]) == 2
    assert capsys.readouterr().err.startswith("seeds.py: error: ")


def test_the_page_has_the_numbers_that_are_kept() -> None:
    text = (seeds.ROOT / "docs" / "research" / "synthetic.md").read_text(encoding="utf-8")
    kept = seeds.read(figures.SEEDS)
    assert len(figures.complete(kept)) >= 2
    rows = dict(re.findall(r"^\| (\d+) \| (0\.\d{4} \| .*) \|$", text, re.MULTILINE))
    # In the order of the table: divergences, a ratio between them, then clusters.
    places = {"bayesgan": (0, 4), "ml": (1, 5), "wasserstein": (3, 6)}
    for seed, (_, measured) in kept.items():
        cells = rows[str(seed)].split(" | ")
        for m in {m.system: m for m in measured}.values():
            divergence, found = places[m.system]
            assert (cells[divergence], cells[found]) == (f"{m.divergence:.4f}", f"{m.found}")
    assert [line.split(" | ", 1) for line in figures.table(figures.complete(kept))][:-1] == [
        [f"| {seed}", rows[str(seed)] + " |"] for seed in figures.complete(kept)
    ]


def test_figures_are_drawn_from_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["figures.py", "--out", str(tmp_path)])
    figures.main()
    pictures = [tmp_path / f"synthetic_{name}.png" for name in ("divergence", "points")]
    for picture in pictures:
        # Pixel by pixel, not byte by byte: how a PNG is packed is the library's.
        with (
            Image.open(picture) as drawn,
            Image.open(seeds.ROOT / "docs" / "figures" / picture.name) as kept,
        ):
            assert np.mean(np.asarray(drawn) != np.asarray(kept)) < 0.01
    assert "bayesgan / ml: mean" in capsys.readouterr().out
