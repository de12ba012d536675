# Two commands for everybody: `make demo` and `make test`. `make test-long`, `make benchmark`, `make lock` and `make screenshots` are for maintainers.
PYTHON ?= python3
ADDRESS ?= 127.0.0.1:8000
BIN := .venv/bin
export DEBUG ?= 1
# For pipefail: an installation that failed has not succeeded because its output was read to the end.
SHELL := bash
.SHELLFLAGS := -o pipefail -c

.PHONY: demo demo-new test test-long benchmark lock screenshots clean

demo: export BASE_URL ?= http://$(ADDRESS)
demo: export PYTHONUNBUFFERED = 1
demo: export LEDGER_KEY ?= ledger/private-key.txt
demo: export LEDGER_CHECKPOINTS ?= ledger/checkpoints
demo: .venv/.running
	@echo "Preparing the database (up to a minute the first time) ..."
	@$(BIN)/python manage.py migrate
	@$(BIN)/python manage.py demo
	@[ -e $(LEDGER_KEY) ] || $(BIN)/python manage.py ledger_key >/dev/null
	@echo
	@echo "Mails are printed here as the worker sends them; with VERBOSE=1 page views too."
	@echo "Serving on http://$(ADDRESS)  (stop with Ctrl-C)"
	@$(BIN)/python manage.py worker & worker=$$!; trap 'kill $$worker 2>/dev/null' EXIT INT TERM; \
		$(BIN)/python manage.py runserver --noreload --skip-checks $(ADDRESS)

demo-new:
	@if [ -n "$(DATABASE_URL)" ]; then echo "demo-new removes the SQLite file of this folder only; empty your own database yourself."; exit 1; fi
	@rm -f waltzflow.sqlite3 waltzflow.sqlite3-wal waltzflow.sqlite3-shm
	@rm -rf ledger
	@$(MAKE) --no-print-directory demo

test: .venv/.testing
	@$(BIN)/python tests/run.py

test-long: .venv/.testing
	@$(BIN)/python tests/long.py

# SIZE is the number of proposals in the large register, PLANS a file for the plans of the heaviest statements.
benchmark: .venv/.testing
	@$(BIN)/python -m benchmarks

screenshots: .venv/.testing
	@$(BIN)/python tests/screenshots.py

# Rewrites both lock files from pyproject.toml; read the difference before you commit it.
lock: .venv/.testing
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		pyproject.toml --group dev -o requirements-dev.txt

clean:
	rm -rf .venv staticfiles .pytest_cache .ruff_cache .cache *.sqlite3 *.sqlite3-wal *.sqlite3-shm

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "waltzflow needs Python 3.11 or later; set PYTHON=... to one.")'
	@echo "Making a virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv

# Installs what the lock file $(1) names; of pip's output only the packages, as they come.
install = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r $(1) | \
	awk '/^Collecting/ { printf "%s ", $$2; fflush() } /^Installing/ { print "\nUnpacking them ..."; fflush() }'

.venv/.running: .venv/bin/python requirements.txt
	@echo "Installing the locked dependencies into .venv:"
	@$(call install,requirements.txt)
	@touch $@

.venv/.testing: .venv/bin/python requirements-dev.txt
	@echo "Installing the locked dependencies of the tests into .venv:"
	@$(call install,requirements-dev.txt)
	@touch $@ .venv/.running
