#include "sequence/literal_table.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int literal_table_make(literal_table *t, text_tokenizer *text)
{
    int rc = OK;
    *t = (literal_table){.text = text};
    TRY(MEM_GROW(t->offsets, &t->offsets_capacity, 1));
    TRY(MEM_GROW(t->text_offsets, &t->text_capacity, 1));
    t->offsets[0] = t->text_offsets[0] = 0;
done:
    return rc;
}

void literal_table_free(literal_table *t)
{
    mem_free(&t->ids);
    mem_free(&t->bytes);
    mem_free(&t->offsets);
    mem_free(&t->text_offsets);
    mem_free(&t->slots);
    *t = (literal_table){0};
}

/* The slot of a text: its own, or the free one where it would go. */
static uint32_t *find_slot(const literal_table *t, const char *text, size_t n)
{
    for (size_t at = hash64(text, n, 0) % t->n_slots;; at = (at + 1) % t->n_slots) {
        uint32_t number = t->slots[at];
        if (!number) return &t->slots[at];
        int64_t from = t->text_offsets[number - 1], to = t->text_offsets[number];
        if ((size_t)(to - from) == n && !memcmp(t->bytes + from, text, n)) return &t->slots[at];
    }
}

static int grow_slots(literal_table *t)
{
    int rc = OK;
    size_t wanted = t->n_slots ? 2 * t->n_slots : 64;
    if (2 * (t->n + 1) <= t->n_slots) return OK;
    mem_free(&t->slots);
    t->n_slots = 0;
    TRY(MEM_ALLOC(t->slots, wanted));
    t->n_slots = wanted;
    for (size_t i = 0; i < t->n; i++) {
        int64_t from = t->text_offsets[i];
        *find_slot(t, t->bytes + from, (size_t)(t->text_offsets[i + 1] - from)) = (uint32_t)i + 1;
    }
done:
    return rc;
}

/* A text that is not there, with its ids. */
static int add(literal_table *t, const char *text, size_t n, const uint32_t *ids, size_t n_ids)
{
    int rc = OK;
    size_t n_bytes = (size_t)t->text_offsets[t->n], n_all = (size_t)t->offsets[t->n];
    if (t->n >= LITERAL_TABLE_MAX) FAIL(ERR_LIMIT, "the templates give more than %d texts", (int)LITERAL_TABLE_MAX);
    TRY(grow_slots(t));
    TRY(MEM_GROW(t->bytes, &t->bytes_capacity, n_bytes + n + 1));
    TRY(MEM_GROW(t->ids, &t->ids_capacity, n_all + n_ids + 1));
    TRY(MEM_GROW(t->offsets, &t->offsets_capacity, t->n + 2));
    TRY(MEM_GROW(t->text_offsets, &t->text_capacity, t->n + 2));
    if (n) memcpy(t->bytes + n_bytes, text, n);
    if (n_ids) memcpy(t->ids + n_all, ids, n_ids * sizeof *ids);
    *find_slot(t, text, n) = (uint32_t)t->n + 1;
    t->offsets[t->n + 1] = (int64_t)(n_all + n_ids);
    t->text_offsets[t->n + 1] = (int64_t)(n_bytes + n);
    t->n++;
done:
    return rc;
}

int literal_table_find(literal_table *t, const char *text, size_t n, int64_t *number)
{
    int rc = OK;
    uint32_t *ids = NULL, *slot = t->n_slots ? find_slot(t, text, n) : NULL;
    size_t capacity = 0, count = 0;
    *number = -1;
    if (slot && *slot) {
        *number = (int64_t)*slot - 1;
        return OK;
    }
    if (!t->text) FAIL(ERR_MISSING, "the text \"%.*s\" of a template is not in the table", (int)n, text);
    TRY(text_tokenizer_encode(t->text, text, n, &ids, &capacity, &count));
    TRY(add(t, text, n, ids, count));
    *number = (int64_t)t->n - 1;
done:
    mem_free(&ids);
    return rc;
}

