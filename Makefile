# The two commands a newcomer needs: `make quickstart` and `make test`. VENV names another environment.
VENV ?= .venv
PYTHON := $(VENV)/bin/python
export OMP_NUM_THREADS ?= 1

.PHONY: venv check test slow quickstart clean

venv: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip
	$(PYTHON) -m pip install --quiet -e '.[dev]'
	touch $@

# pyright does not run setuptools' import hook: the link shows it the package under its name.
build/typing/vitc:
	mkdir -p build/typing
	ln -sfn ../.. build/typing/vitc

check: venv
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

test: venv
	$(PYTHON) -m pytest -q

slow: venv
	$(PYTHON) -m pytest -q -m slow || [ $$? -eq 5 ]

quickstart: venv
	$(VENV)/bin/vitc check vit_tiny_patch16_224

clean:
	rm -rf $(VENV) build out runs
