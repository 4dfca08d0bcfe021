#!/usr/bin/env bash
# Renew the hashed locks in requirements/ from setup.cfg: newest versions that fit, every platform.
# Called by `make lock`; needs the development tools (uv).
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
options=(--quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header)
# Without a header and index options the files name neither a host nor a path of this machine.
"$uv" pip compile setup.cfg --extra build "${options[@]}" --output-file requirements/run.txt
"$uv" pip compile setup.cfg --extra build --extra dev "${options[@]}" \
    --constraint requirements/run.txt --output-file requirements/dev.txt
"$uv" pip compile setup.cfg --extra build --extra dev --extra bench "${options[@]}" \
    --constraint requirements/dev.txt --output-file requirements/bench.txt
if grep -nE '://|^-|@ file' requirements/*.txt; then
    echo "A lock names an address or a path; it must not." >&2
    exit 1
fi
