/* Sources of every kind to observations, and every error that the headers promise. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "common/json.h"
#include "orchestrator/exchange/import.h"
#include "orchestrator/exchange/line_in.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

typedef struct Case {
    ImportFormat format;
    const char *source, *pattern;
    const char *map[4], *set[4], *keep[2];
    bool is_per_file, is_lenient;
    ErrCode want;
    const char *text; /* the CSV, or words of the message and hint joined by a newline */
} Case;

static size_t count(const char *const *list, size_t n)
{
    size_t k = 0;
    while (k < n && list[k]) {
        k++;
    }
    return k;
}

static ErrCode import(const Case *c, const char *const *file, size_t n_files, Buf *csv, json_t **m,
                      Err *err)
{
    char path[FSX_PATH_BYTES];
    const ImportOptions o = {.format = c->format,
                             .file = file,
                             .n_files = n_files,
                             .pattern = c->pattern,
                             .map = c->map,
                             .n_map = count(c->map, 4),
                             .set = c->set,
                             .n_set = count(c->set, 4),
                             .keep = c->keep,
                             .n_keep = count(c->keep, 2),
                             .is_per_file = c->is_per_file,
                             .is_lenient = c->is_lenient};
    ck_assert_int_eq(fsx_join(path, tmp.path, "out.csv", err), ERR_OK);
    ErrCode rc = import_to_file(&o, path, m, err);
    if (rc == ERR_OK) {
        buf_clear(csv);
        ck_assert_int_eq(fsx_read(path, (size_t)1 << 20, csv, err), ERR_OK);
    } else {
        ck_assert(!fsx_exists(path)); /* a failed import leaves nothing */
    }
    return rc;
}

