#!/bin/sh
# Fails on // comments (free for debugging, not for keeping) and on TODO or FIXME.
set -eu
cd "$(dirname "$0")/../.."
bad=$(git ls-files '*.c' '*.h' '*.def' | xargs grep -nE '(^|[;{}]|[[:space:]])//|TODO|FIXME|XXX' | grep -vE '"[^"]*//|XXXXXX|/\*.*//' || true)
if [ -n "$bad" ]; then
    printf '%s\n' "$bad"
    exit 1
fi
