# `make run` and `make test` build all they need from uv.lock into .venv. Data are in .revops.

PYTHON ?= python3
# What is handed on: make test ARGS="tests/embedded -x", make bench BENCH=name, make simulate SEEDS=9
ARGS ?=
BENCH ?=
SEEDS ?= 100
NAME ?=
KIND ?= source

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
EMBEDDED := $(BIN)/python -m revops.embedded
WITH_SERVERS := $(EMBEDDED) exec --throwaway --
export PYTHON
# Many processes are started: each would compile all modules anew, which takes it half its time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-peers check bench tasks simulate snapshot connector clean run-environment dev-environment

help:
	@echo "make run         the console with the demo company (REVOPS_HOME, REVOPS_PORT move it)"
	@echo "make test        all tests (ARGS=...), browser tests too where Chromium is"
	@echo "make test-peers  against outside systems that we did not write"
	@echo "make check       style, types, arrows, templates, migrations, deployment, contracts"
	@echo "make bench       our figures beside this machine's limits (BENCH=name for one)"
	@echo "make tasks       the timed tasks of a person, in a real browser"
	@echo "make simulate    the delivery protocol under faults (SEEDS=100)"
	@echo "make snapshot    record what migrations say to an empty database"
	@echo "make connector   the folder of a new connector (NAME=acme, KIND=source or sink)"
	@echo "make clean       remove the environment and caches; data stay"

run-environment:
	@.ci/environment run

dev-environment:
	@.ci/environment dev

run: run-environment
	@exec $(EMBEDDED) run

test: dev-environment
	@.ci/chromium
	@exec $(WITH_SERVERS) $(BIN)/python -m pytest -n 4 --dist loadfile $(ARGS)

test-peers: dev-environment
	@exec $(WITH_SERVERS) $(BIN)/python -m pytest tests/peers $(ARGS)

check: dev-environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	find . -path ./.venv -prune -o -name '*.html' -print0 | xargs -0r $(BIN)/djade --check --target-version 5.2
	$(WITH_SERVERS) $(MANAGE) makemigrations --check --dry-run
	$(WITH_SERVERS) $(MANAGE) snapshot --check
	@echo "$(MANAGE) check --deploy"
	@DJANGO_SETTINGS_MODULE=revops.settings.production REVOPS_ALLOWED_HOSTS=console.example \
		DJANGO_SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
		REVOPS_ENCRYPTION_KEYS="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
		REVOPS_AUDIT_KEY="$$($(BIN)/python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())')" \
		$(MANAGE) check --deploy --fail-level WARNING
	$(MANAGE) contracts --check

# On /var/tmp and with fsync: a figure from memory would not be one of this machine's disk.
bench: dev-environment
	@TMPDIR=/var/tmp exec $(EMBEDDED) exec --throwaway --durable -- \
		sh -c '$(MANAGE) migrate --no-input -v 0 && exec $(MANAGE) bench $(BENCH)'

tasks: dev-environment
	@.ci/chromium chromium
	@exec $(WITH_SERVERS) sh -c '$(MANAGE) migrate --no-input -v 0 && exec $(MANAGE) tasks $(ARGS)'

simulate: run-environment
	@exec $(WITH_SERVERS) $(MANAGE) simulate --seeds $(SEEDS) $(ARGS)

# The servers of `exec` are empty: what is recorded begins with nothing.
snapshot: dev-environment
	@exec $(WITH_SERVERS) $(MANAGE) snapshot

connector: dev-environment
	@$(MANAGE) connector new "$(NAME)" --kind "$(KIND)"

clean:
	@if [ -x $(BIN)/python ]; then $(EMBEDDED) down; fi
	rm -rf .venv .static .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The data are still in $${REVOPS_HOME:-.revops}; delete that folder to start afresh."
