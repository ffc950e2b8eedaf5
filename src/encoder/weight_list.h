/* Tensors of a weight file: what is known of each, and a list of them with the memory that it needs. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum weight_type { WEIGHT_F32, WEIGHT_F16, WEIGHT_BF16, WEIGHT_OTHER } weight_type;

enum { WEIGHT_MAX_DIMS = 8, WEIGHT_SHAPE_TEXT = 192 };

typedef struct weight_tensor {
    const char *name;
    weight_type type;
    const char *type_name; /* as in safetensors files: "F32", "I64"; static */
    int n_dims;
    int64_t shape[WEIGHT_MAX_DIMS]; /* each >= 0; their product, counting a 0 as 1, fits an int64 */
    const void *values;             /* C order, little-endian, any alignment; never NULL */
} weight_tensor;

/* A zeroed list is empty and safe to free. */
typedef struct weight_list {
    weight_tensor *tensors;
    size_t n, capacity;
    void **blocks; /* memory of values that lie in no file as they are */
    size_t n_blocks, block_capacity;
} weight_list;

/* Append a tensor; its name is copied, its values are borrowed. ERR_CONFIG with `path` in the message: the name is
 * empty, longer than 1,024 bytes or has control characters; ERR_MEMORY. */
int weight_list_add(weight_list *l, const weight_tensor *t, const char *path);

/* Memory of n bytes, freed with the list; not zeroed. ERR_MEMORY. */
int weight_list_block(weight_list *l, size_t n, void **out);

/* Put the tensors in the order of their names (bytes). ERR_CONFIG: two have the same. */
int weight_list_sort(weight_list *l, const char *path);

/* A tensor of a sorted list; NULL where there is none. */
const weight_tensor *weight_list_find(const weight_list *l, const char *name);

void weight_list_free(weight_list *l);

/* Number of elements of a shape. ERR_LIMIT: a negative size, or the product, counting a 0 as 1, does not fit an int64.
 */
int weight_elements(int n_dims, const int64_t *shape, size_t *n);

/* "[2, 3]". */
void weight_shape_text(int n_dims, const int64_t *shape, char text[WEIGHT_SHAPE_TEXT]);
