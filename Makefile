# `make` alone lists what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: .venv/ready ## build .venv from the lock file

.venv/ready: requirements-dev.lock pyproject.toml .ci/venv
	@PYTHON=$(PYTHON) .ci/venv

demo: venv ## a whole province on this machine: simulators, bot and a phone at http://127.0.0.1:8080/demo
	@$(BIN)/motcua demo

test: venv ## all tests, on SQLite and PostgreSQL
	$(BIN)/pytest

check: venv ## what a change must pass: lint, format, types, imports, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

bench: venv ## the benchmarks of benchmarks/RESULTS.md, one after the other (20 minutes)
	@$(BIN)/python -m benchmarks.results

chaos: venv ## a thousand kills under load, and the judge's verdict (half an hour)
	@$(BIN)/python -m tests.chaos --kills 1000

quarter: venv ## Khánh Hoà's first quarter of 2018 on a fast clock, as JSON
	@$(BIN)/python -m benchmarks.quarter

sbom: venv ## what the service is made of, as CycloneDX JSON in dist/sbom.json
	@mkdir -p dist
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json

audit: venv ## known weaknesses of the locked libraries (asks PyPI; once a week, and before a release)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

lock: ## renew both lock files (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
		-q --upgrade pyproject.toml --group dev -o requirements-dev.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
		-q pyproject.toml -c requirements-dev.lock -o requirements.lock

.PHONY: help venv demo test check bench chaos quarter sbom audit lock
