/* The weights of a model on their way from the files into one packed block. A model's loading code runs twice: once
 * while the arena measures, when names and shapes are checked, and once to fill. Ranks of a node share the block: each
 * fills its part of the matrices and vectors. All errors: ERR_CONFIG, ERR_MEMORY. Local. */
#pragma once

#include "encoder/arena.h"
#include "encoder/linear.h"
#include "encoder/norm.h"
#include "encoder/weight_reader.h"

typedef struct parameters {
    weight_reader *weights;
    arena memory;
    int half; /* matrices in bf16 */
    int part, n_parts;
    int64_t number; /* of the next matrix or vector */
    int skip;       /* what follows is not wanted: only names and shapes are checked */
} parameters;

/* A vector of n, by its name; and numbers of any shape. */
int parameters_vector(parameters *p, const float **out, int64_t n, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int parameters_shaped(parameters *p, const float **out, int n_dims, const int64_t *shape, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A layer from NAME.weight, whose first dimension are its outputs and the others together its inputs, and, with `bias`,
 * NAME.bias. */
int parameters_linear(parameters *p, linear *l, int n_dims, const int64_t *shape, int bias, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* One layer from several (n_each, k), one above the other; `names` are NAME. */
int parameters_joined(parameters *p, linear *l, int64_t n_each, int64_t k, int bias, const char *const *names,
                      int n_names);

/* NAME.weight and NAME.bias of a norm. */
int parameters_norm(parameters *p, norm *l, int64_t n, float epsilon, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* For weights that need more work: room for a layer, whose bias may be NULL, or for a vector (NULL while measuring);
 * *fill: it is this rank's to linear_pack, or to write. */
int parameters_place(parameters *p, linear *l, int half, int64_t n, int64_t k, const float *bias, int *fill);
int parameters_place_vector(parameters *p, float **out, int64_t n, int *fill);
