#include "encoder/torch_zip.h"

#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle.h"
#include "encoder/strided.h"
#include "encoder/zip_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PICKLE_LIMIT = 64 << 20, ORDER_LIMIT = 16 };

/* Copies of views may repeat numbers, but not without end. */
static const size_t copies_spare = (size_t)64 << 20;

typedef struct storage {
    const char *key; /* of a tensor in the list of the pickle */
    size_t n;        /* bytes */
    const uint8_t *bytes;
} storage;

typedef struct torch_zip {
    const char *path;
    zip_reader zip;
    char *prefix; /* what stands before data.pkl in the names */
    pickle_list tensors;
    storage *storages; /* by key */
    size_t n_storages;
    size_t copies_left; /* bytes */
    weight_list *out;
} torch_zip;

/* Whether `name` is FOLDER/data.pkl; *n is the length of "FOLDER/". */
static int is_pickle(const char *name, size_t *n)
{
    const char *slash = strchr(name, '/');
    *n = slash ? (size_t)(slash - name) + 1 : 0;
    return slash && !strcmp(slash + 1, "data.pkl");
}

static int read_pickle(torch_zip *z, const zip_entry *e, size_t n_prefix)
{
    int rc = OK;
    const uint8_t *bytes;
    if (z->prefix) FAIL(ERR_CONFIG, "%s: two files data.pkl", z->path);
    if (e->size > PICKLE_LIMIT) FAIL(ERR_CONFIG, "%s: data.pkl has %zu bytes", z->path, e->size);
    TRY(mem_copy(&z->prefix, e->name, n_prefix));
    TRY(zip_reader_bytes(&z->zip, z->out, &bytes));
    TRY(pickle_read(bytes, e->size, z->path, &z->tensors));
done:
    return rc;
}

static int check_byte_order(torch_zip *z, const zip_entry *e)
{
    int rc = OK;
    const uint8_t *bytes;
    if (e->size > ORDER_LIMIT) FAIL(ERR_CONFIG, "%s: damaged byte order", z->path);
    TRY(zip_reader_bytes(&z->zip, z->out, &bytes));
    if (e->size != 6 || memcmp(bytes, "little", 6))
        FAIL(ERR_CONFIG, "%s: the numbers are not little-endian: save it again on a little-endian machine", z->path);
done:
    return rc;
}

/* First pass: what the tensors are. */
static int read_description(torch_zip *z, const uint8_t *bytes, size_t n)
{
    int rc = OK, more;
    zip_entry e;
    TRY(zip_reader_open(&z->zip, bytes, n, z->path));
    for (;;) {
        size_t n_prefix;
        TRY(zip_reader_next(&z->zip, &e, &more));
        if (!more) break;
        if (is_pickle(e.name, &n_prefix)) TRY(read_pickle(z, &e, n_prefix));
        if (n_prefix && !strcmp(e.name + n_prefix, "byteorder")) TRY(check_byte_order(z, &e));
    }
    if (!z->prefix) FAIL(ERR_CONFIG, "%s: no weights of torch.save: the zip has no data.pkl", z->path);
done:
    zip_reader_close(&z->zip);
    return rc;
}

static int by_key(const void *a, const void *b) { return strcmp(((const storage *)a)->key, ((const storage *)b)->key); }

/* The storages that the tensors need, each once. */
static int list_storages(torch_zip *z)
{
    int rc = OK;
    size_t n = 0;
    TRY(MEM_ALLOC(z->storages, z->tensors.n));
    for (size_t i = 0; i < z->tensors.n; i++) {
        const pickle_tensor *t = &z->tensors.tensors[i];
        z->storages[i].key = t->storage;
        if (size_mul((size_t)t->n_storage, t->element_size, &z->storages[i].n) != OK)
            FAIL(ERR_CONFIG, "%s: tensor %s: the storage is too large", z->path, t->name);
    }
    if (z->tensors.n) qsort(z->storages, z->tensors.n, sizeof *z->storages, by_key);
    for (size_t i = 0; i < z->tensors.n; i++) {
        storage *s = &z->storages[i];
        if (n && !strcmp(z->storages[n - 1].key, s->key)) {
            if (z->storages[n - 1].n != s->n)
                FAIL(ERR_CONFIG, "%s: storage %s is said to have two sizes", z->path, s->key);
            continue;
        }
        z->storages[n++] = *s;
    }
    z->n_storages = n;
done:
    return rc;
}

