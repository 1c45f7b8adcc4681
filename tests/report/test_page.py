"""The page of a real run: whole, closed to the network, escaped, and what its numbers are."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan.commands import main
from bayesian_gan.data.catalogue import load
from bayesian_gan.evaluation import classification
from bayesian_gan.monitoring.grids import save_grid
from bayesian_gan.posterior import Posterior
from bayesian_gan.report.findings import Findings, find
from bayesian_gan.report.page import page
from bayesian_gan.runs.card import CARD
from bayesian_gan.runs.finished import FinishedRun

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MOST_PIXELS = 4000
VOID = {"meta", "link", "img", "line", "rect", "path", "use", "br"}


class Reader(HTMLParser):
    """Checks that tags close, and collects elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def findings(watched_run: Path) -> Findings:
    """Of the small run."""
    return find(FinishedRun(watched_run))


@pytest.fixture(scope="module")
def text(findings: Findings) -> str:
    """Its page."""
    return page([findings])


def test_the_page_needs_nothing_but_itself(text: str) -> None:
    assert "http:" not in text
    assert "https:" not in text
    read = Reader(text)
    for _, attributes in read.elements:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:"))
    assert not read.all("script")
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", text)
    assert len(text) < 5e6


def test_everything_that_is_seen_can_be_read_aloud(text: str) -> None:
    read = Reader(text)
    pictures = read.all("img")
    # Twelve uncertain images, four generators thrice and the real ones, and perhaps wrong ones.
    assert len(pictures) >= 12 + 3 * 4 + 1
    assert all(len(attributes["alt"] or "") > 10 for attributes in pictures)
    charts = [a for tag, a in read.elements if a.get("role") == "img"]
    assert len(charts) >= 12
    assert all(len(a["aria-label"] or "") > 20 for a in charts)
    assert "nan" not in " ".join(a["aria-label"] or "" for a in charts)
    assert all(a.get("aria-hidden") == "true" for a in read.all("svg"))
    ids = [a["id"] for _, a in read.elements if a.get("id", "").startswith("run")]  # type: ignore[union-attr]
    links = [(a["href"] or "")[1:] for a in read.all("a")]
    assert len(set(ids)) == len(ids)
    assert set(links) <= set(ids)


def test_numbers_are_those_of_the_posterior(findings: Findings, text: str) -> None:
    posterior = Posterior(findings.run.path / "posterior")
    data = load("digits", None)
    score = classification(posterior.predict(data.test_images), data.test_labels)
    assert findings.predictions is not None
    assert len(findings.predictions.members) == posterior.num_samples == 8
    numbers, errors, nll = findings.predictions.by_number()
    assert list(numbers) == [1, 2, 4, 8]
    assert errors[-1] == pytest.approx(score.error_rate)
    assert nll[-1] == pytest.approx(score.nll, rel=1e-5)
    first = next(posterior.member_probabilities(data.test_images))
    pair = classification(first.mean(axis=0), data.test_labels)
    assert errors[1] == pytest.approx(pair.error_rate)
    assert f"<td class=number>{score.errors}</td>" in text
    assert f"{100 * score.error_rate:.2f}%" in text


