#!/usr/bin/env bash
# Remakes requirements/*.txt from pyproject.toml: exact versions and hashes for every platform, no index host named,
# so that `pip install --require-hashes -r …` works against any mirror. ARGS (e.g. --upgrade) go to the resolver.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${VENV:-.venv}/bin"
"$bin/python" -c 'import uv' 2>/dev/null || "$bin/python" -m pip install --disable-pip-version-check --quiet uv

compile() {  # compile OUT ARGUMENTS…
    local out="$1"; shift
    "$bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --output-file "$out" "$@" >/dev/null
    printf '  %s\n' "$out"
}

compile requirements/runtime.txt pyproject.toml "$@"
# The same versions below as above: what is tested is what runs.
compile requirements/build.txt --group build --constraints requirements/runtime.txt "$@"
compile requirements/dev.txt pyproject.toml --group dev \
    --constraints requirements/runtime.txt --constraints requirements/build.txt "$@"
# The bench's peers live in an environment of their own: nothing of it runs with the gateway.
compile requirements/bench.txt bench/requirements.in "$@"
if grep -nE '://|^-' requirements/*.txt; then echo "a lock names a host" >&2; exit 1; fi
