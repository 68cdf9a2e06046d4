#!/usr/bin/env bash
# Installs what the marked tests start and this Debian or Ubuntu machine lacks; says nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/install_trainers.sh
tests/install_llm.sh
tests/install_ray.sh

packages=$(.venv/bin/python -c '
from tests.services import SERVICES

packages = {
    "needs_postgres": "postgresql",
    "needs_s3": "ceph-mon ceph-osd ceph-common radosgw",
    "needs_browser": "chromium",
}
print(*(packages[marker] for marker, service in SERVICES.items() if marker in packages and service.find() is None))
')
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install by hand (there is no apt-get here): $packages" >&2
    exit 1
fi
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "Installing $packages"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# shellcheck disable=SC2086  # several packages
"${as_root[@]}" apt-get install -qq --yes --no-install-recommends $packages >/dev/null
