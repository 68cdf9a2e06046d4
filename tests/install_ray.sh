#!/usr/bin/env bash
# Sets up .venv-ray, with Ray over all that is in .venv. Says nothing when it is there. 230 MB, seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

LIST=tests/engines/requirements-ray.txt
mark=$(sha256sum "$LIST" "$0" | cut -c1-64 | tr -d '\n')
[ "$(cat .venv-ray/.installed 2>/dev/null)" != "$mark" ] || exit 0
echo "Setting up .venv-ray (once, some seconds)"
.venv/bin/python -m venv --clear --without-pip .venv-ray
.venv/bin/uv pip install --quiet --python .venv-ray/bin/python --no-deps --require-hashes -r "$LIST"
.venv/bin/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
    >"$(echo .venv-ray/lib/python3*/site-packages)/beside.pth"
echo "$mark" >.venv-ray/.installed
