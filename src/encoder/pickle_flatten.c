/* From nested dictionaries to named tensors, and the check that each tensor lies within its storage. */
#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle_parts.h"

#include <string.h>

/* A dictionary may hold itself, or another twice: depth, length of names and number of visits end every walk. */
enum { DEPTH_LIMIT = 32, NAME_LIMIT = 1024, VISITS_LIMIT = PICKLE_VALUES_LIMIT };

typedef struct walk {
    const pickle_machine *m;
    pickle_list *out;
    char name[NAME_LIMIT + 1];
    size_t n_name;
    int n_visits;
} walk;

static int copy_text(pickle_value v, char **out) { return mem_copy(out, v.text, v.n); }

/* The farthest element must lie in the storage; in a shape without elements none is read. */
static int check_extent(const pickle_tensor *t, const char *path)
{
    int rc = OK;
    size_t n;
    int64_t last = t->offset, step;
    if (weight_elements(t->n_dims, t->shape, &n) != OK)
        FAIL(ERR_CONFIG, "%s: tensor %s: the shape is negative or too large", path, t->name);
    for (int i = 0; i < t->n_dims; i++) {
        if (t->strides[i] < 0) FAIL(ERR_CONFIG, "%s: tensor %s: a stride is negative", path, t->name);
        if (n == 0) continue;
        if (__builtin_mul_overflow(t->shape[i] - 1, t->strides[i], &step) || __builtin_add_overflow(last, step, &last))
            FAIL(ERR_CONFIG, "%s: tensor %s: the strides are too large", path, t->name);
    }
    if (t->offset < 0 || t->offset > t->n_storage || (n && last >= t->n_storage))
        FAIL(ERR_CONFIG, "%s: tensor %s does not lie within its storage of %lld numbers", path, t->name,
             (long long)t->n_storage);
done:
    return rc;
}

static int fill(const pickle_machine *m, const pickle_view *v, pickle_tensor *t)
{
    int rc = OK;
    const pickle_storage *s = &m->storages[v->storage];
    t->type = pickle_storage_type(s, &t->type_name, &t->element_size);
    t->n_storage = s->n;
    t->offset = v->offset;
    if (v->shape.n > WEIGHT_MAX_DIMS)
        FAIL(ERR_CONFIG, "%s: tensor %s has more than %d dimensions", m->path, t->name, WEIGHT_MAX_DIMS);
    t->n_dims = (int)v->shape.n;
    for (int i = 0; i < t->n_dims; i++) {
        t->shape[i] = m->items[v->shape.index + (size_t)i].number;
        t->strides[i] = m->items[v->strides.index + (size_t)i].number;
    }
    TRY(check_extent(t, m->path));
    TRY(copy_text(s->key, &t->storage));
done:
    return rc;
}

static int add_tensor(walk *w, const pickle_view *v)
{
    int rc = OK;
    pickle_list *out = w->out;
    if (out->n == PICKLE_TENSORS_LIMIT) FAIL(ERR_CONFIG, "%s: more than %d tensors", w->m->path, PICKLE_TENSORS_LIMIT);
    TRY(MEM_GROW(out->tensors, &out->capacity, out->n + 1));
    pickle_tensor *t = &out->tensors[out->n];
    *t = (pickle_tensor){0};
    TRY(mem_copy(&t->name, w->name, w->n_name));
    out->n++;
    TRY(fill(w->m, v, t));
done:
    return rc;
}

static int extend_name(walk *w, pickle_value key)
{
    int rc = OK;
    size_t dot = w->n_name > 0;
    if (key.n > NAME_LIMIT - dot || w->n_name > NAME_LIMIT - dot - key.n || memchr(key.text, 0, key.n))
        FAIL(ERR_CONFIG, "%s: a name in data.pkl is longer than %d bytes or has a zero byte", w->m->path, NAME_LIMIT);
    if (dot) w->name[w->n_name++] = '.';
    memcpy(w->name + w->n_name, key.text, key.n);
    w->n_name += key.n;
done:
    return rc;
}

static int walk_dict(walk *w, const pickle_dict *d, int depth)
{
    int rc = OK;
    size_t kept = w->n_name;
    if (depth > DEPTH_LIMIT)
        FAIL(ERR_CONFIG, "%s: the dictionaries of data.pkl are more than %d deep", w->m->path, DEPTH_LIMIT);
    for (size_t i = d->first; i; i = w->m->entries[i - 1].next) {
        const pickle_entry *e = &w->m->entries[i - 1];
        if (w->n_visits++ == VISITS_LIMIT)
            FAIL(ERR_CONFIG, "%s: data.pkl holds more than %d values", w->m->path, VISITS_LIMIT);
        if (e->key.kind != PICKLE_TEXT || (e->value.kind != PICKLE_TENSOR && e->value.kind != PICKLE_DICT)) continue;
        TRY(extend_name(w, e->key));
        if (e->value.kind == PICKLE_TENSOR)
            TRY(add_tensor(w, &w->m->views[e->value.index]));
        else
            TRY(walk_dict(w, &w->m->dicts[e->value.index], depth + 1));
        w->n_name = kept;
    }
done:
    return rc;
}

/* Checkpoints of a training run hold the weights beside the state of the optimizer. */
static const pickle_dict *weights_of(const pickle_machine *m, const pickle_dict *top)
{
    static const char *const keys[] = {"state_dict", "model"};
    const pickle_dict *found[2] = {0};
    for (size_t i = top->first; i; i = m->entries[i - 1].next) {
        const pickle_entry *e = &m->entries[i - 1];
        if (e->value.kind == PICKLE_TENSOR) return top;
        for (int k = 0; k < 2; k++)
            if (e->value.kind == PICKLE_DICT && pickle_is_text(e->key, keys[k])) found[k] = &m->dicts[e->value.index];
    }
    return found[0] ? found[0] : found[1] ? found[1] : top;
}

int pickle_flatten(pickle_machine *m, pickle_value top, pickle_list *out)
{
    int rc = OK;
    walk w = {.m = m, .out = out};
    if (top.kind != PICKLE_DICT) FAIL(ERR_CONFIG, "%s: data.pkl is not a dictionary of tensors", m->path);
    TRY(walk_dict(&w, weights_of(m, &m->dicts[top.index]), 1));
done:
    return rc;
}
