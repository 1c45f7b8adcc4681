#!/bin/sh
# Makes the virtual environment $VENV with $PYTHON and installs the exact versions of requirements.lock.
set -eu

fail() {
    echo "setup: $1" >&2
    exit 1
}

command -v "$PYTHON" >/dev/null 2>&1 ||
    fail "$PYTHON is not there: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=python3.12"
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || fail \
    "$("$PYTHON" --version 2>&1) will not do: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=python3.12"
"$PYTHON" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
    fail "Python's module venv is missing: install it (Debian, Ubuntu: apt-get install python3-venv)"

echo "setup: making $VENV and installing requirements.lock (about 3 GB; a minute or two) ..."
# A folder left by an interrupted installation may hold anything.
rm -rf "$VENV"
"$PYTHON" -m venv "$VENV"
# What builds from source does so with these, and not with the newest of the day.
"$VENV/bin/python" tools/lock.py setuptools wheel >"$VENV/build.lock"
for lock in "$VENV/build.lock" requirements.lock; do
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --no-build-isolation -r "$lock" || fail \
        "pip could not install requirements.lock (see above); run make again when the network is there"
done
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --editable . || fail "pip could not install this package (see above)"