def test_the_card_lies_beside_the_page(
    watched_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    assert main(["report", str(watched_run), "--out", str(out), "--num_images", "100"]) == 0
    assert f"{tmp_path / CARD}\n" in capsys.readouterr().out
    text = (tmp_path / CARD).read_text()
    assert "were the probabilities right, chance would make it" in text
    assert "Split digits.0\\@20: 20 labelled examples." in text


def test_pictures_are_those_of_the_generators(findings: Findings) -> None:
    posterior = Posterior(findings.run.path / "posterior")
    pictures = findings.pictures
    assert pictures is not None
    assert pictures.draws == posterior.iterations == [150, 200, 250, 300]
    assert pictures.same_z.shape == (4, 10, 8, 8, 1)
    expected = np.clip(np.round((posterior.generate(64, 2) + 1) * 127.5), 0, 255)
    np.testing.assert_array_equal(pictures.same_z[2], expected[:10])
    assert pictures.deviation[2] == pytest.approx(expected.std(axis=0).mean())
    # The end of the path in z is where the z that is followed over the draws begins, in the last
    # draw.
    np.testing.assert_array_equal(pictures.interpolations[:, 0], pictures.evolution[:, -1])
    assert np.abs(np.diff(pictures.interpolations.astype(int), axis=1)).max() > 0


def test_generated_pictures_are_sorted_by_what_the_average_says(findings: Findings) -> None:
    classes = findings.of_classes
    assert len(classes) == 10
    assert sum(found.count for found in classes) == classes[0].of == 400
    posterior = Posterior(findings.run.path / "posterior")
    for k, found in enumerate(classes):
        assert len(found.images) == min(found.count, 10)
        assert (np.diff(found.probabilities) <= 0).all()
        if len(found.images):
            # What is shown was rounded to whole grey levels.
            said = posterior.predict(found.images)
            np.testing.assert_allclose(said[:, k], found.probabilities, atol=0.02)


def test_a_film_is_drawn_when_asked_for(
    watched_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tmp_path / "run", tmp_path / "page.html"
    shutil.copytree(watched_run, run)
    for iteration in (150, 300):
        grid = np.full((25, 8, 8, 1), iteration % 256, np.uint8)
        save_grid(run / f"B_DCGAN_0_2.50_{iteration}.png", grid)
    assert main(["report", str(run), "--gif", "--out", str(out), "--num_images", "50"]) == 0
    assert (run / "training.gif").exists()
    assert "data:image/gif;base64," in out.read_text()
    for path in run.glob("B_DCGAN_*.png"):
        path.unlink()
    capsys.readouterr()
    assert main(["report", str(run), "--gif", "--out", str(out)]) == 2
    assert "grids of 0 saves" in capsys.readouterr().err


def test_words_of_files_are_escaped(watched_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(watched_run, tmp_path / "run<b>&"))
    config = json.loads((folder / "config.json").read_text())
    evil = '"><script>alert(1)</script>'
    config["command"] = ["run_bgan_semi.py", evil]
    config["versions"]["numpy"] = evil
    (folder / "config.json").write_text(json.dumps(config))
    data = json.loads((folder / "data.json").read_text())
    data["class_names"] = [f"<{k}>" for k in range(10)]
    (folder / "data.json").write_text(json.dumps(data))
    text = page([find(FinishedRun(folder))])
    read = Reader(text)
    assert not read.all("script")
    assert "run<b>&" in " ".join(read.text)
    assert evil in " ".join(read.text)
    assert escape("<3>") in text
    assert "<3>" not in text


def test_what_is_missing_is_said(watched_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(watched_run, tmp_path / "run"))
    config = json.loads((folder / "config.json").read_text())
    config["flags"] |= {"dataset": "mnist", "data_path": str(tmp_path / "nowhere")}
    (folder / "config.json").write_text(json.dumps(config))
    found = find(FinishedRun(folder))
    assert found.predictions is None
    assert found.pictures is not None
    unevaluated, reason = found.left_out
    assert "bayesian-gan evaluate" in unevaluated
    assert "nowhere" in reason
    assert "--data_path" in reason
    text = page([found])
    assert "nowhere" in text
    assert "Test images to look at" not in text
    shutil.rmtree(folder / "posterior")
    (folder / "health.csv").unlink()
    text = page([find(FinishedRun(folder))])
    assert "0 samples collected" in text
    assert "Learning curves" in text
    assert "Sampler health</h2>" not in text


def test_several_runs_are_compared(
    watched_run: Path, unsupervised_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "both.html"
    assert main(["report", str(watched_run), str(unsupervised_run), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    text = out.read_text()
    read = Reader(text)
    assert "Flags that differ" in text
    assert "--train_iter" in " ".join(read.text)
    assert "--gf_dim" not in text[: text.index('id="run0"')]
    assert 'id="run1"' in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no such folder"),
        (["{run}", "--num_images", "0"], "--num_images"),
        (["{run}", "--out", "nowhere/x.html"], "nowhere"),
    ],
)
def test_bad_arguments_are_refused(
    watched_run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["report", *(a.format(run=watched_run) for a in arguments)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m bayesian_gan report: error: ")
    assert said in line
    assert not (watched_run / "report.html").exists()


HARNESS = """<!doctype html><body><script>
const frame = document.createElement("iframe");
frame.style.width = "WIDTHpx"; frame.style.height = "900px"; frame.style.border = "0";
frame.srcdoc = PAGE;
frame.onload = () => {
  const inner = frame.contentDocument;
  const folded = inner.documentElement.scrollHeight;
  inner.querySelectorAll("details").forEach(part => part.open = true);
  const unloaded = [...inner.images].filter(i => !i.complete || !i.naturalWidth).length;
  const letters = Math.min(...[...inner.querySelectorAll("figure svg text")].map(
    t => t.getBoundingClientRect().height));
  document.body.innerHTML = "<p id=found>" + JSON.stringify({
    width: inner.documentElement.scrollWidth, folded, unloaded, letters,
    charts: inner.querySelectorAll("svg").length
  }) + "</p>";
};
document.body.append(frame);
</script></body>"""


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Opens a file in headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")

    def open_file(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        # What it sends home is not the page's doing; anything that the page asked for would be
        # logged.
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ]
        return subprocess.run(
            [
                CHROMIUM,
                *options,
                f"--user-data-dir={tmp_path / 'profile'}",
                *arguments,
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )

    return open_file


def _measured(
    text: str, width: int, tmp_path: Path, browse: Callable[..., subprocess.CompletedProcess[str]]
) -> dict[str, Any]:
    """What the harness finds of a page: its height as it opens, the rest with all of it unfolded."""
    harness = tmp_path / "harness.html"
    inner = json.dumps(text).replace("</", "<\\/")
    harness.write_text(HARNESS.replace("WIDTH", str(width)).replace("PAGE", inner))
    dumped = browse(harness, "--dump-dom", "--window-size=1400,3200", "--virtual-time-budget=5000")
    match = re.search(r'<p id="found">(.*?)</p>', dumped.stdout)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_without_complaint(
    text: str, width: int, tmp_path: Path, browse: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    path = tmp_path / "report.html"
    path.write_text(text)
    picture = tmp_path / "picture.png"
    shown = browse(path, f"--screenshot={picture}", f"--window-size={width},2000")
    # The page forbids every request in its policy: one that was tried would be a line here too.
    assert "CONSOLE" not in shown.stderr
    assert picture.stat().st_size > 20_000
    found = _measured(text, width, tmp_path, browse)
    assert found["width"] <= width
    assert width != 1280 or 900 < found["folded"] <= MOST_PIXELS
    assert found["unloaded"] == 0
    assert found["charts"] >= 20
    assert found["letters"] >= 9.0


def test_a_comparison_is_as_short(
    findings: Findings,
    tmp_path: Path,
    browse: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    text = page([findings] * 3)
    assert len(text) < 5e6
    assert 900 < _measured(text, 1280, tmp_path, browse)["folded"] <= MOST_PIXELS


def test_what_is_folded_is_printed(
    text: str, tmp_path: Path, browse: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    def pages(text: str) -> int:
        path, printed = tmp_path / "report.html", tmp_path / "report.pdf"
        path.write_text(text)
        browse(path, f"--print-to-pdf={printed}")
        return max(int(count) for count in re.findall(rb"/Count (\d+)", printed.read_bytes()))

    assert pages(text) == pages(text.replace("<details>", "<details open>")) > 5


def test_the_browser_would_complain(
    text: str, tmp_path: Path, browse: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    path = tmp_path / "report.html"
    path.write_text(text.replace("</body>", '<img src="http://127.0.0.1:9/x.png" alt=""></body>'))
    assert "CONSOLE" in browse(path, f"--screenshot={tmp_path / 'p.png'}").stderr
