/* Sound: resampling to 16 kHz, features and nearest codes of noise, in one clip of 60 s and in clips of 1.2 s; and,
 * with
 * --data FILES... (or folders), decoding by format and the whole default path, stage by stage. All as x real time:
 * seconds of sound in a second of one core. Files are read once before, so the disk is not timed. One rank. */
#include "jobs/bench.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "feature/audio_feature.h"
#include "feature/resample.h"
#include "jobs/bench_sound.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 16000, LONG_S = 60, ROUNDS = 7, CLIPS = 50, MAX_ROWS = 16, CODES = 500, MAX_HZ = 192000 };
static const double SHORT_S = 1.2;

typedef struct row {
    char name[40];
    double whole, clips; /* x real time of one long clip, and of short ones */
} row;

typedef struct audio_bench {
    float *in, *out; /* noise of LONG_S at the highest rate, and what comes of it */
    uint32_t *codes;
    row rows[MAX_ROWS];
    int n_rows;
} audio_bench;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median of ROUNDS turns; `n` clips of `seconds` each in a turn. */
static int time_clips(audio_bench *b, int (*run)(audio_bench *b, void *user, double seconds), void *user,
                      double seconds, int n, double *real_time)
{
    int rc = OK;
    double turns[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double begun = bench_now();
        for (int k = 0; k < n; k++) TRY(run(b, user, seconds));
        turns[i] = bench_now() - begun;
    }
    qsort(turns, ROUNDS, sizeof *turns, ascending);
    *real_time = n * seconds / turns[ROUNDS / 2];
done:
    return rc;
}

static int add_row(audio_bench *b, const char *name, int (*run)(audio_bench *b, void *user, double seconds), void *user)
{
    int rc = OK;
    row *r = &b->rows[b->n_rows++];
    snprintf(r->name, sizeof r->name, "%s", name);
    TRY(run(b, user, LONG_S));
    TRY(time_clips(b, run, user, LONG_S, 1, &r->whole));
    TRY(time_clips(b, run, user, SHORT_S, CLIPS, &r->clips));
done:
    return rc;
}

typedef struct conversion {
    resampler *r;
    int64_t from_hz;
} conversion;

static int run_resample(audio_bench *b, void *user, double seconds)
{
    int rc = OK;
    conversion *c = user;
    size_t n = (size_t)(seconds * (double)c->from_hz), n_out, rest, room = resampler_capacity(c->r, n);
    resampler_restart(c->r, 0);
    TRY(resampler_push(c->r, b->in, n, b->out, room, &n_out));
    TRY(resampler_finish(c->r, b->out + n_out, resampler_capacity(c->r, 0), &rest));
done:
    return rc;
}

static int bench_resample(audio_bench *b)
{
    static const int64_t rates[] = {44100, 48000, 8000, 22050, 96000, 44056};
    int rc = OK;
    conversion c = {0};
    char name[40];
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        resampler_free(&c.r);
        TRY(resampler_create(&c.r, rates[i], RATE_HZ, 0));
        c.from_hz = rates[i];
        snprintf(name, sizeof name, "resample %lld -> %d", (long long)rates[i], RATE_HZ);
        TRY(add_row(b, name, run_resample, &c));
    }
done:
    resampler_free(&c.r);
    return rc;
}

static int run_feature(audio_bench *b, void *user, double seconds)
{
    audio_feature *f = user;
    return audio_feature_compute(f, b->in, audio_feature_frames(f, (int64_t)(seconds * RATE_HZ)), 0, 0, b->out);
}

static int run_codes(audio_bench *b, void *user, double seconds)
{
    return assigner_run(user, b->out, (int64_t)(seconds * 100) - 2, b->codes, NULL);
}

static int bench_features(audio_bench *b)
{
    static const struct {
        const char *name;
        audio_feature_kind kind;
    } kinds[] = {{"log-mel, 80", AUDIO_LOGMEL}, {"spectrogram", AUDIO_SPECTROGRAM}, {"MFCC-39", AUDIO_MFCC}};
    int rc = OK;
    audio_feature *f = NULL;
    assigner *a = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        audio_feature_options o = audio_feature_defaults();
        o.kind = kinds[i].kind;
        audio_feature_free(&f);
        TRY(audio_feature_create(&f, &o));
        TRY(add_row(b, kinds[i].name, run_feature, f));
    }
    TRY(run_feature(b, f, LONG_S)); /* the vectors of MFCC, of which some are the centroids */
    TRY(assigner_create(&a, b->out, CODES, audio_feature_width(f)));
    TRY(add_row(b, "nearest of 500 codes", run_codes, a));
