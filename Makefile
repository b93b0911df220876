# Everything that Consult needs is made by these targets; `make help` lists them.

PYTHON ?= python3
PORT ?= 8000
PHOTO ?=
STORY ?=
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo demo-stop serve test check coverage security mutants sbom fix bench fuzz screens openapi lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.runtime ## tell the main job, or another story, against a fresh service on http://localhost:8000 [STORY=emergency or pre-visit, PORT=, PHOTO=burn.jpg]
	@.ci/packages turbo || true
	@$(BIN)/consult demo --port $(PORT) $(if $(STORY),--$(STORY)) $(if $(PHOTO),"$(PHOTO)")

demo-stop: $(VENV)/.runtime ## end the service that the demo left running
	@$(BIN)/consult demo --stop

serve: $(VENV)/.runtime ## run the service for real, data in ./data (settings: README)
	@$(BIN)/consult serve

test: $(VENV)/.dev ## lint, types, arrows, unit, API, migrations, browser: all of it
	@.ci/packages
	@$(MAKE) --no-print-directory check migrations test-service test-web

# A file at a time on each core: what a file shares, such as a running service, is made once.
.PHONY: test-service test-web
test-service: $(VENV)/.dev # everything that needs no browser
	$(BIN)/pytest -n auto --dist loadfile

test-web: $(VENV)/.dev # the page, in a browser; what is on duty in one file is on duty in those after it
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder tests/web

coverage: $(VENV)/.dev ## which lines and branches the tests reach; takes three times as long as the tests
	@.ci/packages
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

check: $(VENV)/.dev ## format, lint, types, arrows, lock, licences, secrets: no test is run
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/python -m tests.security.supply
	@! grep -nE '://|^ *-(-index-url|-extra-index-url|-find-links|-trusted-host|i |f )|(^|[ =@"])/' requirements*.txt

.PHONY: migrations
migrations: $(VENV)/.dev # the models and the migrations say the same
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export CONSULT_DATA_DIR="$$folder" && \
	$(BIN)/alembic upgrade head && $(BIN)/alembic check && $(BIN)/alembic downgrade base

security: $(VENV)/.dev ## every requirement of security, the tests that prove it, and how they went
	@.ci/packages
	$(BIN)/python -m tests.security

mutants: $(VENV)/.dev ## falsify what guards the record, one small thing at a time: how much do the tests notice [OF=audit]
	$(BIN)/python -m tests.mutants $(OF)

sbom: $(VENV)/.dev ## list what the service is made of, as CycloneDX [OUT=build/sbom.json]
	@mkdir -p $(dir $(or $(OUT),build/sbom.json))
	$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --spec-version 1.6 --of JSON -o $(or $(OUT),build/sbom.json)

fix: $(VENV)/.dev ## format, and mend what lint can mend by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev ## measure against the floor and the peers that are installed; figures, no verdict
	$(BIN)/python -m tests.bench

fuzz: $(VENV)/.dev ## feed every reader of strangers' bytes with broken ones [EACH=2000000 or 60s]
	@for target in jpeg exif icc bmff png webp; do $(BIN)/python -m tests.fuzz $$target $(or $(EACH),60s); done

screens: $(VENV)/.dev ## write every screen as a picture [OUT=screens]
	$(BIN)/python -m tests.web.screens $(or $(OUT),screens)

openapi: $(VENV)/.dev ## write api/openapi.json anew from the routes
	$(BIN)/python -m api.document

lock: $(VENV)/.dev ## resolve the dependencies anew, pinned by hash
	$(BIN)/uv pip compile -q pyproject.toml --group build --upgrade \
		--universal --generate-hashes --no-emit-index-url --no-header -o requirements.txt
	$(BIN)/uv pip compile -q pyproject.toml --group build --group dev --upgrade -c requirements.txt \
		--universal --generate-hashes --no-emit-index-url --no-header -o requirements-dev.txt

clean: ## remove what the targets made: environment, caches, the demo's data
	@[ ! -x $(BIN)/consult ] || $(BIN)/consult demo --stop
	rm -rf $(VENV) .demo build *.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(VENV)/bin/python:
	@.ci/packages python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
