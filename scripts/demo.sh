#!/usr/bin/env bash
# Play a hospital day through the front door of a fresh demo and leave it running.
. "$(dirname "$0")/env.sh"
PORT=${PORT:-8069}
started=$SECONDS
"$ROOT/scripts/setup.sh"
pg_env
"$ROOT/scripts/stop.sh" --keep-database
say "Database of the demo hospital"
"$ROOT/scripts/database.sh" demo interop_demo
# The public address: the issuer of tokens, and the audience of clients' assertions.
psql -qAt -d interop_demo -c "INSERT INTO ir_config_parameter (key, value) VALUES ('web.base.url', 'http://127.0.0.1:$PORT'), ('web.base.url.freeze', 'True')
  ON CONFLICT (key) DO UPDATE SET value = excluded.value" >/dev/null
broker=
if [ -n "${BROKER:-}" ]; then
  say "Message broker"
  "$ROOT/scripts/broker.sh" start
  INTEROP_BROKER_URL=$("$ROOT/scripts/broker.sh" url)
  export INTEROP_BROKER_URL
  broker="Broker         topic exchange interop.events at $INTEROP_BROKER_URL"
  psql -qAt -d interop_demo -c "SELECT 1 FROM interop_subscription WHERE kind = 'broker'" | grep -q 1 ||
    echo "env['health.suite.demo']._load_broker(); env.cr.commit()" |
    "$ODOO" shell -c "$BUILD/install.conf" -d interop_demo --no-http --log-level=warn --logfile=
fi
"$PY" "$ROOT/scripts/conf.py" "$BUILD/demo.conf" db_name=interop_demo "data_dir=$BUILD/data" proxy_mode=False \
  workers=2 max_cron_threads=3 "http_port=$PORT" "gevent_port=$((PORT + 3))" http_interface=127.0.0.1 \
  "logfile=$BUILD/logs/demo.log"

say "Starting Odoo on port $PORT"
: > "$BUILD/logs/demo.log"
setsid "$ODOO" -c "$BUILD/demo.conf" 9>&- > "$BUILD/logs/demo.out" 2>&1 < /dev/null &
echo $! > "$BUILD/demo.pid"
for n in $(seq 120); do
  if "$PY" -c "import sys, urllib.request as u; u.urlopen('http://127.0.0.1:$PORT/web/health', timeout=2)" 2>/dev/null; then break; fi
  kill -0 "$(cat "$BUILD/demo.pid")" 2>/dev/null || { tail -n 5 "$BUILD/logs/demo.out" "$BUILD/logs/demo.log" >&2; fail "Odoo did not start (is port $PORT free? PORT= chooses another)"; }
  [ "$n" != 120 ] || fail "Odoo did not answer on port $PORT"
  sleep 0.5
done
"$PY" "$ROOT/scripts/play_day.py" --url "http://127.0.0.1:$PORT"
cat <<TEXT

  Odoo           http://127.0.0.1:$PORT/odoo    login: admin   password: admin
  HL7 v2         http://127.0.0.1:$PORT/interop/v1/inbound/ehr-adt    demo-ehr / demo-ehr-secret
  REST API       http://127.0.0.1:$PORT/interop/v1/docs    demo-portal / demo-portal-secret
  FHIR R4        http://127.0.0.1:$PORT/fhir/r4/metadata   the same
${broker:+  $broker
}  Stop it with   make stop                      (took $((SECONDS - started)) s)
TEXT
