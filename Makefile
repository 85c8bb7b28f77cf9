# Everything a person or a machine does with this checkout. `make help` lists it.
# Needs Python 3.11 or newer (with venv) and make; the rest is installed into .venv.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --exclude-newer "7 days"

NEXT := \nReady. What next:\n\
	\n  make demo                  a made-up shop, the whole way, with the Live page\
	\n  make serve                 your own: says where to send to and where to look\
	\n  make test                  everything that must pass\n\
	\n  source .venv/bin/activate  then your shell finds the verb: footfall --help\
	\n  docs/first-steps.md        from a click to an answer\n\n

.DEFAULT_GOAL := help
.PHONY: help setup demo cluster-demo serve check fix test test-full bench docs studio reference wheel sbom audit lock hooks clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) studio ## Make .venv, install everything that is locked, build the front end
	$(if $(filter setup,$(MAKECMDGOALS)),@printf '$(NEXT)')

# Compiled here once: else each of the hundreds of processes that tests start does it anew, five seconds for
# a worker, wherever Python is told to write no bytecode.
$(READY): requirements/uv.lock requirements/dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer found; install one, or say make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	@touch $@

demo: setup ## Start everything, send a realistic shop's traffic, check the result against the truth
	$(BIN)/footfall demo

cluster-demo: setup ## The same shop through Kafka, PostgreSQL, S3 and a REST catalog, held against one home
	$(BIN)/python tools/cluster_demo.py

serve: setup ## Start everything and print where to look
	$(BIN)/footfall serve

check: $(READY) ## Style, types and import layers: seconds, no tests
	$(BIN)/python tools/verify.py style types layers

fix: $(READY) ## Mend style where a machine can
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

test: setup ## Everything that must pass before a change lands, the built wheel included
	$(BIN)/python tools/verify.py

test-full: setup ## The same at full size, resumable, hours; writes docs/proof.md
	$(BIN)/python tools/full.py

bench: setup ## Measure; prints figures, machine and yardsticks
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/bench.lock
	$(BIN)/python tools/bench.py

reference: $(READY) ## Write docs/settings.md and docs/tables.md from the code
	$(BIN)/python tools/write_reference.py

docs: $(READY) ## Build the documentation as pages into build/docs
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/docs.lock
	$(BIN)/zensical build --strict

studio: $(READY) ## Build the front end and the test site where sources changed
	$(BIN)/python tools/web.py

wheel: setup ## Build the wheel, front end inside, into dist/, and beside it what it needs (SBOM)
	$(UV) build --quiet --wheel --python $(BIN)/python --no-build-isolation --out-dir dist
	$(BIN)/python tools/sbom.py dist

sbom: setup ## List what the wheel needs, with hashes and licenses, as CycloneDX JSON in dist/
	$(BIN)/python tools/sbom.py dist

audit: setup ## Ask the registries for known advisories of what ships; status 3: some did not answer
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/audit.lock
	$(BIN)/python tools/audit.py

lock: $(READY) ## Renew requirements/*.lock with what was published more than a week ago
	$(COMPILE) --group uv -o requirements/uv.lock
	$(COMPILE) --group node -o requirements/node.lock
	$(COMPILE) --group go -o requirements/go.lock
	$(COMPILE) pyproject.toml -o requirements/runtime.lock
	$(COMPILE) pyproject.toml --group dev --constraints requirements/runtime.lock -o requirements/dev.lock
	$(COMPILE) pyproject.toml --group bench --constraints requirements/runtime.lock -o requirements/bench.lock
	$(COMPILE) --group audit -o requirements/audit.lock
	$(COMPILE) --group docs --constraints requirements/dev.lock -o requirements/docs.lock

hooks: $(READY) ## Check each commit before it is made
	$(BIN)/prek install

clean: ## Remove what was built; .venv and data stay
	rm -rf build dist src/footfall/studio/static web/testsite/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
