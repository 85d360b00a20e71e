#!/bin/sh
# Prints the path of a browser for tests that look at pages. Where there is none and Debian's packages may be
# installed, installs Chromium; elsewhere prints nothing.
found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! found >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium; } >&2
fi
found || true
