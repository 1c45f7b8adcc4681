"""The licences of all dependencies, docs/reference/licences.md: what `make licences` writes.

They are read from the metadata of what is installed.
"""

import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from lock import LOCK, declared, extras, needed_by, part_names

HEAD = """\
# Licences of the dependencies

This page names the licence of every package that `requirements.lock` holds, as the package itself
states it. `make licences` writes it; do not edit it.

*needed by*: **run**, every installation; otherwise the extras of `pip install
'bayesian-gan[EXTRA]'`. This package has the Apache licence 2.0 and contains no code of these: it
imports them. The versions, with the hash of every file, are in `requirements.lock`. `make sbom`
writes a bill of materials, with versions and licences, to `build/sbom.json`.

| package | licence | needed by |
| --- | --- | --- |
"""
LONGEST = 60
# Names that packages give to a licence, and its identifier of SPDX.
CALLED = {
    **dict.fromkeys(
        ["Apache", "Apache 2.0", "Apache License 2.0", "Apache Software License"], "Apache-2.0"
    ),
    **dict.fromkeys(["MIT License"], "MIT"),
    **dict.fromkeys(["3-Clause BSD License", "BSD 3-Clause", "BSD-3"], "BSD-3-Clause"),
    **dict.fromkeys(["BSD License"], "BSD"),
    **dict.fromkeys(["Mozilla Public License 2.0 (MPL 2.0)"], "MPL-2.0"),
    **dict.fromkeys(["ISC License (ISCL)", "ISC license"], "ISC"),
    **dict.fromkeys(["Python Software Foundation License"], "PSF-2.0"),
}
# The first's metadata say nothing, but the file beside them; the others' are installed on some systems
# alone: they were looked up in the files of the lock's versions.
LOOKED_UP = {
    "namex": "Apache-2.0",
    "appnope": "BSD-2-Clause",
    "cffi": "MIT-0",
    "pycparser": "BSD-3-Clause",
}


def page() -> str:
    """The whole page, in Markdown.

    Raises:
        ValueError: a package is not installed, or states no licence.
    """
    rows = []
    for name, users in needed_for().items():
        found = licence(name) or LOOKED_UP.get(name)
        if found is None:
            raise ValueError(f"{name}: no licence is known; install it, or add it to LOOKED_UP")
        rows.append(f"| {name} | {found} | {', '.join(users) or 'the lock'} |\n")
    return HEAD + "".join(rows)


def needed_for() -> dict[str, list[str]]:
    """For each package of the lock "run", or else the extras that need it."""
    lock = LOCK.read_text(encoding="utf-8")
    run = part_names(lock, declared())
    of_extra = {extra: part_names(lock, declared(extra)) for extra in extras()}
    return {
        name: ["**run**"] if name in run else [e for e, names in of_extra.items() if name in names]
        for name in needed_by(lock)
    }


def licence(name: str) -> str:
    """The licence that an installed package states, as one line; "" if there is none, or no package."""
    try:
        return _stated(distribution(name))
    except PackageNotFoundError:
        return ""


def _stated(package: Distribution) -> str:
    """The expression of SPDX, else the first line of a short text, else the classifiers."""
    said = {
        key: (package.metadata.get_all(key) or [""])[0] for key in ("License-Expression", "License")
    }
    if said["License-Expression"]:
        return said["License-Expression"]
    first, *more = said["License"].strip().split("\n")
    first = first.strip().removesuffix(" License" if more else "")
    if (
        0 < len(first) < LONGEST
        and first != "UNKNOWN"
        and not first.startswith(("Copy", "License", "="))
    ):
        return CALLED.get(first, first)
    found = [each for each in package.metadata.get_all("Classifier") or [] if "License ::" in each]
    return ", ".join(CALLED.get(name, name) for name in (each.split(" :: ")[-1] for each in found))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
