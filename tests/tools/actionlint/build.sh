#!/bin/sh
# Prints where `actionlint` is: the PATH's, if it has the version of go.mod, or one built with Go. Status 3: neither.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
module=github.com/rhysd/actionlint

if found=$(command -v actionlint) && grep -q "$module v$(actionlint -version | head -n 1) " "$here/go.mod"; then
    echo "$found" && exit
fi
folder=$(sh "$here/../build.sh" actionlint "$module" "about a minute")
echo "$folder/actionlint"
