/* What a model takes from its weights: tensors by name and shape, as fp32; and what was left over. All errors are
 * ERR_CONFIG, with file and tensor in the message, or ERR_MEMORY. Local. */
#pragma once

#include "encoder/weights.h"

typedef struct weight_reader weight_reader;

/* Names are looked up with each prefix in turn ("wav2vec2.", ""), the first one that exists counts. All is borrowed.
 * Caller: weight_reader_free. */
int weight_reader_create(weight_reader **out, const weights *w, const char *const *prefixes, int n_prefixes);
void weight_reader_free(weight_reader **r);

/* Whether there is such a tensor. */
int weight_reader_has(const weight_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The tensor is there, of this shape and of a type that can be taken (fp32, fp16, bf16); it counts as used. */
int weight_reader_check(weight_reader *r, int n_dims, const int64_t *shape, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, and its values as fp32 (exact), all finite, in new memory. Caller: mem_free. */
int weight_reader_take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The weight (n, channels, kernel) of a convolution under weight norm with one gain per tap: NAME.weight_g and
 * NAME.weight_v, NAME.parametrizations.weight.original0 and .original1, or NAME.weight, which is taken as it is.
 * w[o][i][k] = g[k] v[o][i][k] / |v[.][.][k]|, in fp64 and rounded once (torch.nn.utils.weight_norm, dim = 2). */
int weight_reader_check_weight_norm(weight_reader *r, const int64_t shape[3], const char *name);
int weight_reader_weight_norm(weight_reader *r, float **out, const int64_t shape[3], const char *name);

/* No tensor is left that nothing has used and no pattern (fnmatch, on the name with and without prefix) ignores. */
int weight_reader_finish(const weight_reader *r, const char *const *ignored, int n_ignored);
