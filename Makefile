# Les habitudes du projet, une par cible · The habits of the project, one a target. `make help` lists them.
# Each target sets up what it needs by itself; the first time takes a few minutes, later ones seconds.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV   ?= .venv
BIN    := $(VENV)/bin
CONFIG ?= config
DATA   ?= data
ARGS   ?=
export VENV PYTHON

say = @printf '\033[1m▸ %s\033[0m\n' "$(1)"

.PHONY: help demo serve test unit check static fmt docs bench chaos lock clean ready-run ready-dev

help:  ## cette liste · this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: ready-run  ## une histoire jouée contre la passerelle · a story played against the running gateway
	@$(BIN)/vigie demo $(ARGS)

serve: ready-run  ## la passerelle, avec config/ et data/ · the gateway, on config/ and data/
	@$(BIN)/vigie serve --config $(CONFIG) --data $(DATA) $(ARGS)

test: ready-dev  ## tous les essais, environ dix minutes · every test, in about ten minutes
	$(call say,Essais : unités · protocoles · processus — Tests: units · wires · processes)
	@$(BIN)/python -m pytest tests/unit tests/wire tests/system --durations=5 $(ARGS)

unit: ready-dev  ## les essais purs, en secondes · the pure tests, in seconds
	$(call say,Essais unitaires · Unit tests)
	@$(BIN)/python -m pytest tests/unit -q $(ARGS)

check: static unit  ## format, règles, types, imports, docs, essais unitaires · all that a change must pass

static: ready-dev  # the part of `check` that runs no test
	$(call say,Format · Formatting)
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet . 2>/dev/null | head -50; exit 1; }
	$(call say,Règles · Lint)
	@$(BIN)/ruff check .
	$(call say,Types)
	@$(BIN)/mypy
	$(call say,Direction des imports · Import direction)
	@$(BIN)/lint-imports --no-cache
	$(call say,Pages de référence · Reference pages)
	@$(BIN)/python -m tools.reference --check

fmt: ready-dev  ## met en forme · formats
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: ready-dev  ## régénère docs/reference depuis le code · regenerates docs/reference from the code
	@$(BIN)/python -m tools.reference

bench: ready-dev  ## mesures côte à côte · side-by-side measurements
	@$(BIN)/python -m bench $(ARGS)

chaos: ready-dev  ## kill -9 sous charge, longtemps · kill -9 under load, for long
	@$(BIN)/python -m pytest tests/chaos -s --timeout=3600 $(ARGS)

lock: ready-dev  ## refait requirements/*.txt (au réseau) · remakes the locks (needs an index)
	@tools/lock.sh

clean:  ## retire ce qui se refait · removes what can be made again
	rm -rf $(VENV) .bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ready-run:
	@tools/prepare.sh run
ready-dev:
	@tools/prepare.sh dev
