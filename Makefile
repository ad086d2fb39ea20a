# Two commands are enough on a fresh machine: `make nightly` and `make test`.
PYTHON ?= python3.11
SITE ?= var
BIN := .venv/bin
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: setup nightly test check bench serve clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

nightly: setup
	@test -f $(SITE)/site.toml || $(BIN)/enter-once city $(SITE)
	$(BIN)/enter-once nightly --site $(SITE)

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/night.py

# The Dagster UI on the same site, on loopback only.
serve: setup
	DAGSTER_HOME=$(abspath $(SITE))/dagster ENTER_ONCE_SITE=$(abspath $(SITE)) $(BIN)/python -m dagster dev -m pipelines.definitions -h 127.0.0.1 -p 3000

clean:
	rm -rf .venv var build *.egg-info