done:
    audio_feature_free(&f);
    assigner_free(&a);
    return rc;
}

static int bench_noise(audio_bench *b)
{
    int rc = OK;
    size_t n = (size_t)MAX_HZ * LONG_S;
    TRY(MEM_ALLOC(b->in, n));
    TRY(MEM_ALLOC(b->out, n));
    TRY(MEM_ALLOC(b->codes, LONG_S * 100));
    for (size_t i = 0; i < n; i++) b->in[i] = (float)(0.2 * rng_uniform(1, i, 0) - 0.1);
    TRY(bench_resample(b));
    TRY(bench_features(b));
done:
    return rc;
}

static void print_files(const sound_report *r)
{
    printf("\n%lld files, %.0f s of sound; %lld other files; x real time of each stage with all before it\n",
           (long long)r->all.n_files, r->all.audio_seconds, (long long)r->n_refused);
    printf("%-16s %7s %9s", "format", "files", "seconds");
    for (int s = 0; s < N_SOUND_STAGES; s++) printf(" %9s", sound_stage_names[s]);
    printf(" %12s\n", "of decoding");
    for (int f = -1; f < r->n_formats; f++) {
        const sound_times *t = f < 0 ? &r->all : &r->format[f];
        printf("%-16s %7lld %9.1f", t->format, (long long)t->n_files, t->audio_seconds);
        for (int s = 0; s < N_SOUND_STAGES; s++) printf(" %9.0f", t->audio_seconds / t->seconds[s]);
        printf(" %12.3f\n", t->seconds[SOUND_DECODE] / t->seconds[SOUND_CODES]);
    }
}

static void print_table(const audio_bench *b, const sound_report *r)
{
    printf("%-24s %12s %12s   x real time\n", "noise", "60 s", "clips, 1.2 s");
    for (int i = 0; i < b->n_rows; i++)
        printf("%-24s %12.0f %12.0f\n", b->rows[i].name, b->rows[i].whole, b->rows[i].clips);
    if (r->all.n_files) print_files(r);
}

static json_t *times_json(const sound_times *t)
{
    json_t *o = json_pack("{s:s, s:I, s:f}", "format", t->format, "files", (json_int_t)t->n_files, "audio_seconds",
                          t->audio_seconds);
    json_t *seconds = json_object();
    for (int s = 0; s < N_SOUND_STAGES; s++)
        json_object_set_new(seconds, sound_stage_names[s], json_real(t->seconds[s]));
    json_object_set_new(o, "seconds", seconds);
    return o;
}

static int print_json(const audio_bench *b, const sound_report *r)
{
    int rc = OK;
    json_t *noise = json_object(), *formats = json_array();
    for (int i = 0; i < b->n_rows; i++)
        json_object_set_new(noise, b->rows[i].name,
                            json_pack("{s:f, s:f}", "60s", b->rows[i].whole, "1.2s", b->rows[i].clips));
    for (int f = 0; f < r->n_formats; f++) json_array_append_new(formats, times_json(&r->format[f]));
    json_t *out = json_pack("{s:o, s:o, s:o, s:I}", "noise", noise, "formats", formats, "all", times_json(&r->all),
                            "refused", (json_int_t)r->n_refused);
    if (!out) FAIL(ERR_MEMORY, "no memory for the report");
    int failed = json_dumpf(out, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(out);
    if (failed) FAIL(ERR_IO, "writing to stdout failed");
done:
    return rc;
}

int bench_audio(job *j)
{
    int rc = OK;
    audio_bench b = {0};
    bench_paths files = {0};
    sound_report report = {0};
    if (j->p.size != 1) FAIL(ERR_USAGE, "tessera bench audio runs on one rank");
    if (j->data) TRY(bench_paths_add(&files, j->data));
    for (int i = 0; i < j->n_args; i++) TRY(bench_paths_add(&files, j->args[i]));
    TRY(bench_noise(&b));
    if (files.n) TRY(bench_sound_files(&files, &report));
    if (j->json)
        TRY(print_json(&b, &report));
    else
        print_table(&b, &report);
done:
    bench_paths_free(&files);
    mem_free(&b.in);
    mem_free(&b.out);
    mem_free(&b.codes);
    return rc;
}
