#include "analysis/report/provenance.h"
#include "analysis/report/report_answer.h"
#include "answer/render.h"

json_t *report_json(const Report *r)
{
    Answer a = ANSWER_INIT;
    AnswerNode *top = answer_top(&a);
    answer_set(top, "source", value_text(r->source));
    answer_set(top, "version", value_text(SLAW_VERSION));
    answer_set(top, "seed", value_count((int64_t)r->seed));
    answer_set_json(top, "rows", provenance_rows(r->obs));
    report_answer(r, top);
    json_t *v = a.is_short ? NULL : answer_json(top);
    answer_release(&a);
    return v;
}