int literal_table_save(const literal_table *t, h5_file *f)
{
    int rc = OK;
    int64_t n = (int64_t)t->n;
    TRY(h5_group(f, "/literals"));
    TRY(h5_put(f, "/literals/ids", H5_U32, t->offsets[n], t->ids));
    TRY(h5_put(f, "/literals/offsets", H5_I64, n + 1, t->offsets));
    TRY(h5_put(f, "/literals/text", H5_U8, t->text_offsets[n], t->bytes));
    TRY(h5_put(f, "/literals/text_offsets", H5_I64, n + 1, t->text_offsets));
done:
    return rc;
}

/* One of the four datasets, whole. */
static int read(h5_file *f, const char *path, h5_type type, int64_t most, void **values, int64_t *n)
{
    int rc = OK, n_dims;
    int64_t dims[3];
    h5_type stored;
    TRY(h5_shape(f, path, &stored, &n_dims, dims));
    if (n_dims != 1 || dims[0] > most) FAIL(ERR_CORRUPT, "%s has a wrong shape", path);
    *n = dims[0];
    TRY(mem_alloc(values, (size_t)*n, h5_type_size(type)));
    if (*n) TRY(h5_read(f, path, type, 0, *n, *values));
done:
    return rc;
}

static int check_offsets(const int64_t *offsets, int64_t n, int64_t total)
{
    int rc = OK;
    if (n < 1 || offsets[0] != 0 || offsets[n - 1] != total) FAIL(ERR_CORRUPT, "the offsets of /literals are wrong");
    for (int64_t i = 1; i < n; i++)
        if (offsets[i] < offsets[i - 1]) FAIL(ERR_CORRUPT, "the offsets of /literals are not in order");
done:
    return rc;
}

int literal_table_load(literal_table *t, h5_file *f)
{
    int rc = OK;
    uint32_t *ids = NULL;
    char *text = NULL;
    int64_t *offsets = NULL, *text_offsets = NULL, n_ids, n_text, n, n_again, number;
    TRY(read(f, "/literals/ids", H5_U32, INT32_MAX, (void **)&ids, &n_ids));
    TRY(read(f, "/literals/text", H5_U8, INT32_MAX, (void **)&text, &n_text));
    TRY(read(f, "/literals/offsets", H5_I64, LITERAL_TABLE_MAX + 1, (void **)&offsets, &n));
    TRY(read(f, "/literals/text_offsets", H5_I64, LITERAL_TABLE_MAX + 1, (void **)&text_offsets, &n_again));
    if (n != n_again) FAIL(ERR_CORRUPT, "/literals has %lld and %lld offsets", (long long)n, (long long)n_again);
    TRY(check_offsets(offsets, n, n_ids));
    TRY(check_offsets(text_offsets, n, n_text));
    for (int64_t i = 0; i + 1 < n; i++) {
        const char *bytes = text + text_offsets[i];
        size_t n_bytes = (size_t)(text_offsets[i + 1] - text_offsets[i]), k = (size_t)(offsets[i + 1] - offsets[i]);
        text_tokenizer *tokenizer = t->text;
        t->text = NULL;
        int there = literal_table_find(t, bytes, n_bytes, &number) == OK;
        t->text = tokenizer;
        if (!there)
            TRY(add(t, bytes, n_bytes, ids + offsets[i], k));
        else if ((size_t)literal_table_length(t, number) != k ||
                 memcmp(t->ids + t->offsets[number], ids + offsets[i], k * sizeof *ids) != 0)
            FAIL(ERR_CORRUPT, "/literals has other ids for \"%.*s\"", (int)n_bytes, bytes);
    }
done:
    mem_free(&ids);
    mem_free(&text);
    mem_free(&offsets);
    mem_free(&text_offsets);
    return rc;
}
