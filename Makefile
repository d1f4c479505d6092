# Everything that needs packages makes .venv first, and again when setup.cfg changes.

PYTHON ?= python3
BIN := .venv/bin
ROUNDS ?= 200
DIR ?= certs/local
ROLE ?= admin
TESTS ?= tests

.PHONY: help venv test coverage badnetwork oldest lint docs screens news demo bench torture soak \
    cert token proto clean

help:
	@echo 'make demo      see it work: a daemon, certificates, tokens, real jobs'
	@echo 'make venv      make .venv, with everything that is needed'
	@echo 'make test      run all tests'
	@echo 'make coverage  run $$TESTS (all of them), and say which lines and branches were not run'
	@echo 'make lint      check style, types and generated code'
	@echo 'make docs      make the documentation: docs/_build/html/index.html'
	@echo 'make screens   take what terminals show in the documentation again'
	@echo 'make news      show what the next release will say is new'
	@echo 'make cert      make certificates and keys in $$DIR (certs/local)'
	@echo 'make token     issue a token for $$ROLE (admin, user, observer) there'
	@echo 'make bench     measure speed and memory'
	@echo 'make torture   kill gateway and supervisor at random, $$ROUNDS times'
	@echo 'make badnetwork  follow 200 MB, and watch jobs, over a network with a hundred cuts'
	@echo 'make soak      run ten thousand jobs and watch what grows'
	@echo 'make oldest    run all tests with the oldest dependencies'
	@echo 'make proto     generate code from proto/ again'
	@echo 'make clean     remove what was made here, but for certificates and tokens'

venv:
	@PYTHON='$(PYTHON)' sh scripts/venv

test: venv
	@sh scripts/programs
	$(BIN)/python -m twisted.trial tests

coverage: venv
	$(BIN)/coverage erase
	@status=0; $(BIN)/coverage run -m twisted.trial $(TESTS) || status=$$?; \
	    $(BIN)/coverage combine --quiet && $(BIN)/coverage report && exit $$status

oldest:
	@PYTHON='$(PYTHON)' sh scripts/oldest

lint: venv
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/mypy jobworker tests benchmarks docs
	@PYTHON='$(PYTHON)' sh scripts/proto --check

docs: venv
	$(BIN)/python -m sphinx -W --keep-going -n -q docs docs/_build/html

screens: venv
	$(BIN)/python -m tests.screens

news: venv
	@$(BIN)/towncrier build --draft --version next 2>/dev/null

demo: venv
	@sh scripts/demo

bench: venv
	$(BIN)/python -m benchmarks

torture: venv
	$(BIN)/python -m tests.torture $(ROUNDS)

badnetwork: venv
	BAD_NETWORK=1 $(BIN)/python -m twisted.trial tests.system.test_badnetwork

soak: venv
	$(BIN)/python -m benchmarks.soak

cert: venv
	$(BIN)/jobworker certs init $(DIR)

token: venv
	@test -e $(DIR)/token_key.pem || { echo 'there are no keys in $(DIR): run make cert' >&2; exit 1; }
	$(BIN)/jobworker token issue --request certs/$(ROLE).yaml \
	    --key $(DIR)/token_key.pem --out $(DIR)/$(ROLE).jwt

proto:
	@PYTHON='$(PYTHON)' sh scripts/proto

clean:
	rm -rf .venv .venv-* build dist _trial_temp* .mypy_cache .ruff_cache .hypothesis \
	    .coverage* *.egg-info twisted/plugins/dropin.cache docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
