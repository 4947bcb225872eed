#!/usr/bin/env bash
# Runs a command; meanwhile gets ready what the tests need: Debian packages, kernels compiled once for all.
# $1 is the folder of Python. What fails beside the command is told by the tests that miss it.
set -uo pipefail
bin=$1
shift
bash .ci/debian.sh >/dev/null 2>&1 &
"$bin/python" -c "from tests.small_town import answered; answered()" >/dev/null 2>&1 &
"$@"
code=$?
wait
exit "$code"
