#include "sequence/id_reader.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_place(const void *pa, const void *pb)
{
    const span *a = &((const id_request *)pa)->span, *b = &((const id_request *)pb)->span;
    if (a->shard != b->shard) return a->shard < b->shard ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

/* One stream of the open shard; mapped: `width` bytes per id, else 0. */
typedef struct id_stream {
    shard_reader *reader;
    stream_kind stream;
    int64_t n, codes, offset; /* ids in all; size and offset of the vocabulary's range */
    const uint8_t *ids;
    size_t width;
} id_stream;

/* Ids can be used where they lie in the file: contiguous and in this machine's byte order. */
static int map_stream(id_stream *s, const file_mapping *m)
{
    int rc = OK, n_dims;
    h5_type type;
    int64_t dims[3], offset;
    char path[32];
    const uint16_t probe = 1;
    snprintf(path, sizeof path, "/%s/ids", stream_name(s->stream));
    TRY(h5_shape(shard_reader_file(s->reader), path, &type, &n_dims, dims));
    TRY(h5_file_offset(shard_reader_file(s->reader), path, &offset));
    if (offset < 0 || (type != H5_U16 && type != H5_U32) || *(const uint8_t *)&probe != 1) return OK;
    size_t width = h5_type_size(type);
    if ((uint64_t)offset > m->n || (uint64_t)s->n > (m->n - (size_t)offset) / width)
        FAIL(ERR_CORRUPT, "%s lies outside its file", path);
    s->ids = m->bytes + offset;
    s->width = width;
done:
    return rc;
}

static int open_stream(id_stream *s, shard_reader *r, stream_kind stream, const vocabulary *v, const file_mapping *m)
{
    int rc = OK;
    *s = (id_stream){.reader = r, .stream = stream, .offset = vocabulary_offset(v, (modality)stream)};
    for (int i = 0; i < v->n_ranges; i++)
        if (v->ranges[i].modality == (modality)stream) s->codes += v->ranges[i].size;
    s->n = shard_reader_has(r, stream) ? shard_reader_ids(r, stream) : 0;
    if (s->n) TRY(map_stream(s, m));
done:
    return rc;
}

static int read_span(const id_stream *s, const span *p, uint32_t *out)
{
    int rc = OK;
    if (p->start < 0 || p->start > s->n || p->length > s->n - p->start)
        FAIL(ERR_CORRUPT, "span of %s ids %lld + %u is outside shard %u", stream_name(s->stream), (long long)p->start,
             p->length, p->shard);
    if (s->width == sizeof(uint16_t)) {
        const uint8_t *from = s->ids + (size_t)p->start * sizeof(uint16_t);
        for (size_t i = 0; i < p->length; i++) {
            uint16_t id;
            memcpy(&id, from + i * sizeof id, sizeof id);
            out[i] = id;
        }
    } else if (s->width == sizeof(uint32_t)) {
        memcpy(out, s->ids + (size_t)p->start * sizeof(uint32_t), p->length * sizeof(uint32_t));
    } else {
        TRY(shard_reader_read_ids(s->reader, s->stream, p->start, p->length, out));
    }
    for (size_t i = 0; i < p->length; i++) {
        if ((int64_t)out[i] >= s->codes)
            FAIL(ERR_CORRUPT, "%s id %u in shard %u is outside the vocabulary", stream_name(s->stream), out[i],
                 p->shard);
        out[i] += (uint32_t)s->offset;
    }
done:
    return rc;
}

int id_reader_fill(split_shards *shards, const vocabulary *v, id_request *requests, size_t n, uint32_t *out,
                   size_t capacity)
{
    int rc = OK;
    file_mapping mapping = {0};
    shard_reader *r = NULL;
    id_stream stream = {0};
    qsort(requests, n, sizeof *requests, by_place);
    for (size_t i = 0; i < n; i++) {
        const span *s = &requests[i].span, *last = i ? &requests[i - 1].span : NULL;
        if (s->shard >= shards->n || s->kind >= N_STREAMS)
            FAIL(ERR_CORRUPT, "span of shard %u, kind %u is not known", s->shard, s->kind);
        if (requests[i].to < 0 || (uint64_t)requests[i].to > capacity || s->length > capacity - (size_t)requests[i].to)
            FAIL(ERR_INTERNAL, "ids do not fit into their buffer");
        int other_shard = !last || last->shard != s->shard;
        if (other_shard) {
            file_unmap(&mapping);
            TRY(split_shards_open(shards, s->shard, &r));
            TRY(file_map(shards->paths[s->shard], &mapping));
        }
        if (other_shard || last->kind != s->kind) TRY(open_stream(&stream, r, (stream_kind)s->kind, v, &mapping));
        TRY(read_span(&stream, s, out + requests[i].to));
    }
done:
    file_unmap(&mapping);
    return rc;
}
