/* Every count and offset of a part is tested before it is used, also behind a right checksum. */
#include "shards/part.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/part_format.h"

#include <math.h>
#include <string.h>

struct part_reader {
    char *path;
    file_mapping map;
    const part_head *head;
    const uint64_t *offsets;
    size_t rows_end; /* offset behind the last row */
};

/* What is left of a row. */
typedef struct cursor {
    const uint8_t *at;
    size_t left;
} cursor;

static const void *take(cursor *c, size_t n)
{
    if (n > c->left) return NULL;
    const uint8_t *p = c->at;
    c->at += n;
    c->left -= n;
    return p;
}

/* n values of `size` bytes, padded to a multiple of 8; NULL when they are not there. */
static const void *take_array(cursor *c, uint64_t n, size_t size)
{
    if (n > c->left / size) return NULL;
    return take(c, ((size_t)n * size + 7) / 8 * 8);
}

static int take_stream(cursor *c, example_stream *s)
{
    const part_stream *head = take(c, sizeof *head);
    if (!head || (head->n_durations && head->n_durations != head->n_ids) || head->rows < 0 || head->columns < 0)
        return 0;
    if (head->width < 0 || head->width > INT32_MAX || (head->n_vectors && !head->width)) return 0;
    if (!isfinite(head->seconds) || head->seconds < 0) return 0;
    if (head->n_vectors > SIZE_MAX / 2 / INT32_MAX) return 0;
    s->ids = (uint32_t *)take_array(c, head->n_ids, sizeof *s->ids);
    if (!s->ids) return 0;
    s->durations = (uint32_t *)take_array(c, head->n_durations, sizeof *s->durations);
    if (!s->durations) return 0;
    s->vectors = (uint16_t *)take_array(c, head->n_vectors * (uint64_t)head->width, sizeof *s->vectors);
    if (!s->vectors) return 0;
    s->n_ids = (size_t)head->n_ids;
    s->n_durations = (size_t)head->n_durations;
    s->n_vectors = (size_t)head->n_vectors;
    s->width = head->width;
    s->rows = head->rows;
    s->columns = head->columns;
    s->xxh3 = head->xxh3;
    s->seconds = head->seconds;
    s->used = 1;
    return 1;
}

/* Numbers that arithmetic can rely on. */
static int take_content(const part_row *head, example *out)
{
    const sound_content *s = &head->sound;
    const picture_content *p = &head->picture;
    if (s->rate_hz < 0 || s->samples < 0 || (s->samples && !s->rate_hz) || s->clipped < 0 || s->clipped > s->samples ||
        !isfinite(s->peak))
        return 0;
    if (p->width < 0 || p->height < 0 || !isfinite(p->deviation)) return 0;
    if (head->sensor.samples < 0 || head->sensor.channels < 0) return 0;
    out->sound = *s;
    out->picture = *p;
    out->sensor = head->sensor;
    return 1;
}

static int take_texts(cursor *c, const part_row *head, example *out)
{
    const size_t limits[] = {sizeof out->stage, sizeof out->rule, sizeof out->message};
    char *const fixed[] = {out->stage, out->rule, out->message};
    size_t total = 0;
    for (int t = 0; t < N_PART_TEXTS; t++) {
        size_t n = (size_t)head->text_n[t];
        const char *p = take(c, n);
        if (!p) return 0;
        total += n;
        if (t < N_EXAMPLE_TEXTS) {
            out->text[t].bytes = p;
            out->text[t].n = n;
        } else {
            if (n >= limits[t - PART_STAGE]) return 0;
            memcpy(fixed[t - PART_STAGE], p, n);
        }
    }
    return take(c, (8 - total % 8) % 8) != NULL;
}

/* Whether the row that ends at c's end is whole. */
static int take_row(cursor *c, example *out)
{
    memset(out, 0, sizeof *out);
    const part_row *head = take(c, sizeof *head);
    if (!head || head->outcome < OUTCOME_EXAMPLE || head->outcome > OUTCOME_FILTERED || head->streams >> N_STREAMS)
        return 0;
    out->row = head->row;
    out->position = head->position;
    out->order = head->order;
    out->starts_group = head->starts_group != 0;
    out->outcome = (example_outcome)head->outcome;
    out->status = head->status;
    if (!take_content(head, out) || !take_texts(c, head, out)) return 0;
    for (int s = 0; s < N_STREAMS; s++)
        if (head->streams & 1u << s && !take_stream(c, &out->stream[s])) return 0;
    return c->left == 0;
}

