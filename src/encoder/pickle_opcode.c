/* What each opcode of a pickle stream does to the machine. Those of protocols 2 to 4 that a dictionary of tensors
 * needs; sets, byte arrays, and all that makes objects of classes are left out. */
#include "base/status.h"
#include "encoder/pickle_parts.h"

enum { NOT_THIS = 1 }; /* an opcode of another group */

static int push_dict(pickle_machine *m)
{
    int rc = OK;
    pickle_value v;
    TRY(pickle_new_dict(m, &v));
    TRY(pickle_push(m, v));
done:
    return rc;
}

/* The topmost n values become a tuple. */
static int make_tuple(pickle_machine *m, size_t n)
{
    int rc = OK;
    pickle_value values[3], tuple;
    for (size_t i = n; i-- > 0;) TRY(pickle_pop(m, &values[i]));
    TRY(pickle_tuple(m, values, n, &tuple));
    TRY(pickle_push(m, tuple));
done:
    return rc;
}

static int make_marked_tuple(pickle_machine *m)
{
    int rc = OK;
    size_t first;
    pickle_value tuple;
    TRY(pickle_marked(m, &first));
    TRY(pickle_tuple(m, m->stack + first, m->n_stack - first, &tuple));
    pickle_drop(m, first);
    TRY(pickle_push(m, tuple));
done:
    return rc;
}

/* The values up to the mark become a list, or join the list below it. */
static int drop_items(pickle_machine *m, int new_list)
{
    int rc = OK;
    size_t first;
    TRY(pickle_marked(m, &first));
    pickle_drop(m, first);
    if (new_list)
        TRY(pickle_push(m, (pickle_value){.kind = PICKLE_LIST}));
    else if (!m->n_stack || m->stack[m->n_stack - 1].kind != PICKLE_LIST)
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: an item of what is no list", m->path);
done:
    return rc;
}

static int append(pickle_machine *m)
{
    int rc = OK;
    pickle_value item, list;
    TRY(pickle_pop(m, &item));
    TRY(pickle_pop(m, &list));
    if (list.kind != PICKLE_LIST) FAIL(ERR_CONFIG, "%s: damaged data.pkl: an item of what is no list", m->path);
    TRY(pickle_push(m, list));
done:
    return rc;
}

static int set_item(pickle_machine *m)
{
    int rc = OK;
    pickle_value key, value, dict;
    TRY(pickle_pop(m, &value));
    TRY(pickle_pop(m, &key));
    TRY(pickle_pop(m, &dict));
    TRY(pickle_dict_add(m, dict, key, value));
    TRY(pickle_push(m, dict));
done:
    return rc;
}

/* Pairs up to the mark join the dictionary below it, or a new one. */
static int set_items(pickle_machine *m, int new_dict)
{
    int rc = OK;
    size_t first, below;
    pickle_value dict;
    TRY(pickle_marked(m, &first));
    below = first - 1;
    if ((m->n_stack - first) % 2 || (!new_dict && below == 0))
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: entries that are no pairs", m->path);
    if (new_dict)
        TRY(pickle_new_dict(m, &dict));
    else
        dict = m->stack[below - 1];
    for (size_t i = first; i < m->n_stack; i += 2) TRY(pickle_dict_add(m, dict, m->stack[i], m->stack[i + 1]));
    pickle_drop(m, first);
    if (new_dict) TRY(pickle_push(m, dict));
done:
    return rc;
}

static int push_global(pickle_machine *m)
{
    int rc = OK;
    const char *module, *name;
    size_t n_module, n_name;
    pickle_value v;
    TRY(pickle_read_line(m, &module, &n_module));
    TRY(pickle_read_line(m, &name, &n_name));
    TRY(pickle_global(m, module, n_module, name, n_name, &v));
    TRY(pickle_push(m, v));
done:
    return rc;
}

static int push_stack_global(pickle_machine *m)
{
    int rc = OK;
    pickle_value module, name, v;
    TRY(pickle_pop(m, &name));
    TRY(pickle_pop(m, &module));
    if (module.kind != PICKLE_TEXT || name.kind != PICKLE_TEXT)
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: the name of a function is no text", m->path);
    TRY(pickle_global(m, module.text, module.n, name.text, name.n, &v));
    TRY(pickle_push(m, v));
done:
    return rc;
}

static int reduce(pickle_machine *m)
{
    int rc = OK;
    pickle_value function, arguments, v;
    TRY(pickle_pop(m, &arguments));
    TRY(pickle_pop(m, &function));
    TRY(pickle_call(m, function, arguments, &v));
    TRY(pickle_push(m, v));
done:
    return rc;
}

static int persistent(pickle_machine *m)
{
    int rc = OK;
    pickle_value id, v;
    TRY(pickle_pop(m, &id));
    TRY(pickle_persistent(m, id, &v));
    TRY(pickle_push(m, v));
done:
    return rc;
}

