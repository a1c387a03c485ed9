# Everything works from a clean clone: the virtual environment is made at the first use.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: run test test-containers check format demo bench fuzz docs lock clean

run: $(VENV)/installed
	@$(BIN)/python -m postroom up

test: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-containers: $(VENV)/installed  ## needs a Docker engine, debootstrap and root
	POSTROOM_TEST_CONTAINERS=1 $(BIN)/python -m pytest tests/chassis tests/analytics tests/system tests/faults

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

demo: $(VENV)/installed
	@$(BIN)/python -m postroom demo

bench: $(VENV)/installed  ## SIZES="10000 100000": open tickets at which growth is measured
	$(BIN)/python -m bench $(if $(SIZES),--sizes $(SIZES))

fuzz: $(VENV)/installed  ## FUZZ_SECONDS=60; findings are in .fuzz/
	@$(BIN)/python -c 'import atheris' 2>/dev/null || { echo "Fuzzing needs atheris: $(BIN)/pip install 'atheris>=2.3'"; exit 1; }
	$(BIN)/python -m tests.ingest.reading.fuzz .fuzz

$(VENV)/installed: requirements.lock
	@echo "Installing what Postroom needs into $(VENV) (once; about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 7) and f"Postroom needs Python 3.11.7 or newer: {sys.version.split()[0]} misreads mail. Set PYTHON=/path/to/python3")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

docs: $(VENV)/installed
	$(BIN)/python -m postroom.reference

lock:  ## after a change of the dependencies in pyproject.toml; needs uv
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11.7 --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
