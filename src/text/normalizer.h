/* Steps that change a text before it is cut, as the normalizers of tokenizer.json do. A zeroed struct changes nothing
 * and is safe to free. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum normalizer_kind {
    NORMAL_NFC,
    NORMAL_NFD,
    NORMAL_NFKC,
    NORMAL_NFKD,
    NORMAL_PREPEND,
    NORMAL_REPLACE
} normalizer_kind;

typedef struct normalizer_step {
    normalizer_kind kind;
    char *from, *to; /* REPLACE: each `from` becomes `to`; PREPEND: `to` before a text that is not empty */
    size_t n_from, n_to;
    char *text; /* the result */
    size_t capacity;
} normalizer_step;

enum { NORMALIZER_STEPS = 8 };
typedef struct normalizer {
    normalizer_step steps[NORMALIZER_STEPS];
    int n;
    int32_t *codes; /* room for the Unicode forms */
    size_t codes_capacity;
} normalizer;

/* A step at the end; `from` and `to` are copied. ERR_CONFIG with too many, ERR_MEMORY. */
int normalizer_add(normalizer *z, normalizer_kind kind, const char *from, size_t n_from, const char *to, size_t n_to);

/* n bytes of valid UTF-8 to *out (of the normalizer, until the next call, or `text` itself). The Unicode forms are
 * those of Unicode 9, as in the reference: later code points stay as they are. ERR_MEMORY. */
int normalizer_run(normalizer *z, const char *text, size_t n, const char **out, size_t *n_out);

void normalizer_free(normalizer *z);
