# make help lists everything.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8069
export PORT BROKER ADDON TESTS ODOO_HOME PYTHON

.PHONY: help demo stop test lint bench setup shell clean lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo; echo "  PORT=8069          port of the demo"
	@echo "  BROKER=1           make demo: with RabbitMQ beside it"
	@echo "  ADDON=interop_hub  make test: only this addon's tests"
	@echo "  ODOO_HOME=folder   use an existing Odoo 19 instead of Debian's package"
	@echo "  PGHOST=…           use an existing PostgreSQL instead of an own cluster"

setup: ## set up whatever is missing
	@scripts/setup.sh --tests

demo: ## play a hospital day and leave the demo running
	@scripts/demo.sh

stop: ## stop the demo and the project's PostgreSQL
	@scripts/stop.sh

test: ## lint and every test
	@scripts/test.sh

lint: ## check the style of the code
	@scripts/setup.sh && scripts/lint.sh

bench: ## measure, each figure beside its reference
	@scripts/bench.sh

lock: ## write requirements.lock anew from the newest versions
	@scripts/lock.sh

clean: stop ## remove everything that was set up
	@rm -rf .build
