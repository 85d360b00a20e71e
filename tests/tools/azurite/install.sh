#!/bin/sh
# Prints the path of azurite-blob, installed once from its lock into .cache of this repository. Status 3: no npm.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
folder=$(dirname "$(dirname "$(dirname "$here")")")/.cache/azurite
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || ! [ -x "$folder/node_modules/.bin/azurite-blob" ]; then
    if ! command -v npm >/dev/null; then
        echo "Install Node.js with npm, which brings azurite." >&2
        exit 3
    fi
    mkdir -p "$folder"
    cp "$here/package.json" "$here/package-lock.json" "$folder"
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts >&2)
fi
echo "$folder/node_modules/.bin/azurite-blob"
