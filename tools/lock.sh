#!/bin/sh
# Compile requirements/*.txt from pyproject.toml: pinned, hashed, for every platform, no addresses.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" \
        --output-file "requirements/$out.txt"
}
lock run pyproject.toml
lock demo pyproject.toml --group build
lock dev pyproject.toml --group build --group lint --group test --extra postgres --extra spark --extra stream
lock bench --group pyproject.toml:bench
