# All commands, for people and CI. `make backtest` and `make test` work on a fresh clone with Python 3.11+.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: install backtest backtest-freqai test test-all coverage check fix bench faults soak lock clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] + ": make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@$(BIN)/python scripts/install.py constraints.txt
	@touch $@

SAMPLE := user_data/data/synthetic/SYNTHETIC.txt

# make backtest [DATADIR=folder] [DOMINANCE=file.csv] [TIMERANGE=20190101-20200101] [CONFIG=config.json]
backtest: $(INSTALLED) $(SAMPLE)
	@DATADIR='$(DATADIR)' DOMINANCE='$(DOMINANCE)' TIMERANGE='$(TIMERANGE)' CONFIG='$(CONFIG)' \
		$(BIN)/python scripts/backtest.py

# make backtest-freqai [DATADIR=folder TIMERANGE=20210101-20220101] [DOMINANCE=file.csv] [CONFIG=config.json]
backtest-freqai: $(INSTALLED) $(SAMPLE)
	@DATADIR='$(DATADIR)' DOMINANCE='$(DOMINANCE)' TIMERANGE='$(TIMERANGE)' CONFIG='$(CONFIG)' \
		$(BIN)/python scripts/backtest.py --freqai

$(SAMPLE): $(wildcard lab/altseason_lab/sample/*.py) | $(INSTALLED)
	$(BIN)/altseason sample

# One more than two cores: tests spend much of their time waiting for a process to start.
WORKERS ?= 3

test: $(INSTALLED)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-all: $(INSTALLED)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m ''

# Code that runs in separate processes, such as Freqtrade's commands, is not counted.
coverage: $(INSTALLED)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Locks the files of every install; run after changing the dependencies in pyproject.toml.
lock: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-header --no-annotate --output-file constraints.txt pyproject.toml

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks.backtest_cost
	$(BIN)/python -m benchmarks.backtest_cost --all-on
	$(BIN)/python -m benchmarks.import_cost
	$(BIN)/python -m benchmarks.study_cost
	$(BIN)/python -m benchmarks.study_cost --memory

# The document shows the results of a failed run, too; the exit code is that of the run.
WRITE_DOCUMENT = status=$$?; $(BIN)/python -m reliability.document && exit $$status

# Injects faults around the recorder and the live bot, for about an hour; `make test` runs a small
# part of it.
faults: $(INSTALLED)
	$(BIN)/python -m reliability.faults --write; $(WRITE_DOCUMENT)

# A month of dry-run trading against its backtest, and the cost of dead providers: half an hour.
soak: $(INSTALLED)
	$(BIN)/python -m reliability.soak; $(WRITE_DOCUMENT)

clean:
	rm -rf build .venv
