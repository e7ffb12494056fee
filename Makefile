# Two commands matter: `make app` opens the workbench, `make test` runs every check and test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help app test setup browser lint types catalogues bench-quality bench-speed bench-tuning bench-loading clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ — /'

$(VENV)/app.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/test.stamp: requirements.txt tests/requirements.txt $(VENV)/app.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

app: $(VENV)/app.stamp ## open the workbench on the sample account
	$(BIN)/python -m streamlit run app.py

setup: $(VENV)/test.stamp ## the virtual environment with everything the tests need

browser: ## Debian's Chromium and CJK fonts for the browser tests, when they may be installed
	@command -v chromium >/dev/null 2>&1 || { command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; } || true

test: setup browser ## every check and test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

catalogues: setup ## collect the sentences of the pages into the translation catalogues
	$(BIN)/python -m pages._ui.locale.collect

lint: setup ## put the code into the house style
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

PEERS := .venv-bench
$(PEERS)/peers.stamp: tests/bench/requirements-peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements-peers.txt
	touch $@

SETS ?= .
bench-quality: $(VENV)/app.stamp ## match quality with no set-up: SETS=folder of NAME/records.csv + NAME/truth.csv
	$(BIN)/python tests/bench/quality.py $(SETS) $(ARGS)

bench-speed: $(VENV)/app.stamp $(PEERS)/peers.stamp ## speed and memory beside Splink: SIZES="10000 100000" ARGS="--write"
	$(BIN)/python tests/bench/speed.py $(SIZES) $(ARGS)

bench-tuning: $(VENV)/app.stamp ## how long a change of the rules takes on a large table: SIZES=1000000
	$(BIN)/python tests/bench/interaction.py $(SIZES) $(ARGS)

bench-loading: $(VENV)/app.stamp ## loading a wide CSV into a workspace beside bare Polars: SIZES=1000000
	$(BIN)/python tests/bench/loading.py $(SIZES) $(ARGS)

clean: ## forget the virtual environments and the caches
	rm -rf $(VENV) $(PEERS) .pytest_cache .ruff_cache .mypy_cache .hypothesis
