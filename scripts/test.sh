#!/usr/bin/env bash
# Lint and every test; ADDON=name runs only that addon's tests, TESTS=path only those of tests/.
. "$(dirname "$0")/env.sh"
"$ROOT/scripts/setup.sh" --tests
pg_env
cd "$ROOT"
export INTEROP_CORPUS=${INTEROP_CORPUS:-$ROOT/../shared/data/open}
if [ -n "${ADDON:-}" ]; then
  [ -d "addons/$ADDON" ] || fail "there is no addon $ADDON; there are: $(ls addons | paste -sd' ')"
else
  say "Lint"
  "$ROOT/scripts/lint.sh"
fi
say "Databases"
INTEROP_TEMPLATE=$("$ROOT/scripts/database.sh" template)
export INTEROP_TEMPLATE
say "Tests"
if [ -n "${ADDON:-}" ]; then
  exec "$PY" -m pytest tests/test_addons.py -k "$ADDON"
fi
exec "$PY" -m pytest ${TESTS:-tests}
