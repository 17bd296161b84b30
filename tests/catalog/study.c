#include "tests/catalog/study.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/checkpoint.h"
#include "catalog/corpus.h"
#include "catalog/ingest.h"
#include "catalog/record.h"
#include "catalog/study.h"

const char *sample_path(const Sample *s, int i, const char *below)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    CatalogRun r = sample_run(i);
    OK(fsx_path(path, &err, "%s/%s%s%s", s->tmp.path, r.dir, below[0] ? "/" : "", below));
    return path;
}

/* What a scheduler does for one attempt, from begin to end. */
static void play_attempt(Sample *s, int i, int64_t id, int64_t number, int64_t from, int64_t to,
                         const char *bye, CatalogAttemptEnd end)
{
    Err err = ERR_INIT;
    CatalogRun r = sample_run(i);
    char dir[FSX_PATH_BYTES], events[FSX_PATH_BYTES];
    Buf lines = BUF_INIT;
    OK(fsx_path(dir, &err, "%s/%s/attempt-%03" PRId64, s->tmp.path, r.dir, number));
    OK(fsx_join(events, dir, "events.jsonl", &err));
    OK(catalog_attempt_begin(s->c, id, number, CATALOG_NONE, 50, &err));
    if (to >= from) {
        sample_events(&lines, &r, number, from, to, bye);
    }
    sample_write(events, buf_str(&lines), lines.len);
    buf_release(&lines);
    for (int64_t step = from; step <= to; step += 10) {
        sample_checkpoint(sample_path(s, i, ""), &r, step);
    }
    IngestResult result;
    OK(catalog_ingest(s->c, id, number, events, NULL, &result, &err));
    OK(catalog_attempt_end(s->c, id, number, &end, &err));
    ExitRecord e = {end.state, end.exit_code, end.exit_signal, end.reason,
                    50,        end.ended_ms,  CATALOG_NONE};
    OK(exit_record_write(dir, &e, &err));
}

static void settle(Sample *s, int i, int64_t id, CatalogRunState state, const char *reason)
{
    Err err = ERR_INIT;
    CatalogRun r = sample_run(i);
    StatusRecord st = {.run = r.hash, .state = state, .reason = reason, .steps = r.steps};
    OK(catalog_run_set_state(s->c, id, state, reason, 60, &err));
    OK(catalog_attempt_next_number(s->c, id, &st.attempts, &err));
    OK(catalog_checkpoint_progress(s->c, id, &st.step, &st.checkpoints, &err));
    OK(status_record_write(sample_path(s, i, ""), &st, &err));
}

static int64_t add_run(Sample *s, int i)
{
    Err err = ERR_INIT;
    CatalogRun r = sample_run(i);
    int64_t id = 0;
    OK(catalog_run_upsert(s->c, &r, 40, &id, &err));
    sample_write(sample_path(s, i, "config.json"), r.config, strlen(r.config));
    OK(run_record_write(sample_path(s, i, ""), &r, &err));
    return id;
}

static void add_study(Sample *s)
{
    Err err = ERR_INIT;
    static const char manifest[] =
        "{\"digest\":\"cafe\",\"schema\":1,\"validation\":{\"bytes_per_token\":1.5}}";
    CatalogStudy study = {.name = "sample",
                          .source_path = "sample.yaml",
                          .source_sha256 = "beef",
                          .resolved = "{\"study\":\"sample\",\"version\":1}",
                          .slaw_version = "0.1.0"};
    CatalogCorpus corpus = {"cafe", manifest, 1.5};
    char path[FSX_PATH_BYTES];
    OK(catalog_study_put(s->c, &study, 30, &err));
    OK(study_record_write(s->tmp.path, &study, &err));
    OK(catalog_corpus_put(s->c, &corpus, &err));
    OK(fsx_join(path, s->tmp.path, "corpus/manifest.json", &err));
    sample_write(path, manifest, sizeof manifest - 1);
}

void sample_study(Sample *s)
{
    enum { NONE = CATALOG_NONE };
    Err err = ERR_INIT;
    OK(catalog_begin(s->c, &err)); /* one transaction: its speed is not what is tested */
    add_study(s);
    int64_t id[5];
    for (int i = 0; i < 5; i++) {
        id[i] = add_run(s, i);
    }
    CatalogAttemptEnd done = {CATALOG_ATTEMPT_DONE, 0, NONE, NULL, 70};
    CatalogAttemptEnd killed = {CATALOG_ATTEMPT_FAILED, NONE, 9, "killed by SIGKILL", 70};
    CatalogAttemptEnd early = {CATALOG_ATTEMPT_FAILED, 127, NONE, "cannot be executed", 70};
    CatalogAttemptEnd paused = {CATALOG_ATTEMPT_INTERRUPTED, 75, NONE, NULL, 70};
    play_attempt(s, 0, id[0], 0, 10, 40, "done", done);
    play_attempt(s, 1, id[1], 0, 10, 30, NULL, killed);
    play_attempt(s, 1, id[1], 1, 20, 40, "done", done);
    play_attempt(s, 2, id[2], 0, 10, 0, NULL, early);
    play_attempt(s, 3, id[3], 0, 10, 20, "interrupted", paused);
    play_attempt(s, 4, id[4], 0, 10, 10, "interrupted", paused);
    settle(s, 0, id[0], CATALOG_RUN_DONE, NULL);
    settle(s, 1, id[1], CATALOG_RUN_DONE, NULL);
    settle(s, 2, id[2], CATALOG_RUN_FAILED, "cannot be executed");
    settle(s, 3, id[3], CATALOG_RUN_WAITING, NULL);
    settle(s, 4, id[4], CATALOG_RUN_RETIRED, "no longer in the study file");
    OK(catalog_commit(s->c, &err));
}
