/* sample_study.h -- the sample catalog as a study that the slaw program can be run on. */
#ifndef TESTS_CLI_SAMPLE_STUDY_H
#define TESTS_CLI_SAMPLE_STUDY_H

#include <check.h>
#include <stdio.h>

#include "tests/catalog/study.h"
#include "tests/support/run_slaw.h"

static inline Sample open_study(void)
{
    Sample s = sample_open();
    sample_study(&s);
    catalog_close(s.c);
    s.c = NULL;
    (void)tmpdir_write(&s.tmp, "study.yaml", "version: 1\n"); /* what makes it a study directory */
    return s;
}

/* Runs `slaw args`, in which @ stands for the study's directory.  Both streams go to out. */
static inline int slaw(const Sample *s, const char *args, Buf *out)
{
    return run_slaw(s->tmp.path, args, s->tmp.path, "2>&1", out);
}

/* n runs that never started, after the sample's. */
static inline void add_waiting(Sample *s, int n)
{
    Err err = ERR_INIT;
    OK(catalog_open(s->db, &s->c, &err));
    OK(catalog_begin(s->c, &err));
    for (int i = 0; i < n; i++) {
        char hash[65], name[32], dir[64];
        int64_t id = 0;
        CatalogRun r = sample_run(0);
        (void)snprintf(hash, sizeof hash, "%064x", 0xabc000 + i);
        (void)snprintf(name, sizeof name, "more-%d", i);
        (void)snprintf(dir, sizeof dir, "runs/more-%d", i);
        r.hash = hash;
        r.name = name;
        r.dir = dir;
        r.position = 100 + i;
        OK(catalog_run_upsert(s->c, &r, 1, &id, &err));
    }
    OK(catalog_commit(s->c, &err));
    catalog_close(s->c);
    s->c = NULL;
}

#endif
