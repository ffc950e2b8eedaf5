#include "golden.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    char *path;
    json_t *header; /* owns the names */
    uint8_t *data;
    golden_tensor *tensors;
    size_t n;
};

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [GOLDEN_F64] = {"F64", 8}, [GOLDEN_F32] = {"F32", 4},   [GOLDEN_F16] = {"F16", 2}, [GOLDEN_BF16] = {"BF16", 2},
    [GOLDEN_I64] = {"I64", 8}, [GOLDEN_I32] = {"I32", 4},   [GOLDEN_I16] = {"I16", 2}, [GOLDEN_U8] = {"U8", 1},
    [GOLDEN_I8] = {"I8", 1},   [GOLDEN_BOOL] = {"BOOL", 1},
};

_Noreturn static void give_up(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn static void give_up(const char *path, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", path);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static golden_type type_of(const golden *g, const char *tensor, const char *dtype)
{
    for (size_t i = 0; dtype && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, dtype) == 0) return (golden_type)i;
    give_up(g->path, "tensor %s has the unknown type %s", tensor, dtype ? dtype : "(none)");
}

static golden_tensor parse_tensor(const golden *g, const char *name, json_t *entry, size_t n_data)
{
    golden_tensor t = {.name = name, .n = 1};
    json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    t.type = type_of(g, name, json_string_value(json_object_get(entry, "dtype")));
    t.rank = json_array_size(shape);
    if (t.rank > GOLDEN_MAX_RANK) give_up(g->path, "tensor %s has %zu dimensions", name, t.rank);
    for (size_t i = 0; i < GOLDEN_MAX_RANK; i++) {
        t.shape[i] = i < t.rank ? json_integer_value(json_array_get(shape, i)) : 1;
        t.n *= (size_t)t.shape[i];
    }
    size_t begin = (size_t)json_integer_value(json_array_get(offsets, 0));
    size_t end = (size_t)json_integer_value(json_array_get(offsets, 1));
    if (end > n_data || begin > end || end - begin != t.n * types[t.type].size)
        give_up(g->path, "tensor %s does not fit its bytes %zu to %zu", name, begin, end);
    /* The format does not align tensors, so each gets a copy of its own. */
    void *copy = NULL;
    if (mem_alloc(&copy, end - begin, 1) != OK) give_up(g->path, "no memory");
    memcpy(copy, g->data + begin, end - begin);
    t.data = copy;
    return t;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const golden_tensor *)a)->name, ((const golden_tensor *)b)->name);
}

golden *golden_open(const char *path)
{
    uint8_t *bytes = NULL;
    size_t n_bytes;
    uint64_t n_header;
    golden *g = calloc(1, sizeof *g);
    if (!g || mem_string(&g->path, path) != OK) give_up(path, "no memory");
    if (file_read(path, SIZE_MAX / 4, &bytes, &n_bytes) != OK) give_up(path, "%s", status_message());
    if (n_bytes < 8) give_up(path, "too short");
    memcpy(&n_header, bytes, 8);
    if (n_header > n_bytes - 8) give_up(path, "the header is longer than the file");
    json_error_t error;
    g->header = json_loadb((const char *)bytes + 8, n_header, 0, &error);
    if (!g->header) give_up(path, "header: %s", error.text);
    g->data = bytes + 8 + n_header;
    g->tensors = calloc(json_object_size(g->header) + 1, sizeof *g->tensors);
    if (!g->tensors) give_up(path, "no memory");
    const char *name;
    json_t *entry;
    json_object_foreach(g->header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0) continue;
        g->tensors[g->n++] = parse_tensor(g, name, entry, n_bytes - 8 - n_header);
    }
    qsort(g->tensors, g->n, sizeof *g->tensors, by_name);
    g->data = NULL;
    mem_free(&bytes);
    return g;
}

void golden_close(golden *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->n; i++) free((void *)(uintptr_t)g->tensors[i].data);
    free(g->tensors);
    json_decref(g->header);
    mem_free(&g->path);
    free(g);
}

size_t golden_count(const golden *g) { return g->n; }

const golden_tensor *golden_at(const golden *g, size_t i) { return &g->tensors[i]; }

const golden_tensor *golden_find(const golden *g, const char *name)
{
    golden_tensor key = {.name = name};
    return bsearch(&key, g->tensors, g->n, sizeof key, by_name);
}

const golden_tensor *golden_get(const golden *g, const char *name)
{
    const golden_tensor *t = golden_find(g, name);
    if (!t) give_up(g->path, "no tensor %s", name);
    return t;
}

static const void *get_typed(const golden *g, const char *name, golden_type type, size_t *n)
{
    const golden_tensor *t = golden_get(g, name);
    if (t->type != type) give_up(g->path, "tensor %s is %s, not %s", name, types[t->type].name, types[type].name);
    if (n) *n = t->n;
    return t->data;
}

const float *golden_f32(const golden *g, const char *name, size_t *n) { return get_typed(g, name, GOLDEN_F32, n); }

const double *golden_f64(const golden *g, const char *name, size_t *n) { return get_typed(g, name, GOLDEN_F64, n); }

const int32_t *golden_i32(const golden *g, const char *name, size_t *n) { return get_typed(g, name, GOLDEN_I32, n); }

const uint8_t *golden_u8(const golden *g, const char *name, size_t *n) { return get_typed(g, name, GOLDEN_U8, n); }

double golden_max_difference(const float *got, const float *want, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - (double)want[i]);
        if (got[i] == want[i] || (isnan(got[i]) && isnan(want[i]))) continue;
        if (!(d <= largest)) largest = isnan(d) ? INFINITY : d;
    }
    return largest;
}

double golden_rms(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return n ? sqrt(sum / (double)n) : 0;
}
