/* Mean and deviation per channel of the sensor sample (sensor.normalize: sample). Each recording has moments of its
 * own, committed by units like any part of the sample; here they are added in the order of the index, on one rank, so
 * that nothing depends on who measured what. */
#include "jobs/stage_train.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "feature/sensor_frames.h"

#include <string.h>

const char measured_name[] = "sensor-moments";

typedef struct adding {
    int64_t channels, n, recordings;
    double *one;            /* (1 + 2 channels) of a recording */
    double *mean, *squares; /* (channels) of all so far */
} adding;

static int add_part(adding *a, const char *path, uint64_t hash)
{
    int rc = OK;
    sample_view v = {0};
    size_t bytes = (size_t)(1 + 2 * a->channels) * sizeof *a->one;
    TRY(sample_view_open(&v, path, hash));
    if (v.n && (!v.stored || (size_t)v.d * sizeof *v.values != bytes)) FAIL(ERR_CORRUPT, "%s is damaged", path);
    for (int64_t i = 0; i < v.n; i++) {
        memcpy(a->one, v.values + i * v.d, bytes);
        channel_moments_add(&a->n, a->mean, a->squares, (int64_t)a->one[0], a->one + 1, a->one + 1 + a->channels,
                            a->channels);
        a->recordings++;
    }
done:
    sample_view_close(&v);
    return rc;
}

/* Rank 0: *out gets mean and deviation (2, channels). */
static int add_up(const training *t, double *out)
{
    int rc = OK;
    const job *j = t->s->j;
    char *path = NULL, folder[64];
    size_t channels = (size_t)j->sensor.channels;
    adding a = {.channels = j->sensor.channels, .mean = out};
    TRY(MEM_ALLOC(a.one, 1 + 2 * channels));
    TRY(MEM_ALLOC(a.squares, channels));
    snprintf(folder, sizeof folder, "features/%s", measured_name);
    for (int64_t u = 0; u < unit_table_units(t->s->units); u++) {
        if (unit_table_unit(t->s->units, u)->piece >= 0) continue;
        mem_free(&path);
        TRY(stage_numbered_path(j, folder, u, ".f16", &path));
        TRY(add_part(&a, path, t->measured_hash));
    }
    if (!a.n) FAIL(ERR_REJECTS, "no row of the sensor training sample could be used; see the rank logs");
    channel_deviation(a.n, a.mean, a.squares, a.channels, out + channels);
    LOG_JOB(LOG_INFO, "sample: mean and deviation of %lld channels from %lld recordings, %lld samples",
            (long long)a.channels, (long long)a.recordings, (long long)a.n);
done:
    mem_free(&a.one);
    mem_free(&a.squares);
    mem_free(&path);
    return rc;
}

int stage_measure(training *t)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    size_t n = 2 * (size_t)j->sensor.channels;
    TRY(stage_sample(t, 1));
    rc = s->moments ? OK : MEM_ALLOC(s->moments, n);
    if (rc == OK && j->p.rank == 0) rc = add_up(t, s->moments);
    TRY(par_agree(&j->p, rc));
    par_broadcast(&j->p, s->moments, n * sizeof *s->moments);
    t->hash[MEDIA_SENSOR] = hash64(s->moments, n * sizeof *s->moments, t->measured_hash);
done:
    return rc;
}
