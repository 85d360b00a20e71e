#!/bin/sh
# Prints where `actionlint` is: the PATH's, if it has the version of go.mod, or one built with Go, once, into .cache of
# this repository (a minute). Status 3: there is neither.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(dirname "$(dirname "$(dirname "$here")")")
version=$(sed -n 's|.*github.com/rhysd/actionlint v\([^ ]*\).*|\1|p' "$here/go.mod")

if found=$(command -v actionlint); then
    case $(actionlint -version) in "$version"*) echo "$found" && exit ;; esac
fi

tool=$root/.cache/actionlint-$version
if ! [ -x "$tool" ]; then
    if ! command -v go >/dev/null; then
        echo "Install actionlint $version (https://github.com/rhysd/actionlint) or Go 1.26, which builds it." >&2
        exit 3
    fi
    echo "Building actionlint $version with Go, once: about a minute." >&2
    mkdir -p "$root/.cache"
    draft=$(mktemp -d "$root/.cache/actionlint.XXXXXX")
    trap 'rm -rf "$draft"' EXIT
    (cd "$here" && GOTOOLCHAIN=local GOBIN="$draft" go install -mod=readonly -trimpath -ldflags "-s -w" tool >&2)
    mv "$draft/actionlint" "$tool"
fi
echo "$tool"
