#!/usr/bin/env bash
# Makes the Python environment $1 and installs this project with the locked versions; $2: "." or ".[test]".
set -euo pipefail
venv=$1 what=$2

python=""
for name in python3.11 python3.12 python3.13 python3.14 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed and was not found. Install it (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ]; then
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
            apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv
        else
            echo "$python cannot make environments. Install its venv package (Debian: apt-get install python3-venv)." >&2
            exit 1
        fi
    fi
    "$python" -m venv "$venv"
fi
echo "Installing into $venv (locked versions, some minutes the first time)"
pip() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
# uv does in half a minute what takes pip three; where it cannot be had, or does not reach what pip does, pip does it
if pip uv && "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
    --constraint constraints.txt --editable "$what"; then
    exit 0
fi
pip --constraint constraints.txt --editable "$what"
