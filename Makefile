# Everything a person or CI does here, one target each; `make` alone lists them.
# A fresh machine needs Python >= 3.11 (with venv), make and git; the rest is set up in .venv.

PYTHON ?= python3
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

export UV_PYTHON_DOWNLOADS := never
# Tests start hundreds of processes: each would compile all of the project again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
SET_UP := .venv/.installed
# Arguments for pytest, as in: make test ARGS="tests/test_settings.py -k owner"
# for the benchmarks, as in: make bench ARGS="tick burst --write"
# for dev, as in: make dev ARGS="--port 3001 --service-port 8001"
# or for what may happen to an installation: make chaos ARGS="kills --uploads 200 --kills 200 --profile servers"
ARGS ?=
# Arguments for uv pip compile, as in: make lock LOCK_ARGS=--upgrade
LOCK_ARGS ?=
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header $(LOCK_ARGS) pyproject.toml

.PHONY: help
help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

.PHONY: demo
demo: $(SET_UP) ## Validate the sample uploads from end to end and show what came out
	$(BIN)/lora-pipeline demo

.PHONY: demo-training
demo-training: $(SET_UP) trainers ## The same, then train a tiny random model on a sample's job, on this machine
	$(BIN)/lora-pipeline demo --training

.PHONY: demo-generate
demo-generate: $(SET_UP) ## Have conversations made by a stand-in for a model, without key or network, up to a training job
	$(BIN)/lora-pipeline demo --generate

.PHONY: trainers
trainers: $(SET_UP) ## Set up .venv-trainers, with which trainings on this machine run (1 GB, once)
	tests/install_trainers.sh trl

.PHONY: dev
dev: $(SET_UP) ## Start the pages, the Dagster UI, its daemon and sensors
	$(BIN)/lora-pipeline dev $(ARGS)

.PHONY: test
test: $(SET_UP) ## Run the tests; those whose service is not installed skip and say so
	$(BIN)/pytest -n auto $(ARGS)

.PHONY: test-all
test-all: $(SET_UP) services ## Install the services that tests need (apt-get, trainers), run every test, fail on a skip
	KILLS=$${KILLS:-50} $(BIN)/pytest -n $$(($$(nproc) + 2)) --no-skips $(ARGS)  # many wait for servers

.PHONY: test-services
test-services: $(SET_UP) services ## Run only the tests that test-all adds to test
	$(BIN)/pytest -n $$(($$(nproc) + 4)) --no-skips -m needs_service $(ARGS)  # most of them wait for servers

.PHONY: check
check: $(SET_UP) ## Lint, types, import directions, dependencies, generated docs, what may be tracked
	@$(MAKE) --no-print-directory --jobs=2 types rules  # half of the time each

.PHONY: types
types: $(SET_UP) ## Of the check, only the types
	$(BIN)/mypy

.PHONY: rules
rules: $(SET_UP) ## Of the check, all but the types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/deptry .
	$(BIN)/python -m pipeline.docs --check
	$(BIN)/pytest --quiet tests/test_project.py

.PHONY: bench
bench: $(SET_UP) ## Measure the engine and the pipeline on generated data (an hour; ARGS=--small for a try)
	$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: chaos
chaos: $(SET_UP) ## Kill parts of a whole installation, take its places away (ARGS="kills --kills 200", "outage", "stream")
	$(BIN)/python -m tests.chaos $(or $(ARGS),kills)

.PHONY: mutants
mutants: $(SET_UP) ## Lose a behaviour, see that a test fails: 21 times (ARGS="quota price" for some)
	$(BIN)/python -m tests.mutants $(ARGS)

.PHONY: docs
docs: $(SET_UP) ## Write the generated pages of docs/ anew
	$(BIN)/python -m pipeline.docs

.PHONY: accuracy
accuracy: $(SET_UP) ## Fit the estimates to the measurements anew and write docs/accuracy.md
	$(BIN)/python -m pipeline.training.estimates
	$(BIN)/python -m pipeline.docs

.PHONY: lock
lock: $(SET_UP) ## Solve all requirements*.txt from pyproject.toml (newer versions: LOCK_ARGS=--upgrade)
	$(LOCK) --extra pipeline --output-file requirements.txt
	$(LOCK) --constraint requirements.txt --output-file requirements-core.txt
	$(LOCK) --extra pipeline --group dev --constraint requirements.txt --output-file requirements-dev.txt
	for extra in kubernetes celery dask ray; do \
		$(LOCK) --extra $$extra --constraint requirements.txt --output-file deploy/requirements-$$extra.txt; done
	$(LOCK) --extra kubernetes --extra dask --constraint requirements.txt --output-file deploy/requirements-kubernetes-dask.txt
	$(LOCK:pyproject.toml=tests/benchmarks/peers/peers.in) --output-file tests/benchmarks/peers/requirements-peers.txt

.PHONY: clean
clean: ## Remove the .venv folders and caches; data/ stays
	rm -rf .venv .venv-trainers .venv-llamafactory .venv-mistral .venv-llm .venv-peers .venv-ray build .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: services
services:
	tests/install_services.sh

# pip brings only uv, at its locked hash; uv brings the rest in seconds. pyproject.toml is here for the entry points.
$(SET_UP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, found: $$($(PYTHON) --version 2>/dev/null || echo "no $(PYTHON)")." \
			"Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up .venv (once, about a minute)"
	@$(PYTHON) -m venv --clear .venv || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@awk '/^[^ ]/ { uv = /^uv==/ } uv' requirements-dev.txt > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip sync --compile-bytecode --quiet --require-hashes requirements-dev.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
