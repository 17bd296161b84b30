#include "trainer/data/fold.h"

#include <stdlib.h>

/* Base letters by NFKD; '.' where the decomposition is not one ASCII letter. */
enum { LATIN_FIRST = 0xC0, LATIN_END = 0x180, ADDITIONAL_FIRST = 0x1E00, ADDITIONAL_END = 0x1F00 };

static const char latin[] = "AAAAAA.CEEEEIIII.NOOOOO..UUUUY..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
                            "AaAaAaCcCcCcCcDd..EeEeEeEeEeGgGgGgGgHh..IiIiIiIiI...JjKk.LlLlLl."
                            "...NnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTt..UuUuUuUuUuUuWwYyYZzZzZzs";
static const char additional[] = "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
                                 "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
                                 "WwWwWwWwWwXxXxYyZzZzZzhtwy.s....AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
                                 "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy......";
_Static_assert(sizeof latin == LATIN_END - LATIN_FIRST + 1, "one letter a code point");
_Static_assert(sizeof additional == ADDITIONAL_END - ADDITIONAL_FIRST + 1, "the same");

typedef struct Fold {
    uint16_t first, last; /* code points, inclusive */
    const char *text;
} Fold;

/* Sorted by code point. */
static const Fold special[] = {
    {0x00A0, 0x00A0, " "},   {0x00A3, 0x00A3, "GBP"}, {0x00A9, 0x00A9, "(C)"},
    {0x00AB, 0x00AB, "\""},  {0x00AD, 0x00AD, ""},    {0x00AE, 0x00AE, "(R)"},
    {0x00B4, 0x00B4, "'"},   {0x00BB, 0x00BB, "\""},  {0x00BC, 0x00BC, "1/4"},
    {0x00BD, 0x00BD, "1/2"}, {0x00BE, 0x00BE, "3/4"}, {0x00C6, 0x00C6, "AE"},
    {0x00D0, 0x00D0, "D"},   {0x00D7, 0x00D7, "x"},   {0x00D8, 0x00D8, "O"},
    {0x00DE, 0x00DE, "Th"},  {0x00DF, 0x00DF, "ss"},  {0x00E6, 0x00E6, "ae"},
    {0x00F0, 0x00F0, "d"},   {0x00F8, 0x00F8, "o"},   {0x00FE, 0x00FE, "th"},
    {0x0110, 0x0110, "D"},   {0x0111, 0x0111, "d"},   {0x0126, 0x0126, "H"},
    {0x0127, 0x0127, "h"},   {0x0131, 0x0131, "i"},   {0x0132, 0x0132, "IJ"},
    {0x0133, 0x0133, "ij"},  {0x013F, 0x013F, "L"},   {0x0140, 0x0140, "l"},
    {0x0141, 0x0141, "L"},   {0x0142, 0x0142, "l"},   {0x0149, 0x0149, "'n"},
    {0x0152, 0x0152, "OE"},  {0x0153, 0x0153, "oe"},  {0x0166, 0x0166, "T"},
    {0x0167, 0x0167, "t"},   {0x0218, 0x0218, "S"},   {0x0219, 0x0219, "s"},
    {0x021A, 0x021A, "T"},   {0x021B, 0x021B, "t"},   {0x0300, 0x036F, ""},
    {0x1E9E, 0x1E9E, "SS"},  {0x2000, 0x200A, " "},   {0x200B, 0x200F, ""},
    {0x2010, 0x2013, "-"},   {0x2014, 0x2015, "--"},  {0x2018, 0x201B, "'"},
    {0x201C, 0x201F, "\""},  {0x2022, 0x2022, "*"},   {0x2024, 0x2024, "."},
    {0x2025, 0x2025, ".."},  {0x2026, 0x2026, "..."}, {0x202A, 0x202E, ""},
    {0x202F, 0x202F, " "},   {0x2032, 0x2032, "'"},   {0x2033, 0x2033, "\""},
    {0x2039, 0x203A, "'"},   {0x2044, 0x2044, "/"},   {0x205F, 0x205F, " "},
    {0x2060, 0x2064, ""},    {0x20AC, 0x20AC, "EUR"}, {0x2122, 0x2122, "(TM)"},
    {0x2212, 0x2212, "-"},   {0x3000, 0x3000, " "},   {0xFB00, 0xFB00, "ff"},
    {0xFB01, 0xFB01, "fi"},  {0xFB02, 0xFB02, "fl"},  {0xFB03, 0xFB03, "ffi"},
    {0xFB04, 0xFB04, "ffl"}, {0xFB05, 0xFB06, "st"},  {0xFEFF, 0xFEFF, ""},
};

static int compare_fold(const void *key, const void *row)
{
    uint32_t c = *(const uint32_t *)key;
    const Fold *f = row;
    return c < f->first ? -1 : c > f->last ? 1 : 0;
}

/* One-letter strings, so that a base letter can be returned like the other forms. */
static const char *letter_text(char c)
{
    static const char letters[] = "A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M\0N\0O\0P\0Q\0R\0S\0T\0U\0V"
                                  "\0W\0X\0Y\0Z\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0"
                                  "q\0r\0s\0t\0u\0v\0w\0x\0y\0z";
    int i = c >= 'a' ? c - 'a' + 26 : c - 'A';
    return letters + 2 * (size_t)i;
}

const char *fold_ascii(uint32_t c)
{
    char base = '.';
    if (c >= LATIN_FIRST && c < LATIN_END) {
        base = latin[c - LATIN_FIRST];
    } else if (c >= ADDITIONAL_FIRST && c < ADDITIONAL_END) {
        base = additional[c - ADDITIONAL_FIRST];
    }
    if (base != '.') {
        return letter_text(base);
    }
    const Fold *f =
        bsearch(&c, special, sizeof special / sizeof special[0], sizeof special[0], compare_fold);
    return f ? f->text : NULL;
}
