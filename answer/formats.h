/* formats.h -- the formats that are more than a Painter; answer_render() has checked *a. */
#ifndef ANSWER_FORMATS_H
#define ANSWER_FORMATS_H

#include "answer/render.h"

ErrCode render_json(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_csv(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_html(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);

#endif
