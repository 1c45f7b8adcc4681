"""CSV files as spreadsheets write them."""

from pathlib import Path

import pytest

from bayesian_gan.data.csv_file import read_csv


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("said", ["", "sep=;", "\ufeffsep=;"])
def test_what_parts_the_cells_is_told_or_found(tmp_path: Path, said: str, end: str) -> None:
    file = tmp_path / "labels.csv"
    second = (
        "label, kind" if said else "label"
    )  # The first of , ; and tab counts where none is told.
    lines = [*([said] if said else []), f"path;{second}", "a.png;cat", "", 'b.png;"dog;cat"']
    file.write_bytes(end.join(lines).encode())
    found = read_csv(file)
    assert found.rows == [["a.png", "cat"], ["b.png", "dog;cat"]]
    assert found.header == ["path", second]
    assert found.lines == [2 + bool(said), 4 + bool(said)]
