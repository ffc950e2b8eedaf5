#include "corpus/tar_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/tar_header.h"

#include <string.h>

/* What one read brings: a header with the small texts behind it. */
enum { WINDOW = 8192, PAX_BYTES = 1 << 20 };

struct tar_reader {
    byte_source source;
    int64_t at; /* next header */
    uint8_t *window;
    int64_t window_at;
    size_t window_n;
    tar_pax pax;     /* of the next member */
    char *long_name; /* of a GNU header; NULL: none */
    tar_header header;
    tar_member member; /* the latest */
    char *name;        /* its name, where it is not in the header */
    int back, ended, lacks_end;
};

int tar_reader_open(tar_reader **out, const byte_source *source)
{
    int rc = OK;
    tar_reader *t = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(t, 1));
    t->source = *source;
    t->pax.size = -1;
    TRY(MEM_ALLOC(t->window, WINDOW));
    *out = t;
    t = NULL;
done:
    tar_reader_close(&t);
    return rc;
}

void tar_reader_close(tar_reader **pt)
{
    tar_reader *t = *pt;
    if (!t) return;
    mem_free(&t->window);
    mem_free(&t->pax.path);
    mem_free(&t->long_name);
    mem_free(&t->name);
    mem_free(pt);
}

/* n bytes (at most WINDOW) at an offset, in the window; *there < n at the end of the archive. */
static int look(tar_reader *t, int64_t offset, size_t n, const uint8_t **bytes, size_t *there)
{
    int rc = OK;
    int64_t in = offset - t->window_at;
    if (in < 0 || in > (int64_t)t->window_n || t->window_n - (size_t)in < n) {
        t->window_n = 0;
        TRY(source_read(&t->source, offset, t->window, WINDOW, &t->window_n));
        t->window_at = offset;
        in = 0;
    }
    *bytes = t->window + in;
    *there = t->window_n - (size_t)in;
    if (*there > n) *there = n;
done:
    return rc;
}

int tar_reader_content(tar_reader *t, const tar_member *m, char **out)
{
    int rc = OK;
    size_t n = (size_t)m->size, there;
    const uint8_t *bytes;
    *out = NULL;
    TRY(mem_alloc((void **)out, n + 1, 1));
    if (n <= WINDOW) {
        TRY(look(t, m->offset, n, &bytes, &there));
        memcpy(*out, bytes, there);
    } else {
        TRY(source_read(&t->source, m->offset, *out, n, &there));
    }
    if (there != n) FAIL(ERR_ENVIRONMENT, "the file shrank while it was read");
done:
    if (rc != OK) mem_free(out);
    return rc;
}

