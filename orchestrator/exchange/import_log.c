/* Logs: one match of a PCRE2 pattern a line, its named groups the fields. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <inttypes.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/exchange/import_row.h"
#include "orchestrator/exchange/line_in.h"

/* Steps of the matcher on one line: enough for any honest pattern on a line of 1 MiB, and milliseconds
 * where a nested repeat would run for ever. */
#define MATCH_LIMIT 1000000u
#define DEPTH_LIMIT 100000u
#define HEAP_KIB    65536u

enum { MAX_GROUPS = 64, SHOWN_BYTES = 160 };

typedef struct Pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    const char *name[MAX_GROUPS];
    uint32_t group[MAX_GROUPS];
    size_t n;
    Buf text; /* the groups of a match, NUL-terminated */
    const char *value[MAX_GROUPS];
    char first[SHOWN_BYTES]; /* the first line tried, for the message that none matches */
    char first_file[SHOWN_BYTES];
    int64_t first_line;
} Pattern;

static void pattern_release(Pattern *p)
{
    pcre2_code_free(p->code);
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    buf_release(&p->text);
}

static ErrCode bad_pattern(const char *text, int code, size_t at, Err *err)
{
    PCRE2_UCHAR why[160] = "";
    (void)pcre2_get_error_message(code, why, sizeof why);
    (void)err_set(err, ERR_USAGE, "--pattern: at offset %zu: %s", at, (const char *)why);
    return err_hint(err, "after \"%.*s\" comes \"%.40s\"", (int)(at < 200 ? at : 200), text,
                    text + at);
}

/* Names and numbers of the groups, from PCRE2's table. */
static ErrCode read_names(Pattern *p, Err *err)
{
    uint32_t n = 0, size = 0;
    PCRE2_SPTR table = NULL;
    (void)pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &n);
    (void)pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
    if (n == 0 || n > MAX_GROUPS) {
        (void)err_set(err, ERR_USAGE,
                      "--pattern has %" PRIu32 " named groups; 1 to %d are possible", n,
                      MAX_GROUPS);
        return err_hint(err, "name what to take: 'step (?<step>[0-9]+).*loss (?<loss>[0-9.]+)'");
    }
    for (uint32_t i = 0; i < n; i++) {
        const unsigned char *entry = table + (size_t)i * size;
        p->group[i] = (uint32_t)entry[0] << 8 | entry[1];
        p->name[i] = (const char *)entry + 2;
    }
    p->n = n;
    return ERR_OK;
}

static ErrCode pattern_open(Pattern *p, const char *text, Err *err)
{
    uint32_t options = PCRE2_UTF;
    int code = 0;
    PCRE2_SIZE at = 0;
#ifdef PCRE2_MATCH_INVALID_UTF
    options |= PCRE2_MATCH_INVALID_UTF; /* logs hold all kinds of bytes */
#endif
    p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
    if (!p->code) {
        return bad_pattern(text, code, at, err);
    }
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* where there is none, it interprets */
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->context = pcre2_match_context_create(NULL);
    if (!p->match || !p->context) {
        return err_nomem(err, "pattern");
    }
    (void)pcre2_set_match_limit(p->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(p->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(p->context, HEAP_KIB);
    return read_names(p, err);
}

/* Groups of the newest match as values. */
static ErrCode take_groups(Pattern *p, const char *line, Err *err)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
    uint32_t n_pairs = pcre2_get_ovector_count(p->match);
    size_t at[MAX_GROUPS];
    buf_clear(&p->text);
    for (size_t i = 0; i < p->n; i++) {
        uint32_t g = p->group[i];
        bool is_set = g < n_pairs && ends[2 * (size_t)g] != PCRE2_UNSET;
        at[i] = is_set ? p->text.len : (size_t)-1;
        if (is_set) {
            buf_add(&p->text, line + ends[2 * (size_t)g],
                    ends[2 * (size_t)g + 1] - ends[2 * (size_t)g]);
            buf_add(&p->text, "", 1);
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        p->value[i] = at[i] == (size_t)-1 ? NULL : p->text.data + at[i];
    }
    return buf_ok(&p->text, err);
}

static ErrCode match_failed(const LineIn *in, int code, Err *err)
{
    PCRE2_UCHAR why[160] = "";
    (void)pcre2_get_error_message(code, why, sizeof why);
    (void)err_set(err, ERR_INVALID, "%s:%" PRId64 ": the pattern gives up on this line: %s",
                  in->path, in->number, (const char *)why);
    return err_hint(err, "a repeat inside a repeat, as (a+)+, takes for ever: make it plainer, or "
                         "--skip-bad");
}

static void note_first(Pattern *p, const LineIn *in)
{
    if (p->first_line == 0 && in->line.len > 0) {
        p->first_line = in->number;
        (void)snprintf(p->first_file, sizeof p->first_file, "%s", in->path);
        (void)snprintf(p->first, sizeof p->first, "%s", buf_str(&in->line));
    }
}

static ErrCode try_line(Pattern *p, ImportRows *r, const LineIn *in, Err *err)
{
    const char *line = buf_str(&in->line);
    int n = pcre2_match(p->code, (PCRE2_SPTR)line, in->line.len, 0, 0, p->match, p->context);
    r->totals.lines++;
    note_first(p, in);
    if (n == PCRE2_ERROR_NOMATCH) {
        r->totals.no_match++;
        return ERR_OK;
    }
    if (n < 0 && r->o->is_lenient) {
        r->totals.malformed++;
        return ERR_OK;
    }
    if (n < 0) {
        return match_failed(in, n, err);
    }
    ErrCode rc = take_groups(p, line, err);
    return rc == ERR_OK ? import_rows_add(r, in->path, in->number, p->value, err) : rc;
}

static ErrCode read_file(Pattern *p, ImportRows *r, const char *path, Err *err)
{
    LineIn in;
    ErrCode rc = line_in_open(&in, path, true, err);
    if (rc != ERR_OK) {
        return rc;
    }
    while (line_in_next(&in)) {
        TRY(try_line(p, r, &in, err));
    }
    TRY(line_in_finish(&in, err));
    r->totals.too_long += in.n_long;
done:
    line_in_close(&in);
    return rc;
}

ErrCode import_log(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err)
{
    Pattern *p = calloc(1, sizeof *p);
    ErrCode rc = ERR_OK;
    if (!p) {
        return err_nomem(err, "pattern");
    }
    TRY(pattern_open(p, o->pattern, err));
    TRY(import_rows_open(r, o, p->name, p->n, out, err));
    for (size_t i = 0; i < o->n_files; i++) {
        TRY(read_file(p, r, o->file[i], err));
    }
    if (r->totals.lines == r->totals.no_match) {
        if (p->first_line == 0) {
            rc = err_set(err, ERR_INVALID, "%s: no line to match", o->file[0]);
        } else {
            rc = err_set(err, ERR_INVALID, "none of %" PRId64 " lines matches the pattern",
                         r->totals.lines);
            (void)err_hint(err, "the first line tried, %s:%" PRId64 ": %s", p->first_file,
                           p->first_line, p->first);
        }
    }
done:
    pattern_release(p);
    free(p);
    return rc;
}
