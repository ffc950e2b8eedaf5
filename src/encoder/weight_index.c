#include "encoder/weight_index.h"

#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The index must not lead out of its folder. */
static int is_plain(const char *file)
{
    return file && *file && !strchr(file, '/') && strcmp(file, ".") != 0 && strcmp(file, "..") != 0;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static int list_files(const json_t *map, const char *path, weight_index *out)
{
    int rc = OK;
    const char *name;
    json_t *value;
    size_t n = 0;
    TRY(MEM_ALLOC(out->files, json_object_size(map)));
    json_object_foreach((json_t *)(uintptr_t)map, name, value)
    {
        const char *file = json_string_value(value);
        if (!is_plain(file))
            FAIL(ERR_CONFIG, "%s: tensor %s: the file is not named, or by more than its name", path, name);
        out->files[n++] = file;
    }
    if (n) qsort(out->files, n, sizeof *out->files, by_name);
    for (size_t i = 0; i < n; i++)
        if (!out->n_files || strcmp(out->files[out->n_files - 1], out->files[i]) != 0)
            out->files[out->n_files++] = out->files[i];
done:
    return rc;
}

int weight_index_parse(const uint8_t *bytes, size_t n, const char *path, weight_index *out)
{
    int rc = OK;
    json_error_t error;
    *out = (weight_index){.root = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error)};
    if (!out->root) FAIL(ERR_CONFIG, "%s: damaged index: line %d: %s", path, error.line, error.text);
    const json_t *map = json_object_get(out->root, "weight_map");
    if (!json_is_object(map) || json_object_size(map) == 0)
        FAIL(ERR_CONFIG, "%s: not an index of weight files: no weight_map with tensors", path);
    TRY(list_files(map, path, out));
done:
    if (rc != OK) weight_index_free(out);
    return rc;
}

int weight_index_check(const weight_index *x, const char *path, const char *file, const weight_list *tensors)
{
    int rc = OK;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(x->root, "weight_map"), name, value)
    {
        if (!strcmp(json_string_value(value), file) && !weight_list_find(tensors, name))
            FAIL(ERR_CONFIG, "%s: tensor %s is not in %s", path, name, file);
    }
done:
    return rc;
}

void weight_index_free(weight_index *x)
{
    json_decref(x->root);
    mem_free(&x->files);
    *x = (weight_index){0};
}
