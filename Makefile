# Everything a person does with this project. `make help` lists it.
# Needs Python 3.11 or newer and make; installs the rest into .venv and, through apt, the libraries
# that draw PDF (scripts/system-packages.sh).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := ledger fundsvc migrations tests scripts $(wildcard benchmarks)
PO := $(wildcard fundsvc/translations/*/LC_MESSAGES/messages.po)
PORT ?= 8000
# Processes of the test run: half as many more as there are processors, for tests also wait for
# browsers, servers and databases. `make test JOBS=0` runs in one, so that a debugger works.
JOBS ?= $(shell echo $$(( $$(nproc) * 3 / 2 )))
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
export PYTHON
# Some machines forbid Python to keep what it compiled; then each process of the tests, and each
# command, would compile the whole service anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install dev run check format-check format lint types floors migrations-check \
	catalogue-check test walk test-sqlite bench lock messages clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## build .venv with the fundsvc command

dev: $(VENV)/.dev ## install what checks, tests and benchmarks need besides

run: install ## bring up schema and demo year, then serve; prints address and sign-in
	@scripts/run.sh --port $(PORT)

# What is quick comes first; the tests, those of the migrations among them, run beside mypy, which
# has work for one processor only.
check: dev format-check lint floors catalogue-check ## all that must hold before a commit
	@$(MAKE) --no-print-directory --jobs=2 types test

format-check: dev
	$(BIN)/ruff format --check --quiet .

format: dev ## lay out the sources, and mend what ruff can mend safely
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lint: dev ## ruff with all its rules
	$(BIN)/ruff check --quiet .

types: dev ## mypy, strict
	$(BIN)/mypy --no-error-summary

floors: dev ## who may import whom (import-linter)
	$(BIN)/lint-imports --no-logo

migrations-check: dev ## migrations give exactly the models' tables, on both engines
	$(BIN)/pytest -q -p no:cacheprovider tests/test_migrations.py

catalogue-check: dev ## every text has its English
	$(BIN)/python scripts/messages.py --check

test: dev ## all tests, on SQLite and on a real PostgreSQL (ENGINES=both: all on both)
	FUNDSVC_TEST_ENGINES=$(ENGINES) $(BIN)/pytest -q -n $(JOBS) --dist worksteal

walk: dev ## every page and form with all nonsense there is, on both engines; make check takes a share
	FUNDSVC_TEST_WALK=all FUNDSVC_TEST_ENGINES=both $(BIN)/pytest -q -n $(JOBS) \
		tests/test_hostile_walk.py tests/browser/test_pages.py tests/test_hostile_input.py \
		tests/vouchers/test_hostile_pages.py tests/reconciliation/test_profiles.py

test-sqlite: dev ## the same without PostgreSQL, for a quick look
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal -k "not postgresql"

bench: $(VENV)/.bench ## measure against bare baselines and other programs (docs/benchmarks.md)
	$(BIN)/python benchmarks/all.py

lock: dev ## renew requirements/*.txt from setup.cfg
	scripts/lock.sh

messages: dev ## collect the texts into the English catalogue
	$(BIN)/python scripts/messages.py

clean: ## remove what was built; never the books in instance/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second `make run` starts at once.
$(VENV)/bin/python:
	scripts/system-packages.sh
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.packages: requirements/run.txt | $(VENV)/bin/python
	$(PIP) install --require-hashes --requirement requirements/run.txt
	touch $@

$(VENV)/.catalogues: $(VENV)/.packages $(PO)
	@for po in $(PO); do $(BIN)/pybabel -q compile -i "$$po" -o "$${po%.po}.mo" || exit 1; done
	touch $@

$(VENV)/.installed: $(VENV)/.packages $(VENV)/.catalogues setup.cfg
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	$(BIN)/python -m compileall -q ledger fundsvc
	touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.installed
	scripts/system-packages.sh --dev
	$(PIP) install --no-compile --require-hashes --requirement requirements/dev.txt
	touch $@

$(VENV)/.bench: requirements/bench.txt | $(VENV)/.dev
	scripts/system-packages.sh --bench
	$(PIP) install --no-compile --require-hashes --requirement requirements/bench.txt
	touch $@
