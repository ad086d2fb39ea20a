# Two commands are enough on a fresh machine: `make nightly` and `make test`.
PYTHON ?= python3.11
SITE ?= var
BIN := .venv/bin
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes
# Also where an image says otherwise: a night starts several processes and a test run hundreds, and each would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup nightly test check bench bench-desk bench-draft bench-loop bench-matching bench-publishing bench-staging bench-stewards serve clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

nightly: setup
	@test -f $(SITE)/site.toml || $(BIN)/enter-once city $(SITE)
	$(BIN)/enter-once nightly --site $(SITE)

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# How long a night takes; and the curves of docs/matching.md.
bench: setup
	$(BIN)/python -m benchmarks.night
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m benchmarks.curves

# Matching against Splink and hand-written rules: hours and 12 GB for all sets; BENCH='--sets 100k,1M' for some.
bench-matching: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m benchmarks.matching $(BENCH)
	$(BIN)/python -m benchmarks.increment

# Taking exports in: csv and xlsx into cells, cells into records and claims.
bench-staging: setup
	$(BIN)/python -m benchmarks.staging $(BENCH)

# Putting 100,000 changed rows into a platform's own workbook; BENCH=--open has LibreOffice open it (apt install
# libreoffice-calc-nogui).
bench-publishing: setup
	$(BIN)/python -m benchmarks.publishing $(BENCH)

# How long a steward waits for the next case in Chromium, and fifty of them at once; and until what was said shows.
bench-desk: setup
	$(BIN)/python -m benchmarks.desk $(BENCH)
	$(BIN)/python -m benchmarks.applying

# The closed loop of docs/loop.md at its full size, and whether its figures notice a safeguard that is off.
bench-loop: setup
	$(BIN)/python -m benchmarks.loop $(BENCH)
	$(BIN)/python -m benchmarks.sabotage

# What a steward who knows the truth makes of a city, and how many verdicts that takes.
bench-stewards: setup
	$(BIN)/python -m benchmarks.stewards $(BENCH)

# How many columns a draft maps right, of every platform without its own headers and of samples shaped by hand.
bench-draft: setup
	$(BIN)/python -m benchmarks.drafting

# The steward's desk (port 8765) and the Dagster UI (port 3000) on the same site, both on loopback. The first run makes
# an account and shows its password once.
serve: setup
	@test -f $(SITE)/site.toml || $(BIN)/enter-once city $(SITE)
	mkdir -p $(SITE)/dagster
	cp dagster.yaml $(SITE)/dagster/
	$(BIN)/enter-once account add approver --role approver --generate --if-none --site $(SITE)
	$(BIN)/enter-once review --site $(SITE) & trap "kill $$!" EXIT INT TERM; \
	DAGSTER_HOME=$(abspath $(SITE))/dagster ENTER_ONCE_SITE=$(abspath $(SITE)) $(BIN)/dagster dev -m pipelines.definitions --host 127.0.0.1 --port 3000

clean:
	rm -rf .venv var build *.egg-info