static storage *find_storage(const torch_zip *z, const char *key)
{
    storage wanted = {.key = key};
    return z->n_storages ? bsearch(&wanted, z->storages, z->n_storages, sizeof wanted, by_key) : NULL;
}

static int read_storage(torch_zip *z, const zip_entry *e, storage *s)
{
    int rc = OK;
    if (s->bytes) FAIL(ERR_CONFIG, "%s: two files data/%s", z->path, s->key);
    if (e->size != s->n)
        FAIL(ERR_CONFIG, "%s: data/%s has %zu bytes, not the %zu of its storage", z->path, s->key, e->size, s->n);
    TRY(zip_reader_bytes(&z->zip, z->out, &s->bytes));
done:
    return rc;
}

/* Second pass: the numbers. */
static int read_storages(torch_zip *z, const uint8_t *bytes, size_t n)
{
    int rc = OK, more;
    zip_entry e;
    size_t n_prefix = strlen(z->prefix);
    TRY(zip_reader_open(&z->zip, bytes, n, z->path));
    for (;;) {
        TRY(zip_reader_next(&z->zip, &e, &more));
        if (!more) break;
        if (strncmp(e.name, z->prefix, n_prefix) || strncmp(e.name + n_prefix, "data/", 5)) continue;
        storage *s = find_storage(z, e.name + n_prefix + 5);
        if (s) TRY(read_storage(z, &e, s));
    }
done:
    zip_reader_close(&z->zip);
    return rc;
}

/* A copy in C order of a tensor that is a transposed, cut or repeated view. */
static int copy_values(torch_zip *z, const pickle_tensor *t, const uint8_t *first, size_t n, weight_tensor *w)
{
    int rc = OK;
    size_t n_bytes;
    void *copy;
    if (size_mul(n, t->element_size, &n_bytes) != OK || n_bytes > z->copies_left)
        FAIL(ERR_CONFIG, "%s: tensor %s repeats its numbers too often: save contiguous tensors", z->path, t->name);
    z->copies_left -= n_bytes;
    TRY(weight_list_block(z->out, n_bytes, &copy));
    strided_gather(first, t->element_size, t->n_dims, t->shape, t->strides, copy);
    w->values = copy;
done:
    return rc;
}

static int add_tensor(torch_zip *z, const pickle_tensor *t)
{
    int rc = OK;
    size_t n;
    weight_tensor w = {.name = t->name, .type = t->type, .type_name = t->type_name, .n_dims = t->n_dims};
    const storage *s = find_storage(z, t->storage);
    if (!s || !s->bytes)
        FAIL(ERR_CONFIG, "%s: tensor %s: its numbers, data/%s, are not there", z->path, t->name, t->storage);
    memcpy(w.shape, t->shape, sizeof w.shape);
    const uint8_t *first = s->bytes + (size_t)t->offset * t->element_size;
    w.values = first;
    TRY(weight_elements(t->n_dims, t->shape, &n));
    if (!strided_is_contiguous(t->n_dims, t->shape, t->strides)) TRY(copy_values(z, t, first, n, &w));
    TRY(weight_list_add(z->out, &w, z->path));
done:
    return rc;
}

int torch_zip_parse(const uint8_t *bytes, size_t n, const char *path, weight_list *out)
{
    int rc = OK;
    torch_zip z = {.path = path, .out = out, .copies_left = copies_spare};
    *out = (weight_list){0};
    TRY(read_description(&z, bytes, n));
    TRY(list_storages(&z));
    TRY(read_storages(&z, bytes, n));
    for (size_t i = 0; i < z.n_storages; i++) z.copies_left += z.storages[i].bytes ? z.storages[i].n : 0;
    for (size_t i = 0; i < z.tensors.n; i++) TRY(add_tensor(&z, &z.tensors.tensors[i]));
    TRY(weight_list_sort(out, path));
done:
    pickle_list_free(&z.tensors);
    mem_free(&z.storages);
    mem_free(&z.prefix);
    if (rc != OK) weight_list_free(out);
    return rc;
}
