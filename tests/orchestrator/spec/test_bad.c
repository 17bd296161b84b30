/* Every file of bad/ is refused, and its first problem is the one that its first two lines
 * state: "# line:column: message" and "# hint: ..." or "# no hint". */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "orchestrator/spec/study.h"
#include "tests/support/suite.h"

static const char folder[] = SLAW_SOURCE_DIR "/tests/orchestrator/spec/bad";

/* The i-th of the file's first lines, without "# ", into out. */
static void read_line(const char *text, int i, char out[1024])
{
    for (; i > 0; i--) {
        text = strchr(text, '\n') + 1;
    }
    (void)snprintf(out, 1024, "%.*s", (int)strcspn(text, "\n") - 2, text + 2);
}

static void check_file(const char *path)
{
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    char want[1024], hint[1024], got[1024];
    ck_assert_int_eq(fsx_read(path, 1 << 20, &text, &err), ERR_OK);
    read_line(buf_str(&text), 0, want);
    read_line(buf_str(&text), 1, hint);

    Study *study = NULL;
    Problems problems = PROBLEMS_INIT;
    ErrCode rc = study_open_list(path, &study, &problems, &err);
    ck_assert_msg(rc == ERR_INVALID, "%s: %s %s", path, err_code_name(rc), err.msg);
    ck_assert_ptr_null(study);
    const Problem *p = &problems.item[0];
    (void)snprintf(got, sizeof got, "%d:%d: %s", p->at.line, p->at.column, p->message);
    ck_assert_msg(strcmp(got, want) == 0, "%s:\n got  %s\n want %s", path, got, want);
    (void)snprintf(got, sizeof got, p->hint[0] ? "hint: %s" : "no hint%s", p->hint);
    ck_assert_msg(strcmp(got, hint) == 0, "%s:\n got  %s\n want %s", path, got, hint);
    problems_release(&problems);
    buf_release(&text);
}

START_TEST(every_bad_file_is_refused_with_its_place)
{
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    int n = 0;
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char path[FSX_PATH_BYTES];
        Err err = ERR_INIT;
        if (strstr(e->d_name, ".yaml")) {
            ck_assert_int_eq(fsx_join(path, folder, e->d_name, &err), ERR_OK);
            check_file(path);
            n++;
        }
    }
    (void)closedir(d);
    ck_assert_int_ge(n, 130);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "bad"});
}