/* Bytes of the data with their padding; -1 beyond all files. */
static int64_t padded(int64_t size)
{
    return size > INT64_MAX - TAR_BLOCK ? -1 : (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static int fail_here(const tar_reader *t, const char *what)
{
    return status_set(ERR_FORMAT, __FILE__, __LINE__, "%s at byte %lld", what, (long long)t->at);
}

/* Take the data of a header that describes the member after it. */
static int take_description(tar_reader *t, const tar_header *h)
{
    int rc = OK;
    char *text = NULL;
    const tar_member m = {.offset = t->at + TAR_BLOCK, .size = h->size};
    if (h->size > (h->type == 'x' ? PAX_BYTES : TAR_NAME_BYTES)) return fail_here(t, "a header that is too long");
    if (h->size > t->source.size - m.offset) return fail_here(t, "a header that is cut");
    TRY(tar_reader_content(t, &m, &text));
    if (h->type == 'x') {
        rc = tar_pax_parse(text, (size_t)h->size, &t->pax);
        if (rc == ERR_FORMAT) rc = fail_here(t, "a damaged pax header");
    } else if (h->type == 'L') {
        mem_free(&t->long_name);
        t->long_name = text;
        text = NULL;
    }
done:
    mem_free(&text);
    return rc;
}

static tar_type type_of(const tar_header *h, int sparse, const char *name)
{
    size_t n = strlen(name);
    if (h->type == '5') return TAR_FOLDER;
    if (h->type == '1' || h->type == '2') return TAR_LINK;
    if (h->type == 'S' || sparse) return TAR_SPARSE;
    if (h->type != '0' && h->type != 0 && h->type != '7') return TAR_SPECIAL;
    return n && name[n - 1] == '/' ? TAR_FOLDER : TAR_FILE; /* as the oldest tars have folders */
}

/* Further blocks of places of an old sparse file lie before its data. */
static int skip_sparse(tar_reader *t, int64_t *data)
{
    enum { MORE = 504 };
    int rc = OK, more = 1;
    while (more) {
        const uint8_t *block;
        size_t there;
        TRY(look(t, *data, TAR_BLOCK, &block, &there));
        if (there < TAR_BLOCK) return fail_here(t, "a header that is cut");
        more = block[MORE] != 0;
        *data += TAR_BLOCK;
    }
done:
    return rc;
}

/* The member of this header, with what was said of it before. */
static int take_member(tar_reader *t)
{
    int rc = OK;
    const tar_header *h = &t->header;
    int64_t data = t->at + TAR_BLOCK, size = t->pax.size >= 0 ? t->pax.size : h->size;
    if (h->more_sparse) TRY(skip_sparse(t, &data));
    mem_free(&t->name);
    t->name = t->pax.path ? t->pax.path : t->long_name;
    if (t->pax.path) mem_free(&t->long_name);
    t->pax.path = t->long_name = NULL;
    const char *name = t->name ? t->name : h->name;
    if (strlen(name) > TAR_NAME_BYTES) return fail_here(t, "a name that is too long");
    if (h->type >= '1' && h->type <= '6') size = 0; /* links and devices have no data whatever they say */
    t->member = (tar_member){.name = name, .type = type_of(h, t->pax.sparse, name), .offset = data, .size = size};
    t->pax = (tar_pax){.size = -1};
    int64_t step = padded(size);
    t->member.cut = size > t->source.size - data;
    if (step < 0 || t->member.cut)
        t->at = t->source.size;
    else
        t->at = data + step;
done:
    return rc;
}

/* At a block of zeros: two of them, or the end of the file behind one, are the end. */
static int see_end(tar_reader *t)
{
    int rc = OK;
    const uint8_t *block;
    size_t there;
    TRY(look(t, t->at + TAR_BLOCK, TAR_BLOCK, &block, &there));
    t->ended = there < TAR_BLOCK || tar_block_is_zero(block);
    t->at += (1 + t->ended) * TAR_BLOCK;
done:
    return rc;
}

int tar_reader_next(tar_reader *t, tar_member *m, int *got)
{
    int rc = OK;
    *got = t->back;
    while (!*got && !t->ended) {
        const uint8_t *block;
        size_t there;
        TRY(look(t, t->at, TAR_BLOCK, &block, &there));
        if (!there) {
            t->ended = t->lacks_end = 1;
        } else if (there < TAR_BLOCK) {
            return fail_here(t, "a header that is cut");
        } else if (tar_block_is_zero(block)) {
            TRY(see_end(t));
        } else {
            if (tar_header_parse(block, &t->header) != OK) return fail_here(t, "no header of a tar");
            *got = !strchr("xgLKV", t->header.type) || !t->header.type;
            if (*got) {
                TRY(take_member(t));
                break;
            }
            if (t->header.type != 'g' && t->header.type != 'V') TRY(take_description(t, &t->header));
            int64_t step = padded(t->header.size);
            if (step < 0 || step > t->source.size - t->at - TAR_BLOCK) return fail_here(t, "a header that is cut");
            t->at += TAR_BLOCK + step;
        }
    }
    *m = t->member;
    t->back = 0;
done:
    if (rc != OK) *got = 0;
    return rc;
}

void tar_reader_back(tar_reader *t) { t->back = 1; }

int tar_reader_lacks_end(const tar_reader *t) { return t->lacks_end; }

int64_t tar_reader_rest(const tar_reader *t)
{
    int64_t rest = t->source.size - t->at;
    return rest > 1 << 20 ? rest : 0;
}

const char *tar_compression(const uint8_t *head, size_t n)
{
    static const struct {
        const char *label, *magic;
        size_t n;
    } known[] = {{"gzip", "\x1f\x8b", 2},
                 {"zstd", "\x28\xb5\x2f\xfd", 4},
                 {"xz",
                  "\xfd"
                  "7zXZ",
                  5},
                 {"bzip2", "BZh", 3},
                 {"lz4", "\x04\x22\x4d\x18", 4},
                 {"compress", "\x1f\x9d", 2}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].n && !memcmp(head, known[i].magic, known[i].n)) return known[i].label;
    return NULL;
}
