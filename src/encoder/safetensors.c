#include "encoder/safetensors.h"

#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100000000 };

typedef struct stored_type {
    const char *name;
    weight_type type;
    size_t bits;
} stored_type;

static const stored_type types[] = {
    {"F32", WEIGHT_F32, 32},      {"F16", WEIGHT_F16, 16},      {"BF16", WEIGHT_BF16, 16},
    {"F64", WEIGHT_OTHER, 64},    {"I64", WEIGHT_OTHER, 64},    {"I32", WEIGHT_OTHER, 32},
    {"I16", WEIGHT_OTHER, 16},    {"I8", WEIGHT_OTHER, 8},      {"U64", WEIGHT_OTHER, 64},
    {"U32", WEIGHT_OTHER, 32},    {"U16", WEIGHT_OTHER, 16},    {"U8", WEIGHT_OTHER, 8},
    {"BOOL", WEIGHT_OTHER, 8},    {"C64", WEIGHT_OTHER, 64},    {"F8_E4M3", WEIGHT_OTHER, 8},
    {"F8_E5M2", WEIGHT_OTHER, 8}, {"F8_E8M0", WEIGHT_OTHER, 8}, {"F6_E2M3", WEIGHT_OTHER, 6},
    {"F6_E3M2", WEIGHT_OTHER, 6}, {"F4", WEIGHT_OTHER, 4},
};

/* Where the values of a tensor lie, counted from the end of the header. */
typedef struct extent {
    size_t begin, end, tensor;
} extent;

typedef struct values_area {
    const char *path;
    const uint8_t *bytes;
    size_t n;
} values_area;

static const stored_type *find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name)) return &types[i];
    return NULL;
}

static int parse_header(const uint8_t *bytes, size_t n, const char *path, json_t **root, size_t *n_header)
{
    int rc = OK;
    json_error_t error;
    uint64_t length = 0;
    if (n < LENGTH_BYTES) FAIL(ERR_CONFIG, "%s: not a safetensors file: %zu bytes", path, n);
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) length = length << 8 | bytes[i];
    if (length > HEADER_LIMIT || length > n - LENGTH_BYTES)
        FAIL(ERR_CONFIG, "%s: not a whole safetensors file: %zu bytes, and a header of %llu (at most %d)", path, n,
             (unsigned long long)length, HEADER_LIMIT);
    *root = json_loadb((const char *)bytes + LENGTH_BYTES, length, JSON_REJECT_DUPLICATES, &error);
    if (!*root) FAIL(ERR_CONFIG, "%s: damaged safetensors header: %s", path, error.text);
    if (!json_is_object(*root)) FAIL(ERR_CONFIG, "%s: the safetensors header is not a JSON object", path);
    *n_header = length;
done:
    return rc;
}

static int parse_shape(const json_t *shape, weight_tensor *t, const char *path, size_t *n)
{
    int rc = OK;
    size_t i;
    json_t *size;
    if (!json_is_array(shape) || json_array_size(shape) > WEIGHT_MAX_DIMS)
        FAIL(ERR_CONFIG, "%s: tensor %s: the shape is not a list of at most %d sizes", path, t->name, WEIGHT_MAX_DIMS);
    json_array_foreach(shape, i, size)
    {
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            FAIL(ERR_CONFIG, "%s: tensor %s: a size of the shape is not a whole number from 0", path, t->name);
        t->shape[t->n_dims++] = json_integer_value(size);
    }
    if (weight_elements(t->n_dims, t->shape, n) != OK)
        FAIL(ERR_CONFIG, "%s: tensor %s: the shape is too large", path, t->name);
done:
    return rc;
}

static int parse_offsets(const json_t *entry, const char *name, const values_area *area, extent *out)
{
    int rc = OK;
    const json_t *list = json_object_get(entry, "data_offsets");
    if (!list) list = json_object_get(entry, "offsets");
    const json_t *begin = json_array_get(list, 0), *end = json_array_get(list, 1);
    if (json_array_size(list) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        FAIL(ERR_CONFIG, "%s: tensor %s: data_offsets is not a pair of whole numbers", area->path, name);
    long long first = json_integer_value(begin), last = json_integer_value(end);
    if (first < 0 || first > last || (unsigned long long)last > area->n)
        FAIL(ERR_CONFIG, "%s: tensor %s: bytes %lld to %lld of the %zu that are there: the file is damaged or cut off",
             area->path, name, first, last, area->n);
    out->begin = (size_t)first;
    out->end = (size_t)last;
done:
    return rc;
}

static int parse_tensor(const char *name, const json_t *entry, const values_area *area, weight_tensor *t, extent *place)
{
    int rc = OK;
    size_t n, bits;
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const stored_type *type = find_type(dtype);
    *t = (weight_tensor){.name = name};
    if (!json_is_object(entry)) FAIL(ERR_CONFIG, "%s: tensor %s: the entry is not a JSON object", area->path, name);
    if (!type) FAIL(ERR_CONFIG, "%s: tensor %s: unknown type %s", area->path, name, dtype ? dtype : "(none)");
    t->type = type->type;
    t->type_name = type->name;
    TRY(parse_shape(json_object_get(entry, "shape"), t, area->path, &n));
    TRY(parse_offsets(entry, name, area, place));
    if (size_mul(n, type->bits, &bits) != OK || bits % 8 != 0 || bits / 8 != place->end - place->begin)
        FAIL(ERR_CONFIG, "%s: tensor %s: %zu bytes for %zu numbers of type %s", area->path, name,
             place->end - place->begin, n, type->name);
    t->values = area->bytes + place->begin;
done:
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int check_overlaps(extent *places, const weight_list *l, const char *path)
{
    int rc = OK;
    size_t before = 0, reached = 0;
    if (l->n) qsort(places, l->n, sizeof *places, by_place);
    for (size_t i = 0; i < l->n; i++) {
        if (places[i].begin == places[i].end) continue;
        if (places[i].begin < reached)
            FAIL(ERR_CONFIG, "%s: tensors %s and %s share bytes", path, l->tensors[places[before].tensor].name,
                 l->tensors[places[i].tensor].name);
        before = i;
        reached = places[i].end;
    }
done:
    return rc;
}

int safetensors_parse(const uint8_t *bytes, size_t n, const char *path, weight_list *out)
{
    int rc = OK;
    json_t *root = NULL, *entry;
    const char *name;
    extent *places = NULL;
    weight_tensor t;
    size_t n_header = 0;
    *out = (weight_list){0};
    TRY(parse_header(bytes, n, path, &root, &n_header));
    values_area area = {path, bytes + LENGTH_BYTES + n_header, n - LENGTH_BYTES - n_header};
    TRY(MEM_ALLOC(places, json_object_size(root)));
    json_object_foreach(root, name, entry)
    {
        if (!strcmp(name, "__metadata__")) continue;
        places[out->n].tensor = out->n;
        TRY(parse_tensor(name, entry, &area, &t, &places[out->n]));
        TRY(weight_list_add(out, &t, path));
    }
    TRY(check_overlaps(places, out, path));
    TRY(weight_list_sort(out, path));
done:
    json_decref(root);
    mem_free(&places);
    if (rc != OK) weight_list_free(out);
    return rc;
}
