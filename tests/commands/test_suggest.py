"""`suggest` on small runs: its list, its page in a browser, labels.csv back into training, refusals."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import layouts as make
import numpy as np
import pytest
from browser import CHROMIUM, DRIVER, MISSING, Browser
from conftest import run_flagged
from PIL import Image

from bayesian_gan.commands import main
from bayesian_gan.data.spreadsheets import original
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.finished import FinishedRun

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
FLAGS = (
    "--df_dim 2 --gf_dim 2 --num_layers 1 --z_dim 2 --batch_size 4 --train_iter 10 --n_save 10 --warm_up 2 "
    "--collect_every 4 --num_gen 1"
)
# Names that end elements, run, leave their cells or turn the line round.
CLASSES = (
    "</script><script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "=1+1",
    "q\"u,o'te]]>",
    "\u202e\u05d0 right to left",
    "x" * 10_000,
)
NUM = 34  # Different pictures.
NAMES = ("<img src=x onerror=window.ran=1>.png", "]]>\"',&lt;.png", "=2+3.png", "\u202egnp.png")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures `own` without class folders, and their `labels.csv`, of which two are to test on."""
    folder = tmp_path_factory.mktemp("suggest")
    own = make.write_flat(folder / "own", 30)
    for name, image in zip(NAMES, make.colour(4, 40, 11)[0], strict=True):
        Image.fromarray(image).save(own / name)
    shutil.copy(own / "29.png", own / "29 again.png")
    shutil.copy(own / "0.png", own / "zero again.png")
    rows = [
        [f"{i}.png", CLASSES[i % 6], "test" if 12 <= i < 18 else ""] for i in range(18) if i != 3
    ]
    rows += [["in/3.png", CLASSES[3], ""]]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["path", "label", "split"], *rows])
    return folder


@pytest.fixture(scope="module")
def run_dir(place: Path) -> Path:
    return run_flagged(*own_flags(place, place / "labels.csv"))


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = str(tmp_path_factory.mktemp("digits"))
    return run_flagged("--dataset", "digits", "--N", "20", *FLAGS.split(), "--out_dir", folder)


def own_flags(place: Path, labels: Path) -> list[str]:
    known = ["--data", str(place / "own"), "--out_dir", str(place), "--cache_dir", str(place / "C")]
    return [*FLAGS.split(), *known, "--labels", str(labels)]


def suggest(*arguments: object, status: int = 0) -> None:
    assert main(["suggest", *map(str, arguments)]) == status


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV, as they were."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: original(cell) for k, cell in row.items()} for row in csv.DictReader(file)]


def inside(page: Path) -> dict[str, object]:
    """The data of a page."""
    found = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


# ------------------------------------------------------------------------------- the list


