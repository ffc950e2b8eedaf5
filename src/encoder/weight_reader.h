/* The weights of a model as its loading code asks for them: by name and shape, as fp32, and with account of which were
 * used. All functions are Local. Their names are formats. Errors (ERR_CONFIG, ERR_MEMORY) name file and tensor. */
#pragma once

#include "encoder/weights.h"

typedef struct weight_reader weight_reader;

/* Read from `w`. A name is looked up with each prefix in turn ("wav2vec2.", ""), and the first that exists wins. The
 * weights and the prefixes are borrowed until weight_reader_free. On error *out is NULL. ERR_MEMORY. */
int weight_reader_create(weight_reader **out, const weights *w, const char *const *prefixes, int n_prefixes);
void weight_reader_free(weight_reader **r); /* *r becomes NULL; NULL allowed */

/* Whether there is a tensor of this name. */
int weight_reader_has(const weight_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Check that a tensor is there, of this shape and of type F32, F16 or BF16, and mark it as used. ERR_CONFIG. */
int weight_reader_check(weight_reader *r, int n_dims, const int64_t *shape, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, and its values in C order in new memory, exactly (caller: mem_free). NULL on error. ERR_CONFIG, also where
 * a value is not finite; ERR_MEMORY. */
int weight_reader_take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A weight that may be stored as direction and gain, one gain for each index of the last dimension: NAME.weight_v and
 * NAME.weight_g, or NAME.parametrizations.weight.original1 and original0, or already folded as NAME.weight. `shape` is
 * that of the folded weight. */
int weight_reader_check_weight_norm(weight_reader *r, int n_dims, const int64_t *shape, const char *name);

/* The same, and the weight in new memory (caller: mem_free), folded in fp64 in a fixed order: w[..][k] = gain[k] *
 * v[..][k] / sqrt(sum of v[..][k]^2). ERR_CONFIG, also where that norm is zero; ERR_MEMORY. */
int weight_reader_weight_norm(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *name);

/* Check that every tensor of a floating type was used or has a name, with or without its prefix, that one of the
 * patterns `ignored` (fnmatch) allows: what is left over belongs to another model. ERR_CONFIG names some. */
int weight_reader_finish(weight_reader *r, const char *const *ignored, int n_ignored);
