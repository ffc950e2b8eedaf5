#include "jobs/bench_sound.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "core/sound.h"
#include "core/sound_hint.h"
#include "jobs/bench.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 3, BLOCK = 8192, EVERY = 13, MAX_CHANNELS = 64 };

const char *const sound_stage_names[N_SOUND_STAGES] = {
    [SOUND_DECODE] = "decode",    [SOUND_MONO] = "mono",   [SOUND_RESAMPLE] = "16 kHz",
    [SOUND_FEATURES] = "MFCC-39", [SOUND_CODES] = "codes",
};

typedef struct timer {
    double times[N_SOUND_STAGES][ROUNDS];
} timer;

typedef struct sound_bench {
    audio_options o;
    sound *sound;
    float *block, *sample;
    int64_t d, n_seen; /* frames */
    assigner *nearest;
    uint32_t *codes;
    size_t codes_capacity;
    int quantise;
    timer timers[MAX_SOUND_FORMATS];
    sound_report *out;
} sound_bench;

/* All samples, as they are or mono. */
static int decode(sound_bench *b, const byte_source *source, const audio_hint *hint, int mono, audio_info *info,
                  int64_t *n)
{
    int rc = OK;
    size_t got;
    audio_stream *s = NULL;
    audio_limits limits = {.max_channels = MAX_CHANNELS};
    *n = 0;
    TRY(audio_open(&s, source, hint, &limits, info));
    do {
        TRY((mono ? audio_read_mono : audio_read)(s, b->block, BLOCK, &got));
        *n += (int64_t)got;
    } while (got == BLOCK);
done:
    audio_close(&s);
    return rc;
}

static int take_samples(void *user, const float *x, size_t n)
{
    (void)user, (void)x, (void)n;
    return OK;
}

/* Some of the frames become centroids, the last ones where there are too many. */
static int take_vectors(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    sound_bench *b = user;
    (void)first;
    if (!b->nearest)
        for (int64_t i = 0; i < n; i++, b->n_seen++)
            if (b->n_seen % EVERY == 0)
                memcpy(b->sample + b->n_seen / EVERY % SOUND_CODES_K * b->d, x + i * b->d, (size_t)b->d * sizeof *x);
    if (!b->quantise) goto done;
    TRY(MEM_GROW(b->codes, &b->codes_capacity, (size_t)n));
    TRY(assigner_run(b->nearest, x, n, b->codes, NULL));
done:
    return rc;
}

static int run_stage(sound_bench *b, int stage, const corpus_row *row, const byte_source *source, audio_info *info,
                     double *audio_seconds)
{
    int64_t n;
    double seconds;
    audio_hint hint = sound_hint(&b->o, row->field[FIELD_AUDIO_PATH]);
    const vector_sink sink = {take_vectors, NULL, b};
    if (stage == SOUND_RESAMPLE) return sound_samples(b->sound, row, source, take_samples, b);
    b->quantise = stage == SOUND_CODES;
    if (stage > SOUND_RESAMPLE) return sound_run(b->sound, row, source, 0, INT64_MAX - 1, &sink, &n, &seconds);
    int rc = decode(b, source, &hint, stage == SOUND_MONO, info, &n);
    if (rc == OK) *audio_seconds = (double)n / info->rate_hz;
    return rc;
}

static int format_index(sound_report *r, const char *format)
{
    for (int i = 0; i < r->n_formats; i++)
        if (!strcmp(r->format[i].format, format)) return i;
    if (r->n_formats == MAX_SOUND_FORMATS) return MAX_SOUND_FORMATS - 1;
    strcpy(r->format[r->n_formats].format, format);
    return r->n_formats++;
}

/* One file through all stages, or, in the first round (-1), to see what it is and to take centroids from it. */
static int run_file(sound_bench *b, const char *path, int round)
{
    int rc = OK, format;
    uint8_t *bytes = NULL;
    size_t n = 0;
    audio_info info;
    corpus_row row;
    double audio_seconds = 0, times[N_SOUND_STAGES];
    corpus_row_clear(&row);
    row.field[FIELD_AUDIO_PATH] = (text_view){path, strlen(path)};
    TRY(file_read(path, SIZE_MAX / 2, &bytes, &n));
    byte_source source = source_of_memory(bytes, n);
    /* Once before, so that the first stage does not pay for cold caches. */
    TRY(run_stage(b, SOUND_DECODE, &row, &source, &info, &audio_seconds));
    for (int stage = 0; stage < (round < 0 ? SOUND_CODES : N_SOUND_STAGES); stage++) {
        double begun = bench_now();
        TRY(run_stage(b, stage, &row, &source, &info, &audio_seconds));
        times[stage] = bench_now() - begun;
    }
    format = format_index(b->out, info.format);
    for (int stage = 0; stage < N_SOUND_STAGES && round >= 0; stage++)
        b->timers[format].times[stage][round] += times[stage];
    if (round >= 0) goto done;
    b->out->format[format].n_files++;
    b->out->format[format].audio_seconds += audio_seconds;
done:
    mem_free(&bytes);
    if (!status_is_item(rc)) return rc;
    if (round < 0) b->out->n_refused++;
    return OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void add_up(sound_bench *b)
{
    sound_times *all = &b->out->all;
    strcpy(all->format, "all");
    for (int f = 0; f < b->out->n_formats; f++) {
        sound_times *t = &b->out->format[f];
        all->n_files += t->n_files;
        all->audio_seconds += t->audio_seconds;
        for (int stage = 0; stage < N_SOUND_STAGES; stage++) {
            qsort(b->timers[f].times[stage], ROUNDS, sizeof(double), ascending);
            t->seconds[stage] = b->timers[f].times[stage][ROUNDS / 2];
            all->seconds[stage] += t->seconds[stage];
        }
    }
}

static int prepare(sound_bench *b)
{
    int rc = OK;
    b->o = (audio_options){.mels = 80,
                           .window_s = 30,
                           .length_tolerance = 0.01,
                           .max_channels = MAX_CHANNELS,
                           .raw = {.format = AUDIO_RAW_AUTO, .channels = 1}};
    TRY(sound_create(&b->sound, &b->o, NULL));
    b->d = sound_width(b->sound);
    TRY(MEM_ALLOC(b->block, BLOCK * MAX_CHANNELS));
    TRY(MEM_ALLOC(b->sample, (size_t)(SOUND_CODES_K * b->d)));
done:
    return rc;
}

int bench_sound_files(const bench_paths *files, sound_report *out)
{
    int rc = OK;
    sound_bench *b = NULL;
    memset(out, 0, sizeof *out);
    TRY(MEM_ALLOC(b, 1));
    b->out = out;
    TRY(prepare(b));
    for (size_t i = 0; i < files->n; i++) TRY(run_file(b, files->paths[i], -1));
    if (!out->n_formats) FAIL(ERR_CONFIG, "no file of %zu can be decoded as sound", files->n);
    TRY(assigner_create(&b->nearest, b->sample, SOUND_CODES_K, b->d));
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < files->n; i++) TRY(run_file(b, files->paths[i], round));
    add_up(b);
done:
    if (b) {
        sound_free(&b->sound);
        mem_free(&b->block);
        mem_free(&b->sample);
        mem_free(&b->codes);
        assigner_free(&b->nearest);
    }
    mem_free(&b);
    return rc;
}
