#!/bin/sh
# Compile requirements/*.txt from pyproject.toml: pinned, hashed, for every platform, no addresses.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1
    shift
    uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" \
        --output-file "requirements/$out.txt"
}
lock run
lock demo --group build
lock dev --group build --group lint --group test --extra postgres --extra spark
lock bench --group bench