int part_reader_row(const part_reader *r, int64_t i, example *out)
{
    int rc = OK;
    if (i < 0 || i >= part_reader_rows(r)) FAIL(ERR_CORRUPT, "%s has no row %lld", r->path, (long long)i);
    uint64_t start = r->offsets[i];
    uint64_t end = i + 1 < part_reader_rows(r) ? r->offsets[i + 1] : r->rows_end;
    cursor c = {r->map.bytes + start, (size_t)(end - start)};
    if (!take_row(&c, out)) FAIL(ERR_CORRUPT, "%s: row %lld is damaged", r->path, (long long)i);
done:
    return rc;
}

static int check_checksum(const part_reader *r)
{
    int rc = OK;
    uint64_t wanted[2];
    size_t n = r->map.n - sizeof wanted;
    hash128 sum = hash128_of(r->map.bytes, n);
    memcpy(wanted, r->map.bytes + n, sizeof wanted);
    if (sum.low != wanted[0] || sum.high != wanted[1]) FAIL(ERR_CORRUPT, "%s: the checksum is wrong", r->path);
done:
    return rc;
}

/* The rows follow each other without gaps, at multiples of 8. */
static int check_offsets(const part_reader *r)
{
    int rc = OK;
    uint64_t at = sizeof *r->head + r->head->n_rows * sizeof *r->offsets;
    example e;
    for (uint64_t i = 0; i < r->head->n_rows; i++) {
        if (i == 0 ? r->offsets[i] != at : r->offsets[i] <= at || r->offsets[i] % 8)
            FAIL(ERR_CORRUPT, "%s: the offset of row %llu is wrong", r->path, (unsigned long long)i);
        at = r->offsets[i];
        if (at >= r->rows_end) FAIL(ERR_CORRUPT, "%s: row %llu lies outside", r->path, (unsigned long long)i);
    }
    for (uint64_t i = 0; i < r->head->n_rows; i++) TRY(part_reader_row(r, (int64_t)i, &e));
done:
    return rc;
}

int part_reader_open(part_reader **out, const char *path, uint64_t tokens_hash, int64_t unit)
{
    int rc = OK;
    part_reader *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    TRY(mem_string(&r->path, path));
    TRY(file_map(path, &r->map));
    if (r->map.n < sizeof *r->head + 2 * sizeof(uint64_t)) FAIL(ERR_CORRUPT, "%s is not a whole part", path);
    r->head = (const part_head *)r->map.bytes;
    if (memcmp(r->head->magic, PART_MAGIC, sizeof r->head->magic) || r->head->byte_order != PART_BYTE_ORDER ||
        r->head->size != r->map.n)
        FAIL(ERR_CORRUPT, "%s is not a whole part", path);
    TRY(check_checksum(r));
    if (r->head->header.tokens_hash != tokens_hash || r->head->header.unit != unit)
        FAIL(ERR_CORRUPT, "%s belongs to other settings or another unit", path);
    r->rows_end = r->map.n - 2 * sizeof(uint64_t);
    if (r->head->n_rows > (r->rows_end - sizeof *r->head) / sizeof *r->offsets)
        FAIL(ERR_CORRUPT, "%s: the number of rows is wrong", path);
    r->offsets = (const uint64_t *)(r->map.bytes + sizeof *r->head);
    TRY(check_offsets(r));
    *out = r;
    r = NULL;
done:
    part_reader_close(&r);
    return rc;
}

void part_reader_close(part_reader **pr)
{
    if (!*pr) return;
    file_unmap(&(*pr)->map);
    mem_free(&(*pr)->path);
    mem_free(pr);
}

const part_header *part_reader_header(const part_reader *r) { return &r->head->header; }

int64_t part_reader_rows(const part_reader *r) { return (int64_t)r->head->n_rows; }
