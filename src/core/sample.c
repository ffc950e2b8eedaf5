#include "core/sample.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "core/core_feature.h"

#include <stddef.h>
#include <string.h>

typedef struct part_file {
    char magic[8];
    uint64_t checksum; /* of what follows in the header */
    uint64_t hash, rows_checksum, values_checksum;
    int64_t n, d, n_rows, stored;
} part_file;

static const char magic[8] = "TSFEAT02";

static double share(double wanted, double there) { return there <= 0 ? 0 : wanted >= there ? 1 : wanted / there; }

static void plan_sound(sample_plan *p, const train_options *t, const sample_streams *s, const corpus_totals *totals)
{
    double hours = totals->audio_seconds / 3600, frame_hz = audio_frame_hz(s->models ? &s->models->audio : NULL);
    p->rows[MEDIA_AUDIO] = share(t->hours, hours);
    p->vectors[MEDIA_AUDIO] = share((double)t->vectors_per_code * (double)s->audio->codebook.size,
                                    hours * p->rows[MEDIA_AUDIO] * 3600 * frame_hz);
}

static void plan_pictures(sample_plan *p, const train_options *t, const sample_streams *s, const corpus_totals *totals)
{
    int64_t rows, columns;
    image_grid(s->image, s->models ? &s->models->image : NULL, &rows, &columns);
    p->rows[MEDIA_IMAGE] = share((double)t->images, (double)totals->image_rows);
    p->vectors[MEDIA_IMAGE] = share((double)t->vectors_per_code * (double)s->image->codebook.size,
                                    (double)totals->image_rows * p->rows[MEDIA_IMAGE] * (double)(rows * columns));
}

static void plan_sensors(sample_plan *p, const train_options *t, const sample_streams *s, const corpus_totals *totals)
{
    p->rows[MEDIA_SENSOR] = share((double)t->sensors, (double)totals->sensor_rows);
    p->vectors[MEDIA_SENSOR] = share((double)t->vectors_per_code * (double)s->sensor->codebook.size,
                                     sensor_vectors_of(s->sensor, totals) * p->rows[MEDIA_SENSOR]);
}

void sample_plan_make(sample_plan *p, const train_options *t, const sample_streams *s, const corpus_totals *totals)
{
    *p = (sample_plan){.seed = (uint64_t)t->seed};
    if (s->wanted[MEDIA_AUDIO]) plan_sound(p, t, s, totals);
    if (s->wanted[MEDIA_IMAGE]) plan_pictures(p, t, s, totals);
    if (s->wanted[MEDIA_SENSOR]) plan_sensors(p, t, s, totals);
}

uint64_t sample_row_key(const corpus_row *row) { return hash64(row->field[FIELD_ID].bytes, row->field[FIELD_ID].n, 0); }

int sample_takes(const sample_plan *p, media_kind kind, const corpus_row *row)
{
    return row->status == OK && row->split == 0 && row->media[kind].size >= 0 &&
           rng_uniform(p->seed, sample_row_key(row), (uint64_t)kind) < p->rows[kind];
}

void sample_part_free(sample_part *p)
{
    mem_free(&p->values);
    mem_free(&p->rows);
    *p = (sample_part){0};
}

static int add_row(sample_part *p, const sample_row *row)
{
    int rc = OK;
    TRY(MEM_GROW(p->rows, &p->rows_capacity, p->n_rows + 1));
    p->rows[p->n_rows++] = *row;
done:
    return rc;
}

int sample_part_note(sample_part *p, int64_t position, size_t first)
{
    int rc = OK;
    size_t n = p->n - first, d = (size_t)p->d;
    if (!n) return OK;
    sample_row row = {position, (int64_t)first, (int64_t)n,
                      hash64(p->values + (first - p->dropped) * d, n * d * sizeof *p->values, 0)};
    TRY(add_row(p, &row));
    if (p->drops) sample_part_drop(p);
done:
    return rc;
}

int sample_part_leave_out(sample_part *p, int64_t position)
{
    sample_row row = {.position = position, .first = (int64_t)p->n, .n = -1};
    return add_row(p, &row);
}

void sample_part_drop(sample_part *p) { p->dropped = p->n; }

static uint64_t header_checksum(const part_file *h)
{
    size_t from = offsetof(part_file, hash);
    return hash64((const char *)h + from, sizeof *h - from, 0);
}

