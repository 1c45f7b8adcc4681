"""README and docs: every relative link and anchor leads somewhere, figures have words, lines fit a screen."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDTH = 100
# Made by commands, whose sources have rules of their own.
GENERATED = ("docs/reference/options.md", "docs/reference/licences.md")
NAMES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "examples/cluster/README.md",
    "examples/serve/README.md",
)
OTHERS = [ROOT / name for name in NAMES]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"(!?)\[((?:[^\[\]`]|`[^`]*`)*)\]\(([^)\s]+)\)")


def _prose(text: str) -> str:
    """The text without blocks of code, fenced or indented; as many lines as before."""
    lines: list[str] = []
    fenced, block = False, False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        # An indented line is code after an empty line, and not in a list's item.
        block = line.startswith("    ") and (block or not lines or not lines[-1].strip())
        lines.append("" if fenced or fence or block else line)
        fenced ^= fence
    return "\n".join(lines)


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    found: list[str] = []
    for heading in re.findall(r"^#+ +(.*)$", _prose(text), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.append(words.replace(" ", "-"))
    return set(found)


def lost_links(page: Path) -> list[str]:
    """Relative links of a page that lead to no file, or to no heading of it."""
    lost = []
    for _, _, target in LINK.findall(_prose(page.read_text(encoding="utf-8"))):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = page.parent / name if name else page
        if not file.exists() or (
            anchor and anchor not in _anchors(file.read_text(encoding="utf-8"))
        ):
            lost.append(target)
    return lost


def wordless_figures(page: Path) -> list[str]:
    """Figures of a page whose alternative text has fewer than four words."""
    links = LINK.findall(_prose(page.read_text(encoding="utf-8")))
    return [target for mark, text, target in links if mark and len(text.split()) < 4]


def long_lines(page: Path) -> list[str]:
    """Lines of prose of more than `WIDTH` characters; tables and figures may be longer."""
    lines = _prose(page.read_text(encoding="utf-8")).split("\n")
    prose = [line for line in lines if not line.lstrip().startswith(("|", "!["))]
    return [line for line in prose if len(line) > WIDTH and " " in line.strip()]


def purposeless(page: Path) -> list[str]:
    """The title, if no sentence follows it."""
    title, *rest = page.read_text(encoding="utf-8").split("\n\n", 2)
    told = title.startswith("# ") and rest and re.match(r"[A-Z`].*[.:]", rest[0], re.DOTALL)
    return [] if told else [title]


FAULTS = [lost_links, wordless_figures, long_lines, purposeless]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_are_without_faults(faults: Callable[[Path], list[str]], page: Path) -> None:
    if page.relative_to(ROOT).as_posix() in GENERATED and faults is long_lines:
        pytest.skip("made by a command")
    assert faults(page) == []


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_other_texts_link_to_what_is_there(page: Path) -> None:
    assert lost_links(page) == []


def test_paths_of_pages_in_code_are_there() -> None:
    """Docstrings, help texts and notebooks name pages by their path from the root."""
    listed = subprocess.run(
        ["git", "grep", "-nIoE", r"docs/[a-z_/-]+\.(md|png)", "--", ":!CHANGELOG.md", ":!docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 128:
        pytest.skip("no repository here")
    found = [line.rsplit(":", 1) for line in listed.stdout.splitlines()]
    assert len(found) > 40
    assert [place for place, path in found if not (ROOT / path).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {target.partition("#")[0] for _, _, target in LINK.findall(index)}
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]}
    assert pages - linked == {"index.md"}


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_bytes()
    assert len(text.splitlines()) <= 150
    assert len(text) <= 6000


@pytest.mark.parametrize(
    ("faults", "text", "found"),
    [
        (lost_links, "[a](none.md)", ["none.md"]),
        (lost_links, "## One, two\n\n[a](#one-two) [b](#one)", ["#one"]),
        (lost_links, "    [a](none.md)\n\n```\n[a](none.md)\n```\n", []),
        (wordless_figures, "![a b c](x.png) ![a b\nc d](y.png)", ["x.png"]),
        (long_lines, "a " * 51 + "\n\n| " + "a " * 60 + "\n\n    " + "a " * 60, ["a " * 51]),
        (purposeless, "# Title\n\n## Part\n\nText.", ["# Title"]),
        (purposeless, "# Title\n\nThis page is for a test.\n\n## Part", []),
    ],
)
def test_faults_are_found(
    faults: Callable[[Path], list[str]], text: str, found: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert faults(page) == found


def test_every_figure_is_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    figures = [file.name for file in (ROOT / "docs" / "figures").iterdir()]
    assert figures
    assert [name for name in figures if f"figures/{name})" not in shown] == []


def test_the_tutorial_of_a_table_writes_its_files(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorials" / "own_table.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=120)
    with (tmp_path / "wine.csv").open(newline="") as file:
        labels = [row["kind"] for row in csv.DictReader(file)]
    assert [len(labels), sum(label != "" for label in labels)] == [178, 15]
    assert set(labels) == {"A", "B", "C", ""}
    with (tmp_path / "more.csv").open(newline="") as file:
        assert [len(row) for row in csv.DictReader(file)] == [13] * 178
