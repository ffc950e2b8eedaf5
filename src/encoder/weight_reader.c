#include "encoder/weight_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "encoder/weight_values.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 1280, LIST_BYTES = 400 };

struct weight_reader {
    const weights *weights;
    const char *const *prefixes;
    int n_prefixes;
    uint8_t *used; /* by the number of the tensor */
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
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    *r = (weight_reader){.weights = w, .prefixes = prefixes, .n_prefixes = n_prefixes};
    TRY(MEM_ALLOC(r->used, (size_t)weights_count(w)));
    *out = r;
    r = NULL;
done:
    weight_reader_free(&r);
    return rc;
}

void weight_reader_free(weight_reader **r)
{
    if (!*r) return;
    mem_free(&(*r)->used);
    mem_free(r);
}

static const weight_tensor *find(const weight_reader *r, const char *name)
{
    char whole[NAME_BYTES];
    for (int i = 0; i < r->n_prefixes; i++) {
        if (snprintf(whole, sizeof whole, "%s%s", r->prefixes[i], name) >= NAME_BYTES) continue;
        const weight_tensor *t = weights_find(r->weights, whole);
        if (t) return t;
    }
    return NULL;
}

int weight_reader_has(const weight_reader *r, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return find(r, name) != NULL;
}

static int has_shape(const weight_tensor *t, int n_dims, const int64_t *shape)
{
    if (t->n_dims != n_dims) return 0;
    for (int i = 0; i < n_dims; i++)
        if (t->shape[i] != shape[i]) return 0;
    return 1;
}

static int check(weight_reader *r, int n_dims, const int64_t *shape, const char *name, const weight_tensor **out)
{
    int rc = OK;
    char is[WEIGHT_SHAPE_TEXT], wanted[WEIGHT_SHAPE_TEXT];
    const char *path = weights_path(r->weights);
    const weight_tensor *t = find(r, name);
    weight_shape_text(n_dims, shape, wanted);
    if (!t) FAIL(ERR_CONFIG, "%s: there is no tensor %s, which the model has with the shape %s", path, name, wanted);
    weight_shape_text(t->n_dims, t->shape, is);
    if (!has_shape(t, n_dims, shape))
        FAIL(ERR_CONFIG, "%s: tensor %s has the shape %s, and not %s as config.json asks for", path, t->name, is,
             wanted);
    if (t->type == WEIGHT_OTHER)
        FAIL(ERR_CONFIG, "%s: tensor %s has numbers of type %s; F32, F16 and BF16 are read", path, t->name,
             t->type_name);
    r->used[t - weights_at(r->weights, 0)] = 1;
    if (out) *out = t;
done:
    return rc;
}

static int take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *name)
{
    int rc = OK;
    const weight_tensor *t;
    *out = NULL;
    TRY(check(r, n_dims, shape, name, &t));
    TRY(weight_values(t, weights_path(r->weights), out));
done:
    return rc;
}

int weight_reader_check(weight_reader *r, int n_dims, const int64_t *shape, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return check(r, n_dims, shape, name, NULL);
}

int weight_reader_take(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return take(r, out, n_dims, shape, name);
}

/* Names of direction and gain, or *gain empty where the weight is folded. */
static void norm_names(const weight_reader *r, const char *name, char direction[NAME_BYTES], char gain[NAME_BYTES])
{
    static const char *const forms[][2] = {
        {".weight_v", ".weight_g"}, {".parametrizations.weight.original1", ".parametrizations.weight.original0"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(direction, NAME_BYTES, "%s%s", name, forms[i][0]);
        snprintf(gain, NAME_BYTES, "%s%s", name, forms[i][1]);
        if (find(r, direction) || find(r, gain)) return;
    }
    snprintf(direction, NAME_BYTES, "%s.weight", name);
    *gain = 0;
}

static void gain_shape(int n_dims, const int64_t *shape, int64_t out[WEIGHT_MAX_DIMS])
{
    for (int i = 0; i < n_dims && i < WEIGHT_MAX_DIMS; i++) out[i] = i == n_dims - 1 ? shape[i] : 1;
}

int weight_reader_check_weight_norm(weight_reader *r, int n_dims, const int64_t *shape, const char *name)
{
    int rc = OK;
    char direction[NAME_BYTES], gain[NAME_BYTES];
    int64_t gains[WEIGHT_MAX_DIMS];
    norm_names(r, name, direction, gain);
    gain_shape(n_dims, shape, gains);
    TRY(check(r, n_dims, shape, direction, NULL));
    if (*gain) TRY(check(r, n_dims, gains, gain, NULL));
done:
    return rc;
}

int weight_reader_weight_norm(weight_reader *r, float **out, int n_dims, const int64_t *shape, const char *name)
{
    int rc = OK;
    char direction[NAME_BYTES], gain[NAME_BYTES];
    int64_t gains[WEIGHT_MAX_DIMS], n = 1;
    float *g = NULL;
    norm_names(r, name, direction, gain);
    gain_shape(n_dims, shape, gains);
    TRY(take(r, out, n_dims, shape, direction));
    if (!*gain) goto done;
    TRY(take(r, &g, n_dims, gains, gain));
    for (int i = 0; i < n_dims - 1; i++) n *= shape[i];
    if (weight_fold(*out, g, n, shape[n_dims - 1]) != OK)
        FAIL(ERR_CONFIG, "%s: tensor %s has only zeros for one gain", weights_path(r->weights), direction);
done:
    mem_free(&g);
    if (rc != OK) mem_free(out);
    return rc;
}

static int is_allowed(const weight_reader *r, const char *name, const char *const *ignored, int n_ignored)
{
    for (int i = 0; i < n_ignored; i++) {
        if (!fnmatch(ignored[i], name, 0)) return 1;
        for (int p = 0; p < r->n_prefixes; p++) {
            size_t n = strlen(r->prefixes[p]);
            if (!strncmp(name, r->prefixes[p], n) && !fnmatch(ignored[i], name + n, 0)) return 1;
        }
    }
    return 0;
}

static int is_float(const weight_tensor *t) { return t->type_name[0] == 'F' || !strncmp(t->type_name, "BF", 2); }

int weight_reader_finish(weight_reader *r, const char *const *ignored, int n_ignored)
{
    int rc = OK, n_left = 0;
    char names[LIST_BYTES] = "";
    size_t used = 0;
    for (int64_t i = 0; i < weights_count(r->weights); i++) {
        const weight_tensor *t = weights_at(r->weights, i);
        if (r->used[i] || !is_float(t) || is_allowed(r, t->name, ignored, n_ignored)) continue;
        if (used + strlen(t->name) + 3 < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", t->name);
        n_left++;
    }
    if (n_left)
        FAIL(ERR_CONFIG, "%s: %d tensors belong to no part of the model that config.json describes, among them: %s",
             weights_path(r->weights), n_left, names);
done:
    return rc;
}
