/* order.h -- what the comparisons of qsort() and bsearch() are made of. */
#ifndef COMMON_ORDER_H
#define COMMON_ORDER_H

/* Below 0 when a is less, above 0 when b is, else (NaN, too) 0; of any type of numbers. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Of doubles, upwards. */
static inline int order_f64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return ORDER(x, y);
}

#endif
