# One command each: `make digest` makes the sample issue, `make test` runs every test.
# Both set up what they need in .venv first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WEEK   := 2026-W12

.PHONY: digest test bench clean chromium

digest: $(READY)
	@$(BIN)/digest subscribers import examples/week/subscribers.csv --yes
	@$(BIN)/digest weekly --week $(WEEK)
	@echo
	@echo "Open:  file://$(CURDIR)/var/issues/$(WEEK)/issue.html"
	@echo "Queue: $(CURDIR)/subscribers.db  ($(BIN)/digest queue)"
	@echo "Look:  $(BIN)/digest preview"

test: $(READY) chromium
	@# Many tests wait, for a server or a browser: one process more than there are cores.
	$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))') --dist worksteal $(ARGS)

# pip below 23.3 cannot install sumy and readability-lxml together (breadability asks for lxml[html_clean],
# readability for lxml[html-clean]), so it is upgraded first.
$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=23.3'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The browser tests drive Debian's Chromium; where it cannot be installed they say that they were skipped.
chromium:
	@command -v chromium >/dev/null || [ -n "$$CHROMIUM" ] || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo "no Chromium here: the browser tests will be skipped (install the package chromium)"; fi; }

bench: $(READY)
	@echo "See bench/README.md: each figure has its command."

clean:
	rm -rf $(VENV) build var subscribers.db subscribers.db-* keys .pytest_cache .mypy_cache .ruff_cache .hypothesis
