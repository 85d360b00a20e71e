# `make help` lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo setup test test-long engine lint bench schema gates-page lock clean
.PHONY: organisation-check bootstrap organisation-preview organisation-up onboarded forget

P := <<cookiecutter.project_slug>>
PYTHON := .venv/bin/python
INFRA := infra/.venv/bin
UV := $(abspath .venv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    $(if $(filter 1,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package ,$(UPGRADE)))

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-21s %s\n", $$1, $$2}' Makefile

demo: .venv/.synced ## the life of a model in about three minutes, in a project made in ./demo (AGAIN=1: remove what is there)
	@for made in $(if $(AGAIN),,$(wildcard demo/*)); do \
	    git="git --git-dir=$$made/.git --work-tree=$$made"; \
	    if [ -e $$made/.mlops/models ] || [ -n "$$($$git status --porcelain)" ] || [ "$$($$git rev-list --count HEAD)" != 1 ]; then \
	        echo "$$made holds models, changes or commits, and this would remove them: move it away, or make demo AGAIN=1"; \
	        exit 1; \
	    fi; \
	done
	@for made in $(wildcard demo/*); do \
	    if [ -e $$made/.mlops/endpoint ] && [ -x $$made/.venv/bin/mlops ]; then (cd $$made && .venv/bin/mlops release down) || exit 1; fi; \
	done
	rm -rf demo
	.venv/bin/cookiecutter . --no-input --output-dir demo
	@$(PYTHON) -B -m tools.demo demo/income-support-triage

setup: .venv/.synced ## install what the template's tests need into .venv

test: .venv/.synced infra/.venv/.synced ## the tests of the template, but for the longest
	@nice -n 19 sh tests/tools/engine/build.sh > /dev/null 2>&1 & \
	$(PYTHON) -m pytest -n 3 --dist loadgroup -m "not long"; status=$$?; wait; exit $$status
	$(INFRA)/python -m pytest -n 2 --confcutdir=tests/infra -m "not long" tests/infra
	@echo "Not among these, for their time: make test-long"

test-long: .venv/.synced infra/.venv/.synced ## the longest tests: whole ways, which shorter ones prove in parts
	$(PYTHON) -m pytest -n 2 --dist loadgroup -m long
	$(INFRA)/python -m pytest -n 0 --confcutdir=tests/infra -m long tests/infra

engine: ## build Pulumi's engine for the tests of infrastructure, once, where it is not installed
	sh tests/tools/engine/build.sh

lint: .venv/.synced infra/.venv/.synced ## style and types of the template's own code
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pyrefly check
	$(INFRA)/pyrefly check --config tests/infra/pyrefly.toml

organisation-check: infra/.venv/.synced ## read infra/projects.yaml, every mistake at its line; needs no login
	$(INFRA)/python infra/manage.py check

bootstrap: infra/.venv/.synced ## once per organisation: make store and keys, move the state into them (safe to repeat)
	$(INFRA)/python infra/bootstrap.py

organisation-preview: infra/.venv/.synced ## what organisation-up would change
	$(INFRA)/python infra/manage.py preview

organisation-up: infra/.venv/.synced ## bring the organisation's platform to what infra/projects.yaml says
	$(INFRA)/python infra/manage.py up

onboarded: infra/.venv/.synced ## print what a project must know (PROJECT=slug STACK=dev)
	@$(INFRA)/python infra/manage.py onboarded "$(PROJECT)" "$(STACK)"

forget: infra/.venv/.synced ## let go of a project's data, so that its entry can be removed (PROJECT=slug)
	$(INFRA)/python infra/manage.py forget "$(PROJECT)"

bench: .venv/.synced ## the figures we state, measured side by side
	$(PYTHON) benchmarks/generation.py
	$(PYTHON) benchmarks/pipelines.py
	$(PYTHON) benchmarks/runner.py
	$(PYTHON) benchmarks/validation.py
	$(PYTHON) benchmarks/gates.py
	$(PYTHON) benchmarks/mutations.py
	$(PYTHON) benchmarks/data.py
	$(PYTHON) benchmarks/serving.py
	$(PYTHON) benchmarks/batch.py
	$(PYTHON) benchmarks/releases.py
	$(PYTHON) benchmarks/stress.py
	$(PYTHON) benchmarks/soak.py

schema: .venv/.synced ## write the JSON schema of mlops.yaml from its types
	PYTHONPATH="$(P)/src" $(PYTHON) -B tools/make_schema.py > "$(P)/src/mlops/mlops.schema.json.new"
	mv "$(P)/src/mlops/mlops.schema.json.new" "$(P)/src/mlops/mlops.schema.json"

gates-page: .venv/.synced ## write the list of gates in a project's docs/gates.md from their own words
	PYTHONPATH="$(P)/src" $(PYTHON) -B tools/make_gates_table.py "$(P)/docs/gates.md"

lock: .venv/.synced ## resolve the requirements of project and template again (UPGRADE=1: the newest versions; UPGRADE=NAME: of one package)
	$(MAKE) --no-print-directory -C "$(P)" --assume-old=.venv/.synced lock UV="$(UV)"
	$(COMPILE) $(foreach part,mlops model predict dev,"$(P)/requirements/$(part).in") requirements/test.in \
	    $(foreach part,dev azure watch,--constraint "$(P)/requirements/$(part).txt") --output-file requirements/test.txt
	$(COMPILE) "$(P)/infra/requirements.in" requirements/infra.in \
	    --constraint "$(P)/infra/requirements.txt" --output-file requirements/infra.txt

clean: ## remove caches and the demo; .venv stays
	rm -rf demo .pytest_cache .ruff_cache .hypothesis
	find . -name .venv -prune -o -name __pycache__ -exec rm -rf {} +

.venv/.created: $(P)/requirements/bootstrap.sh $(P)/requirements/uv.txt
	sh "$(P)/requirements/bootstrap.sh" 3.11
	@touch $@

.venv/.synced: .venv/.created requirements/test.txt
	$(UV) pip sync --python $(PYTHON) --require-hashes requirements/test.txt
	@touch $@

infra/.venv/.synced: .venv/.created requirements/infra.txt
	$(UV) venv --quiet --allow-existing --python $(PYTHON) infra/.venv
	$(UV) pip sync --python $(INFRA)/python --require-hashes requirements/infra.txt
	@touch $@
