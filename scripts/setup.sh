#!/usr/bin/env bash
# Set up whatever is missing: setup.sh [--tests]
# Every step is skipped when it was done before and nothing it depends on has changed.
. "$(dirname "$0")/env.sh"

with_tests= with_broker=${BROKER:-}
[ "${1:-}" != --tests ] || with_tests=1 with_broker=1
mkdir -p "$BUILD" "$STAMPS" "$LOGS"
exec 9> "$BUILD/setup.lock"
flock 9

# debian PACKAGE...: install Debian packages, or say in one line what is missing.
debian() {
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  if ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
    fail "please install: $* (Debian package names), then run this again"
  fi
  [ -f "$STAMPS/apt-updated" ] || progress "Reading Debian's package lists" "${sudo[@]}" apt-get -qq update
  : > "$STAMPS/apt-updated"
  progress "Installing $*" "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
}

# RabbitMQ's package would start a service of the whole machine; ours runs below .build.
debian_without_service() {
  local policy=/usr/sbin/policy-rc.d sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  if [ -e $policy ]; then
    debian "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null 2>&1 && "${sudo[@]}" chmod +x $policy || true
  debian "$@"
  "${sudo[@]}" rm -f $policy
}

PYTHON=${PYTHON:-python3}
command -v "$PYTHON" >/dev/null || debian python3 python3-venv
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "please install Python 3.11 or newer, or name one with PYTHON="
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv

if [ -z "${PGHOST:-}" ]; then
  ls -d /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || debian postgresql
fi
command -v psql >/dev/null || debian postgresql-client
if [ -n "$with_tests" ]; then
  command -v chromium >/dev/null || debian chromium fonts-liberation
  { command -v node && command -v npm; } >/dev/null || debian nodejs npm
fi
if [ -n "$with_broker" ]; then
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || debian_without_service rabbitmq-server
fi

# Odoo 19: an existing checkout, or Debian's package unpacked into the build folder.
if [ -n "${ODOO_HOME:-}" ]; then
  odoo_path=$ODOO_HOME
  [ -d "$odoo_path/odoo" ] || fail "ODOO_HOME=$ODOO_HOME holds no odoo folder"
else
  odoo_path=$BUILD/odoo/tree/usr/lib/python3/dist-packages
  if ! stamp odoo "$ROOT/scripts/odoo_from_debian.sh" || [ ! -d "$odoo_path/odoo" ]; then
    [ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || debian debian-archive-keyring
    progress "Fetching Odoo 19 from Debian" "$ROOT/scripts/odoo_from_debian.sh" "$BUILD/odoo"
    stamped odoo "$ROOT/scripts/odoo_from_debian.sh"
  fi
fi

# Debian leaves out a prebuilt library of the video chat; without the file every page logs an error.
segmentation=$odoo_path/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js
if [ -z "${ODOO_HOME:-}" ] && [ ! -e "$segmentation" ]; then
  mkdir -p "$(dirname "$segmentation")"
  : > "$segmentation"
fi

locks=("$ROOT/requirements.lock")
if ! stamp venv "${locks[@]}" || [ ! -x "$PY" ] || ! "$PY" -c 'import requests, jose, pydantic' 2>/dev/null; then
  progress "Creating the virtual environment" "$PYTHON" -m venv --clear "$VENV"
  progress "Installing the Python packages" "$PY" -m pip install -q --no-deps --disable-pip-version-check -r "$ROOT/requirements.lock"
  stamped venv "${locks[@]}"
fi
site=$("$PY" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
echo "$odoo_path" > "$site/odoo.pth"
{ echo "#!$PY"; cat "$ROOT/scripts/odoo_launcher.py"; } > "$ODOO.new"
chmod +x "$ODOO.new"
mv "$ODOO.new" "$ODOO"
"$PY" -c 'import odoo.release as r, sys; sys.exit(r.version_info[0] != 19)' || fail "$odoo_path is not Odoo 19"

"$ROOT/scripts/pg.sh" start
(umask 077; cd "$ROOT/addons/interop_hub" && "$PY" -c 'import keyring; keyring.ring()')
