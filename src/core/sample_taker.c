#include "core/sample_taker.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>

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
    sound *sound;
    picture *picture;
    taking *busy, *spare;
};

int sample_taker_create(sample_taker **out, const sample_plan *plan, const row_filter *filter, sound *sound,
                        picture *picture)
{
    int rc = MEM_ALLOC(*out, 1);
    if (rc == OK) **out = (sample_taker){.plan = plan, .filter = filter, .sound = sound, .picture = picture};
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
    double share = t->kind == MEDIA_AUDIO ? p->audio_vectors : p->image_vectors;
    if (rng_uniform(p->seed + 1, t->key + (uint64_t)t->kind, (uint64_t)number) >= share) goto done;
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

static int vectors(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    taking *t = user;
    int64_t d = t->kind == MEDIA_AUDIO ? sound_width(t->taker->sound) : picture_raw_width(t->taker->picture);
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
    if (t->kind == MEDIA_AUDIO)
        sound = *sound_measured(t->taker->sound);
    else
        picture = *picture_measured(t->taker->picture);
    if (!row_filter_decoded(t->taker->filter, &sound, &picture, &hit)) return;
    t->failed = 1;
    if (t->started) t->part->n = t->first;
}

int sample_taker_row(sample_taker *x, media_kind kind, const corpus_row *row, int64_t position, const media *m,
                     int (*row_tick)(void *user), void *user, sample_part *part)
{
    int rc = OK;
    taking *t = NULL;
    int64_t n, rows, columns;
    double seconds;
    if (m->status != OK) FAIL(m->status, "%s", m->message);
    TRY(begin(x, &t));
    t->kind = kind;
    t->key = sample_row_key(row);
    t->position = position;
    t->part = part;
    t->tick = row_tick;
    t->user = user;
    const vector_sink sink = {vectors, tick, t};
    if (kind == MEDIA_AUDIO) {
        TRY(sound_run(x->sound, row, &m->source, 0, INT64_MAX - 1, &sink, &n, &seconds));
    } else {
        TRY(picture_run(x->picture, &m->source, 1, &sink));
        picture_grid(x->picture, &rows, &columns);
        n = rows * columns;
    }
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
    if (x->sound) TRY(sound_finish(x->sound));
    if (x->picture) TRY(picture_finish(x->picture));
done:
    release(x);
    return rc;
}

void sample_taker_forget(sample_taker *x)
{
    if (x->sound) sound_forget(x->sound);
    if (x->picture) picture_forget(x->picture);
    release(x);
}
