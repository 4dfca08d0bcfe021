#!/usr/bin/env bash
# Bring the schema up, load the demo year once, and serve; called by `make run`.
#   scripts/run.sh [--port N]
set -euo pipefail
cd "$(dirname "$0")/.."
port=8000
[ "${1:-}" = --port ] && port=$2
export FUNDSVC_BASE_URL=${FUNDSVC_BASE_URL:-http://localhost:$port}

.venv/bin/fundsvc db upgrade
# The demo year is for empty books: it does nothing but tell the sign-in when it is there already.
.venv/bin/fundsvc demo
exec .venv/bin/fundsvc serve --port "$port"
