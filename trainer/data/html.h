/* html.h -- the readable text of an HTML page.
 *
 * Enough HTML for documentation pages, not a browser: tags are dropped, block elements
 * become blank lines and <br> a line break, source line breaks become spaces, character
 * references become UTF-8; comments, declarations, <head>, <script>, <style> and <title> go.
 */
#ifndef TRAINER_DATA_HTML_H
#define TRAINER_DATA_HTML_H

#include "common/buf.h"

/* Appends the text of html[0..n) to out, to be normalised.  `skip_class` (NULL for none):
 * <div> elements with this class go with all they hold (navigation).  Broken mark-up loses
 * text but never fails; memory shows in buf_ok(out). */
void html_to_text(const char *html, size_t n, const char *skip_class, Buf *out);

#endif
