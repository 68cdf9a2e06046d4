#!/usr/bin/env bash
# Sets up .venv-llm, in which tests serve a tiny model as llama.cpp does. Says nothing when it is there. 170 MB, seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

LIST=tests/llm/local/requirements-llm.txt
mark=$(sha256sum "$LIST" "$0" | cut -c1-64 | tr -d '\n')
[ "$(cat .venv-llm/.installed 2>/dev/null)" != "$mark" ] || exit 0
echo "Setting up .venv-llm (once, some seconds)"
.venv/bin/python -m venv --clear --without-pip .venv-llm
.venv/bin/uv pip install --quiet --python .venv-llm/bin/python --no-deps --require-hashes -r "$LIST"
echo "$mark" >.venv-llm/.installed
