#include "common/csv_bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const struct {
    const char *magic;
    size_t n;
    const char *what, *cure;
} known[] = {
    {"\xff\xfe\0\0", 4, "UTF-32 text", "iconv -f UTF-32 -t UTF-8 FILE > new.csv"},
    {"\xff\xfe", 2, "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > new.csv"},
    {"\xfe\xff", 2, "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > new.csv"},
    {"\x1f\x8b", 2, "compressed with gzip", "gunzip -c FILE > new.csv"},
    {"(\xb5/\xfd", 4, "compressed with zstd", "zstd -dc FILE > new.csv"},
    {"BZh", 3, "compressed with bzip2", "bunzip2 -c FILE > new.csv"},
    {"\xfd"
     "7zXZ",
     5, "compressed with xz", "xz -dc FILE > new.csv"},
    {"PK\x03\x04", 4, "a zip archive or a spreadsheet", "save the table as CSV (UTF-8)"},
    {"PAR1", 4, "a Parquet file",
     "python3 -c 'import pandas; pandas.read_parquet(\"FILE\").to_csv(\"new.csv\", index=False)'"},
};

static size_t breaks_before(const char *bytes, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++) {
        n += bytes[i] == '\n' || (bytes[i] == '\r' && bytes[i + 1] != '\n') ? 1 : 0;
    }
    return n;
}

/* Length of the character at s, or 0: not well-formed UTF-8 (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    static const struct {
        unsigned char lo, hi, second_lo, second_hi;
        size_t n;
    } form[] = {
        {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        if (*s < form[i].lo || *s > form[i].hi) {
            continue;
        }
        if (form[i].n > n ||
            (form[i].n > 1 && (s[1] < form[i].second_lo || s[1] > form[i].second_hi))) {
            return 0;
        }
        for (size_t k = 2; k < form[i].n; k++) {
            if ((s[k] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return form[i].n;
    }
    return 0;
}

static bool is_ascii(const char *s, size_t n)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, s + i, sizeof word);
        any |= word;
    }
    for (; i < n; i++) {
        any |= (uint64_t)(unsigned char)s[i];
    }
    return (any & UINT64_C(0x8080808080808080)) == 0;
}

/* The first byte that is no UTF-8, or n. */
static size_t utf8_end(const char *bytes, size_t n)
{
    size_t i = is_ascii(bytes, n) ? n : 0;
    while (i < n) {
        size_t length = utf8_length((const unsigned char *)bytes + i, n - i);
        if (length == 0) {
            return i;
        }
        i += length;
    }
    return n;
}

ErrCode csv_bytes_head(const char *path, const char *bytes, size_t n, size_t *ret_mark, Err *err)
{
    *ret_mark = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (n == *ret_mark) {
        (void)err_set(err, ERR_FORMAT, "%s: the file is empty", path);
        return err_hint(err, "a header and a line for each observation: N,D,loss");
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (n >= known[i].n && memcmp(bytes, known[i].magic, known[i].n) == 0) {
            (void)err_set(err, ERR_FORMAT, "%s: not a text file: %s", path, known[i].what);
            return err_hint(err, "%s", known[i].cure);
        }
    }
    if (n >= 4 && (bytes[0] == '\0' ? bytes[2] == '\0' : bytes[1] == '\0' && bytes[3] == '\0')) {
        (void)err_set(err, ERR_FORMAT, "%s: not a text file: UTF-16 text", path); /* no mark */
        return err_hint(err, "iconv -f UTF-16%s -t UTF-8 FILE > new.csv",
                        bytes[0] == '\0' ? "BE" : "LE");
    }
    return ERR_OK;
}

ErrCode csv_bytes_check(const char *path, const char *bytes, size_t n, size_t line, size_t offset,
                        Err *err)
{
    const char *nul = memchr(bytes, '\0', n);
    if (nul) {
        size_t at = (size_t)(nul - bytes);
        return err_set(err, ERR_FORMAT, "%s:%zu: not a text file: a NUL byte at offset %zu", path,
                       line + breaks_before(bytes, at), offset + at);
    }
    size_t at = utf8_end(bytes, n);
    if (at == n) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s:%zu: the byte 0x%02X is no UTF-8", path,
                  line + breaks_before(bytes, at), (unsigned)(unsigned char)bytes[at]);
    return err_hint(err, "iconv -f WINDOWS-1252 -t UTF-8 FILE > new.csv, if it is that");
}
