/* Values of the pickle machine. All memory is counted against limits, so that no stream makes it grow without end. */
#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle_parts.h"

#include <string.h>

/* Room for `more` elements behind the n of an array. */
#define ROOM(m, array, capacity, n, more) room((m), (void **)&(array), &(capacity), (n), (more), sizeof *(array))

static int room(pickle_machine *m, void **array, size_t *capacity, size_t n, size_t more, size_t size)
{
    int rc = OK;
    if (more > PICKLE_VALUES_LIMIT || n + more > PICKLE_VALUES_LIMIT)
        FAIL(ERR_CONFIG, "%s: data.pkl holds more than %d values", m->path, PICKLE_VALUES_LIMIT);
    TRY(mem_grow(array, capacity, n + more, size));
done:
    return rc;
}

int pickle_push(pickle_machine *m, pickle_value v)
{
    int rc = OK;
    TRY(ROOM(m, m->stack, m->stack_capacity, m->n_stack, 1));
    m->stack[m->n_stack++] = v;
done:
    return rc;
}

int pickle_pop(pickle_machine *m, pickle_value *v)
{
    int rc = OK;
    *v = (pickle_value){.kind = PICKLE_PLAIN};
    if (!m->n_stack || m->stack[m->n_stack - 1].kind == PICKLE_MARK)
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: a value is missing", m->path);
    *v = m->stack[--m->n_stack];
done:
    return rc;
}

int pickle_marked(pickle_machine *m, size_t *first)
{
    int rc = OK;
    for (*first = m->n_stack; *first > 0; --*first)
        if (m->stack[*first - 1].kind == PICKLE_MARK) return OK;
    FAIL(ERR_CONFIG, "%s: damaged data.pkl: a mark is missing", m->path);
done:
    return rc;
}

void pickle_drop(pickle_machine *m, size_t first) { m->n_stack = first - 1; }

int pickle_memo_put(pickle_machine *m, uint64_t slot)
{
    int rc = OK;
    pickle_value v;
    TRY(pickle_pop(m, &v));
    TRY(pickle_push(m, v));
    if (slot >= PICKLE_VALUES_LIMIT)
        FAIL(ERR_CONFIG, "%s: data.pkl holds more than %d values", m->path, PICKLE_VALUES_LIMIT);
    if (slot >= m->n_memo) {
        TRY(ROOM(m, m->memo, m->memo_capacity, m->n_memo, slot + 1 - m->n_memo));
        memset(m->memo + m->n_memo, 0, (slot + 1 - m->n_memo) * sizeof *m->memo);
        for (; m->n_memo <= slot; m->n_memo++) m->memo[m->n_memo].kind = PICKLE_MARK; /* nothing there yet */
    }
    m->memo[slot] = v;
done:
    return rc;
}

int pickle_memo_get(pickle_machine *m, uint64_t slot)
{
    int rc = OK;
    if (slot >= m->n_memo || m->memo[slot].kind == PICKLE_MARK)
        FAIL(ERR_CONFIG, "%s: damaged data.pkl: nothing is remembered as %llu", m->path, (unsigned long long)slot);
    TRY(pickle_push(m, m->memo[slot]));
done:
    return rc;
}

int pickle_tuple(pickle_machine *m, const pickle_value *values, size_t n, pickle_value *out)
{
    int rc = OK;
    TRY(ROOM(m, m->items, m->items_capacity, m->n_items, n));
    if (n) memcpy(m->items + m->n_items, values, n * sizeof *values);
    *out = (pickle_value){PICKLE_TUPLE, (uint32_t)n, {.index = m->n_items}};
    m->n_items += n;
done:
    return rc;
}

int pickle_new_dict(pickle_machine *m, pickle_value *out)
{
    int rc = OK;
    TRY(ROOM(m, m->dicts, m->dicts_capacity, m->n_dicts, 1));
    m->dicts[m->n_dicts] = (pickle_dict){0};
    *out = (pickle_value){PICKLE_DICT, 0, {.index = m->n_dicts++}};
done:
    return rc;
}

int pickle_dict_add(pickle_machine *m, pickle_value dict, pickle_value key, pickle_value value)
{
    int rc = OK;
    if (dict.kind != PICKLE_DICT) FAIL(ERR_CONFIG, "%s: damaged data.pkl: an entry of what is no dictionary", m->path);
    TRY(ROOM(m, m->entries, m->entries_capacity, m->n_entries, 1));
    pickle_dict *d = &m->dicts[dict.index];
    m->entries[m->n_entries++] = (pickle_entry){key, value, 0};
    if (d->last)
        m->entries[d->last - 1].next = m->n_entries;
    else
        d->first = m->n_entries;
    d->last = m->n_entries;
done:
    return rc;
}

int pickle_is_text(pickle_value v, const char *text)
{
    return v.kind == PICKLE_TEXT && v.n == strlen(text) && !memcmp(v.text, text, v.n);
}

void pickle_machine_free(pickle_machine *m)
{
    mem_free(&m->stack);
    mem_free(&m->memo);
    mem_free(&m->items);
    mem_free(&m->entries);
    mem_free(&m->dicts);
    mem_free(&m->storages);
    mem_free(&m->views);
}
