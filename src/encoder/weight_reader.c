#include "encoder/weight_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/half.h"

#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 256 };

struct weight_reader {
    const weights *w;
    const char *const *prefixes;
    int n_prefixes;
    char *used; /* (tensors) */
};

#define NAME_FROM(name, format)                                                                                        \
    do {                                                                                                               \
        va_list list;                                                                                                  \
        va_start(list, format);                                                                                        \
        vsnprintf(name, sizeof(name), format, list);                                                                   \
        va_end(list);                                                                                                  \
    } while (0)

int weight_reader_create(weight_reader **out, const weights *w, const char *const *prefixes, int n_prefixes)
{
    int rc = OK;
    weight_reader *r = NULL;
    TRY(MEM_ALLOC(r, 1));
    *r = (weight_reader){.w = w, .prefixes = prefixes, .n_prefixes = n_prefixes};
    TRY(MEM_ALLOC(r->used, (size_t)weights_count(w)));
    *out = r;
    r = NULL;
done:
    weight_reader_free(&r);
    return rc;
}

void weight_reader_free(weight_reader **r)
{
    if (*r) mem_free(&(*r)->used);
    mem_free(r);
}

static const weight_tensor *find(const weight_reader *r, const char *name)
{
    const weight_tensor *t = NULL;
    for (int i = 0; i < r->n_prefixes && !t; i++) {
        char whole[2 * NAME_BYTES];
        snprintf(whole, sizeof whole, "%s%s", r->prefixes[i], name);
        t = weights_find(r->w, whole);
    }
    return t;
}

int weight_reader_has(const weight_reader *r, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return find(r, name) != NULL;
}

static int check(weight_reader *r, int n_dims, const int64_t *shape, const char *name, const weight_tensor **out)
{
    int rc = OK;
    const weight_tensor *t = find(r, name);
    char want[WEIGHT_SHAPE_TEXT], got[WEIGHT_SHAPE_TEXT];
    weight_shape_text(n_dims, shape, want);
    if (!t) FAIL(ERR_CONFIG, "weights %s: tensor %s %s is missing", weights_path(r->w), name, want);
    weight_shape_text(t->n_dims, t->shape, got);
    if (t->n_dims != n_dims || memcmp(t->shape, shape, (size_t)n_dims * sizeof *shape) != 0)
        FAIL(ERR_CONFIG, "weights %s: tensor %s is %s; by config.json it must be %s", weights_path(r->w), t->name, got,
             want);
    if (t->type == WEIGHT_OTHER)
        FAIL(ERR_CONFIG, "weights %s: tensor %s is of type %s, not F32, F16 or BF16", weights_path(r->w), t->name,
             t->type_name);
    r->used[t - weights_at(r->w, 0)] = 1;
    if (out) *out = t;
done:
    return rc;
}

int weight_reader_check(weight_reader *r, int n_dims, const int64_t *shape, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return check(r, n_dims, shape, name, NULL);
}

static void convert(const weight_tensor *t, size_t n, float *out)
{
    enum { BLOCK = 512 };
    uint16_t block[BLOCK];
    if (t->type == WEIGHT_F32) memcpy(out, t->values, n * sizeof *out);
    for (size_t i = 0; i < n && t->type != WEIGHT_F32; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        memcpy(block, (const char *)t->values + i * sizeof *block, m * sizeof *block); /* may lie anywhere */
        if (t->type == WEIGHT_F16)
            half_to_floats(block, m, out + i);
        else
            bf16_to_floats(block, m, out + i);
    }
}

static int take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *name)
{
    int rc = OK;
    const weight_tensor *t;
    size_t n;
    *out = NULL;
    TRY(check(r, n_dims, shape, name, &t));
    TRY(weight_elements(n_dims, shape, &n));
    TRY(MEM_RESERVE(*out, n));
    convert(t, n, *out);
    uint32_t worst = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, *out + i, sizeof bits);
        bits &= 0x7fffffff;
        worst = bits > worst ? bits : worst;
    }
    if (worst >= 0x7f800000)
        FAIL(ERR_CONFIG, "weights %s: tensor %s has a value that is not finite", weights_path(r->w), t->name);
