# Everything starts here, on a machine with nothing but Python 3.11 or newer, git and make. `make help` lists it all.
.DEFAULT_GOAL := help
.PHONY: help setup demo dev test audit journey bench lint types shell reset
MAKEFLAGS += --no-print-directory
# Five processes of the demo import the same packages: compiling them anew each time costs more than all the rest.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
UV := uv==0.13.9
# PYTHON= chooses an interpreter; else the first of these that is new enough.
CANDIDATES := $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14 python)
# What mypy reads strictly: the ground, and every service, selector and access of the apps.
TYPED := manage.py backmarket $(wildcard */services.py */services */selectors.py */selectors */access.py)
# An environment as in production, for checks that only make sense there; no secret of anyone.
PRODUCTION := env DEBUG=0 TESTING=0 DEMO=0 ALLOW_SANDBOX=1 SITE_URL=https://shop.example ALLOWED_HOSTS=shop.example \
	SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(50))") \
	FIELD_ENCRYPTION_KEYS=$$($(PY) -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())")

help:  ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## The virtual environment with the locked packages; quick when nothing changed
	@cmp -s requirements.lock $(VENV)/installed.lock && $(PY) -c "" 2>/dev/null && exit 0; \
	for python in $(CANDIDATES); do \
		"$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed; tried: $(CANDIDATES). Name one with PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	if ! $(PY) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
		echo "Virtual environment with $$python …"; \
		"$$python" -m venv --clear $(VENV) >/dev/null || { \
			echo "$$python cannot make a virtual environment (Debian and Ubuntu: apt-get install python3-venv)" >&2; \
			exit 1; }; \
	fi; \
	echo "Packages of requirements.lock …"; \
	{ $(PY) -m pip install --quiet --disable-pip-version-check $(UV) \
		&& $(PY) -m uv pip install --quiet --compile-bytecode --python $(PY) --requirement requirements.lock; } \
	|| $(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock || exit 1; \
	cp requirements.lock $(VENV)/installed.lock

demo: setup  ## Run the product with demo data at http://127.0.0.1:8000 (PORT= to change)
	@exec $(PY) manage.py demo

dev: setup  ## The same with debug pages, reloading when the code changes
	@exec $(PY) manage.py dev

test: setup  ## Run all tests (ARGS= for pytest)
	@exec $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

audit: setup  ## Lighthouse and the Nu HTML checker over the demo (needs npm, a Java and a Chromium; PORT=, ARGS=--url=…)
	@exec $(PY) manage.py audit $(ARGS)

journey: setup  ## Play the whole circle in the terminal (ARGS=--json for a machine)
	@exec $(PY) manage.py journey $(ARGS)

bench: setup  ## Measure the shop at several sizes, beside a page of constants (SIZES=1k,10k,100k JSON=file); needs wrk
	@exec $(PY) manage.py bench $(if $(SIZES),--sizes $(SIZES)) $(if $(JSON),--json $(JSON)) $(ARGS)

lint: setup types  ## Format, rules, types, missing migrations, settings of production, stale diagrams
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PRODUCTION) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	@$(PRODUCTION) $(PY) manage.py draw_states --check

types: setup  ## mypy, strict
	@DEBUG=1 $(PY) -m mypy --follow-imports=silent --exclude '/migrations/|/management/seed|/admin' $(TYPED)

shell: setup  ## A Python shell with the models
	@exec $(PY) manage.py shell

reset: setup  ## Delete all local data, after asking
	@exec $(PY) manage.py reset
