/* A faster way through the lines that most manifests consist of: one object of texts, numbers, booleans and nulls. What
 * it takes it reads as jansson does (with JSON_REJECT_DUPLICATES), value for value; all else, wrong lines among it, it
 * leaves to jansson. Local. */
#pragma once

#include "corpus/row.h"

enum { FLAT_PAIRS = 32, FLAT_KEY = 48 };

typedef enum flat_type { FLAT_TEXT, FLAT_WHOLE, FLAT_REAL, FLAT_NULL, FLAT_TRUE, FLAT_FALSE } flat_type;

typedef struct flat_pair {
    char key[FLAT_KEY]; /* zero-terminated */
    size_t key_n;
    flat_type type;
    text_view text; /* of FLAT_TEXT: in the line, or in `scratch` where it had escapes */
    int64_t whole;
    double real;
} flat_pair;

/* A zeroed one is empty; free `scratch` with mem_free. */
typedef struct flat_json {
    flat_pair pairs[FLAT_PAIRS];
    size_t n;
    char *scratch;
    size_t capacity, used;
} flat_json;

/* Read a line; *is = 0 when it is for jansson. The texts live as long as the line, and until the next call.
 * ERR_MEMORY. */
int flat_json_read(flat_json *f, text_view line, int *is);
