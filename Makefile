# Everything sets itself up: `make demo` or `make test` in a fresh clone is enough.

comma := ,
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Under CI crowd-kit is compared with live; elsewhere its 800 MB are not worth the wait.
EXTRAS := test$(if $(CI),$(comma)analysis)
PACKAGES := mephisto_engine mephisto_tui plugins tests benchmarks

.PHONY: demo test bench lint format venv clean

demo: venv
	$(BIN)/mephisto-tui demo $(ARGS)

test: venv $(if $(wildcard tests/browser/package.json),tests/browser/node_modules)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: venv
	$(BIN)/python -m benchmarks $(ARGS)

lint: venv
	$(BIN)/ruff check $(PACKAGES)
	$(BIN)/ruff format --check $(PACKAGES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: venv
	$(BIN)/ruff check --fix $(PACKAGES)
	$(BIN)/ruff format $(PACKAGES)

venv: $(STAMP)

# The stamp is younger than pyproject.toml exactly when what that asks for is installed.
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	touch $@

# Only the tests in a browser need npm; without it they are skipped, or fail under CI.
tests/browser/node_modules: tests/browser/package.json tests/browser/package-lock.json
	if command -v npm > /dev/null; then cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules; fi

clean:
	rm -rf $(VENV) tests/browser/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
