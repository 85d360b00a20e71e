# `make help` lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo setup test lint bench schema lock clean

P := <<cookiecutter.project_slug>>
PYTHON := .venv/bin/python
UV := $(abspath .venv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: .venv/.synced ## generate the reference project into ./demo and train its model
	rm -rf demo
	.venv/bin/cookiecutter . --no-input --output-dir demo
	PATH="$(abspath .venv/bin):$$PATH" $(MAKE) --no-print-directory -C demo/income-support-triage setup run
	@echo
	@echo "The project:   demo/income-support-triage (its own git repository; not part of this one)"
	@echo "Its model:     src/income_support_triage/, trained by azureml/pipelines/train.yml"
	@echo "Its runs:      make -C demo/income-support-triage ui"

setup: .venv/.synced ## install what the template's tests need into .venv

test: .venv/.synced ## every test of the template
	$(PYTHON) -m pytest -n 2 --dist loadgroup

lint: .venv/.synced ## style and types of the template's own code
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pyrefly check

bench: .venv/.synced ## the figures we state, measured side by side
	$(PYTHON) benchmarks/generation.py
	$(PYTHON) benchmarks/pipelines.py
	$(PYTHON) benchmarks/runner.py
	$(PYTHON) benchmarks/validation.py
	$(PYTHON) benchmarks/data.py

schema: .venv/.synced ## write the JSON schema of mlops.yaml from its types
	PYTHONPATH="$(P)/src" $(PYTHON) -B tools/make_schema.py > "$(P)/src/mlops/mlops.schema.json.new"
	mv "$(P)/src/mlops/mlops.schema.json.new" "$(P)/src/mlops/mlops.schema.json"

lock: .venv/.synced ## resolve the requirements of project and template again (UPGRADE=1 for the newest versions)
	$(MAKE) --no-print-directory -C "$(P)" --assume-old=.venv/.synced lock UV="$(UV)"
	$(COMPILE) $(foreach part,mlops model dev,"$(P)/requirements/$(part).in") requirements/test.in \
	    $(foreach part,dev azure,--constraint "$(P)/requirements/$(part).txt") --output-file requirements/test.txt

clean: ## remove caches and the demo; .venv stays
	rm -rf demo .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -exec rm -rf {} +

.venv/.created: $(P)/requirements/bootstrap.sh $(P)/requirements/uv.txt
	sh "$(P)/requirements/bootstrap.sh" 3.11
	@touch $@

.venv/.synced: .venv/.created requirements/test.txt
	$(UV) pip sync --python $(PYTHON) --require-hashes requirements/test.txt
	@touch $@
