#!/bin/sh
# Prints a folder that holds `pulumi` and its language host for Python: the PATH's, or one built with Go (3 GB for Go's
# caches). Status 3: there is neither.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

if found=$(command -v pulumi) && command -v pulumi-language-python >/dev/null; then
    case $(pulumi version) in v3.*) dirname "$found" && exit ;; esac
fi
folder=$(sh "$here/../build.sh" engine github.com/pulumi/pulumi/pkg/v3 "5 to 8 minutes")
ln -sf "$(dirname "$(dirname "$here")")/emulator/pulumi/pulumi-language-python" "$folder/pulumi-language-python"
echo "$folder"
