#include <string.h>

#include "tests/support/suite.h"
#include "trainer/data/docs.h"

static const DocOptions plain = {0};
static DocSet s;
static Buf text;
static Err err;

static void set_up(void)
{
    s = DOCSET_INIT;
}

static void tear_down(void)
{
    docset_release(&s);
    buf_release(&text);
}

static void add(const char *doc, const DocOptions *o)
{
    ck_assert_int_eq(docset_add(&s, doc, strlen(doc), 0, o, &err), ERR_OK);
}

static void expect_doc(size_t i, const char *want)
{
    ck_assert_uint_lt(i, s.n);
    ck_assert_uint_eq(s.doc[i].n_bytes, strlen(want));
    ck_assert_mem_eq(s.text.data + s.doc[i].at, want, strlen(want));
}

START_TEST(documents_without_text_are_not_added)
{
    add(" \n\n", &plain);
    add("x", &plain);
    ck_assert_uint_eq(s.n, 1);
    expect_doc(0, "x\n");
}
END_TEST

#define LONG_PARAGRAPH "this paragraph has more than sixty characters and is seen again and again"

START_TEST(long_paragraphs_seen_before_are_dropped)
{
    DocOptions unique = {.is_unique = true};
    add("Yes.\n\n" LONG_PARAGRAPH "\n\nNo.\n\n" LONG_PARAGRAPH, &unique);
    add(LONG_PARAGRAPH "\n\nYes.", &unique);
    add(LONG_PARAGRAPH, &unique);
    ck_assert_uint_eq(s.n, 2);
    expect_doc(0, "Yes.\n\n" LONG_PARAGRAPH "\n\nNo.\n");
    expect_doc(1, "Yes.\n");
}
END_TEST

START_TEST(short_paragraphs_and_tables_are_dropped_on_request)
{
    DocOptions o = {.min_bytes = 10, .is_mostly_text = true};
    add("head word\n\n+---+---+ | 1 | 2 |\n\nthe definition of it", &o);
    ck_assert_uint_eq(s.n, 1);
    expect_doc(0, "the definition of it\n");
}
END_TEST

/* Cutting loses nothing but the blank lines at the cuts, and no part is twice too long. */
START_TEST(long_documents_are_cut_at_paragraphs)
{
    for (int i = 0; i < 200; i++) {
        buf_printf(&text, "paragraph number %d\nhas two lines\n\n", i);
    }
    add(buf_str(&text), &plain);
    ck_assert_int_eq(docset_split(&s, 1000, &err), ERR_OK);
    ck_assert_uint_gt(s.n, 6);
    size_t sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *p = s.text.data + s.doc[i].at;
        ck_assert_int_eq(strncmp(p, "paragraph", 9), 0);
        ck_assert_int_eq(memcmp(p + s.doc[i].n_bytes - 6, "lines\n", 6), 0);
        ck_assert_uint_le(s.doc[i].n_bytes, 1500);
        ck_assert_uint_ge(s.doc[i].n_bytes, 400);
        sum += s.doc[i].n_bytes;
    }
    ck_assert_uint_eq(sum + (s.n - 1), text.len - 1);
}
END_TEST

START_TEST(cuts_without_paragraphs_fall_on_lines_words_and_characters)
{
    for (int i = 0; i < 100; i++) {
        buf_puts(&text, "0123456789 ");
    }
    add(buf_str(&text), &plain);
    buf_clear(&text);
    for (int i = 0; i < 1000; i++) {
        buf_puts(&text, "\xCE\xB1");
    }
    add(buf_str(&text), &plain);
    ck_assert_int_eq(docset_split(&s, 300, &err), ERR_OK);
    size_t sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        char first = s.text.data[s.doc[i].at];
        ck_assert(first == '0' || first == '\xCE');
        sum += s.doc[i].n_bytes;
    }
    ck_assert_uint_eq(sum, s.text.len);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "docs", .set_up = set_up, .tear_down = tear_down});
}
