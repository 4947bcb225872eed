#!/usr/bin/env bash
# All tests with the commands in folder $1, on two cores. The browser waits for half of the time, so its tests run
# one by one beside the others, which go two at a time and give way to it.
set -uo pipefail
bin=$1
told=$(mktemp)
"$bin/pytest" -m browser tests/browser >"$told" 2>&1 &
browser=$!
trap 'kill "$browser" 2>/dev/null; rm -f "$told"' EXIT
failed=0
nice -n 5 "$bin/pytest" -m "not browser" --numprocesses 2 --dist loadfile || failed=$?
wait "$browser" || failed=$?
echo "The browser:"
cat "$told"
exit "$failed"
