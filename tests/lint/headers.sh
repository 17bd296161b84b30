#!/bin/sh
# Fails if a header does not compile alone, in either element type.
set -eu
cd "$(dirname "$0")/../.."
flags="-std=c17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only -x c"
packages=$(pkg-config --cflags sqlite3 gsl yaml-0.1 jansson check)
status=0
for h in $(git ls-files '*.h' | grep -vE '^trainer/core/isa/'); do
    # shellcheck disable=SC2086 # flags are words
    ${CC:-gcc} $flags $packages "$h" || status=1
done
exit $status
