# Run by slaw_embed at build time: bytes of IN as a C array in OUT.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" n)
math(EXPR n "${n} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(............................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include <stddef.h>
extern const char ${SYMBOL}[];
extern const size_t ${SYMBOL}_bytes;
const char ${SYMBOL}[] = {
${bytes}0};
const size_t ${SYMBOL}_bytes = ${n};
")
