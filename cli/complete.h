/* complete.h -- what could stand in place of a word that is being typed. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "common/buf.h"

/* word[0..n-1] is what follows "slaw", the last of it (perhaps "") being typed.  Appends a line a
 * candidate, a tab and its description where there is one.  Nothing is printed of errors: then there
 * are no candidates. */
void complete_words(int n, char *const word[], Buf *out);

#endif
