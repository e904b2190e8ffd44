# Sourced by the other scripts: makes or refreshes .venv/ from a hashed lock file and puts it on PATH.
#   . "$(dirname "$0")/environment.sh"; environment run|dev
set -eu
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$ROOT"

find_python() {
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed and none was found; name one with PYTHON=/path/to/python3" >&2
    exit 1
}

environment() {
    lock="requirements/$1.txt"
    stamp=".venv/.installed-$1"
    # dev holds everything that run does.
    [ "$1" = run ] && [ -e .venv/.installed-dev ] && stamp=.venv/.installed-dev && lock=requirements/dev.txt
    if [ ! -x .venv/bin/python ] || ! cmp -s "$lock" "$stamp"; then
        echo "Preparing .venv from $lock ..." >&2
        [ -x .venv/bin/python ] || "$(find_python)" -m venv .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
        # The product itself: two path entries, so that the sources are what runs.
        .venv/bin/python scripts/link_sources.py
        cp "$lock" "$stamp"
    fi
    PATH="$ROOT/.venv/bin:$PATH"
    export PATH
}
