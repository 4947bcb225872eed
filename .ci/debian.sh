#!/usr/bin/env bash
# What the tests need besides Python: a Chromium or Chrome, software GL, osmium-tool as the second counter,
# MapServer as a real WFS, PostgreSQL as the second database, GRASS for horizons, mosquitto as a real MQTT
# broker. On Debian as root it is installed; elsewhere what is missing is named, and the tests that need it
# are skipped.
set -euo pipefail

missing=()
browser=${TWIN_BROWSER:-}
for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
[ -n "$browser" ] || missing+=(chromium)
command -v osmium >/dev/null || missing+=(osmium-tool)
[ -x /usr/lib/cgi-bin/mapserv ] || command -v mapserv >/dev/null || missing+=(cgi-mapserver)
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v grass >/dev/null || missing+=(grass-core)
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
if command -v dpkg >/dev/null; then
    for name in libgl1-mesa-dri libegl1-mesa; do
        dpkg -s "$name" >/dev/null 2>&1 || missing+=("$name")
    done
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    exit 0
fi
echo "Missing: ${missing[*]}. Debian and Ubuntu: sudo apt-get install ${missing[*]}" >&2
if [ -z "$browser" ]; then
    echo "The browser tests need Chromium or Chrome; TWIN_BROWSER=/path/to/it is taken as well." >&2
    exit 1
fi
