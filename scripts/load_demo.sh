#!/usr/bin/env bash
# Load the demo hospital into a database: load_demo.sh CONF DB
. "$(dirname "$0")/env.sh"
echo "env['health.suite.demo']._load(); env.cr.commit()" | "$ODOO" shell -c "$1" -d "$2" --no-http --log-level=warn --logfile=
