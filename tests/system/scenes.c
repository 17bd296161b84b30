#include "tests/system/scenes.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/migrate.h"
#include "tests/support/catalog_dump.h"

Stage stage;

_Noreturn void stage_fail(const char *what)
{
    (void)fprintf(stderr, "faults: %s\n%s\n", what, lab_output(&stage.lab));
    abort();
}

static void copy_calm(const char *dir)
{
    if (!lab_copy(stage.calm[AS_RUN][stage.current], dir)) {
        stage_fail("the undisturbed study cannot be copied");
    }
}

static void sql(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        stage_fail(why);
    }
}

/* All that `now.table` and `main.table` have both. */
static void copy_table(sqlite3 *db, const char *table)
{
    char query[256];
    Buf columns = BUF_INIT, insert = BUF_INIT;
    sqlite3_stmt *q = NULL;
    (void)snprintf(query, sizeof query, "SELECT name FROM pragma_table_info('%s', 'main')", table);
    if (sqlite3_prepare_v2(db, query, -1, &q, NULL) != SQLITE_OK) {
        stage_fail(query);
    }
    while (sqlite3_step(q) == SQLITE_ROW) {
        buf_printf(&columns, "%s\"%s\"", columns.len ? "," : "", sqlite3_column_text(q, 0));
    }
    (void)sqlite3_finalize(q);
    buf_printf(&insert, "INSERT INTO main.%s (%s) SELECT %s FROM now.%s", table, buf_str(&columns),
               buf_str(&columns), table);
    sql(db, buf_str(&insert));
    buf_release(&columns);
    buf_release(&insert);
}

/* The study as the version before this one left it. */
static void older_version(const char *dir)
{
    char path[LAB_PATH_BYTES], now[LAB_PATH_BYTES + 8], attach[2 * LAB_PATH_BYTES];
    Err err = ERR_INIT;
    Migrations m = migrations_of_this_program();
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    copy_calm(dir);
    (void)snprintf(path, sizeof path, "%s/catalog.db", dir);
    (void)snprintf(now, sizeof now, "%s.now", path);
    (void)snprintf(attach, sizeof attach, "ATTACH '%s' AS now", now);
    m.n--;
    if (rename(path, now) != 0 || sqlite3_open(path, &db) != SQLITE_OK ||
        migrate(db, path, m, &err) != ERR_OK) {
        stage_fail(err.msg);
    }
    sql(db, attach);
    sql(db, "PRAGMA foreign_keys = OFF");
    sql(db, "BEGIN");
    if (sqlite3_prepare_v2(db,
                           "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND"
                           " name NOT LIKE 'sqlite_%'",
                           -1, &q, NULL) != SQLITE_OK) {
        stage_fail(sqlite3_errmsg(db));
    }
    while (sqlite3_step(q) == SQLITE_ROW) {
        copy_table(db, (const char *)sqlite3_column_text(q, 0));
    }
    (void)sqlite3_finalize(q);
    sql(db, "COMMIT");
    (void)sqlite3_close(db);
    (void)unlink(now);
}

/* Path of one checkpoint's weights. */
static const char *some_weights(const char *dir)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", dir,
                   catalog_ask(dir, "SELECT r.dir || '/' || k.path || '/model.safetensors' FROM"
                                    " checkpoint k JOIN run r ON r.id = k.run_id"
                                    " ORDER BY r.id, k.step LIMIT 1"));
    return path;
}

static void flip_byte(const char *path)
{
    unsigned char byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || pread(fd, &byte, 1, 5) != 1) {
        stage_fail(path);
    }
    byte ^= 1;
    if (pwrite(fd, &byte, 1, 5) != 1 || close(fd) != 0) {
        stage_fail(path);
    }
}

static void one_is_damaged(const char *dir)
{
    copy_calm(dir);
    flip_byte(some_weights(dir));
}

static void is_whole_again(const char *dir)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s%s", stage.shaken,
                   some_weights(stage.calm[AS_RUN][stage.current]) +
                       strlen(stage.calm[AS_RUN][stage.current]));
    flip_byte(path);
    (void)dir;
    (void)lab_slaw(&stage.lab, NULL, "verify", stage.shaken, NULL, LIMIT_MS);
}

static void all_have_failed(const char *dir)
{
    const LabEnv env = {.text = {"SLAW_FAKE=all=config"}, .n = 1};
    if (lab_slaw(&stage.lab, &env, "run", stage.lab.study, dir, LIMIT_MS) != 1) {
        stage_fail("the runs should have failed");
    }
}

const Scene scenes[N_SCENES] = {
    {"run", "run", true, true, true, false, NULL, NULL},
    {"reindex", "reindex", false, false, true, false, copy_calm, NULL},
    {"migrate", "run", true, false, true, false, older_version, NULL},
    {"verify", "verify", false, false, false, false, one_is_damaged, is_whole_again},
    {"retry", "retry", false, false, false, false, all_have_failed, NULL},
    {"gc", "gc", false, false, true, true, copy_calm, NULL},
};

/* Of each run's two checkpoints, gc takes the weights of one. */
void scene_words(const Scene *s, LabEnv *env)
{
    if (s->is_collected) {
        env->words[0] = "--keep";
        env->words[1] = "last:1";
    }
}

bool scene_same(const Scene *s, Buf *why)
{
    int which = s->is_collected ? AS_COLLECTED : AS_RUN;
    return lab_same(LAB_EVERYTHING, stage.want[which][stage.current],
                    stage.calm[which][stage.current], stage.shaken, why);
}

void stage_choose(Program p)
{
    stage.current = p;
    stage.lab.worker = p == PROGRAM_SLAW ? SLAW_FAKE_WORKER : NULL;
}

void stage_open(void)
{
    lab_open(&stage.lab, lab_tiny_study);
    (void)snprintf(stage.shaken, sizeof stage.shaken, "%s", lab_path(&stage.lab, "shaken"));
    for (int i = 0; i < N_PROGRAMS; i++) {
        stage.lab.worker = i == PROGRAM_SLAW ? SLAW_FAKE_WORKER : NULL;
        const Program of = (Program)i;
        char *dir = stage.calm[AS_RUN][of], *collected = stage.calm[AS_COLLECTED][of];
        LabEnv env = {.n = 0};
        (void)snprintf(dir, LAB_PATH_BYTES, "%s", lab_path(&stage.lab, of ? "calm-w" : "calm-s"));
        (void)snprintf(collected, LAB_PATH_BYTES, "%s",
                       lab_path(&stage.lab, of ? "calm-w-gc" : "calm-s-gc"));
        scene_words(&scenes[N_SCENES - 1], &env);
        if (lab_slaw(&stage.lab, NULL, "run", stage.lab.study, dir, LIMIT_MS) != 0 ||
            !lab_copy(dir, collected) ||
            lab_slaw(&stage.lab, &env, "gc", collected, NULL, LIMIT_MS) != 0) {
            stage_fail("the undisturbed study");
        }
        stage.want[AS_RUN][of] = lab_dump(dir, LAB_EVERYTHING);
        stage.want[AS_COLLECTED][of] = lab_dump(collected, LAB_EVERYTHING);
    }
    if (strcmp(stage.want[AS_RUN][PROGRAM_WORKER], stage.want[AS_COLLECTED][PROGRAM_WORKER]) == 0) {
        stage_fail("gc removed nothing");
    }
}

void stage_close(void)
{
    for (int i = 0; i < N_PROGRAMS; i++) {
        free(stage.want[AS_RUN][i]);
        free(stage.want[AS_COLLECTED][i]);
    }
    lab_close(&stage.lab);
}
