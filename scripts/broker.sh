#!/usr/bin/env bash
# The project's own RabbitMQ node: broker.sh start|stop|kill|status|url
#
# It listens on the loopback interface only, keeps everything below .build, and
# is no system service. Install Debian's package rabbitmq-server for it.
. "$(dirname "$0")/env.sh"

command=${1:-start}
port=${INTEROP_BROKER_PORT:-25671}
home=$BUILD/broker
bin=/usr/lib/rabbitmq/bin
[ -x $bin/rabbitmq-server ] || fail "RabbitMQ is missing: install the package rabbitmq-server"

run=(env)
if [ "$(id -u)" = 0 ]; then
  # Below a private home it cannot be reached by user rabbitmq.
  mkdir -p "$BUILD"
  runuser -u rabbitmq -- test -x "$BUILD" || home=/var/tmp/interop-broker-$(echo "$BUILD" | sha256sum | cut -c1-8)
  mkdir -p "$home"
  chown -R rabbitmq "$home"
  run=(runuser -u rabbitmq -- env)
fi
mkdir -p "$home"
settings=(
  -u LOGS -C / HOME="$home" LANG=C.UTF-8
  RABBITMQ_NODENAME="interop$port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port"
  RABBITMQ_DIST_PORT=$((port + 1)) ERL_EPMD_PORT=$((port + 2)) ERL_EPMD_ADDRESS=127.0.0.1
  RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/log" RABBITMQ_PID_FILE="$home/pid"
  RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" RABBITMQ_CONFIG_FILE="$home/rabbitmq" RABBITMQ_CONF_ENV_FILE="$home/env.conf"
)
running() { [ -s "$home/pid" ] && kill -0 "$(cat "$home/pid")" 2>/dev/null; }

case $command in
  start)
    if ! running; then
      : > "$home/plugins"
      echo "[]." > "$home/plugins"
      : > "$home/env.conf"
      printf 'loopback_users.guest = true\nlog.file.level = warning\n' > "$home/rabbitmq.conf"
      "${run[@]}" "${settings[@]}" setsid $bin/rabbitmq-server > "$home/out.log" 2>&1 < /dev/null &
      for _ in $(seq 120); do
        if running && "${run[@]}" "${settings[@]}" $bin/rabbitmqctl await_startup --timeout 60 > /dev/null 2>&1; then break; fi
        sleep 0.5
      done
      running || fail "RabbitMQ did not start, see $home/out.log"
    fi
    echo "amqp://guest:guest@127.0.0.1:$port//"
    ;;
  url) echo "amqp://guest:guest@127.0.0.1:$port//" ;;
  stop)
    if running; then "${run[@]}" "${settings[@]}" $bin/rabbitmqctl stop "$home/pid" > /dev/null 2>&1 || true; fi
    "${run[@]}" "${settings[@]}" epmd -kill > /dev/null 2>&1 || true
    ;;
  kill) if running; then kill -KILL "$(cat "$home/pid")"; fi ;;
  status) running ;;
  *) fail "usage: broker.sh start|stop|kill|status|url" ;;
esac
