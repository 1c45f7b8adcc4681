"""What judges a fault can fail: growth over many runs, and files that are not whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bayesian_gan.gan.graphs import registered
from benchmarks.faults import many_runs, writes
from benchmarks.faults.many_runs import Sample, summary
from benchmarks.faults.small_runs import DATA, KINDS, arguments_of

MIB = 2**20


@pytest.mark.parametrize(
    ("last", "grown"),
    [
        (Sample(1000 * MIB, 10, 25, 3), 0),
        (Sample(1005 * MIB, 9, 24, 3), 0),
        (Sample(1011 * MIB, 10, 25, 3), 1),
        (Sample(1011 * MIB, 11, 26, 4), 4),
    ],
)
def test_what_grows_after_the_first_tenth_is_counted(last: Sample, grown: int) -> None:
    begin = [Sample(n * MIB, n, n, n) for n in range(20)]
    assert summary([*begin, *[Sample(1000 * MIB, 10, 25, 3)] * 90, *[last] * 90]) == grown


def test_a_run_of_the_many_is_a_whole_one_and_leaves_no_graph(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = registered()
    many_runs.many_runs(tmp_path, 1)
    assert "1 runs in one process: memory +0.00%" in capsys.readouterr().out
    assert list((tmp_path / "runs").iterdir()) == []
    assert registered() == before  # 25 MB each.


def test_files_that_are_not_whole_are_found(tmp_path: Path) -> None:
    def half(name: str, data: bytes, known: str = "") -> str | None:
        (tmp_path / name).write_bytes(data)
        return writes._half(tmp_path / name, name, {known or name: 1})

    Image.new("L", (40, 40)).save(tmp_path / "whole.png")
    np.savez(tmp_path / "whole.npz", a=np.arange(1000))
    whole = {
        "a.png": (tmp_path / "whole.png").read_bytes(),
        "a.npz": (tmp_path / "whole.npz").read_bytes(),
        "a.json": json.dumps([1, 2]).encode(),
        "a.html": b"<html></html>\n",
        "a.csv": b"a,b\n1,234\n",
    }
    for name, data in whole.items():
        assert half(name, data) is None
        assert half(name, data[: len(data) // 2]) is not None
    assert half("x.csv.part", b"a\n", "x.csv") == "left over"
    assert half("bgan_digits_2/x.csv".replace("/", "_"), b"a\n", "bgan_digits_1_x.csv") is None


def test_kinds_of_runs_that_need_data_have_it(tmp_path: Path) -> None:
    assert len(KINDS) == 10
    for kind, (name, _) in DATA.items():
        place = tmp_path / kind
        arguments = arguments_of(kind, place)
        assert any(str(place) in each for each in arguments)
        assert (place / name).exists()
    rows = (tmp_path / "table" / "rows.csv").read_text().splitlines()
    labels = [row.rpartition(",")[2] for row in rows[1:]]
    assert (len(rows[0].split(",")), len(labels), sum(map(bool, labels))) == (65, 1797, 180)
