# The two commands of the README are `make demo` and `make test`; the rest is for those who build.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8050

.PHONY: help demo test check unit screenshots benchmark lock format clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: pyproject.toml constraints.txt
	@bash .ci/environment.sh $(VENV) "."
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt
	@bash .ci/environment.sh $(VENV) ".[test]"
	@touch $(VENV)/.run $@

demo: $(VENV)/.run  ## build the model town if it is missing and show it in the browser
	@$(BIN)/twin demo --port $(PORT)

test: $(VENV)/.test  ## all checks and all tests, the browser included
	@bash .ci/meanwhile.sh $(BIN) $(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory unit

check: $(VENV)/.test  ## style, types, arrows between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.test  ## the tests alone: two at a time, browsers one by one
	@bash .ci/debian.sh
	$(BIN)/pytest -m "not browser" --numprocesses 2 --dist loadfile
	$(BIN)/pytest -m browser tests/browser --reruns 1 -rR

screenshots: $(VENV)/.test  ## pictures of the README, from cities/neubrandenburg, model-town, nrw-tile, bayreuth; look at them
	$(BIN)/python -m tests.browser.screenshots cities/neubrandenburg neubrandenburg --query "pick=buildings:osm:w110528605"
	$(BIN)/python -m tests.browser.screenshots cities/model-town model-town-dark --query "theme=dark&colour=age_class"
	$(BIN)/python -m tests.browser.screenshots cities/nrw-tile nrw-lod2-roofs --query "pick=buildings:GUID_1543405942858_82262254"
	$(BIN)/python -m tests.browser.screenshots cities/bayreuth bayreuth-gradient --query "layers=buildings,streets,terrain,landuse:50,water,names&colour=streets.gradient_percent"
	$(BIN)/twin --lang en run cities/model-town data/scenarios/heat_plan.json -o cities/results
	$(BIN)/python -m tests.browser.screenshots cities/results/report.html scenario-heat-plan --size page
	$(BIN)/twin --lang en run cities/neubrandenburg data/scenarios/calm_centre.json -o cities/results --no-ranges
	$(BIN)/python -c "from PIL import Image; Image.open('cities/results/plots/traffic_change.png').convert('RGB').save('dash_app/screenshots/scenario-traffic-change.jpg', quality=82, optimize=True)"

benchmark: $(VENV)/.test  ## speed and memory, apart from the tests; takes minutes
	@bash .ci/debian.sh
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,peers]"
	$(BIN)/pytest tests/benchmarks --override-ini="addopts=--import-mode=importlib -p no:dash" -s

lock: pyproject.toml  ## choose the newest versions that fit and pin them in constraints.txt
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--no-annotate --no-emit-package troisdorf-twin --custom-compile-command "make lock" -o constraints.txt

format: $(VENV)/.test  ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what the commands made, cities excepted
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .benchmarks .hypothesis