done:
    if (rc != OK) mem_free(out);
    return rc;
}

int weight_reader_take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return take(r, out, n_dims, shape, name);
}

/* Names of gain and direction, as PyTorch before 2.1 and since has them; 0: the weight is whole. */
static int weight_norm_names(const weight_reader *r, const char *name, char g[NAME_BYTES], char v[NAME_BYTES])
{
    static const char *const forms[][2] = {
        {"%s.weight_g", "%s.weight_v"},
        {"%s.parametrizations.weight.original0", "%s.parametrizations.weight.original1"}};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (int i = 0; i < 2; i++) {
        snprintf(g, NAME_BYTES, forms[i][0], name);
        snprintf(v, NAME_BYTES, forms[i][1], name);
        if (find(r, g) || find(r, v)) return 1;
    }
#pragma GCC diagnostic pop
    snprintf(v, NAME_BYTES, "%s.weight", name);
    return 0;
}

int weight_reader_check_weight_norm(weight_reader *r, const int64_t shape[3], const char *name)
{
    int rc = OK;
    char g[NAME_BYTES], v[NAME_BYTES];
    const int64_t gains[] = {1, 1, shape[2]};
    if (weight_norm_names(r, name, g, v)) TRY(check(r, 3, gains, g, NULL));
    TRY(check(r, 3, shape, v, NULL));
done:
    return rc;
}

int weight_reader_weight_norm(weight_reader *r, float **out, const int64_t shape[3], const char *name)
{
    int rc = OK;
    char g[NAME_BYTES], v[NAME_BYTES];
    const int64_t taps = shape[2], gains[] = {1, 1, taps}, rows = shape[0] * shape[1];
    float *gain = NULL;
    double *scale = NULL;
    int has_norm = weight_norm_names(r, name, g, v);
    TRY(take(r, out, 3, shape, v));
    if (!has_norm) goto done;
    TRY(take(r, &gain, 3, gains, g));
    TRY(MEM_ALLOC(scale, (size_t)taps));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < taps; k++) scale[k] += (double)(*out)[i * taps + k] * (double)(*out)[i * taps + k];
    for (int64_t k = 0; k < taps; k++) {
        if (!(scale[k] > 0))
            FAIL(ERR_CONFIG, "weights %s: tensor %s is zero at tap %lld", weights_path(r->w), v, (long long)k);
        scale[k] = (double)gain[k] / sqrt(scale[k]);
    }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < taps; k++) (*out)[i * taps + k] = (float)((double)(*out)[i * taps + k] * scale[k]);
done:
    if (rc != OK) mem_free(out);
    mem_free(&gain);
    mem_free(&scale);
    return rc;
}

static int is_ignored(const weight_reader *r, const char *name, const char *const *ignored, int n_ignored)
{
    for (int p = 0; p < r->n_prefixes; p++) {
        size_t n = strlen(r->prefixes[p]);
        if (strncmp(name, r->prefixes[p], n) != 0) continue;
        for (int i = 0; i < n_ignored; i++)
            if (fnmatch(ignored[i], name + n, 0) == 0) return 1;
    }
    return 0;
}

int weight_reader_finish(const weight_reader *r, const char *const *ignored, int n_ignored)
{
    int rc = OK;
    for (int64_t i = 0; i < weights_count(r->w); i++) {
        const weight_tensor *t = weights_at(r->w, i);
        char shape[WEIGHT_SHAPE_TEXT];
        if (r->used[i] || is_ignored(r, t->name, ignored, n_ignored)) continue;
        weight_shape_text(t->n_dims, t->shape, shape);
        FAIL(ERR_CONFIG, "weights %s: tensor %s %s has no place in the model that config.json describes",
             weights_path(r->w), t->name, shape);
    }
done:
    return rc;
}
