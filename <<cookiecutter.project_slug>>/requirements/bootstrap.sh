# Makes .venv in the current folder, with the locked uv and nothing else: `sh bootstrap.sh VERSION`.
version=$1
locks=$(dirname "$0")

works() {
    "$1" -c "import sys; sys.exit(sys.version_info[:2] < tuple(map(int, '$version'.split('.'))))" 2>/dev/null
}

if works "python$version"; then
    python=python$version
elif works python3; then
    python=python3
else
    echo "Python $version or newer was not found: install it, or put it on PATH, and repeat." >&2
    exit 2
fi

set -e
if command -v uv >/dev/null; then
    uv venv --quiet --clear --no-project --python "$("$python" -c 'import sys; print(sys.executable)')" .venv
    uv pip install --quiet --python .venv/bin/python --require-hashes --requirement "$locks/uv.txt"
else
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$locks/uv.txt"
fi
