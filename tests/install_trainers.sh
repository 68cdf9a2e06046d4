#!/usr/bin/env bash
# Sets up the environments of the trainers that tests hand our files to: .venv-trainers (TRL, Axolotl, Together, OpenAI)
# and .venv-llamafactory, which needs older packages, and .venv-mistral, which needs an older NumPy and no torch; `trl`
# behind it: only the first. Says nothing when all are there. 1.7 GB, a minute or two.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0 # by pip and without a hash: the file differs between a CPU and a CUDA build (docs/decisions/0015)
LISTS=tests/training/jobs/trainers
mark() { sha256sum "$LISTS/requirements-$1.txt" "$0" | cut -c1-64 | tr -d '\n'; }

# set_up FOLDER NAME: a virtual environment with the locked packages of a list
set_up() {
    [ "$(cat "$1/.installed" 2>/dev/null)" != "$(mark "$2")" ] || return 0
    echo "Setting up $1 (once, a minute or two)"
    if [ "$2" = mistral ]; then
        .venv/bin/python -m venv --clear "$1"
    else
        with_torch "$1"
    fi
    .venv/bin/uv pip install --quiet --python "$1/bin/python" --no-deps --require-hashes -r "$LISTS/requirements-$2.txt"
    mark "$2" >"$1/.installed"
}

# with_torch FOLDER: a virtual environment with torch alone
with_torch() {
    python=.venv/bin/python
    "$python" -m venv --clear "$1"
    if [ "$1" != .venv-trainers ] && ! link_torch .venv-trainers "$1"; then
        rm -rf "$1"
        "$python" -m venv "$1"
    fi
    if ! "$1/bin/python" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null; then
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check "torch==$TORCH"
    fi
}

# link_torch FROM TO: the same files on the same disk, 750 MB once
link_torch() {
    local from to
    from=$(echo "$1"/lib/python3*/site-packages) to=$(echo "$2"/lib/python3*/site-packages)
    cp --archive --link "$from"/torch "$from"/torch-* "$from"/torchgen "$from"/functorch "$to" 2>/dev/null
}

set_up .venv-trainers trl
if [ "${1:-}" != trl ]; then
    set_up .venv-llamafactory llama-factory
    set_up .venv-mistral mistral
fi
