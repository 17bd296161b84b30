/* The life of a checkpoint: every pair of state and event against the drawing. */
#include "catalog/checkpoint_state.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "catalog/record.h"
#include "tests/catalog/sample.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

/* What is drawn, as text; everything else is refused. */
static const char drawn[] = "complete write complete;complete find-good complete;"
                            "complete find-gone missing;complete find-bad corrupt;"
                            "complete remove removed;"
                            "missing write complete;missing find-good complete;"
                            "missing find-gone missing;missing find-bad corrupt;"
                            "corrupt write complete;corrupt find-good complete;"
                            "corrupt find-gone missing;corrupt find-bad corrupt;"
                            "corrupt remove removed;"
                            "removed write complete;removed remove removed;";

START_TEST(every_pair_of_state_and_event)
{
    int allowed = 0;
    for (int s = 0; s < CATALOG_N_CHECKPOINT_STATES; s++) {
        for (int e = 0; e < N_CHECKPOINT_EVENTS; e++) {
            Err err = ERR_INIT;
            CatalogCheckpointState to = (CatalogCheckpointState)s;
            const char *from = catalog_checkpoint_state_name((CatalogCheckpointState)s);
            const char *event = checkpoint_event_name((CheckpointEvent)e);
            char want[96];
            ErrCode rc =
                checkpoint_state_next((CatalogCheckpointState)s, (CheckpointEvent)e, &to, &err);
            (void)snprintf(want, sizeof want, "%s %s %s;", from, event,
                           catalog_checkpoint_state_name(to));
            if (rc == ERR_OK) {
                HAS(drawn, want);
                allowed++;
            } else {
                ck_assert_int_eq(rc, ERR_CONFLICT);
                HAS(err.msg, from);
                HAS(err.msg, event);
            }
        }
    }
    int n_drawn = 0;
    for (const char *p = drawn; (p = strchr(p, ';')) != NULL; p++) {
        n_drawn++;
    }
    ck_assert_int_eq(allowed, n_drawn);
}
END_TEST

static void add(Catalog *c, int64_t id, int64_t attempt)
{
    Err err = ERR_INIT;
    CatalogCheckpoint k = {.run_id = id,
                           .step = 10,
                           .attempt = attempt,
                           .tokens = 1000,
                           .path = "p",
                           .digest = "d",
                           .train_loss = 2.5};
    OK(catalog_checkpoint_upsert(c, &k, &err));
}

START_TEST(the_catalog_refuses_what_is_not_drawn)
{
    Sample s = sample_open();
    Err err = ERR_INIT;
    int64_t id = sample_begin(s.c, 0, 0);
    add(s.c, id, 0);
    OK(catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_MISSING, &err));
    FAILS(ERR_CONFLICT,
          catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_REMOVED, &err));
    HAS(err.msg, "missing has no event remove");
    HAS(err.msg, "step 10");
    OK(catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_CORRUPT, &err));
    OK(catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_REMOVED, &err));
    OK(catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_REMOVED, &err));
    FAILS(ERR_CONFLICT,
          catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_COMPLETE, &err));
    FAILS(ERR_CONFLICT,
          catalog_checkpoint_set_state(s.c, id, 10, CATALOG_CHECKPOINT_CORRUPT, &err));
    FAILS(ERR_NOTFOUND,
          catalog_checkpoint_set_state(s.c, id, 11, CATALOG_CHECKPOINT_CORRUPT, &err));
    add(s.c, id, 1); /* trained again */
    int64_t step = 0, n = 0;
    OK(catalog_checkpoint_progress(s.c, id, &step, &n, &err));
    ck_assert(step == 10 && n == 1);
    sample_close(&s);
}
END_TEST

START_TEST(marks_of_damage_read_back)
{
    Err err = ERR_INIT;
    CatalogCheckpointState state = CATALOG_CHECKPOINT_COMPLETE;
    FAILS(ERR_NOTFOUND, damage_record_read(tmp.path, &state, &err));
    OK(damage_record_clear(tmp.path, &err)); /* there is none */
    OK(damage_record_write(tmp.path, CATALOG_CHECKPOINT_MISSING, "x is not there", &err));
    OK(damage_record_read(tmp.path, &state, &err));
    ck_assert_int_eq(state, CATALOG_CHECKPOINT_MISSING);
    OK(damage_record_write(tmp.path, CATALOG_CHECKPOINT_CORRUPT, "other bytes", &err));
    OK(damage_record_read(tmp.path, &state, &err));
    ck_assert_int_eq(state, CATALOG_CHECKPOINT_CORRUPT);
    static const char *const odd[] = {
        "", "{", "[]", "{\"schema\":9}", "{\"schema\":1}", "{\"schema\":1,\"state\":\"complete\"}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        (void)tmpdir_write(&tmp, RECORD_DAMAGED, odd[i]);
        state = CATALOG_CHECKPOINT_COMPLETE;
        OK(damage_record_read(tmp.path, &state, &err));
        ck_assert_int_eq(state, CATALOG_CHECKPOINT_CORRUPT);
    }
    OK(damage_record_clear(tmp.path, &err));
    FAILS(ERR_NOTFOUND, damage_record_read(tmp.path, &state, &err));
    FAILS(ERR_IO, damage_record_write("/nowhere/at/all", CATALOG_CHECKPOINT_CORRUPT, "", &err));
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "checkpoint state", .set_up = tmp_open, .tear_down = tmp_close});
}
