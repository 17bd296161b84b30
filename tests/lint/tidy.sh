#!/bin/sh
# clang-tidy over the product's own sources (tests follow the compiler's warnings only), but for
# those of another processor.
set -eu
cd "$(dirname "$0")/../.."
git ls-files 'common/*.c' 'trainer/*.c' 'orchestrator/*.c' 'analysis/*.c' |
    grep -v '^trainer/core/isa/neon/' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/clang 2>/dev/null
