/* value.h -- one value of an answer, and how people see a number.
 *
 * A value carries what was computed, never a text made of it: JSON and CSV write the number with as
 * many digits as it takes to read the same double back, people see as many as it deserves:
 *   with an interval   down to the second significant digit of its standard error (or, without one, of a
 *                      quarter of lo..hi), value, lo and hi to the same place
 *   without            as its column says
 * NaN and infinities are null in JSON and an empty cell elsewhere.
 */
#ifndef ANSWER_VALUE_H
#define ANSWER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A confidence interval, in JSON {"se","lo","hi","method"}.  NaN: that part is unknown. */
typedef struct Interval {
    double se, lo, hi;
    const char *method; /* "bootstrap"; NULL: not said */
} Interval;

typedef enum ValueKind {
    VALUE_NONE,
    VALUE_TEXT,
    VALUE_REAL,
    VALUE_COUNT,
    VALUE_BOOL,
    VALUE_JSON, /* text that is JSON: an object in JSON, its text elsewhere */
} ValueKind;

/* What a value means to the reader: the colour of a terminal and the class of a page. */
typedef enum ValueTone {
    TONE_PLAIN,
    TONE_GOOD, /* done, verified */
    TONE_BUSY, /* at work */
    TONE_BAD,  /* failed, damaged */
    TONE_WARN, /* needs a look */
    TONE_DIM,  /* waiting, not there */
    N_TONES,
} ValueTone;

typedef struct Value {
    ValueKind kind;
    ValueTone tone;
    union {
        const char *text;
        double real;
        int64_t count;
        bool is_true;
    } as;
    const Interval *interval; /* NULL: none */
    const char *shown;        /* what people see in place of a number; NULL: the number */
} Value;

/* Constructors.  Pointers are borrowed until the value is added to an answer, which copies them. */
static inline Value value_none(void)
{
    return (Value){.kind = VALUE_NONE};
}

/* NULL gives value_none(). */
static inline Value value_text(const char *s)
{
    return s ? (Value){.kind = VALUE_TEXT, .as.text = s} : value_none();
}

/* A text that is one value of JSON; NULL gives value_none(). */
static inline Value value_json_text(const char *s)
{
    return s ? (Value){.kind = VALUE_JSON, .as.text = s} : value_none();
}

static inline Value value_real(double x)
{
    return (Value){.kind = VALUE_REAL, .as.real = x};
}

static inline Value value_count(int64_t n)
{
    return (Value){.kind = VALUE_COUNT, .as.count = n};
}

static inline Value value_size(size_t n)
{
    return value_count((int64_t)n);
}

static inline Value value_bool(bool is_true)
{
    return (Value){.kind = VALUE_BOOL, .as.is_true = is_true};
}

/* NULL, or an interval of which nothing is known: none. */
static inline Value value_between(double x, const Interval *interval)
{
    return (Value){.kind = VALUE_REAL, .as.real = x, .interval = interval};
}

static inline Value value_toned(Value v, ValueTone tone)
{
    v.tone = tone;
    return v;
}

static inline Value value_shown(Value v, const char *shown)
{
    v.shown = shown;
    return v;
}

/* How the numbers of a column look to people.  `digits` 0: the format's own. */
typedef enum NumberFormat {
    NUMBER_DIGITS,   /* significant digits: 1.817, 3e+11 (4) */
    NUMBER_FIXED,    /* digits after the point: 1.8170 (4) */
    NUMBER_PERCENT,  /* 100 x, significant digits (2): 0.035 is 3.5; the heading says % */
    NUMBER_QUANTITY, /* 334k, 6.51M, 3e+11 */
    NUMBER_BYTES,    /* 12.3 MB */
    NUMBER_DURATION, /* seconds as 45 s, 12 min, 3 h 20 min, 2 d 4 h */
    NUMBER_P,        /* a probability: 0.024, < 0.001 */
    NUMBER_WHOLE,    /* 1,376 */
} NumberFormat;

enum { NUMBER_TEXT_BYTES = 64, INTERVAL_TEXT_BYTES = 2 * NUMBER_TEXT_BYTES + 8 };

/* Each writes out [NUMBER_TEXT_BYTES] and returns it; "" when x is not finite. */
const char *number_text(double x, NumberFormat format, int digits, char *out);
/* 5 h 14 min */
const char *duration_text(double seconds, char *out);
/* 1376 as 1,376 */
const char *whole_text(int64_t n, char *out);
/* 1 run, 1,376 runs */
const char *count_text(int64_t n, const char *what, char *out);

/* The place of the last digit that an interval leaves: a power of ten, as 1 for tens, -3 for
 * thousandths; INT_MIN when nothing is known. */
int interval_place(const Interval *i);
/* x to that place: 1.817 for -3, 410 for 1, 1.82e-07. */
const char *number_to_place(double x, int place, char *out);
/* For a sentence, into out [INTERVAL_TEXT_BYTES]: "1.77 to 1.87"; "" unless both ends are finite. */
const char *interval_text(const Interval *i, char *out);

#endif