static const Case case_list[] = {
    /* logs: CR LF, a bare CR of a progress bar, bytes that are no UTF-8, a byte order mark */
    {IMPORT_LOG,
     "\xef\xbb\xbf"
     "go\r\nstep 100 | loss=3.5\r\nstep 200 loss 3.25\rstep 300 loss 3.0\n\xff\xfe\n",
     "^step (?<step>\\d+).*?loss[ =](?<loss>[\\d.]+)",
     {"D=step*2048"},
     {"N=7e9", "architecture=x,y"},
     .want = ERR_OK,
     .text = "run,architecture,task,step,N,D,loss\n"
             "source,\"x,y\",validation,100,7000000000,204800,3.5\n"
             "source,\"x,y\",validation,200,7000000000,409600,3.25\n"
             "source,\"x,y\",validation,300,7000000000,614400,3\n"},
    /* a group that takes no part is no value */
    {IMPORT_LOG, "loss 2 lr 0.1\nloss 1\n", "loss (?<loss>\\S+)(?: lr (?<lr>\\S+))?",
     .want = ERR_OK, .text = "run,task,loss,lr\nsource,validation,2,0.1\nsource,validation,1,\n"},
    {IMPORT_LOG, "x\n", "a(?<loss>b", .want = ERR_USAGE, .text = "at offset 10: missing closing"},
    {IMPORT_LOG, "x\n", "a(b)", .want = ERR_USAGE, .text = "0 named groups"},
    {IMPORT_LOG, "x\n", NULL, .want = ERR_USAGE, .text = "--log needs a --pattern"},
    {IMPORT_CSV, "loss\n1\n", "(?<loss>x)", .want = ERR_USAGE, .text = "--pattern goes with --log"},
    {IMPORT_LOG, "\nfirst words\nmore\n", "loss (?<loss>.)", .want = ERR_INVALID,
     .text = "none of 3 lines matches the pattern\nthe first line tried, "},
    {IMPORT_LOG, "", "loss (?<loss>.)", .want = ERR_INVALID, .text = "no line to match"},
    {IMPORT_LOG, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n", "(?<loss>(a+)+)$",
     .want = ERR_INVALID, .text = "source.txt:1: the pattern gives up on this line"},
    {IMPORT_LOG, "loss x\n", "loss (?<loss>.)", .want = ERR_FORMAT,
     .text = "source.txt:1: loss: \"x\" is not a number\n--skip-bad"},
    {IMPORT_LOG, "loss 1\n", "loss (?<lost>.)", .want = ERR_INVALID,
     .text = "nothing to fit: no loss, bits_per_byte, accuracy or error\nsay where it is"},
    /* CSV: quotes, CR LF, an empty line, a missing loss, a loss that is nan */
    {IMPORT_CSV,
     "run,params,D,loss,note\r\n\"a,\"\"b\",10M,1e9,3,x\r\n\r\nc,20M,2e9,,y\r\nd,30M,3e9,NaN,z\r\n",
     NULL,
     {"N=params"},
     {"size=big"},
     {"note"},
     .want = ERR_OK,
     .text = "run,size,task,N,D,loss,note\n\"a,\"\"b\",big,validation,10000000,1000000000,3,x\n"},
    {IMPORT_CSV,
     "tokens,loss\n5,1\n",
     NULL,
     {"D=tokens*1e9", "batch_k=tokens"},
     {"lang=en"},
     {"tokens"},
     .is_per_file = true,
     .want = ERR_OK,
     .text = "run,task,D,loss,lang,batch_k,tokens\nsource,validation,5000000000,1,en,5,5\n"},
    {IMPORT_CSV, "a,loss\n1,2,3\n2,4\n", NULL, .want = ERR_FORMAT,
     .text = "source.txt:2: 3 fields, and the header has 2\n--skip-bad"},
    {IMPORT_CSV, "a,loss\n1,2,3\nx,y\n2,4\n", NULL, .is_lenient = true, .want = ERR_OK,
     .text = "task,loss\nvalidation,4\n"},
    {IMPORT_CSV, "a,a,loss\n1,2,3\n", NULL, .want = ERR_FORMAT,
     .text = "two columns are named \"a\""},
    {IMPORT_CSV, "a,loss\n\"1,2\n", NULL, .want = ERR_FORMAT,
     .text = "source.txt:2: a quote is never closed"},
    {IMPORT_CSV, "a,loss\n\"1\"x,2\n", NULL, .want = ERR_FORMAT,
     .text = "text after a closing quote"},
    {IMPORT_CSV, "", NULL, .want = ERR_FORMAT, .text = "the file is empty"},
    {IMPORT_CSV, "a,loss\n1,\n2,inf\n", NULL, .want = ERR_INVALID,
     .text = "no row to import: of 2 read, 1 without a loss, 1 with one that is not finite"},
    {IMPORT_CSV,
     "parms,loss\n1,2\n",
     NULL,
     {"N=params"},
     .want = ERR_INVALID,
     .text = "the source has no field \"params\"\ndid you mean \"parms\"?"},
    {IMPORT_CSV, "a,loss\n1,2\n", NULL, {"N"}, .want = ERR_USAGE, .text = "--map takes NAME=FIELD"},
    {IMPORT_CSV, "a,loss\n1,2\n", NULL, {0}, {"N=big"}, .want = ERR_USAGE, .text = "not a number"},
    {IMPORT_CSV,
     "a,loss\n1,2\n",
     NULL,
     {"N=a", "N=a"},
     .want = ERR_USAGE,
     .text = "N is given twice"},
    /* JSON lines: members of members, a name that only a later line has, Python's NaN, null */
    {IMPORT_JSONL,
     "{\"loss\":2.5,\"m\":{\"tok\":100}}\n\n{\"loss\":NaN,\"s\":\"a NaN\\\"\"}\n"
     "{\"step\":3,\"loss\":2,\"m\":{\"tok\":300},\"x\":[1]}\n{\"step\":4,\"loss\":null}\n",
     NULL,
     {"D=m.tok"},
     {"N=1e6"},
     {"s"},
     .want = ERR_OK,
     .text = "task,step,N,D,loss,s\nvalidation,,1000000,100,2.5,\nvalidation,3,1000000,300,2,\n"},
    {IMPORT_JSONL, "{\"loss\":1}\n[1]\n", NULL, .want = ERR_FORMAT,
     .text = "source.txt:2: not a JSON object"},
    {IMPORT_JSONL, "{\"loss\":1}\n{\"loss\":\n", NULL, .want = ERR_FORMAT,
     .text = "source.txt:2: not a JSON object"},
    {IMPORT_JSONL, "{\"loss\":1}\nx\n", NULL, .is_lenient = true, .want = ERR_OK,
     .text = "task,loss\nvalidation,1\n"},
};

START_LOOP_TEST(sources_become_observations, sizeof case_list / sizeof case_list[0])
{
    const Case *c = &case_list[_i];
    Buf csv = BUF_INIT, said = BUF_INIT;
    json_t *m = NULL;
    Err err = ERR_INIT;
    const char *file = tmpdir_write(&tmp, "source.txt", c->source);
    ErrCode rc = import(c, &file, 1, &csv, &m, &err);
    ck_assert_msg(rc == c->want, "%d, not %d: %s", rc, c->want, err.msg);
    if (rc == ERR_OK) {
        ck_assert_str_eq(buf_str(&csv), c->text);
    } else {
        buf_printf(&said, "%s\n%s", err.msg, err.hint);
        ck_assert_msg(strstr(buf_str(&said), c->text) != NULL, "%s", buf_str(&said));
    }
    json_decref(m);
    buf_release(&said);
    buf_release(&csv);
}
END_TEST

