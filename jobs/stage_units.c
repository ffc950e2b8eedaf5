/* The table of units and shards, from the index and the content settings. */
#include "jobs/shard_work.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* Estimated work: a second of sound weighs 1; decoding and patching a picture costs about as much as half a second plus
 * a tenth per megapixel, a megabyte of sensor data as much as ten seconds. */
static const double PICTURE = 0.5, MEGAPIXEL = 0.1, MEGABYTE = 10, ROW = 0.01;

typedef struct estimate {
    const stages *s;
    row_filter filter;
    text_view group;
    int split;
    double frame_hz, audio_bytes, image_bytes, sensor_bytes; /* per frame, per picture, per vector */
} estimate;

static double vector_bytes(int keep, double width)
{
    return (keep != KEEP_VECTORS ? 2 : 0) + (keep != KEEP_TOKENS ? 2 * width : 0);
}

static int same_text(text_view a, text_view b) { return a.n == b.n && !memcmp(a.bytes, b.bytes, a.n); }

static int estimate_row(void *user, int64_t i, unit_row *out)
{
    int rc = OK;
    estimate *e = user;
    const job *j = e->s->j;
    corpus_row row;
    filter_hit hit;
    corpus_index_passed(e->s->index, i);
    TRY(corpus_index_row(e->s->index, i, &row));
    int there = row.status == OK && !row_filter_listed(&e->filter, &row, &hit);
    int sound = there && j->audio.use && row.media[MEDIA_AUDIO].size >= 0;
    int picture = there && j->image.use && row.media[MEDIA_IMAGE].size >= 0;
    int sensor = there && j->sensor.use && row.media[MEDIA_SENSOR].size >= 0;
    double seconds = sound ? corpus_row_seconds(&row) : 0;
    out->split = row.split;
    out->starts_group = !i || row.split != e->split || !same_text(row.field[FIELD_GROUP], e->group);
    out->weight = ROW;
    if (picture) out->weight += PICTURE + MEGAPIXEL * 1e-6 * (double)row.image_width * (double)row.image_height;
    if (sensor) out->weight += MEGABYTE * 1e-6 * (double)row.media[MEDIA_SENSOR].size;
    int64_t windows = sound ? audio_windows(&j->audio, &j->models.core.audio, seconds) : 0;
    if (windows > j->audio.piece_windows) {
        out->piece_windows = j->audio.piece_windows;
        out->n_pieces = (windows + out->piece_windows - 1) / out->piece_windows;
        out->piece_seconds = seconds / (double)out->n_pieces;
        out->piece_weight = out->piece_seconds;
    } else {
        out->weight += seconds;
        out->seconds = seconds;
    }
    out->images = picture;
    out->rejected = row.status != OK;
    out->bytes = 128 + 2 * (double)row.field[FIELD_TEXT].n + (double)row.field[FIELD_ID].n +
                 seconds * e->frame_hz * e->audio_bytes + (picture ? e->image_bytes : 0);
    if (sensor) {
        const corpus_totals one = {.sensor_bytes = row.duration_s < 0 ? row.media[MEDIA_SENSOR].size : 0,
                                   .sensor_seconds = row.duration_s < 0 ? 0 : row.duration_s};
        out->bytes += sensor_vectors_of(&j->sensor, &one) * e->sensor_bytes;
    }
    e->group = row.field[FIELD_GROUP];
    e->split = row.split;
done:
    return rc;
}

static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static int make(const stages *s, const char *path, uint64_t hash)
{
    const job *j = s->j;
    const corpus_totals *t = corpus_index_totals(s->index);
    const core_models *m = &j->models.core;
    int64_t rows, columns;
    estimate e = {.s = s, .filter = job_filter(j), .split = -1, .frame_hz = audio_frame_hz(&m->audio)};
    image_grid(&j->image, &m->image, &rows, &columns);
    e.audio_bytes =
        vector_bytes(j->audio.keep, m->audio.encoder ? (double)audio_vector_width(&j->audio, &m->audio) : 80);
    e.image_bytes = (double)(rows * columns) *
                    vector_bytes(j->image.keep, m->image.encoder ? (double)image_vector_width(&j->image, &m->image)
                                                                 : (double)(3 * j->image.patch * j->image.patch));
    e.sensor_bytes = vector_bytes(j->sensor.keep, (double)(j->sensor.channels * j->sensor.frame));
    double total = t->audio_seconds + MEGABYTE * 1e-6 * (double)t->sensor_bytes + PICTURE * (double)t->image_rows +
                   MEGAPIXEL * 1e-6 * (double)t->pixels + ROW * (double)t->rows;
    unit_options o = {.unit_weight = clamp(total / 1024, j->output.unit_min, j->output.unit_max),
                      .shard_bytes = (double)j->output.shard_bytes,
                      .hash = hash};
    return unit_table_make(path, corpus_index_rows(s->index), &o, estimate_row, &e);
}

int stage_units_hash(const stages *s, uint64_t *hash)
{
    int rc = OK;
    char *models = NULL, *more = NULL;
    TRY(models_text(s->j, &models));
    TRY(mem_format(&more, "%s%s", corpus_index_hash(s->index), models));
    TRY(settings_hash(s->j, SCOPE_TOKENS, "", more, hash));
done:
    mem_free(&models);
    mem_free(&more);
    return rc;
}

/* More files than file systems like to have in one folder. */
static const int64_t many_shards = 10000;

int stage_units(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *path = NULL;
    uint64_t hash = 0;
    if (s->repack) return OK;
    rc = job_path(j, &path, "state/units.bin");
    if (rc == OK) rc = stage_units_hash(s, &hash);
    if (rc == OK && j->p.rank == 0) {
        rc = unit_table_open(&s->units, path, hash);
        if (rc == ERR_MISSING || rc == ERR_CORRUPT) rc = make(s, path, hash);
    }
    TRY(par_agree(&j->p, rc));
    if (!s->units) rc = unit_table_open(&s->units, path, hash);
    TRY(par_agree(&j->p, rc));
    LOG_JOB(LOG_INFO, "units: %lld in %lld shards", (long long)unit_table_units(s->units),
            (long long)unit_table_shards(s->units));
    if (unit_table_shards(s->units) > many_shards)
        LOG_JOB(LOG_WARN, "%lld shards in one folder: a higher output.shard_bytes makes fewer",
                (long long)unit_table_shards(s->units));
done:
    mem_free(&path);
    return rc;
}
