# make help says what there is. Everything lives in $(VENV); nothing is installed outside it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup mmdeploy aarch64 demo docs models test lint format clean

VENV ?= .venv
# The first Python of a tested version that can make a virtual environment with pip in it.
# `make setup PYTHON=…` picks. MMEngine 0.10.7 does not run on Python 3.14.
TESTED := import sys, ensurepip, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.10,$(shell \
	$(p) -I -c '$(TESTED)' >/dev/null 2>&1 && echo $(p))))
# A package index with the build of torch to prefer, for example of the CPU build (docs/install.md).
TORCH_INDEX ?=
# Arguments for pytest: make test ARGS='-m "not slow"'
ARGS ?=

PY := $(VENV)/bin/python
PIP := $(PY) -I -m pip
STAMP := $(VENV)/.setup-done
REQUIREMENTS := requirements.txt $(wildcard requirements/*.txt requirements/optional/*.txt)
DECODER := $(wildcard litepose_mm/decoding/cpp/*)
INSTALL = $(PIP) install --quiet --no-input --only-binary :all: -c requirements/constraints.txt

# Another environment's packages, and places to install to, must not leak in.
# Where pip looks for packages (PIP_INDEX_URL and the like) is left as the user has it.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT

help: ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 12
	@echo 'Variables: PYTHON, VENV, TORCH_INDEX (setup); ARGS (test)'

setup: $(STAMP) ## make .venv with the tested versions and this package in it

# The stamp comes last, so an interrupted set-up is taken up again by the next one.
$(STAMP): $(REQUIREMENTS) setup.py pyproject.toml litepose_mm/version.py $(DECODER)
	@rm -f $@
	@$(PY) -I -m pip --version >/dev/null 2>&1 || { \
	  if [ -z '$(PYTHON)' ]; then echo 'No Python 3.10 to 3.13 with venv and pip was found:' \
	    'apt-get install python3-venv' >&2; exit 1; fi; \
	  echo 'Making $(VENV) with $(PYTHON)'; \
	  $(PYTHON) -I -m venv --clear $(VENV); }
	@$(PY) -I -c '$(TESTED)' || { echo "Python 3.10 to 3.13 is needed, $(VENV) has" \
	  "$$($(PY) -V): make clean setup PYTHON=python3.13 takes another" >&2; exit 1; }
	@echo 'Installing the requirements (minutes the first time)'
	@$(INSTALL) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements.txt
	@$(INSTALL) --no-deps -r requirements/mminstall.txt
	@$(PIP) install --quiet --no-input --no-deps --no-build-isolation -e .
	@echo 'Trying the installation'
	@$(PY) -I -c 'from litepose_mm.compat import apply; apply(); import torch; \
	  print("Ready: torch", torch.__version__, "in $(VENV)")'
	@touch $@

mmdeploy: $(STAMP) ## add MMDeploy to .venv, for export through its tools
	@$(INSTALL) -r requirements/mmdeploy.txt
	@$(INSTALL) --no-deps mmdeploy
	@$(PY) -W ignore -c 'import mmdeploy; from mmdeploy.apis import torch2onnx; \
	  print("mmdeploy", mmdeploy.__version__, "is ready")'

aarch64: $(STAMP) ## add to .venv what cross-builds of demo/cpp for 64-bit ARM need
	@PYTHON=$(PY) demo/cpp/aarch64_libraries.sh $(VENV)/aarch64
	@echo "The libraries for aarch64 are in $(VENV)/aarch64"

demo: $(STAMP) ## from a photograph to people
	@$(PY) demo/demo.py

docs: $(STAMP) ## the documentation and API reference as a site in site/
	@$(INSTALL) -r requirements/docs.txt
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

models: $(STAMP) ## write metafiles and tables of models anew from the zoo
	@$(PY) tools/misc/generate_model_pages.py

# A process for each core, and one thread in each: on few cores, OpenMP threads that wait for each
# other cost more than they bring. A file stays in one process, as what its tests share is costly;
# a process that crashes ends the run, which pytest-xdist cannot go on with.
test: export OMP_NUM_THREADS ?= 1
test: $(STAMP) ## all tests; ARGS='-m "not slow"' for the quick ones
	$(PY) -m pytest -q -n logical --maxprocesses 8 --dist loadfile --max-worker-restart 0 \
	  $(ARGS)

lint: $(STAMP) ## style, formatting, spelling, layers of packages, types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/codespell
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

format: $(STAMP) ## let ruff put style and formatting right
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean: ## remove .venv and everything that was built
	rm -rf $(VENV) build dist site *.egg-info .pytest_cache .ruff_cache .hypothesis
	rm -f litepose_mm/decoding/_compiled.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
