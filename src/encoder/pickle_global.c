/* The functions and classes that a stream may name, and what calling them means: collections.OrderedDict is a
 * dictionary, torch._utils._rebuild_tensor_v2 a view of a storage, torch._utils._rebuild_parameter the tensor in it.
 * A storage is named by a persistent id: ("storage", its class, key, device, number of elements). */
#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle_parts.h"

#include <string.h>

typedef enum global_kind { GLOBAL_DICT, GLOBAL_TENSOR, GLOBAL_PARAMETER, GLOBAL_STORAGE } global_kind;

static const struct known_global {
    const char *module, *name;
    global_kind kind;
    weight_type type; /* of storages, as the next two */
    const char *type_name;
    size_t element_size;
} known[] = {
    {"collections", "OrderedDict", GLOBAL_DICT, WEIGHT_OTHER, "", 0},
    {"torch._utils", "_rebuild_tensor_v2", GLOBAL_TENSOR, WEIGHT_OTHER, "", 0},
    {"torch._utils", "_rebuild_parameter", GLOBAL_PARAMETER, WEIGHT_OTHER, "", 0},
    {"torch", "FloatStorage", GLOBAL_STORAGE, WEIGHT_F32, "F32", 4},
    {"torch", "HalfStorage", GLOBAL_STORAGE, WEIGHT_F16, "F16", 2},
    {"torch", "BFloat16Storage", GLOBAL_STORAGE, WEIGHT_BF16, "BF16", 2},
    {"torch", "DoubleStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "F64", 8},
    {"torch", "LongStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "I64", 8},
    {"torch", "IntStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "I32", 4},
    {"torch", "ShortStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "I16", 2},
    {"torch", "CharStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "I8", 1},
    {"torch", "ByteStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "U8", 1},
    {"torch", "BoolStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "BOOL", 1},
    {"torch", "ComplexFloatStorage", GLOBAL_STORAGE, WEIGHT_OTHER, "C64", 8},
};

static int is(const char *text, const char *bytes, size_t n) { return strlen(text) == n && !memcmp(text, bytes, n); }

int pickle_global(pickle_machine *m, const char *module, size_t n_module, const char *name, size_t n_name,
                  pickle_value *out)
{
    int rc = OK;
    enum { SHOWN = 100 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(known[i].module, module, n_module) && is(known[i].name, name, n_name)) {
            *out = (pickle_value){PICKLE_GLOBAL, 0, {.index = i}};
            return OK;
        }
    FAIL(ERR_CONFIG, "%s holds code (%.*s.%.*s): only tensors are read; save the state dict alone, or as safetensors",
         m->path, n_module < SHOWN ? (int)n_module : SHOWN, module, n_name < SHOWN ? (int)n_name : SHOWN, name);
done:
    return rc;
}

static int is_view(const pickle_machine *m, pickle_value arguments)
{
    if (arguments.n < 6 || arguments.n > 7) return 0;
    const pickle_value *a = m->items + arguments.index;
    if (a[0].kind != PICKLE_STORAGE || a[1].kind != PICKLE_INT) return 0;
    if (a[2].kind != PICKLE_TUPLE || a[3].kind != PICKLE_TUPLE || a[2].n != a[3].n) return 0;
    for (uint32_t i = 0; i < a[2].n; i++)
        if (m->items[a[2].index + i].kind != PICKLE_INT || m->items[a[3].index + i].kind != PICKLE_INT) return 0;
    return 1;
}

static int new_view(pickle_machine *m, pickle_value arguments, pickle_value *out)
{
    int rc = OK;
    if (!is_view(m, arguments)) FAIL(ERR_CONFIG, "%s: damaged data.pkl: not the parts of a tensor", m->path);
    if (m->n_views == PICKLE_TENSORS_LIMIT) FAIL(ERR_CONFIG, "%s: more than %d tensors", m->path, PICKLE_TENSORS_LIMIT);
    TRY(MEM_GROW(m->views, &m->views_capacity, m->n_views + 1));
    const pickle_value *a = m->items + arguments.index;
    m->views[m->n_views] = (pickle_view){a[0].index, a[1].number, a[2], a[3]};
    *out = (pickle_value){PICKLE_TENSOR, 0, {.index = m->n_views++}};
done:
    return rc;
}

int pickle_call(pickle_machine *m, pickle_value function, pickle_value arguments, pickle_value *out)
{
    int rc = OK;
    if (function.kind != PICKLE_GLOBAL || arguments.kind != PICKLE_TUPLE)
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: a call of what is no function", m->path);
    const struct known_global *f = &known[function.index];
    if (f->kind == GLOBAL_DICT && arguments.n == 0)
        TRY(pickle_new_dict(m, out));
    else if (f->kind == GLOBAL_TENSOR)
        TRY(new_view(m, arguments, out));
    else if (f->kind == GLOBAL_PARAMETER && arguments.n == 3 && m->items[arguments.index].kind == PICKLE_TENSOR)
        *out = m->items[arguments.index];
    else
        FAIL(ERR_CONFIG, "%s: data.pkl calls %s.%s in a way that is not known", m->path, f->module, f->name);
done:
    return rc;
}

enum { STORAGE_KEY_LIMIT = 64 };

static int is_storage(const pickle_machine *m, pickle_value id)
{
    if (id.kind != PICKLE_TUPLE || id.n != 5) return 0;
    const pickle_value *a = m->items + id.index;
    if (!pickle_is_text(a[0], "storage") || a[1].kind != PICKLE_GLOBAL) return 0;
    return known[a[1].index].kind == GLOBAL_STORAGE && a[2].kind == PICKLE_TEXT && a[4].kind == PICKLE_INT &&
           a[4].number >= 0;
}

int pickle_persistent(pickle_machine *m, pickle_value id, pickle_value *out)
{
    int rc = OK;
    if (!is_storage(m, id)) FAIL(ERR_CONFIG, "%s: damaged data.pkl: not the parts of a storage", m->path);
    if (m->items[id.index + 2].n < 1 || m->items[id.index + 2].n > STORAGE_KEY_LIMIT) /* it is copied for each tensor */
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: a storage's key of %u bytes", m->path, m->items[id.index + 2].n);
    if (m->n_storages == PICKLE_TENSORS_LIMIT)
        FAIL(ERR_CONFIG, "%s: more than %d storages", m->path, PICKLE_TENSORS_LIMIT);
    TRY(MEM_GROW(m->storages, &m->storages_capacity, m->n_storages + 1));
    const pickle_value *a = m->items + id.index;
    m->storages[m->n_storages] = (pickle_storage){a[1].index, a[2], a[4].number};
    *out = (pickle_value){PICKLE_STORAGE, 0, {.index = m->n_storages++}};
done:
    return rc;
}

weight_type pickle_storage_type(const pickle_storage *s, const char **name, size_t *element_size)
{
    *name = known[s->type].type_name;
    *element_size = known[s->type].element_size;
    return known[s->type].type;
}
