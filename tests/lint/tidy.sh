#!/bin/sh
# tidy.sh [--quick]: clang-tidy over the product's own sources (tests follow the compiler's warnings
# only), but for those of another processor.  --quick leaves out the path-sensitive analyser, which
# takes nine tenths of the time.
set -eu
checks=
[ "${1:-}" != --quick ] || checks='--checks=-clang-analyzer-*'
cd "$(dirname "$0")/../.."
# shellcheck disable=SC2086 # one word or none
git ls-files 'common/*.c' 'answer/*.c' 'draw/*.c' 'catalog/*.c' 'cli/*.c' 'trainer/*.c' 'orchestrator/*.c' 'analysis/*.c' |
    grep -v '^trainer/core/isa/neon/' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/clang $checks 2>/dev/null
