#!/bin/sh
# Fails if a header does not compile alone.  Bodies that an instruction set includes after its own
# intrinsics (trainer/core/vec) are no such headers.
set -eu
cd "$(dirname "$0")/../.."
flags="-std=c17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only -x c"
packages=$(pkg-config --cflags sqlite3 gsl yaml-0.1 jansson check)
status=0
for h in $(git ls-files '*.h' | grep -vE '^trainer/core/(isa|vec)/'); do
    # shellcheck disable=SC2086 # flags are words
    ${CC:-gcc} $flags $packages "$h" || status=1
done
exit $status