int sample_part_save(const sample_part *p, const char *path, uint64_t hash, int stored)
{
    int rc = OK;
    file_writer *f = NULL;
    size_t bytes = stored ? p->n * (size_t)p->d * sizeof *p->values : 0, rows = p->n_rows * sizeof *p->rows;
    part_file h = {.hash = hash, .n = (int64_t)p->n, .d = p->d, .n_rows = (int64_t)p->n_rows, .stored = stored};
    memcpy(h.magic, magic, sizeof magic);
    h.rows_checksum = hash64(rows ? p->rows : NULL, rows, 0);
    h.values_checksum = hash64(bytes ? p->values : NULL, bytes, 0);
    h.checksum = header_checksum(&h);
    TRY(file_writer_open(&f, path, "feature"));
    TRY(file_writer_add(f, &h, sizeof h));
    if (rows) TRY(file_writer_add(f, p->rows, rows));
    if (bytes) TRY(file_writer_add(f, p->values, bytes));
    TRY(file_writer_commit(&f));
done:
    file_writer_abandon(&f);
    return rc;
}

static int open_header(const char *path, uint64_t hash, file_mapping *map, part_file *h)
{
    int rc = OK;
    TRY(file_map(path, map));
    if (map->n < sizeof *h) FAIL(ERR_CORRUPT, "%s is too short", path);
    memcpy(h, map->bytes, sizeof *h);
    if (memcmp(h->magic, magic, sizeof magic) || h->n < 0 || h->d < 0 || h->n_rows < 0 ||
        h->checksum != header_checksum(h))
        FAIL(ERR_CORRUPT, "%s is not a part of a training sample", path);
    if (h->hash != hash) FAIL(ERR_MISSING, "%s belongs to other settings", path);
done:
    return rc;
}

int sample_part_count(const char *path, uint64_t hash, int64_t *n, int64_t *d, int *stored)
{
    int rc = OK;
    file_mapping map = {0};
    part_file h;
    TRY(open_header(path, hash, &map, &h));
    *n = h.n;
    *d = h.d;
    *stored = h.stored != 0;
done:
    file_unmap(&map);
    return rc;
}

/* Whether the rows have all vectors, one after the other. */
static int rows_fit(const sample_view *v)
{
    int64_t next = 0;
    for (int64_t r = 0; r < v->n_rows; r++) {
        const sample_row *row = &v->rows[r];
        if (row->first != next || row->n < -1 || row->n == 0 || row->n > v->n - next) return 0;
        if (r && row->position <= v->rows[r - 1].position) return 0;
        if (row->n > 0) next += row->n;
    }
    return next == v->n;
}

int sample_view_open(sample_view *v, const char *path, uint64_t hash)
{
    int rc = OK;
    part_file h;
    size_t rows, width, bytes;
    *v = (sample_view){0};
    TRY(open_header(path, hash, &v->map, &h));
    TRY(size_mul((size_t)h.d, sizeof *v->values, &width));
    TRY(size_mul(h.stored ? (size_t)h.n : 0, width, &bytes));
    TRY(size_mul((size_t)h.n_rows, sizeof *v->rows, &rows));
    if (v->map.n - sizeof h < rows || v->map.n - sizeof h - rows != bytes) FAIL(ERR_CORRUPT, "%s is damaged", path);
    const uint8_t *at = v->map.bytes + sizeof h;
    *v = (sample_view){v->map, h.n, h.d, h.n_rows, (const void *)at, h.stored != 0, NULL};
    if (h.stored) v->values = (const void *)(at + rows);
    if (h.rows_checksum != hash64(rows ? at : NULL, rows, 0) || !rows_fit(v) ||
        (h.stored && h.values_checksum != hash64(bytes ? v->values : NULL, bytes, 0)))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
done:
    if (rc != OK) sample_view_close(v);
    return rc;
}

void sample_view_close(sample_view *v)
{
    file_unmap(&v->map);
    *v = (sample_view){0};
}

const sample_row *sample_view_row(const sample_view *v, int64_t position)
{
    int64_t low = 0, high = v->n_rows; /* the first row at or behind the position */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (v->rows[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->n_rows && v->rows[low].position == position ? &v->rows[low] : NULL;
}

const sample_row *sample_view_row_of(const sample_view *v, int64_t i)
{
    int64_t low = 0, high = v->n_rows; /* the last row that begins at or before the vector; it is not left out */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (v->rows[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    return i >= 0 && i < v->n ? &v->rows[low] : NULL;
}

int64_t sample_view_differs(const sample_view *v, const sample_part *p)
{
    int64_t n = (int64_t)p->n_rows;
    for (int64_t r = 0; r < n || r < v->n_rows; r++) {
        if (r >= n) return v->rows[r].position;
        if (r >= v->n_rows || memcmp(&p->rows[r], &v->rows[r], sizeof *v->rows))
            return r < v->n_rows && v->rows[r].position < p->rows[r].position ? v->rows[r].position
                                                                              : p->rows[r].position;
    }
    return p->n && p->d != v->d ? p->rows[0].position : -1;
}
