#!/bin/sh
# build.sh FOLDER MODULE MINUTES: builds the tools of FOLDER/go.mod with Go, once, into .cache of this repository, in the
# version of MODULE there, and prints where they are. Status 3: there is no Go.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
version=$(sed -n "s|.*$2 \(v[^ ]*\).*|\1|p" "$root/tests/tools/$1/go.mod")
folder=$root/.cache/$1-$version
if ! [ -d "$folder" ]; then
    if ! command -v go >/dev/null; then
        echo "Install Go 1.26, which builds $1 $version, or that itself: https://${2%/pkg/*}" >&2
        exit 3
    fi
    echo "Building $1 $version with Go, once: $3 on two cores." >&2
    mkdir -p "$root/.cache"
    draft=$(mktemp -d "$folder.XXXXXX")
    trap 'rm -rf "$draft"' EXIT
    flags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version"
    (cd "$root/tests/tools/$1" && GOTOOLCHAIN=local GOBIN="$draft" go install -mod=readonly -trimpath -ldflags "$flags" tool >&2)
    [ -d "$folder" ] || mv "$draft" "$folder"
fi
echo "$folder"