/* Attributes of an object. State dicts have one, _metadata, with versions of layers. */
static int build(pickle_machine *m)
{
    int rc = OK;
    pickle_value state, object;
    TRY(pickle_pop(m, &state));
    TRY(pickle_pop(m, &object));
    if (object.kind != PICKLE_DICT) FAIL(ERR_CONFIG, "%s: damaged data.pkl: attributes of no object", m->path);
    TRY(pickle_push(m, object));
done:
    return rc;
}

static int put(pickle_machine *m, int width)
{
    int rc = OK;
    uint64_t slot;
    TRY(pickle_read_number(m, width, &slot));
    TRY(pickle_memo_put(m, slot));
done:
    return rc;
}

static int get(pickle_machine *m, int width)
{
    int rc = OK;
    uint64_t slot;
    TRY(pickle_read_number(m, width, &slot));
    TRY(pickle_memo_get(m, slot));
done:
    return rc;
}

static int start(pickle_machine *m)
{
    int rc = OK;
    uint64_t version;
    TRY(pickle_read_number(m, 1, &version));
    if (version < 2 || version > 4)
        FAIL(ERR_CONFIG, "%s: data.pkl has pickle protocol %d; 2 to 4 are read", m->path, (int)version);
done:
    return rc;
}

/* The length of what follows, for readers that fetch. */
static int frame(pickle_machine *m)
{
    uint64_t n;
    return pickle_read_number(m, 8, &n);
}

static int drop_one(pickle_machine *m)
{
    pickle_value v;
    return pickle_pop(m, &v);
}

static int drop_marked(pickle_machine *m)
{
    int rc = OK;
    size_t first;
    TRY(pickle_marked(m, &first));
    pickle_drop(m, first);
done:
    return rc;
}

static int run_literal(pickle_machine *m, int code)
{
    switch (code) {
    case 'N':  /* None */
    case 0x88: /* True */
    case 0x89: /* False */ return code == 'N' ? pickle_push_plain(m) : pickle_push_unsigned(m, 0);
    case 'K': return pickle_push_unsigned(m, 1);
    case 'M': return pickle_push_unsigned(m, 2);
    case 'J': return pickle_push_int32(m);
    case 0x8A: return pickle_push_long(m, 1);
    case 0x8B: return pickle_push_long(m, 4);
    case 'G': return pickle_push_float(m);
    case 'U': /* texts of Python 2 */
    case 0x8C: return pickle_push_text(m, 1);
    case 'T':
    case 'X': return pickle_push_text(m, 4);
    case 0x8D: return pickle_push_text(m, 8);
    case 'C': return pickle_push_bytes(m, 1);
    case 'B': return pickle_push_bytes(m, 4);
    case 0x8E: return pickle_push_bytes(m, 8);
    default: return NOT_THIS;
    }
}

static int run_container(pickle_machine *m, int code)
{
    switch (code) {
    case '}': return push_dict(m);
    case 'd': return set_items(m, 1);
    case 's': return set_item(m);
    case 'u': return set_items(m, 0);
    case ']': return pickle_push(m, (pickle_value){.kind = PICKLE_LIST});
    case 'l': return drop_items(m, 1);
    case 'a': return append(m);
    case 'e': return drop_items(m, 0);
    case '(': return pickle_push(m, (pickle_value){.kind = PICKLE_MARK});
    case ')': return make_tuple(m, 0);
    case 0x85: return make_tuple(m, 1);
    case 0x86: return make_tuple(m, 2);
    case 0x87: return make_tuple(m, 3);
    case 't': return make_marked_tuple(m);
    default: return NOT_THIS;
    }
}

static int run_other(pickle_machine *m, int code)
{
    switch (code) {
    case 0x80: return start(m);
    case 0x95: return frame(m);
    case 'c': return push_global(m);
    case 0x93: return push_stack_global(m);
    case 'R': return reduce(m);
    case 'b': return build(m);
    case 'Q': return persistent(m);
    case 'q': return put(m, 1);
    case 'r': return put(m, 4);
    case 0x94: return pickle_memo_put(m, m->n_memo);
    case 'h': return get(m, 1);
    case 'j': return get(m, 4);
    case '0': return drop_one(m);
    case '1': return drop_marked(m);
    default: return NOT_THIS;
    }
}

int pickle_step(pickle_machine *m)
{
    int rc = OK;
    uint64_t code;
    TRY(pickle_read_number(m, 1, &code));
    rc = run_literal(m, (int)code);
    if (rc == NOT_THIS) rc = run_container(m, (int)code);
    if (rc == NOT_THIS) rc = run_other(m, (int)code);
    if (rc == NOT_THIS)
        FAIL(ERR_CONFIG, "%s: data.pkl has the opcode 0x%02X: only tensors are read", m->path, (int)code);
done:
    return rc;
}
