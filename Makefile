# `make demo` and `make test` set up all they need. PYTHON=python3.12 chooses another interpreter.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: setup demo test test-all mutants benchmark lint format types options docs
.PHONY: lock licences audit sbom clean

setup: $(STAMP)

$(STAMP): requirements.lock setup.py tools/setup.sh tools/lock.py
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/setup.sh
	@touch $(STAMP)

# The main job on real images that come with scikit-learn; LABEL_SEED chooses which 100 are labelled.
LABEL_SEED ?= 0

demo: setup
	$(VENV)/bin/python run_bgan_semi.py --flagfile examples/digits.flags --label_seed $(LABEL_SEED) --out_dir runs

# Test files that run side by side, each in a process of about 5 GB.
JOBS ?= 2

test: setup
	$(VENV)/bin/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile --durations=20

test-all: setup
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile --durations=20

# Twenty changes of the program, one at a time: would the tests notice? docs/research/mutation.md
mutants: setup
	$(VENV)/bin/python tools/mutants.py

# Seconds, memory and operations of one step, about five minutes; writes docs/research/step_cost.md.
benchmark: setup
	$(VENV)/bin/python benchmarks/step.py

lint: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

format: setup
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

types: setup
	$(VENV)/bin/mypy

# docs/reference/options.md, from the declarations of the options.
options: setup
	PYTHONPATH=. $(VENV)/bin/python tools/options_page.py docs/reference/options.md

# The site of docs/ with its search, and the API reference from the docstrings, into build/site.
docs: setup
	$(VENV)/bin/mkdocs build --strict --quiet
	$(VENV)/bin/python tools/reference.py build/site/api

# What the next three targets run has an environment of its own, so that it is in no list of theirs.
SUPPLY := build/supply

$(SUPPLY)/.installed: tools/supply.lock
	$(PYTHON) -m venv --clear $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install --quiet --no-deps --require-hashes -r tools/supply.lock
	@touch $@

# The locks, after a change of setup.py or tools/supply.in; versions stay as they are where they may.
# A newer one of a package: make lock UPGRADE="--upgrade-package NAME".
UPGRADE ?=
COMPILE := $(SUPPLY)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE)

lock: $(SUPPLY)/.installed
	$(COMPILE) --all-extras setup.py --output-file requirements.lock >/dev/null
	$(COMPILE) tools/supply.in --output-file tools/supply.lock >/dev/null
	$(PYTHON) tools/lock.py tensorflow tornado pillow >examples/serve/requirements.txt

# docs/reference/licences.md, from what is installed.
licences: setup
	$(VENV)/bin/python tools/licences.py docs/reference/licences.md

# Known weaknesses of the locked versions; a package that the index says nothing of is an error, too.
audit: $(SUPPLY)/.installed
	$(SUPPLY)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

# The software bill of materials of what is installed, CycloneDX.
sbom: setup $(SUPPLY)/.installed
	$(SUPPLY)/bin/cyclonedx-py environment --output-reproducible --output-file build/sbom.json \
		$(VENV)/bin/python

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
