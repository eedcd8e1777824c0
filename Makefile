# Two commands do all the set-up: `make reproduce` and `make test`. The rest is for people who change the code.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: reproduce test lint types bench campaign constraints clean

reproduce: .venv/core
	$(BIN)/lithostat reproduce doux2020

test: .venv/dev
	$(BIN)/python -m pytest -n auto

lint: .venv/dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports

types: .venv/dev
	$(BIN)/mypy src

bench: .venv/dev
	$(BIN)/python benchmarks/start_up.py
	$(BIN)/python benchmarks/against_pybamm.py
	$(BIN)/python benchmarks/ensemble.py
	$(BIN)/python benchmarks/calibration.py
	$(BIN)/python benchmarks/full_cell.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/shorts.py
	$(BIN)/python benchmarks/spectra.py
	$(BIN)/python benchmarks/relaxation.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/tomogram.py
	$(BIN)/python benchmarks/diffraction.py
	$(BIN)/python benchmarks/dashboard.py

campaign: .venv/dev
	LITHOSTAT_CAMPAIGN=1 $(BIN)/python -m pytest -n auto tests/conventions tests/verification tests/cycling tests/readers tests/impedance tests/calibration tests/recommendation tests/diffraction tests/tomography tests/rig

constraints: .venv/dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --no-header --no-annotate --no-emit-index-url --python-version 3.11 --output-file constraints.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --constraint constraints.txt --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --output-file constraints-hashed.txt

.venv/core: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fullcell,diffraction,tomography]"
	touch .venv/core

.venv/dev: .venv/core
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch .venv/dev

clean:
	rm -rf .venv lithostat-out