START_TEST(files_one_after_the_other)
{
    const Case c = {IMPORT_CSV, .is_per_file = true};
    char one[FSX_PATH_BYTES], two[FSX_PATH_BYTES], digest[SHA256_HEX_BYTES];
    Buf csv = BUF_INIT;
    json_t *m = NULL;
    Err err = ERR_INIT;
    (void)snprintf(one, sizeof one, "%s", tmpdir_write(&tmp, "one.csv", "N,loss\n1,2\n"));
    (void)snprintf(two, sizeof two, "%s", tmpdir_write(&tmp, "two.csv", "N,loss\n3,4\n5,nan\n"));
    const char *both[] = {one, two};
    ck_assert_msg(import(&c, both, 2, &csv, &m, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(buf_str(&csv), "run,task,N,loss\none,validation,1,2\ntwo,validation,3,4\n");
    const json_t *files = json_object_get(m, "files");
    ck_assert_int_eq(hash_sha256_file(two, digest, &err), ERR_OK);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(files, 1), "sha256")),
                     digest);
    ck_assert_int_eq(json_integer_value(json_object_get(m, "rows")), 2);
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_object_get(m, "left_out"), "not_finite")), 1);
    json_decref(m);
    (void)tmpdir_write(&tmp, "two.csv", "N,lost\n3,4\n");
    (void)snprintf(two, sizeof two, "%s/out.csv", tmp.path);
    ck_assert_int_eq(remove(two), 0);
    (void)snprintf(two, sizeof two, "%s/two.csv", tmp.path);
    ck_assert_int_eq(import(&c, both, 2, &csv, &m, &err), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "its columns are not those of"));
    const char *gone = "/no/such/file";
    ck_assert_int_eq(import(&c, &gone, 1, &csv, &m, &err), ERR_NOTFOUND);
    const char *folder = tmp.path;
    ck_assert_int_eq(import(&c, &folder, 1, &csv, &m, &err), ERR_INVALID);
    buf_release(&csv);
}
END_TEST

/* A line of 3 MiB is passed over and counted; the next one is read. */
START_TEST(long_lines_are_counted)
{
    Buf text = BUF_INIT;
    LineIn in;
    Err err = ERR_INIT;
    for (int i = 0; i < 3 << 20; i++) {
        buf_putc(&text, 'x');
    }
    buf_puts(&text, "\nshort\n");
    const char *path = tmpdir_write(&tmp, "long.txt", buf_str(&text));
    ck_assert_int_eq(line_in_open(&in, path, true, &err), ERR_OK);
    ck_assert(line_in_next(&in));
    ck_assert_str_eq(buf_str(&in.line), "short");
    ck_assert_int_eq(in.number, 2);
    ck_assert_int_eq(in.n_long, 1);
    ck_assert(!line_in_next(&in));
    ck_assert_int_eq(line_in_finish(&in, &err), ERR_OK);
    line_in_close(&in);
    buf_release(&text);
}
END_TEST

START_TEST(a_study_keeps_an_import_under_its_name)
{
    char path[FSX_PATH_BYTES], first[FSX_PATH_BYTES];
    json_t *m = NULL;
    Err err = ERR_INIT;
    const char *set[] = {"architecture=x", "N=1"};
    const char *file = tmpdir_write(&tmp, "a.csv", "D,loss\n1,2\n");
    ImportOptions o = {.file = &file, .n_files = 1, .set = set, .n_set = 2};
    ck_assert_msg(import_to_study(&o, tmp.path, "theirs", false, &m, &err) == ERR_OK, "%s",
                  err.msg);
    (void)snprintf(first, sizeof first, "%s/imports/%s", tmp.path,
                   json_string_value(json_object_get(m, "observations")));
    ck_assert(fsx_exists(first));
    json_decref(m);
    ck_assert_int_eq(import_to_study(&o, tmp.path, "theirs", false, &m, &err), ERR_CONFLICT);
    set[1] = "N=2";
    ck_assert_msg(import_to_study(&o, tmp.path, "theirs", true, &m, &err) == ERR_OK, "%s", err.msg);
    ck_assert(!fsx_exists(first));
    (void)snprintf(path, sizeof path, "%s/imports/%s", tmp.path,
                   json_string_value(json_object_get(m, "observations")));
    ck_assert(fsx_exists(path));
    json_decref(m);
    ck_assert_int_eq(import_to_study(&o, tmp.path, "../x", false, &m, &err), ERR_INVALID);
    ck_assert_int_eq(import_to_study(&o, tmp.path, ".x", false, &m, &err), ERR_INVALID);
    o.n_set = 0;
    ck_assert_int_eq(import_to_study(&o, tmp.path, "other", false, &m, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "says no architecture"));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "import", .set_up = tmp_open, .tear_down = tmp_close});
}
