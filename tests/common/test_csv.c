#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

/* Every record on a line: its own line, then its fields in brackets. */
static ErrCode list(Csv *r, Buf *out, Err *err)
{
    bool has = false;
    ErrCode rc;
    while ((rc = csv_next(r, &has, err)) == ERR_OK && has) {
        buf_printf(out, "%zu", r->line);
        for (size_t i = 0; i < r->n; i++) {
            buf_printf(out, "[%s]", csv_field(r, i));
        }
        buf_putc(out, '\n');
    }
    return rc;
}

/* As a file through a window, and in memory: the same or the same error. */
static ErrCode read_both(const char *text, size_t n, Buf *out, Err *err)
{
    Csv r = {0};
    Buf bytes = BUF_INIT, again = BUF_INIT;
    Err other = ERR_INIT;
    char path[FSX_PATH_BYTES];
    tmp = tmpdir_open();
    buf_add(&bytes, text, n);
    ck_assert_int_eq(fsx_join(path, tmp.path, "t.csv", err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, text, n, err), ERR_OK);
    ErrCode rc = csv_open(&r, path, err);
    rc = rc == ERR_OK ? list(&r, out, err) : rc;
    csv_close(&r);
    ErrCode in_memory = csv_open_bytes(&r, path, bytes.data, n, &other);
    in_memory = in_memory == ERR_OK ? list(&r, &again, &other) : in_memory;
    csv_close(&r);
    csv_close(&r);
    ck_assert_int_eq(rc, in_memory);
    ck_assert_str_eq(err->msg, other.msg);
    ck_assert_str_eq(buf_str(out), buf_str(&again));
    buf_release(&again);
    buf_release(&bytes);
    tmpdir_close(&tmp);
    return rc;
}

static const struct {
    const char *text, *records;
} good[] = {
    {"a,b\n1,2\n", "1[a][b]\n2[1][2]\n"},
    {"a,b\r\n1,2", "1[a][b]\n2[1][2]\n"},
    {"a\r1\r\r2\r\n3", "1[a]\n2[1]\n4[2]\n5[3]\n"},
    {"\xef\xbb\xbf"
     "\xc3\xa9\n",
     "1[\xc3\xa9]\n"},
    {"\n \t\na,,\n,\n", "3[a][][]\n4[][]\n"},
    {" a , b c \t,\t\"d, e\" \n", "1[a][b c][d, e]\n"},
    {"\"a\"\"b\",\"\"\"\",\"\",x\"y\n", "1[a\"b][\"][][x\"y]\n"},
    {"\"1\r\n2\r3\n4\",x\ny\n", "1[1\r\n2\r3\n4][x]\n5[y]\n"},
    {"\"a\"", "1[a]\n"},
    {"a,", "1[a][]\n"},
    {"\"\"\nx\n", "1[]\n2[x]\n"},
};

START_LOOP_TEST(records_are_read, sizeof good / sizeof good[0])
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ErrCode rc = read_both(good[_i].text, strlen(good[_i].text), &out, &err);
    ck_assert_msg(rc == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(buf_str(&out), good[_i].records);
    buf_release(&out);
}
END_TEST

#define BAD(text, words, hint)             \
    {                                      \
        text, sizeof text - 1, words, hint \
    }

static const struct {
    const char *text;
    size_t n;
    const char *words, *hint;
} refused[] = {
    BAD("a\n\"1\n2\n", "t.csv:2: a quote is never closed", "written twice"),
    BAD("a\n\n\"1\n2\"x\n", "t.csv:4: text after a closing quote", "written twice"),
    BAD("a\n1\n2\0\n", "t.csv:3: not a text file: a NUL byte at offset 5", ""),
    BAD("a,b\n\"x\ny\",caf\xe9\n", "t.csv:3: the byte 0xE9 is no UTF-8", "iconv"),
    BAD("a\n\xed\xa0\x80\n", "t.csv:2: the byte 0xED is no UTF-8", "iconv"),
    BAD("", "t.csv: the file is empty", "header"),
    BAD("\xef\xbb\xbf", "t.csv: the file is empty", "header"),
    BAD("\x1f\x8b\x08x", "compressed with gzip", "gunzip"),
    BAD("PK\x03\x04", "a spreadsheet", "CSV"),
    BAD("\xff\xfe"
        "a\0",
        "UTF-16", "iconv -f UTF-16 "),
    BAD("a\0b\0", "UTF-16", "UTF-16LE"),
    BAD("\0a\0b", "UTF-16", "UTF-16BE"),
};

START_LOOP_TEST(other_bytes_are_refused_with_their_line, sizeof refused / sizeof refused[0])
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(read_both(refused[_i].text, refused[_i].n, &out, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, refused[_i].words) != NULL, "%s", err.msg);
    ck_assert_msg(strstr(err.hint, refused[_i].hint) != NULL, "%s", err.hint);
    buf_release(&out);
}
END_TEST

START_TEST(what_is_no_file_is_not_opened)
{
    Csv r = {0};
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(csv_open(&r, "/nonexistent/t.csv", &err), ERR_NOTFOUND);
    csv_close(&r);
    ck_assert_int_eq(csv_open(&r, tmp.path, &err), ERR_INVALID);
    csv_close(&r);
    const char *file = tmpdir_write(&tmp, "t.csv", "a\n");
    Buf below = BUF_INIT;
    buf_printf(&below, "%s/x", file);
    ck_assert_int_eq(csv_open(&r, buf_str(&below), &err), ERR_IO);
    csv_close(&r);
    buf_release(&below);
    tmpdir_close(&tmp);
}
END_TEST

