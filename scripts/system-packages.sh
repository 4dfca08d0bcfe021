#!/usr/bin/env bash
# Make sure of what pip cannot bring: the libraries that draw PDF, Python's venv and, with --dev,
# the browser of the browser tests and hledger, which must agree with what is exported; with --bench
# ledger, which is measured. Installs only what is missing, and only when it may (root or sudo
# without a password); else it says in one sentence what to install.
set -euo pipefail

python=${PYTHON:-python3}
wanted=()

has_library() {
    "$python" - "$1" <<'END'
import ctypes, sys
try:
    ctypes.CDLL(sys.argv[1])
except OSError:
    sys.exit(1)
END
}

has_library libpango-1.0.so.0 || wanted+=(libpango-1.0-0)
has_library libpangoft2-1.0.so.0 || wanted+=(libpangoft2-1.0-0)
# Without it WeasyPrint cuts fonts five times slower.
has_library libharfbuzz-subset.so.0 || wanted+=(libharfbuzz-subset0)
"$python" -c 'import ensurepip' 2>/dev/null || wanted+=(python3-venv)
if [ "${1:-}" = --dev ]; then
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || wanted+=(chromium)
    # The driver of the browser tests is linked with it.
    has_library libatomic.so.1 || wanted+=(libatomic1)
    command -v hledger >/dev/null || wanted+=(hledger)
fi
if [ "${1:-}" = --bench ]; then
    command -v ledger >/dev/null || wanted+=(ledger)
fi

[ ${#wanted[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install what Debian calls: ${wanted[*]}" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "Please install first: sudo apt-get install ${wanted[*]}" >&2
    exit 1
fi
echo "Installing ${wanted[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" apt-get -qq install --yes --no-install-recommends "${wanted[@]}" >/dev/null
