# Two commands matter: `make app` opens the workbench, `make test` runs every check and test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help app test setup browser lint types catalogues bench-quality bench-speed clean

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

clean: ## forget the virtual environment and the caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
