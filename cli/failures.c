#include "cli/failures.h"

#include <inttypes.h>
#include <string.h>

#include "common/fsx.h"

Value run_state_value(CatalogRunState state)
{
    static const ValueTone tone[CATALOG_N_RUN_STATES] = {
        [CATALOG_RUN_WAITING] = TONE_DIM,  [CATALOG_RUN_RUNNING] = TONE_BUSY,
        [CATALOG_RUN_DONE] = TONE_GOOD,    [CATALOG_RUN_FAILED] = TONE_BAD,
        [CATALOG_RUN_DIVERGED] = TONE_BAD, [CATALOG_RUN_RETIRED] = TONE_DIM};
    return value_toned(value_text(catalog_run_state_name(state)), tone[state]);
}

bool run_has_failed(const CatalogRunStatus *r)
{
    return r->state == CATALOG_RUN_FAILED || r->state == CATALOG_RUN_DIVERGED;
}

/* "tnl-2k failed: exit status 3", "tnl-2k diverged at step 2: the loss is ..." */
static void say_failure(AnswerNode *top, const CatalogRunStatus *r, const char *log,
                        const char *study_arg)
{
    const char *state = catalog_run_state_name(r->state);
    const char *reason = r->reason ? r->reason : "no reason is on record";
    bool says_state = strncmp(reason, state, strlen(state)) == 0;
    answer_say(top, NULL, SAY_WARNING, "%s %s%s%s", r->name, says_state ? "" : state,
               says_state ? "" : ": ", reason);
    if (log) {
        answer_say(top, NULL, SAY_HINT, "its log is %s", log);
    }
    answer_say(top, NULL, SAY_HINT, "slaw retry %s %s tries it again", study_arg, r->name);
}

ErrCode failures_answer(AnswerNode *top, const char *dir, const char *study_arg,
                        const CatalogRunStatus *list, size_t n, int64_t most, int64_t all, Err *err)
{
    static const Column column[] = {{"run"}, {"hash"}, {"attempt"}, {"state"}, {"reason"}, {"log"}};
    AnswerNode *table = answer_table(top, "failures", NULL, COLUMNS(column));
    int64_t n_said = 0;
    for (size_t i = 0; i < n; i++) {
        const CatalogRunStatus *r = &list[i];
        char log[FSX_PATH_BYTES];
        bool has_log = r->attempts > 0;
        if (!run_has_failed(r)) {
            continue;
        }
        ErrCode rc = fsx_path(log, err, "%s/%s/attempt-%03" PRId64 "/stderr.log", dir, r->dir,
                              has_log ? r->newest_attempt : 0);
        if (rc != ERR_OK) {
            return rc;
        }
        answer_row(table, value_text(r->name), value_text(r->hash),
                   has_log ? value_count(r->newest_attempt) : value_none(),
                   run_state_value(r->state), value_text(r->reason),
                   value_text(has_log ? log : NULL));
        if (n_said < most) {
            say_failure(top, r, has_log ? log : NULL, study_arg);
            n_said++;
        }
    }
    if (all > n_said) {
        answer_say(top, NULL, SAY_PLAIN,
                   "%" PRId64
                   " more failed or diverged: slaw ls %s --state failed --state diverged",
                   all - n_said, study_arg);
    }
    return ERR_OK;
}