/* Records of many lengths around the window's, so that ends and quotes fall on its edges. */
START_TEST(a_window_slides_over_records_of_any_length)
{
    enum { LONGEST = 70000, STEP = 4099 };
    Csv r;
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    bool has = false;
    tmp = tmpdir_open();
    for (size_t n = 0; n < LONGEST; n += STEP) {
        buf_putc(&text, '"');
        for (size_t i = 0; i < n; i++) {
            buf_puts(&text, i % 3 ? "\"\"" : i % 5 ? "x" : "\r\n");
        }
        buf_puts(&text, "\",end\r\n");
    }
    ck_assert_int_eq(csv_open(&r, tmpdir_write(&tmp, "t.csv", buf_str(&text)), &err), ERR_OK);
    for (size_t n = 0; n < LONGEST; n += STEP) {
        ck_assert_msg(csv_next(&r, &has, &err) == ERR_OK, "%s", err.msg);
        ck_assert(has && r.n == 2);
        const char *cell = csv_field(&r, 0);
        for (size_t i = 0; i < n; i++) {
            ck_assert(*cell == (i % 3 ? '"' : i % 5 ? 'x' : '\r'));
            cell += *cell == '\r' ? 2 : 1;
        }
        ck_assert_int_eq(*cell, '\0');
        ck_assert_str_eq(csv_field(&r, 1), "end");
    }
    ck_assert_int_eq(csv_next(&r, &has, &err), ERR_OK);
    ck_assert(!has);
    csv_close(&r);
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

static Err err;

START_TEST(a_record_of_a_file_has_a_bound)
{
    Csv r;
    bool has = false;
    tmp = tmpdir_open();
    char *text = malloc(CSV_MAX_RECORD + ((size_t)1 << 20));
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', CSV_MAX_RECORD + ((size_t)1 << 20) - 1);
    memcpy(text, "a\n\"", 3);
    text[CSV_MAX_RECORD + ((size_t)1 << 20) - 1] = '\0';
    ck_assert_int_eq(csv_open(&r, tmpdir_write(&tmp, "t.csv", text), &err), ERR_OK);
    ck_assert_int_eq(csv_next(&r, &has, &err), ERR_OK);
    ck_assert_int_eq(csv_next(&r, &has, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "t.csv:2: a record of more than 16 MiB") != NULL, "%s", err.msg);
    csv_close(&r);
    free(text);
    tmpdir_close(&tmp);
}
END_TEST

/* A text in memory, of which the first record was read. */
static void open_text(Csv *r, const Buf *text)
{
    bool has = false;
    ck_assert_int_eq(csv_open_bytes(r, "t", text->data, text->len, &err), ERR_OK);
    ck_assert_int_eq(csv_next(r, &has, &err), ERR_OK);
}

static const struct {
    const char *text, *words, *hint;
} bad_header[] = {
    {"N,loss,N\n", "t:1: two columns are named \"N\" (1 and 3)", "rename"},
    {"N;loss\n", "separated by semicolons", "tr ',;'"},
    {"N\tloss\n", "separated by tabs", "tr '\\t'"},
    {"\n \n", "empty lines only", "names the columns"},
};

START_LOOP_TEST(a_header_is_checked, sizeof bad_header / sizeof bad_header[0])
{
    Csv r;
    Buf text = BUF_INIT;
    buf_puts(&text, bad_header[_i].text);
    open_text(&r, &text);
    ck_assert_int_eq(csv_check_header(&r, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, bad_header[_i].words) != NULL, "%s", err.msg);
    ck_assert_msg(strstr(err.hint, bad_header[_i].hint) != NULL, "%s", err.hint);
    csv_close(&r);
    buf_release(&text);
}
END_TEST

START_TEST(a_record_has_the_headers_length)
{
    Csv r;
    Buf text = BUF_INIT;
    bool has = false;
    buf_puts(&text, "N,loss\n1\n");
    open_text(&r, &text);
    ck_assert_int_eq(csv_check_header(&r, &err), ERR_OK);
    ck_assert_int_eq(csv_next(&r, &has, &err), ERR_OK);
    ck_assert_int_eq(csv_check_length(&r, 1, &err), ERR_OK);
    ck_assert_int_eq(csv_check_length(&r, 2, &err), ERR_FORMAT);
    ck_assert_str_eq(err.msg, "t:2: 1 fields, and the header has 2");
    csv_close(&r);
    buf_release(&text);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    static const char *const cell[] = {"",           "plain",   "a,b",  "say \"it\"",
                                       "two\nlines", "\rbreak", " led", "and trailed\t"};
    enum { N = sizeof cell / sizeof cell[0] };
    static const char *const empty[] = {""};
    Buf text = BUF_INIT;
    Csv r;
    bool has = false;
    csv_put_row(&text, cell, N);
    csv_put_row(&text, empty, 1);
    ck_assert_str_eq(buf_str(&text), ",plain,\"a,b\",\"say \"\"it\"\"\",\"two\nlines\",\"\rbreak\","
                                     "\" led\",\"and trailed\t\"\n\"\"\n");
    open_text(&r, &text);
    ck_assert_uint_eq(r.n, N);
    for (size_t i = 0; i < N; i++) {
        ck_assert_str_eq(csv_field(&r, i), cell[i]);
    }
    ck_assert_int_eq(csv_next(&r, &has, &err), ERR_OK);
    ck_assert(has && r.n == 1 && csv_field(&r, 0)[0] == '\0');
    csv_close(&r);
    buf_release(&text);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "csv"});
}
