# `make run` and `make test` set everything up by themselves; they need Python 3.11 or newer with pip, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin/python
HOST := 127.0.0.1
PORT := 8000
export PYTHONUTF8 := 1
# under a bare C, Python cannot start from a path with Chinese characters
ifneq (,$(filter C POSIX,$(LC_ALL)))
export LC_ALL := C.UTF-8
endif
export TOKENIZERS_PARALLELISM := false
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test studio clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup: $(VENV)/.run  ## make the environment that training and serving need

run: $(VENV)/.run  ## corpus, dataset, training, evaluation, then the server until Ctrl-C
	$(BIN) -m data ingest seeds/documents --out data/corpus
	$(BIN) -m data build --corpus data/corpus --out data/examples
	$(BIN) -m train
	exec $(BIN) -m serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev  ## format, lint, types and the whole suite
	$(BIN) -m ruff format --check .
	$(BIN) -m ruff check .
	$(BIN) -m mypy
	$(BIN) -m pytest

studio: $(VENV)/.dev  ## a local Label Studio server on port 8080, until Ctrl-C
	exec $(BIN) -m data label-studio up

clean:  ## remove the environment and every output that can be made again; labels and the data of Label Studio stay
	rm -rf $(VENV) data/corpus data/examples data/agreement data/drawing.jsonl data/suspects.jsonl train/runs serve/models

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("expected Python 3.11 or newer, got " + sys.version.split()[0] + "; name one: make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run: $(VENV)/bin/python pyproject.toml requirements.lock
	$(BIN) -m pip install --disable-pip-version-check --progress-bar off -c requirements.lock -e '.[train]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml requirements.lock
	$(BIN) -m pip install --disable-pip-version-check --progress-bar off -c requirements.lock -e '.[label,train,dev]'
	touch $@ $(VENV)/.run
