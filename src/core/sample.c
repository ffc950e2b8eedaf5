#include "core/sample.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

typedef struct part_file {
    char magic[8];
    uint64_t hash, checksum;
    int64_t n, d;
} part_file;

static const char magic[8] = "TSFEAT01";

static double share(double wanted, double there) { return there <= 0 ? 0 : wanted >= there ? 1 : wanted / there; }

void sample_plan_make(sample_plan *p, const train_options *t, const audio_options *a, const image_options *i, int audio,
                      int image, const corpus_totals *totals)
{
    *p = (sample_plan){.seed = (uint64_t)t->seed};
    double per_image = (double)(i->width / i->patch) * (double)(i->height / i->patch);
    if (audio) {
        double hours = totals->audio_seconds / 3600;
        p->audio_rows = share(t->hours, hours);
        p->audio_vectors =
            share((double)t->vectors_per_code * (double)a->codebook.size, hours * p->audio_rows * 3600 * CORE_FRAME_HZ);
    }
    if (image) {
        p->image_rows = share((double)t->images, (double)totals->image_rows);
        p->image_vectors = share((double)t->vectors_per_code * (double)i->codebook.size,
                                 (double)totals->image_rows * p->image_rows * per_image);
    }
}

static uint64_t row_key(const corpus_row *row) { return hash64(row->field[FIELD_ID].bytes, row->field[FIELD_ID].n, 0); }

static int takes(const sample_plan *p, const corpus_row *row, media_kind kind, double rows)
{
    return row->status == OK && row->split == 0 && row->media[kind].size >= 0 &&
           rng_uniform(p->seed, row_key(row), (uint64_t)kind) < rows;
}

int sample_takes_audio(const sample_plan *p, const corpus_row *row)
{
    return takes(p, row, MEDIA_AUDIO, p->audio_rows);
}

int sample_takes_image(const sample_plan *p, const corpus_row *row)
{
    return takes(p, row, MEDIA_IMAGE, p->image_rows);
}

void sample_part_free(sample_part *p)
{
    mem_free(&p->values);
    *p = (sample_part){0};
}

/* Add vector number `number` of the row if its hash says so. */
static int add(sample_part *part, const sample_plan *p, uint64_t key, media_kind kind, int64_t number, double vectors,
               const float *x, int64_t d)
{
    int rc = OK;
    if (rng_uniform(p->seed + 1, key + (uint64_t)kind, (uint64_t)number) >= vectors) goto done;
    for (int64_t i = 0; i < d; i++)
        if (!(fabsf(x[i]) <= 65504)) FAIL(ERR_INVALID, "a feature (%g) does not fit half precision", (double)x[i]);
    part->d = d;
    TRY(MEM_GROW(part->values, &part->capacity, (part->n + 1) * (size_t)d));
    half_from_floats(x, (size_t)d, part->values + part->n * (size_t)d);
    part->n++;
done:
    return rc;
}

typedef struct audio_call {
    const sample_plan *plan;
    sample_part *part;
    uint64_t key;
    int64_t d;
    int (*tick)(void *user);
    void *user;
} audio_call;

static int audio_vectors(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    audio_call *c = user;
    for (int64_t i = 0; i < n; i++)
        TRY(add(c->part, c->plan, c->key, MEDIA_AUDIO, first + i, c->plan->audio_vectors, x + i * c->d, c->d));
done:
    return rc;
}

static int audio_tick(void *user)
{
    audio_call *c = user;
    return c->tick ? c->tick(c->user) : OK;
}

int sample_audio(const sample_plan *p, sound *s, const corpus_row *row, const media *m, int (*tick)(void *user),
                 void *user, sample_part *part)
{
    int rc = OK;
    size_t before = part->n;
    int64_t frames;
    double seconds;
    audio_call call = {p, part, row_key(row), sound_width(s), tick, user};
    sound_sink sink = {audio_vectors, audio_tick, &call};
    if (m->status != OK) FAIL(m->status, "%s", m->message);
    TRY(sound_run(s, row, &m->source, 0, INT64_MAX - 1, &sink, &frames, &seconds));
done:
    if (rc != OK) part->n = before;
    return rc;
}

int sample_image(const sample_plan *p, picture *s, const corpus_row *row, const media *m, sample_part *part)
{
    int rc = OK;
    size_t before = part->n;
    int64_t rows, columns, d = picture_raw_width(s);
    const float *x;
    if (m->status != OK) FAIL(m->status, "%s", m->message);
    TRY(picture_run(s, &m->source, 1, &x));
    picture_grid(s, &rows, &columns);
    for (int64_t i = 0; i < rows * columns; i++)
        TRY(add(part, p, row_key(row), MEDIA_IMAGE, i, p->image_vectors, x + i * d, d));
done:
    if (rc != OK) part->n = before;
    return rc;
}

int sample_part_save(const sample_part *p, const char *path, uint64_t hash)
{
    int rc = OK;
    file_writer *f = NULL;
    size_t bytes = p->n * (size_t)p->d * sizeof *p->values;
    part_file h = {.hash = hash, .n = (int64_t)p->n, .d = p->d, .checksum = hash64(bytes ? p->values : NULL, bytes, 0)};
    memcpy(h.magic, magic, sizeof magic);
    TRY(file_writer_open(&f, path, "feature"));
    TRY(file_writer_add(f, &h, sizeof h));
    if (bytes) TRY(file_writer_add(f, p->values, bytes));
    TRY(file_writer_commit(&f));
done:
    file_writer_abandon(&f);
    return rc;
}

static int check_header(const part_file *h, const char *path, uint64_t hash)
{
    int rc = OK;
    if (memcmp(h->magic, magic, sizeof magic) || h->n < 0 || h->d < 0)
        FAIL(ERR_CORRUPT, "%s is not a part of a training sample", path);
    if (h->hash != hash) FAIL(ERR_MISSING, "%s belongs to other settings", path);
done:
    return rc;
}

int sample_part_count(const char *path, uint64_t hash, int64_t *n, int64_t *d)
{
    int rc = OK;
    file_mapping map = {0};
    part_file h;
    TRY(file_map(path, &map));
    if (map.n < sizeof h) FAIL(ERR_CORRUPT, "%s is too short", path);
    memcpy(&h, map.bytes, sizeof h);
    TRY(check_header(&h, path, hash));
    *n = h.n;
    *d = h.d;
done:
    file_unmap(&map);
    return rc;
}

int sample_part_map(const char *path, uint64_t hash, file_mapping *map, const uint16_t **values, int64_t *n, int64_t *d)
{
    int rc = OK;
    part_file h;
    size_t row, bytes;
    TRY(file_map(path, map));
    if (map->n < sizeof h) FAIL(ERR_CORRUPT, "%s is too short", path);
    memcpy(&h, map->bytes, sizeof h);
    TRY(check_header(&h, path, hash));
    TRY(size_mul((size_t)h.d, sizeof **values, &row));
    TRY(size_mul((size_t)h.n, row, &bytes));
    if (map->n - sizeof h != bytes || h.checksum != hash64(bytes ? map->bytes + sizeof h : NULL, bytes, 0))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    *values = (const uint16_t *)(const void *)(map->bytes + sizeof h);
    *n = h.n;
    *d = h.d;
done:
    if (rc != OK) file_unmap(map);
    return rc;
}
