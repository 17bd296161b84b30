/* text_style.h -- what a text may look like where it goes: colour and width. */
#ifndef COMMON_TEXT_STYLE_H
#define COMMON_TEXT_STYLE_H

#include <stdbool.h>

typedef struct TextStyle {
    bool has_color;
    int width; /* columns of a line */
} TextStyle;

enum { TEXT_STYLE_WIDTH = 100 /* where nobody says how wide it is */ };

#define TEXT_STYLE_PLAIN ((TextStyle){.width = TEXT_STYLE_WIDTH})

/* For what is written to fd: colour on a terminal only, and not with NO_COLOR set or TERM=dumb;
 * the width is COLUMNS where that is a number from 20 to 10000, else the terminal's at the moment,
 * else TEXT_STYLE_WIDTH.  Before any thread starts: it reads the environment. */
TextStyle text_style_of(int fd);

#endif
