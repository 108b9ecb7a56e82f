#!/usr/bin/env bash
# Write requirements.lock anew: the newest versions that fit together. Run the tests before you commit it.
. "$(dirname "$0")/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -hv -e '^odoo' -e '^-r' "$ROOT/requirements.txt" "$ROOT/requirements-dev.txt" > "$work/in.txt"
"${PYTHON:-python3}" -m venv "$work/venv"
progress "Resolving" "$work/venv/bin/pip" install -q --disable-pip-version-check -r "$work/in.txt"
{
  echo "# Everything that was tested together (Python 3.11). scripts/lock.sh writes this file."
  "$work/venv/bin/pip" freeze
} > "$ROOT/requirements.lock"
