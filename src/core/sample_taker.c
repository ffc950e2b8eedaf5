#include "core/sample_taker.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

/* A row whose vectors come. */
typedef struct taking {
    struct sample_taker *taker;
    media_kind kind;
    uint64_t key;
    int64_t position, to_come;
    int begun, started, failed; /* all vectors are announced; the first came; the row gives nothing */
    size_t first;               /* in the part */
    sample_part *part;
    int (*tick)(void *user);
    void *user;
    struct taking *next;
} taking;

struct sample_taker {
    const sample_plan *plan;
    const row_filter *filter;
    sample_sources from;
    taking *busy, *spare;
};

int sample_taker_create(sample_taker **out, const sample_plan *plan, const row_filter *filter,
                        const sample_sources *sources)
{
    int rc = MEM_ALLOC(*out, 1);
    if (rc == OK) **out = (sample_taker){.plan = plan, .filter = filter, .from = *sources};
    return rc;
}

static void free_list(taking *t)
{
    while (t) {
        taking *next = t->next;
        mem_free(&t);
        t = next;
    }
}

void sample_taker_free(sample_taker **t)
{
    if (!*t) return;
    free_list((*t)->busy);
    free_list((*t)->spare);
    mem_free(t);
}

/* Add vector number `number` of the row if its hash says so. */
static int add(const taking *t, int64_t number, const float *x, int64_t d)
{
    int rc = OK;
    sample_part *part = t->part;
    const sample_plan *p = t->taker->plan;
    if (rng_uniform(p->seed + 1, t->key + (uint64_t)t->kind, (uint64_t)number) >= p->vectors[t->kind]) goto done;
    for (int64_t i = 0; i < d; i++)
        if (!(fabsf(x[i]) <= 65504)) FAIL(ERR_INVALID, "a feature (%g) does not fit half precision", (double)x[i]);
    part->d = d;
    size_t at = (part->n - part->dropped) * (size_t)d;
    TRY(MEM_GROW(part->values, &part->capacity, at + (size_t)d));
    half_from_floats(x, (size_t)d, part->values + at);
    part->n++;
done:
    return rc;
}

static int note_if_whole(const taking *t)
{
    if (!t->begun || t->to_come || t->failed || !t->started) return OK;
    return sample_part_note(t->part, t->position, t->first);
}

static int64_t width_of(const sample_sources *s, media_kind kind)
{
    if (kind == MEDIA_AUDIO) return sound_width(s->sound);
    return kind == MEDIA_IMAGE ? picture_raw_width(s->picture) : sensor_width(s->sensor);
}

static int vectors(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    taking *t = user;
    int64_t d = width_of(&t->taker->from, t->kind);
    if (!t->started) t->first = t->part->n;
    t->started = 1;
    t->to_come -= n;
    for (int64_t i = 0; i < n && !t->failed && rc == OK; i++) rc = add(t, first + i, x + i * d, d);
    if (status_is_item(rc)) {
        t->failed = 1;
        t->part->n = t->first;
        rc = OK;
    }
    TRY(rc);
    TRY(note_if_whole(t));
done:
    return rc;
}

static int tick(void *user)
{
    const taking *t = user;
    return t->tick ? t->tick(t->user) : OK;
}

static int begin(sample_taker *x, taking **out)
{
    int rc = OK;
    taking *t = x->spare;
    if (t)
        x->spare = t->next;
    else
        TRY(MEM_ALLOC(t, 1));
    *t = (taking){.taker = x, .next = x->busy};
    x->busy = t;
    *out = t;
done:
    return rc;
}

/* Of what was decoded last. The other media of the row are not asked: they may be in no sample. */
static void filter_decoded(taking *t)
{
    filter_hit hit;
    sound_content sound = {0};
    picture_content picture = {0};
    if (t->kind == MEDIA_AUDIO) sound = *sound_measured(t->taker->from.sound);
    if (t->kind == MEDIA_IMAGE) picture = *picture_measured(t->taker->from.picture);
    if (!row_filter_decoded(t->taker->filter, &sound, &picture, &hit)) return;
    t->failed = 1;
    if (t->started) t->part->n = t->first;
}

/* The moments of a recording, as one vector of their bytes. */
static int measure(const taking *t, const corpus_row *row, const media *m)
{
    int rc = OK;
    sample_part *part = t->part;
    const sample_sources *from = &t->taker->from;
    size_t n = (size_t)(1 + 2 * sensor_channels(from->sensor)), d = n * sizeof(double) / sizeof *part->values,
           first = part->n;
    double *moments = NULL;
    TRY(MEM_ALLOC(moments, n));
    TRY(sensor_measure(from->sensor, row, &m->source, moments));
    part->d = (int64_t)d;
    TRY(MEM_GROW(part->values, &part->capacity, (first + 1 - part->dropped) * d));
    memcpy(part->values + (first - part->dropped) * d, moments, n * sizeof *moments);
    part->n++;
    TRY(sample_part_note(part, t->position, first));
done:
    mem_free(&moments);
    return rc;
}

/* Begin to compute the vectors of a row; *n are given or to come. */
static int start(sample_taker *x, taking *t, const corpus_row *row, const media *m, int64_t *n)
{
    int rc = OK;
    int64_t rows, columns;
    double seconds;
    const vector_sink sink = {vectors, tick, t};
    switch (t->kind) {
    case MEDIA_AUDIO: return sound_run(x->from.sound, row, &m->source, 0, INT64_MAX - 1, &sink, n, &seconds);
    case MEDIA_SENSOR: return sensor_run(x->from.sensor, row, &m->source, &sink, n);
    default: break;
    }
    TRY(picture_run(x->from.picture, &m->source, 1, &sink));
    picture_grid(x->from.picture, &rows, &columns);
    *n = rows * columns;
done:
    return rc;
}

int sample_taker_row(sample_taker *x, media_kind kind, const corpus_row *row, int64_t position, const media *m,
                     int (*row_tick)(void *user), void *user, sample_part *part)
{
    int rc = OK;
    taking *t = NULL;
    int64_t n;
    if (m->status != OK) FAIL(m->status, "%s", m->message);
    TRY(begin(x, &t));
    t->kind = kind;
    t->key = sample_row_key(row);
    t->position = position;
    t->part = part;
    t->tick = row_tick;
    t->user = user;
    if (kind == MEDIA_SENSOR && x->from.measure) {
        rc = measure(t, row, m);
        goto done;
    }
    TRY(start(x, t, row, m, &n));
    t->to_come += n;
    t->begun = 1;
    filter_decoded(t);
    TRY(note_if_whole(t));
done:
    if (rc != OK && t && t->started) part->n = t->first;
    return rc;
}

static void release(sample_taker *x)
{
    while (x->busy) {
        taking *t = x->busy;
        x->busy = t->next;
        t->next = x->spare;
        x->spare = t;
    }
}

int sample_taker_finish(sample_taker *x)
{
    int rc = OK;
    if (x->from.sound) TRY(sound_finish(x->from.sound));
    if (x->from.picture) TRY(picture_finish(x->from.picture));
done:
    release(x);
    return rc;
}

void sample_taker_forget(sample_taker *x)
{
    if (x->from.sound) sound_forget(x->from.sound);
    if (x->from.picture) picture_forget(x->from.picture);
    release(x);
}
