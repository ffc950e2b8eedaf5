#include "corpus/run_file.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/row_codec.h"

#include <string.h>

/* Little-endian as all numbers here: the magic does not match on another machine. */
static const uint64_t magic = 0x314E555241535354; /* "TSSARUN1" */
enum { VERSION = 1, RELEASE_EVERY = 1 << 18 };

typedef struct run_footer {
    uint64_t magic;
    uint32_t version, kind;
    int64_t n_entries, n_bytes;
} run_footer;

struct run_writer {
    file_writer *file;
    run_footer footer;
};

int id_entry_compare(const void *a, const void *b)
{
    const id_entry *x = a, *y = b;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

int run_open(run_writer **out, const char *path, run_kind kind)
{
    int rc = OK;
    run_writer *w = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    w->footer = (run_footer){.magic = magic, .version = VERSION, .kind = kind};
    TRY(file_writer_open(&w->file, path, "index"));
    *out = w;
    w = NULL;
done:
    run_abandon(&w);
    return rc;
}

int run_add(run_writer *w, const void *entry, size_t n)
{
    w->footer.n_entries++;
    w->footer.n_bytes += (int64_t)n;
    return file_writer_add(w->file, entry, n);
}

int run_commit(run_writer **w)
{
    int rc = OK;
    static const char zeros[8] = {0};
    TRY(file_writer_add((*w)->file, zeros, (size_t)(-(*w)->footer.n_bytes & 7)));
    TRY(file_writer_add((*w)->file, &(*w)->footer, sizeof(run_footer)));
    TRY(file_writer_commit(&(*w)->file));
done:
    run_abandon(w);
    return rc;
}

void run_abandon(run_writer **w)
{
    if (*w) file_writer_abandon(&(*w)->file);
    mem_free(w);
}

int run_map(const char *path, run_kind kind, file_mapping *map, size_t *n_bytes, int64_t *n_entries)
{
    int rc = OK;
    run_footer f;
    TRY(file_map(path, map));
    if (map->n < sizeof f || map->n % 8) FAIL(ERR_CORRUPT, "%s: %zu bytes are not a whole file", path, map->n);
    memcpy(&f, map->bytes + map->n - sizeof f, sizeof f);
    if (f.magic != magic || f.kind != (uint32_t)kind) FAIL(ERR_CORRUPT, "%s: not a file of this kind", path);
    if (f.version != VERSION) FAIL(ERR_CORRUPT, "%s: version %u, expected %d", path, f.version, (int)VERSION);
    size_t there = map->n - sizeof f;
    if (f.n_bytes < 0 || (uint64_t)f.n_bytes > there || there - (size_t)f.n_bytes >= 8 || f.n_entries < 0 ||
        (kind != RUN_TEXTS && (uint64_t)f.n_entries > (uint64_t)f.n_bytes / sizeof(id_entry)))
        FAIL(ERR_CORRUPT, "%s: the size does not fit the content", path);
    *n_bytes = (size_t)f.n_bytes;
    *n_entries = f.n_entries;
done:
    if (rc != OK) file_unmap(map);
    return rc;
}

int run_reader_open(run_reader *r, const char *path, run_kind kind)
{
    int rc = OK;
    *r = (run_reader){.kind = kind};
    TRY(run_map(path, kind, &r->map, &r->end, &r->n_left));
    TRY(run_reader_next(r));
done:
    if (rc != OK) run_reader_close(r);
    return rc;
}

int run_reader_next(run_reader *r)
{
    int rc = OK;
    size_t left = r->end - r->at;
    r->entry = NULL;
    if (r->at - r->released >= RELEASE_EVERY) {
        file_map_release(&r->map, r->released, r->at);
        r->released = r->at;
    }
    if (!r->n_left && !left) return OK;
    if (!r->n_left) FAIL(ERR_CORRUPT, "a run has more bytes than entries");
    if (r->kind == RUN_ROWS)
        TRY(row_entry_check(r->map.bytes + r->at, left, &r->entry_n));
    else if (left < (r->entry_n = sizeof(id_entry)))
        FAIL(ERR_CORRUPT, "a run is cut");
    r->entry = r->map.bytes + r->at;
    r->at += r->entry_n;
    r->n_left--;
done:
    return rc;
}

void run_reader_close(run_reader *r)
{
    file_unmap(&r->map);
    *r = (run_reader){0};
}
