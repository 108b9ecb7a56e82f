# Where the project's machine-made things live. Sourced by every script.
# shellcheck shell=bash
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${INTEROP_BUILD:-$ROOT/.build}
VENV=$BUILD/venv
PY=$VENV/bin/python
ODOO=$VENV/bin/odoo
STAMPS=$BUILD/stamps
LOGS=$BUILD/logs
export INTEROP_KEYRING=${INTEROP_KEYRING:-$BUILD/keyring.json}
export ROOT BUILD VENV PY ODOO STAMPS LOGS
export PYTHONDONTWRITEBYTECODE=1
umask 022

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# stamp NAME FILE...: true when nothing that NAME depends on has changed since `stamped NAME FILE...`.
_sum() { cat "$@" | sha256sum | cut -c1-24; }
stamp() { local name=$1; shift; [ -f "$STAMPS/$name" ] && [ "$(cat "$STAMPS/$name")" = "$(_sum "$@")" ]; }
stamped() { local name=$1; shift; mkdir -p "$STAMPS"; _sum "$@" > "$STAMPS/$name"; }

# progress TEXT COMMAND...: run COMMAND with its output in a log file and a line that shows time passing.
progress() {
  local text=$1; shift
  mkdir -p "$LOGS"
  local log; log=$LOGS/$(echo "$text" | tr -cs 'A-Za-z0-9' '-' | cut -c1-40).log
  local start=$SECONDS
  "$@" > "$log" 2>&1 < /dev/null &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if [ -t 2 ]; then printf '\r    %s … %ss ' "$text" "$((SECONDS - start))" >&2
    elif (( (SECONDS - start) % 15 == 14 )); then printf '    %s … %ss\n' "$text" "$((SECONDS - start))" >&2; fi
    sleep 1
  done
  if wait "$pid"; then
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    printf '    %s: done in %ss\n' "$text" "$((SECONDS - start))" >&2
  else
    printf '\n' >&2; tail -n 25 "$log" >&2
    fail "$text failed (whole log: ${log#"$ROOT"/})"
  fi
}

# The server's own PostgreSQL settings are written by scripts/pg.sh.
pg_env() {
  if [ -z "${PGHOST:-}" ]; then
    # shellcheck disable=SC1091
    [ -r "$BUILD/pg.env" ] && . "$BUILD/pg.env"
  fi
  export PGHOST PGPORT PGUSER=${PGUSER:-odoo}
}
