# Two commands do everything on a fresh machine: `make demo` and `make test`.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
OUT := reports/out/nanchang

# The first of these that runs and is new enough makes the virtual environment.
CANDIDATES := $(PYTHON) python3.13 python3.14 python3.12 python3 python

.PHONY: demo examples test trust fast format clean install browser lock audit release tools

demo: install
	@$(BIN)/allocator plan data/samples/nanchang/brief.toml -o $(OUT) --force

# The kept example and the gallery of the README, made again from the sample.
examples: demo
	$(BIN)/python reports/examples/keep.py $(OUT)

test: install browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto

# Everything of docs/trust.md at full size: hours on two cores.
trust: install browser
	$(BIN)/python -m tests.trust --write docs/trust.md

# What takes under a minute, for every save.
fast: install
	$(BIN)/ruff check .
	$(BIN)/pytest -n auto -m "not slow"

# The lock file, from pyproject.toml alone; names no registry.
lock: tools
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-options \
	  --upgrade --output-file requirements.lock pyproject.toml

# Known weaknesses of what is locked: asks a public service.
audit: tools
	$(BIN)/pip-audit --disable-pip --require-hashes --requirement requirements.lock

# The wheel, built twice and compared, with the list of its parts (CycloneDX) beside it.
release: tools
	rm -rf dist && mkdir dist
	$(BIN)/python -m tests.trust.supply release dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --output-format JSON --output-file dist/health-allocator.cdx.json
	cd dist && sha256sum *.whl *.cdx.json > SHA256SUMS

tools: install
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group release

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	@set -e; chosen=""; old=""; \
	for python in $(CANDIDATES); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then chosen=$$python; break; fi; \
	  old="$$old $$python=$$version"; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "allocator needs Python 3.12 or newer; found:$${old:- none}." >&2; \
	  echo "Remedy: install Python 3.13 (pyenv install 3.13 && pyenv local 3.13, or uv python install 3.13)," >&2; \
	  echo "then run make again, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13" >&2; \
	  exit 3; \
	fi; \
	echo "installing into $(VENV) with $$chosen" >&2; \
	rm -rf $(VENV); $$chosen -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --editable .; \
	touch $@

# The map is tested in a real browser.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	 command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "Chromium is missing: install it (apt-get install chromium), the map is tested in it." >&2; exit 3; \
	  fi; }

clean:
	rm -rf $(VENV) reports/out dist .mypy_cache .ruff_cache .pytest_cache
