# `make` needs only this file's two tools: make and a Python. Everything else is fetched into .venv.
.DEFAULT_GOAL := help
.PHONY: help serve test dev lint format bench accuracy soak fuzz lock clean

# Without its compiled bytecode each start of Kaikou would compile all of it: 2 s more.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell command -v python3 || command -v python)
RUN := .venv/bin
PAGE := $(RUN)/python scripts/page.py

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: ready ## Start Kaikou and print the address of its page (HOST=, PORT= to choose it)
	@$(RUN)/kaikou serve

test: ready-dev ## Run all tests (ARGS="-k name" to choose among the Python ones)
	@$(PAGE) --npm test
	@$(RUN)/python -m pytest -n 2 --dist loadfile $(ARGS)

dev: ready-dev ## Serve with hot reload: Python and page both follow your edits
	@$(RUN)/python scripts/dev.py

lint: ready-dev ## Check style and types, Python and page
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(PAGE) --npm run lint
	$(PAGE) --npm run typecheck
	$(RUN)/python scripts/lock.py --check

format: ready-dev ## Put Python and page into the house's style
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .
	$(PAGE) --npm run format

bench: ready ## Measure a live conversation on this machine
	@$(RUN)/kaikou bench live $(ARGS)

accuracy: ready-dev ## Measure recognition on a folder of recordings (DATA=folder)
	@$(RUN)/python benchmarks/stt_accuracy.py $(DATA) $(ARGS)

soak: ready-dev ## Hold many conversations for a long time and watch for leaks
	@$(RUN)/python benchmarks/soak.py $(ARGS)

fuzz: ready-dev ## Throw random input at every wire and format, longer than the tests do
	@HYPOTHESIS_PROFILE=fuzz $(RUN)/python -m pytest -m "(fuzz or hypothesis) and not models and not browser" $(ARGS)

lock: ready-dev ## Renew the locks from pyproject.toml and package.json
	@$(RUN)/python scripts/lock.py

clean: ## Remove what was built and fetched (your data folder and model cache stay)
	rm -rf .venv build dist src/kaikou/web frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: ready ready-dev
ready:
	@$(PYTHON) scripts/bootstrap.py
ready-dev:
	@$(PYTHON) scripts/bootstrap.py --dev
