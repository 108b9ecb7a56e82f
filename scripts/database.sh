#!/usr/bin/env bash
# Databases made from templates, so that a new one takes a moment:
#   database.sh template   make the template with all addons if it is missing or outdated; print its name
#   database.sh fresh DB   a copy of it
#   database.sh demo DB    a copy with the demo hospital, loaded once and kept as a template too
. "$(dirname "$0")/env.sh"
pg_env

# What other Odoo addons the suite stands on; this layer changes only with Odoo itself.
BASE_ADDONS=web,mail,product,account,analytic,stock,purchase,hr,calendar

exists() { [ "$(psql -qAt -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]; }

install() { # install DB ADDONS
  "$PY" "$ROOT/scripts/conf.py" "$BUILD/install.conf" "db_name=$1" "data_dir=$BUILD/data" proxy_mode=False workers=0 max_cron_threads=0
  "$ODOO" -c "$BUILD/install.conf" -d "$1" -i "$2" --stop-after-init --no-http --without-demo=1 --log-level=warn
}

rebuild() { # rebuild NAME FROM ADDONS: into a working name first, so that a half-made template is never used
  dropdb --if-exists -f "$1" 2>/dev/null
  dropdb --if-exists -f "$1_new" 2>/dev/null
  if [ -n "$2" ]; then createdb -T "$2" "$1_new"; else createdb -T template0 -E UTF8 "$1_new"; fi
  progress "Installing ${4:-$3}" install "$1_new" "$3"
  psql -qAt -d "$1_new" -c "INSERT INTO ir_config_parameter (key, value) VALUES ('ir_attachment.location', 'db') ON CONFLICT (key) DO UPDATE SET value = 'db'" >/dev/null
  [ -z "${5:-}" ] || progress "Building the web client's assets" "$5" "$1_new"
  psql -qAt -d postgres -c "ALTER DATABASE \"$1_new\" RENAME TO \"$1\"" >/dev/null
}

assets() { # pre-build the assets, stored in the database
  echo "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()" |
    "$ODOO" shell -c "$BUILD/install.conf" -d "$1" --no-http --log-level=warn
}

addons() { ls -d "$ROOT"/addons/*/__manifest__.py | xargs -n1 dirname | xargs -n1 basename | sort | paste -sd,; }

base_name() { echo "interop_base_$(echo "$BASE_ADDONS $("$PY" -c 'import odoo.release as r; print(r.__file__)')" | cat - "$ROOT/requirements.lock" | sha256sum | cut -c1-10)"; }
# Everything that an installed database depends on: not the tests, not the documentation.
full_name() {
  echo "interop_tpl_$( (cd "$ROOT" && base_name && find addons -type f ! -path '*/tests/*' ! -name '*.pyc' ! -name '*.md' -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-10)"
}

drop_like() {
  psql -qAt -d postgres -c "SELECT datname FROM pg_database WHERE datname LIKE '$1'" | while read -r old; do
    dropdb --if-exists -f "$old"
  done
}

template() {
  exec 8> "$BUILD/template.lock"
  flock 8
  local base full
  base=$(base_name)
  full=$(full_name)
  exists "$base" || rebuild "$base" "" "$BASE_ADDONS" "Odoo's own addons"
  if ! exists "$full"; then
    drop_like 'interop\_tpl\_%'
    rebuild "$full" "$base" "$(addons)" "the suite's addons" assets
  fi
  echo "$full"
}

demo() { # the same with the demo hospital loaded
  local full hospital
  full=$(template)
  hospital=interop_hospital_${full#interop_tpl_}
  if ! exists "$hospital"; then
    drop_like 'interop\_hospital\_%'
    createdb -T "$full" "${hospital}_new"
    "$PY" "$ROOT/scripts/conf.py" "$BUILD/install.conf" "db_name=${hospital}_new" "data_dir=$BUILD/data" proxy_mode=False
    progress "Loading the demo hospital" "$ROOT/scripts/load_demo.sh" "$BUILD/install.conf" "${hospital}_new"
    psql -qAt -d postgres -c "ALTER DATABASE \"${hospital}_new\" RENAME TO \"$hospital\"" >/dev/null
  fi
  echo "$hospital"
}

copy() { # copy TEMPLATE DB
  dropdb --if-exists -f "$2" 2>/dev/null
  createdb -T "$1" "$2"
}

case ${1:-} in
  template) template ;;
  fresh) name=$(template) && copy "$name" "$2" ;;
  demo) name=$(demo) && copy "$name" "$2" ;;
  *) fail "usage: database.sh template|fresh DB|demo DB" ;;
esac
