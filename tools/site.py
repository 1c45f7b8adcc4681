"""Hooks of the site of docs/ (mkdocs.yml): links that leave docs/ get copies of what they lead to.

In the repository a page links to `../../examples/own_data.ipynb` or `../README.md`. The site holds
docs/ alone, so these files are put beside its pages, under `repository/`, as they are.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()(\.\./[^)#\s]*)(#[^)\s]*)?\)")


def leaves_docs(page: str, target: str) -> str | None:
    """The path from the root of the repository, if a link leads out of docs/; else None.

    Args:
        page: path of a page below docs/, such as `how-to/terms.md`.
        target: of its link, relative and without anchor.
    """
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    return None if path.startswith("docs/") else path


def copy_of(path: str) -> str:
    """Where the site has a file of the repository; a text keeps its form, so it is no page."""
    return f"repository/{path}" + ".txt" * (not path.endswith((".ipynb", ".py")))


def on_files(files: Files, config: Any) -> Files:
    """Adds what pages link to outside of docs/."""
    for page in files.documentation_pages():
        for _, target, _ in LINK.findall(page.content_string):
            path = leaves_docs(page.src_uri, target)
            if path and files.get_file_from_path(copy_of(path)) is None:
                source = str(ROOT / path)
                files.append(File.generated(config, copy_of(path), abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Has the links lead to the copies."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        path = leaves_docs(here, link[2])
        if path is None:
            return link[0]
        return f"{link[1]}{posixpath.relpath(copy_of(path), posixpath.dirname(here) or '.')})"

    return LINK.sub(moved, markdown)
