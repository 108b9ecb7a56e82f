#!/usr/bin/env bash
# Measure what the suite promises, each figure beside a reference measured in the same run.
#   BENCH=name,name  only these: door batch mllp adt dft latency log parse rest fhir event broker x12
#   QUICK=1          small counts, to try the bench itself
#   KEEP=1           leave the scratch databases
. "$(dirname "$0")/env.sh"
"$ROOT/scripts/setup.sh"
pg_env
cd "$ROOT/scripts"

# What the suite is compared with lives in the bench's own folder and is no dependency of the project.
extras=$BUILD/bench/extras
requirements=$ROOT/scripts/bench/requirements.txt
if ! stamp bench "$requirements" || [ ! -d "$extras" ]; then
  rm -rf "$extras"
  mkdir -p "$BUILD/bench"
  progress "Installing what the bench compares with" \
    "$PY" -m pip install -q --no-deps --disable-pip-version-check --target "$extras" -r "$requirements"
  stamped bench "$requirements"
fi
exec "$PY" -m bench
