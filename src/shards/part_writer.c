#include "shards/part.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/part_format.h"

#include <string.h>

struct part_writer {
    part_header header;
    uint8_t *bytes; /* the rows */
    size_t n, capacity;
    uint64_t *offsets; /* of the rows in `bytes` */
    size_t n_rows, offsets_capacity;
};

int part_writer_create(part_writer **out, const part_header *header)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, 1, sizeof **out));
    (*out)->header = *header;
done:
    return rc;
}

void part_writer_free(part_writer **pw)
{
    if (!*pw) return;
    mem_free(&(*pw)->bytes);
    mem_free(&(*pw)->offsets);
    mem_free(pw);
}

int64_t part_writer_bytes(const part_writer *w)
{
    return (int64_t)(sizeof(part_head) + w->n_rows * sizeof *w->offsets + w->n + 2 * sizeof(uint64_t));
}

static int append(part_writer *w, const void *bytes, size_t n)
{
    int rc = OK;
    size_t need;
    TRY(size_add(w->n, n, &need));
    TRY(MEM_GROW(w->bytes, &w->capacity, need));
    if (n) memcpy(w->bytes + w->n, bytes, n);
    w->n = need;
done:
    return rc;
}

static int pad(part_writer *w)
{
    static const uint8_t zeros[8];
    return append(w, zeros, (8 - w->n % 8) % 8);
}

static int append_array(part_writer *w, const void *values, size_t n, size_t size)
{
    int rc = OK;
    size_t bytes;
    TRY(size_mul(n, size, &bytes));
    TRY(append(w, values, bytes));
    TRY(pad(w));
done:
    return rc;
}

static int append_stream(part_writer *w, const example_stream *s)
{
    int rc = OK;
    size_t n_values;
    part_stream head = {.n_ids = s->n_ids,
                        .n_durations = s->n_durations,
                        .n_vectors = s->n_vectors,
                        .width = s->width,
                        .xxh3 = s->xxh3,
                        .seconds = s->seconds,
                        .rows = s->rows,
                        .columns = s->columns};
    if (s->n_durations && s->n_durations != s->n_ids)
        FAIL(ERR_INTERNAL, "%zu durations for %zu ids", s->n_durations, s->n_ids);
    TRY(size_mul(s->n_vectors, (size_t)s->width, &n_values));
    TRY(append(w, &head, sizeof head));
    TRY(append_array(w, s->ids, s->n_ids, sizeof *s->ids));
    TRY(append_array(w, s->durations, s->n_durations, sizeof *s->durations));
    TRY(append_array(w, s->vectors, n_values, sizeof *s->vectors));
done:
    return rc;
}

static int append_row(part_writer *w, const example *e)
{
    int rc = OK;
    const char *texts[N_PART_TEXTS];
    part_row head = {.row = e->row,
                     .position = e->position,
                     .order = e->order,
                     .starts_group = e->starts_group != 0,
                     .outcome = (int32_t)e->outcome,
                     .status = e->status,
                     .sound = e->sound,
                     .picture = e->picture,
                     .sensor = e->sensor};
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        texts[t] = e->text[t].bytes;
        head.text_n[t] = e->text[t].n;
    }
    texts[PART_STAGE] = e->stage;
    texts[PART_RULE] = e->rule;
    texts[PART_MESSAGE] = e->message;
    for (int t = PART_STAGE; t < N_PART_TEXTS; t++) head.text_n[t] = strlen(texts[t]);
    for (int s = 0; s < N_STREAMS && e->outcome == OUTCOME_EXAMPLE; s++)
        if (e->stream[s].used) head.streams |= 1u << s;
    TRY(append(w, &head, sizeof head));
    for (int t = 0; t < N_PART_TEXTS; t++) TRY(append(w, texts[t], head.text_n[t]));
    TRY(pad(w));
    for (int s = 0; s < N_STREAMS; s++)
        if (head.streams & 1u << s) TRY(append_stream(w, &e->stream[s]));
done:
    return rc;
}

int part_writer_add(part_writer *w, const example *e)
{
    int rc = OK;
    size_t start = w->n;
    TRY(MEM_GROW(w->offsets, &w->offsets_capacity, w->n_rows + 1));
    TRY(append_row(w, e));
    w->offsets[w->n_rows++] = start;
done:
    if (rc != OK) w->n = start;
    return rc;
}

static int add_hashed(file_writer *f, hash_stream *h, const void *bytes, size_t n)
{
    hash_stream_add(h, bytes, n);
    return file_writer_add(f, bytes, n);
}

int part_writer_commit(part_writer *w, const char *path)
{
    int rc = OK;
    file_writer *f = NULL;
    hash_stream *h = NULL;
    part_head head = {.magic = PART_MAGIC,
                      .byte_order = PART_BYTE_ORDER,
                      .header = w->header,
                      .n_rows = w->n_rows,
                      .size = (uint64_t)part_writer_bytes(w)};
    size_t before = sizeof head + w->n_rows * sizeof *w->offsets;
    TRY(hash_stream_create(&h));
    TRY(file_writer_open(&f, path, "part"));
    TRY(add_hashed(f, h, &head, sizeof head));
    for (size_t i = 0; i < w->n_rows; i++) {
        uint64_t offset = before + w->offsets[i];
        TRY(add_hashed(f, h, &offset, sizeof offset));
    }
    TRY(add_hashed(f, h, w->bytes, w->n));
    hash128 sum = hash_stream_value(h);
    const uint64_t trailer[2] = {sum.low, sum.high};
    TRY(file_writer_add(f, trailer, sizeof trailer));
    TRY(file_writer_commit(&f));
done:
    file_writer_abandon(&f);
    hash_stream_free(&h);
    return rc;
}