@pytest.mark.parametrize("by", ["typical", "uncertain", "random"])
def test_a_list_of_pictures_without_a_label(
    digits_run: Path, tmp_path: Path, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    suggest(digits_run, "--num", 7, "--by", by, "--out", tmp_path)
    rows = read(tmp_path / "suggest.csv")
    places = [int(row["path"].removeprefix("train/")) for row in rows]
    opened = FinishedRun(digits_run)
    assert len(set(places)) == 7
    assert not set(places) & set((opened.split or {})["indices"])
    p = Posterior(digits_run / "posterior").predict(opened.load_data().images[places])
    assert [row["guess"] for row in rows] == [str(k) for k in p.argmax(axis=1)]
    np.testing.assert_allclose(
        [float(row["probability"]) for row in rows], p.max(axis=1), atol=1e-5
    )
    assert all(row["why"] for row in rows)
    said = capsys.readouterr().out
    assert f"suggest.csv: 7 pictures, by {by}" in said
    assert "train --dataset digits --labels labels.csv" in said
    if by != "typical":
        return
    first = (tmp_path / "suggest.csv").read_bytes()
    suggest(digits_run, "--num", 7, "--by", by, "--out", tmp_path)
    assert (tmp_path / "suggest.csv").read_bytes() == first


def test_a_run_without_labels_has_first_pictures_to_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelless = ("--dataset", "digits", "--nosemi", "--out_dir", str(tmp_path))
    folder = run_flagged(*labelless, *FLAGS.split())
    suggest(folder, "--num", 5, "--out", tmp_path)
    assert [row["guess"] for row in read(tmp_path / "suggest.csv")] == [""] * 5
    assert inside(tmp_path / "suggest.html")["known"] == []
    suggest(folder, "--by", "uncertain", status=2)
    assert "--by uncertain" in capsys.readouterr().err


def test_the_next_round_of_a_benchmark(digits_run: Path, tmp_path: Path) -> None:
    suggest(digits_run, "--num", 6, "--among", 50, "--out", tmp_path)
    page = inside(tmp_path / "suggest.html")
    truth = FinishedRun(digits_run).load_data().labels
    rows = [f"{path},{label}" for path, label, _ in page["known"]]  # type: ignore[attr-defined]
    assert len(rows) == 20
    new = [row["path"] for row in read(tmp_path / "suggest.csv")]
    rows += [f"{path},{truth[int(path.removeprefix('train/'))]}" for path in new]
    (tmp_path / "labels.csv").write_text("\n".join(["path,label", *rows]))
    labels = ("--labels", str(tmp_path / "labels.csv"), "--out_dir", str(tmp_path))
    folder = run_flagged("--dataset", "digits", *FLAGS.split(), *labels)
    found = FinishedRun(folder)
    assert (found.split or {})["name"] == "digits.all@26"
    # No picture is asked for again.
    suggest(folder, "--num", 20, "--by", "random")
    again = {row["path"] for row in read(folder / "suggest.csv")}
    assert not again & {row.split(",")[0] for row in rows}


def test_equal_pictures_are_asked_for_once(run_dir: Path, tmp_path: Path) -> None:
    suggest(run_dir, "--num", 100, "--by", "random", "--out", tmp_path)
    paths = {row["path"] for row in read(tmp_path / "suggest.csv")}
    # Without those that are labelled, a copy of one of these, and one of two that are equal.
    assert len(paths) == NUM - 18
    assert "zero again.png" not in paths
    assert len(paths & {"29.png", "29 again.png"}) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--num", "0"], "--num 0"),
        (["--num", "9", "--among", "8"], "--among 8"),
        (["--seed", "-1"], "--seed -1"),
        (["--out", "nowhere"], "--out nowhere"),
    ],
)
def test_wrong_arguments(
    digits_run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    suggest(digits_run, *arguments, status=2)
    assert says in capsys.readouterr().err
    assert not (digits_run / "suggest.csv").exists()


# ------------------------------------------------------------------------------- the page


def test_no_text_ends_its_element(run_dir: Path, tmp_path: Path) -> None:
    suggest(run_dir, "--num", 100, "--out", tmp_path)
    text = (tmp_path / "suggest.html").read_text(encoding="utf-8")
    assert text.count("<script") == text.count("</script>") == 2
    assert "onerror" not in text.replace("\\u003cimg src=x onerror", "")
    assert "http:" not in text.replace("http-equiv", "")
    page = inside(tmp_path / "suggest.html")
    assert page["classes"] == sorted(CLASSES)
    assert set(NAMES) <= {card["path"] for card in page["cards"]}  # type: ignore[attr-defined]
    # Those to test on keep their place.
    assert sorted(split for *_, split in page["known"]) == [""] * 12 + ["test"] * 6  # type: ignore[attr-defined]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Opens windows, which are closed at the end."""
    opened: list[Browser] = []

    def make_browser(*size: int) -> Browser:
        opened.append(Browser(tmp_path, *size).__enter__())
        return opened[-1]

    yield make_browser
    for each in opened:
        each.__exit__(None, None, None)


@needs_browser
def test_labels_by_key_train_the_next_run(
    place: Path, run_dir: Path, tmp_path: Path, browser: Callable[..., Browser]
) -> None:
    suggest(run_dir, "--num", 100, "--by", "random", "--out", tmp_path)
    paths = [row["path"] for row in read(tmp_path / "suggest.csv")]
    window = browser()
    window.open(tmp_path / "suggest.html")
    said = "return document.getElementById('said').textContent"
    assert window.run(said) == f"0 of {len(paths)} labelled"
    order = sorted(CLASSES)
    window.press("1", "2", "s", "6", "5")
    assert window.run(said) == f"4 of {len(paths)} labelled"
    window.press("u")
    window.press("3", "z", holding="Control")  # Ctrl-3 is the browser's.
    assert window.run(said) == f"2 of {len(paths)} labelled"
    window.press("4")
    window.click("#download")
    file = window.downloaded("labels.csv")
    with file.open(newline="", encoding="utf-8") as lines:
        assert not any(cell.startswith(("=", "+")) for row in csv.reader(lines) for cell in row)
    rows = read(file)
    assert sum(row["label"] == "=1+1" for row in rows) == 3
    expected = {paths[0]: order[0], paths[1]: order[1], paths[3]: order[3]}
    assert {row["path"]: row["label"] for row in rows[-3:]} == expected
    assert len(rows) == 18 + 3
    assert window.requests() == [(tmp_path / "suggest.html").as_uri()]
    assert window.complaints() == []
    assert window.run("return window.ran === undefined")
    opened = FinishedRun(run_flagged(*own_flags(place, file)))
    assert (opened.split or {})["name"] == "own.all@15"
    data = opened.load_data()
    found = dict(zip(data.image_names, data.labels, strict=True))
    for path, label in expected.items():
        assert data.class_names[found[path]] == label
    assert (data.num_labelled, len(data.test_images)) == (12 + 3, 6)
    # The page goes on where it was.
    window.open(tmp_path / "suggest.html")
    assert window.run(said) == f"3 of {len(paths)} labelled"


@needs_browser
def test_the_page_on_a_telephone(
    run_dir: Path, tmp_path: Path, browser: Callable[..., Browser]
) -> None:
    suggest(run_dir, "--num", 100, "--out", tmp_path)
    window = browser(390, 844)
    window.open(tmp_path / "suggest.html")
    widths = "return [document.documentElement.scrollWidth, window.innerWidth]"
    assert window.run(widths) == [390, 390]
    assert window.run("return [...document.images].every((i) => i.naturalWidth > 0 && i.alt)")
    # Files show more than the run's 16 x 16.
    assert window.run("return Math.max(...[...document.images].map((i) => i.naturalWidth))") == 40
    window.click("#classes button:nth-child(3)")
    window.run("document.querySelector('.card').click()")
    window.click("#find")
    window.press(*"=1+", "Enter")  # The first class that holds it.
    window.press("/", *"a new one", "Enter")
    window.click("#download")
    rows = read(window.downloaded("labels.csv"))
    assert [row["label"] for row in rows[-2:]] == ["=1+1", "a new one"]
    window.click("#undo")
    window.press("ArrowLeft", "Backspace")
    assert window.run("return document.querySelectorAll('.done').length") == 0
