#!/bin/sh
# Prints a folder that holds `pulumi` and its language host for Python: the PATH's, or one built with Go, once, into
# .cache of this repository (5 to 8 minutes on two cores; 3 GB for Go's caches). Status 3: there is neither.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(dirname "$(dirname "$(dirname "$here")")")

if found=$(command -v pulumi) && command -v pulumi-language-python >/dev/null; then
    case $(pulumi version) in v3.*) dirname "$found" && exit ;; esac
fi

version=$(sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 \(v[^ ]*\).*|\1|p' "$here/go.mod")
folder=$root/.cache/engine-$version
if ! [ -x "$folder/pulumi" ]; then
    if ! command -v go >/dev/null; then
        echo "Install pulumi 3 (https://www.pulumi.com/docs/install) or Go 1.26, which builds it." >&2
        exit 3
    fi
    echo "Building pulumi $version with Go, once: 5 to 8 minutes on two cores." >&2
    mkdir -p "$folder.new"
    named="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version"
    (cd "$here" && GOTOOLCHAIN=local GOBIN="$folder.new" go install -mod=readonly -trimpath -ldflags "-s -w $named" tool >&2)
    rm -rf "$folder" && mv "$folder.new" "$folder"
fi
ln -sf "$root/tests/emulator/pulumi/pulumi-language-python" "$folder/pulumi-language-python"
echo "$folder"
