#!/usr/bin/env bash
# Stop the demo server, and the project's own PostgreSQL.
. "$(dirname "$0")/env.sh"
pidfile=$BUILD/demo.pid
if [ -f "$pidfile" ]; then
  pid=$(cat "$pidfile")
  if kill -0 "$pid" 2>/dev/null && grep -qa odoo "/proc/$pid/cmdline" 2>/dev/null; then
    kill -TERM "$pid"
    for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || break; sleep 0.25; done
    kill -0 "$pid" 2>/dev/null && kill -KILL "$pid"
    say "The demo is stopped"
  fi
  rm -f "$pidfile"
fi
[ "${1:-}" = --keep-database ] || [ ! -d "$BUILD/broker" ] || "$ROOT/scripts/broker.sh" stop
[ "${1:-}" = --keep-database ] || [ ! -f "$BUILD/pg.env" ] || "$ROOT/scripts/pg.sh" stop
