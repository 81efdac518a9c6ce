# The two commands a newcomer needs: `make quickstart` and `make test`. VENV names another environment.
VENV ?= .venv
PYTHON := $(VENV)/bin/python
VITC := $(VENV)/bin/vitc
export OMP_NUM_THREADS ?= 1

.PHONY: venv check test slow bench zoo quickstart clean

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

check: venv build/typing/vitc
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/pyright --pythonpath $(PYTHON)
	$(PYTHON) -m pytest -q tests/house/test_house.py tests/house/test_wheel.py

# On both cores, a file on one of them: the tests of some files follow each other.
test: venv
	$(PYTHON) -m pytest -q -n 2 --dist loadfile

slow: venv
	$(PYTHON) -m pytest -m slow -v --no-header -n 2 || [ $$? -eq 5 ]

# Ratios against timm and torch.onnx.export; bench/README.md says what is compared.
bench: venv
	$(PYTHON) bench

# Measures every kind of model in the zoo against timm (half an hour) and writes docs/zoo.md.
zoo: venv
	mkdir -p build
	VITC_ZOO_ERRORS=build/zoo.json $(PYTHON) -m pytest -q tests/zoo/test_numbers.py -m 'slow or not slow'
	$(PYTHON) tests/zoo/table.py build/zoo.json

# Each line is shown before it runs: this is what one does by hand. The last prints the score on the test part again: a run that
# is finished is not trained a second time.
quickstart: venv
	$(VITC) check digits
	$(VITC) show digits
	$(VITC) compile digits -o out/quickstart
	@mkdir -p runs && mktemp -d runs/quickstart-XXXX > out/run
	$(VITC) train digits -o $$(cat out/run)
	$(PYTHON) specs/quickstart/picture.py $$(cat out/run)/picture.png
	$(VITC) predict $$(cat out/run)/export $$(cat out/run)/picture.png --top 3
	$(VITC) train digits --resume $$(cat out/run)

clean:
	rm -rf $(VENV) build out runs
