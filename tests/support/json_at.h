/* json_at.h -- what stands at a place of an answer.
 *
 * A place is printf's: names and positions with dots between, "fits.%zu.params.alpha".  A name with
 * a dot in it is for json_object_get().  The running test fails when the place, or a value of the kind
 * that is asked for, is not there.
 */
#ifndef TESTS_SUPPORT_JSON_AT_H
#define TESTS_SUPPORT_JSON_AT_H

#include "common/json.h"

#define JSON_PLACE __attribute__((format(printf, 2, 3)))

JSON_PLACE const json_t *json_at(const json_t *v, const char *place, ...);
JSON_PLACE const char *text_at(const json_t *v, const char *place, ...);
JSON_PLACE json_int_t integer_at(const json_t *v, const char *place, ...);
JSON_PLACE double number_at(const json_t *v, const char *place, ...);
/* How many elements an array, or members an object, has. */
JSON_PLACE size_t count_at(const json_t *v, const char *place, ...);

/* The element of `list` whose text `key` is `want`; NULL when there is none. */
const json_t *json_whose(const json_t *list, const char *key, const char *want);

#endif
