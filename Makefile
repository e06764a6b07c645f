# Everything a newcomer needs is here; `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8080
METRICS_PORT ?= 9464
ROUNDS ?= 20
VENV := .venv
BIN := $(VENV)/bin
# uv from the PATH, else a private one.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

.PHONY: help setup demo test test-fast check commands web web-check web-types screenshots format lock bench bench-quick bench-steps bench-screens crash-test clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Comanda needs Python 3.11 or newer"'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.ready: requirements.txt requirements-dev.txt pyproject.toml hatch_build.py $(filter .tools/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# Installing has built the pages already; this is for when only they have changed, and takes a moment when they have not.
setup: $(VENV)/.ready ## Install everything into .venv, build the pages
	@$(BIN)/python hatch_build.py

demo: setup ## Start Comanda on a demo brand and put a first order through it
	@exec $(BIN)/comanda demo --port $(PORT) --metrics-port $(METRICS_PORT) --data-dir .demo

test: setup ## Run every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n 3

test-fast: setup ## Run the tests that need no server process
	$(BIN)/python -m pytest tests/unit tests/architecture

check: setup web-check ## Format, lint, types, layers, house rules, lock files: what CI runs
	$(BIN)/ruff format --check src tests tools benchmarks examples hatch_build.py
	$(BIN)/ruff check src tests tools benchmarks examples hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/tidy.py
	$(BIN)/python tools/commands.py --check

commands: setup ## Write docs/commands.md from the commands themselves
	$(BIN)/python tools/commands.py

web: setup ## Build the staff app's pages, if their sources have changed

web-check: setup ## Types, lint and unit tests of the pages, and whether their API types are current
	$(BIN)/python tools/web_types.py --check
	$(BIN)/python hatch_build.py npm run check
	$(BIN)/python hatch_build.py npm test

web-types: $(VENV)/.ready ## Write the pages' API types from our own OpenAPI document
	$(BIN)/python tools/web_types.py

screenshots: setup ## Take docs/screenshots anew, of a demo of its own
	$(BIN)/python -m tools.screenshots

format: setup ## Format and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet src tests tools benchmarks examples || true
	$(BIN)/ruff format src tests tools benchmarks examples

lock: $(filter .tools/bin/uv,$(UV)) ## Lock the dependencies with hashes and no index address
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group bench -o requirements-bench.txt

.venv-bench/.ready: requirements-bench.txt pyproject.toml $(filter .tools/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv-bench
	$(UV) pip sync --quiet --compile-bytecode --python .venv-bench/bin/python --require-hashes requirements-bench.txt
	$(UV) pip install --quiet --python .venv-bench/bin/python --no-deps --no-build-isolation -e .
	@touch $@

bench: .venv-bench/.ready ## Measure everything the README quotes (about half an hour; leave the machine alone)
	.venv-bench/bin/python -m benchmarks.bench

bench-quick: .venv-bench/.ready ## The same in small (about 4 minutes)
	.venv-bench/bin/python -m benchmarks.bench --quick

bench-steps: .venv-bench/.ready ## What each step of an order's path costs
	.venv-bench/bin/python -m benchmarks.steps

bench-screens: setup ## How fast the staff app is in Chromium: paints, sizes, events on screen, scrolling, heap
	$(BIN)/python -m benchmarks.screens --write docs/benchmarks/screens.md

crash-test: setup ## Kill it ROUNDS times under load, on both stores, and look for what is missing
	$(BIN)/python -m benchmarks.crash --store both --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) $(if $(EVIDENCE),--evidence $(EVIDENCE))

clean: ## Remove what setup and demo made
	rm -rf .venv .venv-bench .tools .demo web/node_modules src/comanda/web/dist
