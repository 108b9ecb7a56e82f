#!/usr/bin/env bash
# The project's own PostgreSQL cluster: pg.sh start|stop|kill|restart|status
#
# It listens on a Unix socket only, runs as user postgres when the caller is
# root, and is not used at all when PGHOST names an existing server.
. "$(dirname "$0")/env.sh"

command=${1:-start}
if [ -n "${PGHOST:-}" ]; then
  psql -qAt -d postgres -c 'select 1' >/dev/null 2>&1 || fail "PGHOST is set to $PGHOST but no PostgreSQL answers there as user ${PGUSER:-$(id -un)}"
  exit 0
fi

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null || echo /nonexistent/x)")
[ -x "$bin/initdb" ] || fail "PostgreSQL is missing: install the package postgresql, or set PGHOST, PGPORT, PGUSER and PGPASSWORD"

key=$(echo "$BUILD" | sha256sum | cut -c1-8)
run=(env -C /)
data=$BUILD/pg
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || fail "user postgres is missing: install the package postgresql"
  run=(runuser -u postgres -- env -C /)
  mkdir -p "$BUILD"
  # A checkout below a private home cannot be reached by user postgres.
  "${run[@]}" test -x "$BUILD" || data=/var/tmp/interop-pg-$key
fi
socket=/tmp/interop-pg-$key
port=54329
mkdir -p "$data" "$socket"
chmod 0700 "$data"
if [ "$(id -u)" = 0 ]; then chown postgres: "$data" "$socket"; fi

if [ ! -f "$data/PG_VERSION" ]; then
  "${run[@]}" "$bin/initdb" -D "$data" -U odoo -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
  cat >> "$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$socket'
port = $port
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 4GB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
log_min_messages = fatal
log_min_error_statement = panic
CONF
fi
printf 'PGHOST=%s\nPGPORT=%s\n' "$socket" "$port" > "$BUILD/pg.env"

status() { "${run[@]}" "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }
case $command in
  start) status || "${run[@]}" "$bin/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 start >/dev/null 9>&- ||
           { tail -n 5 "$data/server.log" >&2; fail "the project's PostgreSQL did not start"; } ;;
  stop) ! status || "${run[@]}" "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null ;;
  kill) kill -9 "$(head -n 1 "$data/postmaster.pid")" ;;
  status) status ;;
  *) fail "usage: pg.sh start|stop|kill|status" ;;
esac
