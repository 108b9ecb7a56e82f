#!/usr/bin/env bash
# Check the style of the code; LINT_FIX=1 repairs what can be repaired.
. "$(dirname "$0")/env.sh"
cd "$ROOT"
if [ -n "${LINT_FIX:-}" ]; then
  "$VENV/bin/ruff" check --fix -q addons scripts tests || true
  "$VENV/bin/ruff" format -q addons scripts tests
fi
"$VENV/bin/ruff" check addons scripts tests
"$VENV/bin/ruff" format --check -q addons scripts tests || fail "files are not formatted: LINT_FIX=1 make lint"
if ! stamp pylint $(git ls-files 'addons/*.py' .pylintrc | while read -r f; do [ -f "$f" ] && echo "$f"; done); then
  "$VENV/bin/pylint" $(ls -d addons/*/__manifest__.py | xargs -n1 dirname)
  stamped pylint $(git ls-files 'addons/*.py' .pylintrc | while read -r f; do [ -f "$f" ] && echo "$f"; done)
fi
