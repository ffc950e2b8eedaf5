/* The index of weights in several files: JSON with `weight_map`, tensor name to file name. Local. */
#pragma once

#include "encoder/weight_list.h"

/* A zeroed index is safe to free. */
typedef struct weight_index {
    struct json_t *root;
    const char **files; /* each once, by ascending names; plain names, so all lie beside the index */
    size_t n_files;
} weight_index;

/* Read the n bytes of an index; `path` names it in messages. On success the caller owns *out (weight_index_free), on
 * error it is empty. ERR_CONFIG: damaged, names no file, or a file in another folder; ERR_MEMORY. */
int weight_index_parse(const uint8_t *bytes, size_t n, const char *path, weight_index *out);

/* Whether a file has all tensors that the index says it has. ERR_CONFIG. */
int weight_index_check(const weight_index *x, const char *path, const char *file, const weight_list *tensors);

void weight_index_free(weight_index *x);
