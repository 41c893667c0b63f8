# Everything here sets up what it needs, into .venv, and is quick the second time.
# For GNU make 3.81 (macOS) and newer, with any POSIX shell.

VENV = .venv
PYTHON =
KEYS = 10000
END = lowest
SEED = 1
BIN = $(VENV)/bin
SETUP = VENV='$(VENV)' PYTHON='$(PYTHON)' sh scripts/setup.sh

.PHONY: help setup demo test check structure bounds bench fuzz soak screenshots rules json-docs pins clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## look at a recorded closure; needs Python 3.11 or newer, but no Nix (ARGS="--help")
	@$(SETUP) run
	@$(BIN)/pyclosure demo $(ARGS)

setup: ## put everything that the tests need into .venv
	@$(SETUP) dev

test: ## run every check and test, with the real Nix too (PYTEST_ARGS="-k why")
	@sh scripts/nix.sh
	@$(SETUP) dev
	@$(MAKE) --no-print-directory check WITH_NIX=1

check: ## the same without setting up and without Nix
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/structure.py
	$(if $(WITH_NIX),PYCLOSURE_REQUIRE_NIX=1 )$(BIN)/python -m pytest -n auto $(if $(WITH_NIX),,-m "not nix" )$(PYTEST_ARGS)

structure: ## count what makes the code hard to move into, and draw its floors in docs/codebase.md
	@$(SETUP) dev
	$(BIN)/python scripts/structure.py --write

bounds: ## try a choice of tests with the oldest dependencies that are allowed (END=newest: the newest)
	@$(SETUP) run
	@PYTHON='$(BIN)/python' sh scripts/bounds.sh '$(END)' $(ARGS)

bench: ## measure the heavy questions on large closures
	@$(SETUP) dev
	$(BIN)/python benchmarks/run.py $(ARGS)

fuzz: ## feed everything that reads with hostile input (SECONDS=60, or ARGS="--target lock --runs 10000")
	@$(SETUP) dev
	$(BIN)/python -m tests.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

soak: ## send 10,000 random keys to every screen (KEYS=500 SEED=2); takes a quarter of an hour
	@$(SETUP) dev
	@rm -f .soak
	@PYCLOSURE_SOAK_KEYS=$(KEYS) PYCLOSURE_SOAK_SEED=$(SEED) PYCLOSURE_SOAK_REPORT='$(CURDIR)/.soak' \
		$(BIN)/python -m pytest -n auto tests/tui/test_soak.py; status=$$?; cat .soak; exit $$status

screenshots: ## draw the pictures in screenshots/ anew
	@$(SETUP) dev
	$(BIN)/python screenshots/regenerate.py $(ARGS)

rules: ## write docs/rules.md anew from the rules
	@$(SETUP) run
	$(BIN)/python -m pyclosure.tui.output.rules > docs/rules.md

json-docs: ## write docs/json.md and its JSON schema anew from the types of answers
	@$(SETUP) run
	$(BIN)/python -m pyclosure.tui.output.schema > docs/json.md
	$(BIN)/python -m pyclosure.tui.output.schema --schema > docs/answers.schema.json

pins: ## write constraints.txt anew from pyproject.toml; its first lines say more
	@$(SETUP) run
	@VENV='$(VENV)' UPGRADE='$(UPGRADE)' TEXTUAL='$(TEXTUAL)' sh scripts/pins.sh

clean: ## remove .venv, builds and caches
	rm -rf .venv .soak dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .tests-failed
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
