#!/bin/sh
# Installs Pulumi's engine into a folder: `sh infra/pulumi.sh FOLDER`. infra/pulumi.sha256 names the release, and the
# digests that its publisher gives for it (github.com/pulumi/homebrew-tap). FROM: a mirror of your own.
set -eu
from=${FROM:-https://github.com/pulumi/pulumi/releases/download}
case $(uname -s)-$(uname -m) in
    Linux-x86_64) machine=linux-x64 ;;
    Linux-aarch64) machine=linux-arm64 ;;
    Darwin-x86_64) machine=darwin-x64 ;;
    Darwin-arm64) machine=darwin-arm64 ;;
    *)
        echo "no release of Pulumi is named for this machine: install it by hand, https://www.pulumi.com/docs/install" >&2
        exit 2
        ;;
esac
pin=$(grep -e "-$machine\.tar\.gz$" "$(dirname "$0")/pulumi.sha256")
file=${pin##* }
version=$(echo "$file" | cut -d - -f 2)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
curl --fail --silent --show-error --location --retry 3 --output "$scratch/$file" "$from/$version/$file"
digest=$(cd "$scratch" && { sha256sum "$file" 2>/dev/null || shasum -a 256 "$file"; })
if [ "${digest%% *}" != "${pin%% *}" ]; then
    echo "$from/$version/$file is not the file that infra/pulumi.sha256 names: nothing was installed." >&2
    exit 1
fi
tar -xmzf "$scratch/$file" -C "$1" --strip-components=1
