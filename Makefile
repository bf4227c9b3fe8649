# `make run` serves Kelmah on this machine, `make test` proves it. Both need Python 3.11+ and nothing else.
PYTHON ?= $(shell scripts/find-python)
PORT ?= 8000
LIVE_PORT ?= 8001
URL ?= http://127.0.0.1:$(PORT)
LIVE_URL ?= ws://127.0.0.1:$(LIVE_PORT)
STEPS ?=
VENV := .venv/bin/python

.PHONY: help run split demo test bench clean python runtime tools

help:
	@echo "make run      serve on http://127.0.0.1:8000 with embedded PostgreSQL and Redis; Ctrl-C stops  (PORT= LIVE_PORT= DATA=)"
	@echo "make split    the same as one process group and database per domain, behind a gateway        (PORT= DATA= COPIES= APART=)"
	@echo "make demo     play the first paid job against the running server                              (URL= LIVE_URL= DATA=)"
	@echo "make test     format, lint, types, import contracts, checks, tests                            (STEPS='lint types', slow)"
	@echo "make bench    measure; writes docs/benchmarks.md"
	@echo "make clean    remove caches; .venv and the data stay"

run: runtime
	@exec $(VENV) manage.py run --port $(PORT) --live-port $(LIVE_PORT) $(if $(DATA),--data "$(DATA)")

split: runtime
	@exec $(VENV) manage.py split --port $(PORT) $(if $(COPIES),--copies $(COPIES)) $(if $(APART),--apart $(APART)) $(if $(DATA),--data "$(DATA)")

demo: runtime
	@exec $(VENV) -m tests.journeys.first_paid_job --api $(URL) --live $(LIVE_URL) $(if $(DATA),--mailbox "$(DATA)/mailbox")

test: tools
	@exec $(VENV) scripts/check.py $(STEPS)

bench: tools
	@exec $(VENV) -m tests.benchmarks

# Only what any command makes again by itself: .venv and the data may be in use by a running server.
clean:
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.data/*' -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@echo "Caches removed. .venv and the data folder stay; docs/running.md says where the data is."

runtime: python
	@$(PYTHON) scripts/install.py requirements.txt

tools: python
	@$(PYTHON) scripts/install.py requirements-dev.txt

python:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Kelmah needs Python 3.11 or newer: install it, or name one with make PYTHON=/path/to/python3.11"; exit 1; }
