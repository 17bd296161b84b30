/* formats.h -- one function a format, each in a file of its name; answer_render() has checked *a. */
#ifndef ANSWER_FORMATS_H
#define ANSWER_FORMATS_H

#include "answer/render.h"

ErrCode render_text(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_json(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_markdown(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_latex(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_csv(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);
ErrCode render_html(const Answer *a, const AnswerStyle *style, Buf *out, Err *err);

#endif
