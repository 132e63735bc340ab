/* Amounts of money in whole cents, so that no fraction is lost on the way. Pure. Each function answers NULL, or a sentence
 * that says what is wrong. */
#ifndef AMOUNT_H
#define AMOUNT_H

#include <jansson.h>
#include <stdint.h>

/* The sum over "items" of a task's context. */
const char *amount_of_items(const json_t *context, int64_t *cents);
/* What an earlier calculation came to. */
const char *amount_of_result(const json_t *result, int64_t *cents);
/* percent may be NULL: none. Half a cent is rounded up. */
const char *amount_add_percent(int64_t *cents, const json_t *percent);

#endif
