#!/usr/bin/env bash
# Sets up .venv-peers with the programs that the benchmark `peers` measures beside ours; says nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."

LIST=tests/benchmarks/peers/requirements-peers.txt
mark=$(sha256sum "$LIST" "$0" | cut -c1-64 | tr -d '\n')
[ "$(cat .venv-peers/.installed 2>/dev/null)" != "$mark" ] || exit 0
echo "Setting up .venv-peers (1.2 GB, once, a minute)"
.venv/bin/python -m venv --clear .venv-peers
.venv/bin/uv pip install --quiet --python .venv-peers/bin/python --no-deps --require-hashes -r "$LIST"
printf %s "$mark" >.venv-peers/.installed
