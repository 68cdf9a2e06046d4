#!/usr/bin/env bash
# Sets up the environments of the trainers that tests hand our files to: .venv-trainers (TRL, Axolotl, Together, OpenAI)
# and .venv-llamafactory, which needs older packages; `trl` behind it: only the first. Says nothing when both are there. 1.5 GB, a minute or two.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0 # by pip and without a hash: the file differs between a CPU and a CUDA build (docs/decisions/0015)
LISTS=tests/training/jobs/trainers
mark() { sha256sum "$LISTS/requirements-$1.txt" "$0" | cut -c1-64 | tr -d '\n'; }

# set_up FOLDER NAME: a virtual environment with torch and the locked packages of a list
set_up() {
    [ "$(cat "$1/.installed" 2>/dev/null)" != "$(mark "$2")" ] || return 0
    echo "Setting up $1 (once, a minute or two)"
    python=.venv/bin/python
    "$python" -m venv --clear "$1"
    if [ "$1" != .venv-trainers ] && ! link_torch .venv-trainers "$1"; then
        rm -rf "$1"
        "$python" -m venv "$1"
    fi
    if ! "$1/bin/python" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null; then
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check "torch==$TORCH"
    fi
    .venv/bin/uv pip install --quiet --python "$1/bin/python" --no-deps --require-hashes -r "$LISTS/requirements-$2.txt"
    mark "$2" >"$1/.installed"
}

# link_torch FROM TO: the same files on the same disk, 750 MB once
link_torch() {
    local from to
    from=$(echo "$1"/lib/python3*/site-packages) to=$(echo "$2"/lib/python3*/site-packages)
    cp --archive --link "$from"/torch "$from"/torch-* "$from"/torchgen "$from"/functorch "$to" 2>/dev/null
}

set_up .venv-trainers trl
[ "${1:-}" = trl ] || set_up .venv-llamafactory llama-factory
