#!/bin/sh
# clang-tidy over the product's own sources (tests follow the compiler's warnings only).
set -eu
cd "$(dirname "$0")/../.."
git ls-files 'common/*.c' 'trainer/*.c' 'orchestrator/*.c' 'analysis/*.c' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/clang 2>/dev/null
