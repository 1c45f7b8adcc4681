# `make demo` and `make test` set up all they need. PYTHON=python3.12 chooses another interpreter.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: setup demo test test-all benchmark lint format types options docs clean

setup: $(STAMP)

$(STAMP): requirements.lock setup.py tools/setup.sh
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

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
