# Verbs for a first look and for developers. On files of your own use the `county` command.
#
#   make report                the demo prefecture, from raw files to reports/index.html
#   make report LANGUAGE=en    the same with English beside Chinese
#   make test                  set up, then every check and every test
#
# Nothing is installed outside .venv; every verb may be run again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
SCALE ?= 1
SEED ?= 1
YEAR ?= 2021
OUT ?= reports
BUILD ?= build
# Share of teachers that the demo's counties move in a year: theirs to set, no national value.
CAP ?= 0.01

# Many systems set LANGUAGE for their own messages: only the command line counts here.
languages := zh
ifeq ($(origin LANGUAGE),command line)
ifeq ($(filter zh en,$(LANGUAGE)),)
$(error LANGUAGE is zh or en)
endif
languages := $(sort $(LANGUAGE) zh)
endif
langs := $(addprefix --lang ,$(languages))
unexport LANGUAGE

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

installed := .venv/installed

.PHONY: help
help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(installed) ## make .venv from the lock

$(installed): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --require-hashes --requirement requirements.lock
	python -m pip install --quiet --no-deps --editable .
	@touch $@

.PHONY: report
report: setup ## the demo prefecture: write, check, load, fit, report, site (SCALE, YEAR, JOBS, OUT)
	county demo $(BUILD)/demo --counties 1307 --scale $(SCALE) --seed $(SEED)
	county check $(BUILD)/demo
	county load $(BUILD)/demo --store $(BUILD)/store --key $(BUILD)/key
	county fit $(BUILD)/store --year $(YEAR) --yearly-cap $(CAP) --jobs $(JOBS)
	county report --all --store $(BUILD)/store --year $(YEAR) --out $(OUT) $(langs) --jobs $(JOBS)
	county report 130700 --store $(BUILD)/store --year $(YEAR) --out $(OUT) $(langs) --jobs $(JOBS)
	county site $(OUT)
	@echo
	@echo "看这里 / look here:  $(OUT)/index.html"

.PHONY: lab
lab: setup ## JupyterLab, its kernels open with everything imported
	county warm notebooks/*.ipynb notebooks/explore/*.ipynb
	JUPYTER_DEFAULT_PROVISIONER_NAME=warm jupyter lab

.PHONY: check
check: setup ## ruff, mypy, import-linter
	ruff check .
	ruff format --check .
	mypy
	lint-imports

.PHONY: test
test: check ## set up, check, and run the tests
	python -m pytest -n $(JOBS) --dist loadgroup -m "not slow"

.PHONY: test-all
test-all: check ## the tests with the slow ones
	python -m pytest -n $(JOBS) --dist loadgroup

.PHONY: test-long
test-long: setup ## the simulations in full: some minutes
	python -m pytest -m slow tests/test_simulations.py tests/test_county_shocks.py tests/test_staggered_shocks.py tests/methods/test_sensitivity.py tests/questions/test_exchange_effect.py

.PHONY: golden
golden: setup ## write the golden numbers anew: read the difference before you commit it
	python -m pytest -m "not slow" tests/golden --golden-update
	git diff --stat -- tests/golden

.PHONY: bench
bench: setup ## measure the speed promises
	python benchmarks/stages.py --jobs $(JOBS) --scale $(SCALE)
	python benchmarks/indices.py
	python benchmarks/survey.py
	python benchmarks/press/ratios.py
	python benchmarks/press/forks.py
	python benchmarks/press/country.py --counties 1307 --jobs $(JOBS)

.PHONY: bench-country
bench-country: setup ## the whole country, some hours and tens of GB: write it, report it, 3,000 forks (BUILD)
	python benchmarks/press/forks.py --forks 3000
	python benchmarks/press/country.py --counties all --jobs $(JOBS) --keep $(BUILD)/country

.PHONY: docs
docs: setup ## write the data dictionary and the map of CONTRIBUTING.md anew
	python -m analysis.records.dictionary > data/README.md
	python tests/file_map.py

.PHONY: lock
lock: ## resolve requirements.lock anew, from a throw-away environment
	@mkdir -p $(BUILD)
	$(PYTHON) -m venv $(BUILD)/lock
	$(BUILD)/lock/bin/python -m pip install --quiet uv
	$(BUILD)/lock/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --group dev --output-file requirements.lock pyproject.toml
	rm -rf $(BUILD)/lock

.PHONY: clean
clean: ## remove what was made, but not .venv
	rm -rf $(BUILD)
	find reports -mindepth 1 ! -name README.md -delete
