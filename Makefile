# `make` lists the targets. Nothing outside this folder is changed: packages go to .venv and
# frontend/node_modules, the demo to .titian.
PYTHON ?= python3
BIN := .venv/bin
TITIAN_HOME ?= $(CURDIR)/.titian
export TITIAN_HOME
export PIP_NO_CACHE_DIR := 1
# An inherited virtual environment or Python path must not leak into ours.
unexport PYTHONPATH VIRTUAL_ENV
# pip asks rustc for its version, and rustup's rustc makes a folder in a home that has none.
ifeq ($(wildcard $(HOME)/.rustup)$(RUSTUP_HOME),)
export RUSTUP_HOME := $(CURDIR)/.venv/rustup
endif

.DEFAULT_GOAL := help
.PHONY: help demo check test browser lint types bench front wheel lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Titian needs Python 3.11 or later: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "On Debian and Ubuntu first run: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/run: .venv/created requirements/demo.txt pyproject.toml
	@echo "Installing what Titian runs on (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

front: .venv/run ## Build the front end (Node comes from a Python package)
	@$(BIN)/python tools/build_frontend.py

demo: front ## Make the sample province, run its day, serve http://127.0.0.1:8800
	@$(BIN)/titian demo

check: front ## The same without staying: visit every page and print one JSON summary
	@$(BIN)/titian demo --check

test: .venv/dev front ## Run every test (the browser's too where Chromium is installed)
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not browser"
	@$(BIN)/pytest -m browser

browser: .venv/dev front ## Walk the pages in a real browser
	@$(BIN)/pytest -m browser

lint: .venv/dev ## Style, floors and house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python tools/tidy.py

types: .venv/dev ## Check types
	@$(BIN)/mypy

.venv/peer/installed: .venv/dev requirements/bench.txt
	@echo "Installing the peers of the benchmarks (once) ..."
	@$(PYTHON) -m venv .venv/peer
	@.venv/peer/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

bench: .venv/peer/installed ## Run every benchmark; each prints one JSON line
	@for script in benchmarks/*.py; do echo "$$script"; \
		PEER_PYTHON=.venv/peer/bin/python $(BIN)/python $$script --json || exit 1; done

wheel: front ## Build the wheel, front end included
	@$(BIN)/python -m build --wheel --no-isolation

lock: ## Compile requirements/*.txt anew (needs uv)
	@sh tools/lock.sh

clean: ## Remove what the other targets made, but the demo in .titian
	@rm -rf .venv build dist frontend/node_modules src/titian/web/static/vendor
