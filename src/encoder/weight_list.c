#include "encoder/weight_list.h"

#include "base/memory.h"
#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LIMIT = 1024 };

/* Names stand in messages and in logs. */
static int is_plain(const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < ' ' || *c == 0x7F) return 0;
    return *name != 0 && strlen(name) <= NAME_LIMIT;
}

int weight_list_add(weight_list *l, const weight_tensor *t, const char *path)
{
    int rc = OK;
    char *name = NULL;
    if (!is_plain(t->name))
        FAIL(ERR_CONFIG, "%s: tensor %zu has a name that is empty, longer than %d bytes or not plain text", path, l->n,
             NAME_LIMIT);
    TRY(MEM_GROW(l->tensors, &l->capacity, l->n + 1));
    TRY(mem_string(&name, t->name));
    l->tensors[l->n] = *t;
    l->tensors[l->n++].name = name;
done:
    return rc;
}

int weight_list_block(weight_list *l, size_t n, void **out)
{
    int rc = OK;
    *out = NULL;
    TRY(MEM_GROW(l->blocks, &l->block_capacity, l->n_blocks + 1));
    TRY(mem_reserve(out, n, 1));
    l->blocks[l->n_blocks++] = *out;
done:
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const weight_tensor *)a)->name, ((const weight_tensor *)b)->name);
}

int weight_list_sort(weight_list *l, const char *path)
{
    int rc = OK;
    if (l->n) qsort(l->tensors, l->n, sizeof *l->tensors, by_name);
    for (size_t i = 1; i < l->n; i++)
        if (!strcmp(l->tensors[i - 1].name, l->tensors[i].name))
            FAIL(ERR_CONFIG, "%s: tensor %s is there twice", path, l->tensors[i].name);
done:
    return rc;
}

const weight_tensor *weight_list_find(const weight_list *l, const char *name)
{
    weight_tensor key = {.name = name};
    return l->n ? bsearch(&key, l->tensors, l->n, sizeof key, by_name) : NULL;
}

void weight_list_free(weight_list *l)
{
    for (size_t i = 0; i < l->n; i++) free((void *)(uintptr_t)l->tensors[i].name);
    for (size_t i = 0; i < l->n_blocks; i++) mem_free(&l->blocks[i]);
    mem_free(&l->tensors);
    mem_free(&l->blocks);
    *l = (weight_list){0};
}

int weight_elements(int n_dims, const int64_t *shape, size_t *n)
{
    int rc = OK, empty = 0;
    int64_t product = 1;
    *n = 0;
    for (int i = 0; i < n_dims; i++) {
        if (shape[i] < 0 || __builtin_mul_overflow(product, shape[i] ? shape[i] : 1, &product))
            FAIL(ERR_LIMIT, "a shape is negative or too large");
        if (shape[i] == 0) empty = 1;
    }
    *n = empty ? 0 : (size_t)product;
done:
    return rc;
}

void weight_shape_text(int n_dims, const int64_t *shape, char text[WEIGHT_SHAPE_TEXT])
{
    int used = snprintf(text, WEIGHT_SHAPE_TEXT, "[");
    for (int i = 0; i < n_dims && i < WEIGHT_MAX_DIMS; i++)
        used += snprintf(text + used, (size_t)(WEIGHT_SHAPE_TEXT - used), i ? ", %" PRId64 : "%" PRId64, shape[i]);
    snprintf(text + used, (size_t)(WEIGHT_SHAPE_TEXT - used), "]");
}
