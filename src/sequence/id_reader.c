#include "sequence/id_reader.h"

#include "base/file.h"
#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 1 << 12 };

static int by_place(const void *pa, const void *pb)
{
    const span *a = &((const id_request *)pa)->span, *b = &((const id_request *)pb)->span;
    if (a->shard != b->shard) return a->shard < b->shard ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

/* One stream of the open shard. */
typedef struct id_stream {
    const char *shard; /* its path */
    h5_file *file;
    char path[32];
    int64_t n, codes, offset; /* ids in all; size and offset of the vocabulary's range */
    const uint8_t *ids;       /* where they are mapped; NULL: to be read */
    size_t width;             /* bytes of one that is mapped */
} id_stream;

/* Ids are used where they lie in the file when they are contiguous and in this machine's byte order. */
static int open_stream(id_stream *s, h5_file *f, const file_mapping *m, const char *shard, stream_kind k,
                       const vocabulary *v)
{
    int rc = OK, n_dims;
    h5_type type;
    int64_t dims[3], offset;
    const uint16_t probe = 1;
    *s = (id_stream){.shard = shard, .file = f, .offset = vocabulary_offset(v, (modality)k)};
    for (int i = 0; i < v->n_ranges; i++)
        if (v->ranges[i].modality == (modality)k) s->codes += v->ranges[i].size;
    snprintf(s->path, sizeof s->path, "/%s/ids", stream_name(k));
    if (!h5_has(f, s->path)) goto done;
    TRY(h5_shape(f, s->path, &type, &n_dims, dims));
    TRY(h5_file_offset(f, s->path, &offset));
    s->n = n_dims == 1 ? dims[0] : 0;
    if (!s->n || offset < 0 || (type != H5_U16 && type != H5_U32) || *(const uint8_t *)&probe != 1) goto done;
    size_t width = h5_type_size(type);
    if ((uint64_t)offset > m->n || (uint64_t)s->n > (m->n - (size_t)offset) / width)
        FAIL(ERR_CORRUPT, "%s: %s lies outside the file", shard, s->path);
    s->ids = m->bytes + offset;
    s->width = width;
done:
    return rc;
}

static int read_ids(const id_stream *s, int64_t start, size_t n, uint32_t *out)
{
    if (s->width == sizeof(uint16_t)) {
        const uint8_t *from = s->ids + (size_t)start * sizeof(uint16_t);
        for (size_t i = 0; i < n; i++) {
            uint16_t id;
            memcpy(&id, from + i * sizeof id, sizeof id);
            out[i] = id;
        }
    } else if (s->width == sizeof(uint32_t)) {
        memcpy(out, s->ids + (size_t)start * sizeof(uint32_t), n * sizeof(uint32_t));
    } else {
        return h5_read(s->file, s->path, H5_U32, start, (int64_t)n, out);
    }
    return OK;
}

/* One id for each run. */
static int read_runs(const id_stream *s, const span *p, uint32_t *out)
{
    int rc = OK;
    uint32_t ids[BUFFER], last = 0, runs = 0;
    for (uint32_t at = 0, k; at < p->ids; at += k) {
        k = p->ids - at < BUFFER ? p->ids - at : BUFFER;
        TRY(read_ids(s, p->start + at, k, ids));
        for (uint32_t i = 0; i < k; i++) {
            if ((at || i) && ids[i] == last) continue;
            if (runs < p->length) out[runs] = ids[i];
            runs++;
            last = ids[i];
        }
    }
    if (runs != p->length)
        FAIL(ERR_CORRUPT, "%s: ids %" PRId64 " + %u of %s are %u runs, not %u", s->shard, p->start, p->ids, s->path,
             runs, p->length);
done:
    return rc;
}

static int read_span(const id_stream *s, const span *p, uint32_t *out)
{
    int rc = OK;
    if (p->start < 0 || p->start > s->n || p->ids > s->n - p->start || p->ids < p->length)
        FAIL(ERR_CORRUPT, "%s: there are no ids %" PRId64 " + %u in %s for %u tokens", s->shard, p->start, p->ids,
             s->path, p->length);
    TRY(p->ids == p->length ? read_ids(s, p->start, p->length, out) : read_runs(s, p, out));
    for (size_t i = 0; i < p->length; i++) {
        if ((int64_t)out[i] >= s->codes)
            FAIL(ERR_CORRUPT, "%s: %s holds %u, but there are %" PRId64 " codes", s->shard, s->path, out[i], s->codes);
        out[i] += (uint32_t)s->offset;
    }
done:
    return rc;
}

int id_reader_fill(char *const *paths, size_t n_paths, const vocabulary *v, id_request *requests, size_t n,
                   uint32_t *out, size_t capacity)
{
    int rc = OK;
    file_mapping mapping = {0};
    h5_file *f = NULL;
    id_stream stream = {0};
    qsort(requests, n, sizeof *requests, by_place);
    for (size_t i = 0; i < n; i++) {
        const span *s = &requests[i].span, *last = i ? &requests[i - 1].span : NULL;
        int64_t to = requests[i].to;
        if (s->shard >= n_paths || s->kind >= N_STREAMS)
            FAIL(ERR_CORRUPT, "a span of shard %u, kind %u is not known", s->shard, s->kind);
        if (to < 0 || (uint64_t)to > capacity || s->length > capacity - (size_t)to)
            FAIL(ERR_INTERNAL, "ids do not fit into their buffer");
        int other_shard = !last || last->shard != s->shard;
        if (other_shard) {
            file_unmap(&mapping);
            h5_close(&f);
            TRY(h5_open(&f, paths[s->shard]));
            TRY(file_map(paths[s->shard], &mapping));
        }
        if (other_shard || last->kind != s->kind)
            TRY(open_stream(&stream, f, &mapping, paths[s->shard], (stream_kind)s->kind, v));
        TRY(read_span(&stream, s, out + to));
    }
done:
    file_unmap(&mapping);
    h5_close(&f);
    return rc;
}
