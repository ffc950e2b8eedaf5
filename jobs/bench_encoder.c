/* An encoder over synthetic input, in fp32 and bf16: one clip of 10 s; 111 clips from 0.4 to 5 s with a median of 1.1
 * s, one at a time and in batches of up to 30 s; or 16 pictures. The deepest layer is BENCH's choice: --iters LAYER (9
 * for speech, last for pictures). Beside the speed stand the share of the multiply-add peak of the same minute (of
 * bf16: twice that of fp32) and the share of vectors whose nearest of 500 codes (vectors of the input itself) is that
 * of fp32. */
#include "jobs/bench.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "encoder/encoder.h"

#include <jansson.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 16000, ROUNDS = 5, CODES = 500, CLIPS = 111, PICTURES = 16, SPEECH_LAYER = 9 };

/* The input: clips, or pictures of `units` patches. */
typedef struct work {
    const char *name;
    int64_t n, longest, most; /* items, units of the longest, units in a batch */
    int64_t *units;
    float **x;
} work;

typedef struct bench_model {
    encoder *e;
    void *memory;
    encoder_room *room;
    int64_t output, width;
    float *out;
} bench_model;

static int open_model(bench_model *m, const job *j, encoder_precision precision)
{
    int rc = OK;
    *m = (bench_model){.output = j->iters > 0 ? j->iters : ENCODER_LAST};
    encoder_options o = {j->data, precision, WAVE_NORM_AUTO, &m->output, 1};
    TRY(encoder_open(&m->e, &o));
    if (!j->iters && encoder_takes(m->e) == ENCODER_SPEECH && encoder_layers(m->e) > SPEECH_LAYER) {
        encoder_close(&m->e);
        m->output = SPEECH_LAYER;
        TRY(encoder_open(&m->e, &o));
    }
    m->width = encoder_width(m->e, m->output);
    TRY(mem_reserve(&m->memory, encoder_bytes(m->e), 1));
    TRY(encoder_pack(m->e, m->memory, 0, 1));
done:
    return rc;
}

static void close_model(bench_model *m)
{
    encoder_room_free(&m->room);
    encoder_close(&m->e);
    mem_free(&m->memory);
    mem_free(&m->out);
}

static void free_work(work *w)
{
    for (int64_t i = 0; i < w->n && w->x; i++) mem_free(&w->x[i]);
    mem_free(&w->x);
    mem_free(&w->units);
}

/* Noise whose loudness changes; for pictures numbers in -1 .. 1. */
static int make_work(work *w, const char *name, int64_t n, int64_t most, int64_t values, int64_t (*units)(int64_t i))
{
    int rc = OK;
    *w = (work){.name = name, .n = n, .most = most};
    TRY(MEM_ALLOC(w->x, (size_t)n));
    TRY(MEM_ALLOC(w->units, (size_t)n));
    for (int64_t i = 0; i < n; i++) {
        int64_t length = units(i) * values;
        w->units[i] = units(i);
        if (w->units[i] > w->longest) w->longest = w->units[i];
        TRY(MEM_ALLOC(w->x[i], (size_t)length));
        for (int64_t t = 0; t < length; t++)
            w->x[i][t] = (float)((rng_uniform(7, (uint64_t)i, (uint64_t)t) - 0.5) * (1 + sin((double)t * 1e-3)));
    }
    if (w->most < w->longest) w->most = w->longest;
done:
    return rc;
}

static int64_t ten_seconds(int64_t i) { return i >= 0 ? 10 * RATE_HZ : 0; }
/* Log-normal around 1.1 s. */
static int64_t short_clip(int64_t i)
{
    double u = ((double)(i * 37 % CLIPS) + 0.5) / CLIPS, s = 1.1 * exp(1.2 * (2 * u - 1));
    return (int64_t)(RATE_HZ * (s < 0.4 ? 0.4 : s));
}
static int64_t patches_of_224(int64_t i) { return i >= 0 ? 196 : 0; }

static int64_t vectors_of(const bench_model *m, int64_t units)
{
    return encoder_takes(m->e) == ENCODER_SPEECH ? encoder_frames(m->e, units) : units + 1;
}

static int run_batch(bench_model *m, const work *w, int64_t first, int64_t n, float *out)
{
    if (encoder_takes(m->e) == ENCODER_SPEECH)
        return encoder_run_speech(m->e, m->room, (const float *const *)w->x + first, w->units + first, n, &out);
    int64_t side = llround(sqrt((double)w->units[first]));
    return encoder_run_pictures(m->e, m->room, (const float *const *)w->x + first, n, side, side, &out);
}

static int run_all(bench_model *m, const work *w)
{
    int rc = OK;
    float *out = m->out;
    for (int64_t i = 0; i < w->n;) {
        int64_t n = 0, units = 0, vectors = 0;
        while (i + n < w->n && (n == 0 || units + w->units[i + n] <= w->most)) {
            units += w->units[i + n];
            vectors += vectors_of(m, w->units[i + n++]);
        }
        TRY(run_batch(m, w, i, n, out));
        out += vectors * m->width;
        i += n;
    }
done:
    return rc;
}

static int prepare(bench_model *m, const work *w, int64_t *vectors)
{
    int rc = OK;
    *vectors = 0;
    for (int64_t i = 0; i < w->n; i++) *vectors += vectors_of(m, w->units[i]);
    encoder_room_free(&m->room);
    mem_free(&m->out);
    TRY(encoder_room_create(&m->room, m->e, w->n, w->most));
    TRY(MEM_ALLOC(m->out, (size_t)(*vectors * m->width)));
    TRY(run_all(m, w)); /* touches all memory */
done:
    return rc;
}

/* Share of vectors with the same nearest code. */
static int compare_codes(const bench_model *whole, const bench_model *half, int64_t vectors, double *share)
{
    int rc = OK;
    float *books = NULL;
    uint32_t *a = NULL, *b = NULL;
    assigner *to = NULL;
    int64_t k = vectors < CODES ? vectors : CODES, d = whole->width, same = 0;
    TRY(MEM_ALLOC(books, (size_t)(k * d)));
    TRY(MEM_ALLOC(a, (size_t)vectors));
    TRY(MEM_ALLOC(b, (size_t)vectors));
    for (int64_t c = 0; c < k; c++) memcpy(books + c * d, whole->out + c * vectors / k * d, (size_t)d * sizeof *books);
    TRY(assigner_create(&to, books, k, d));
    TRY(assigner_run(to, whole->out, vectors, a, NULL));
    TRY(assigner_run(to, half->out, vectors, b, NULL));
    for (int64_t i = 0; i < vectors; i++) same += a[i] == b[i];
    *share = (double)same / (double)vectors;
done:
    assigner_free(&to);
    mem_free(&books);
    mem_free(&a);
    mem_free(&b);
    return rc;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Medians over rounds in which the two precisions take turns. */
static int run_work(const job *j, bench_model models[2], const work *w, json_t *results)
{
    int rc = OK;
    double seconds[2][ROUNDS], share[2][ROUNDS], peaks[ROUNDS], operations = 0, same = 1, units = 0;
    int64_t vectors = 0;
    for (int p = 0; p < 2; p++) TRY(prepare(&models[p], w, &vectors));
    for (int64_t i = 0; i < w->n; i++) operations += encoder_operations(models[0].e, w->units[i]);
    for (int64_t i = 0; i < w->n; i++) units += (double)w->units[i];
    for (int r = 0; r < ROUNDS; r++) {
        peaks[r] = bench_peak();
        for (int p = 0; p < 2; p++) {
            double begun = bench_now();
            TRY(run_all(&models[p], w));
            seconds[p][r] = bench_now() - begun;
            share[p][r] = 1e-9 * operations / seconds[p][r] / (peaks[r] * (p ? 2 : 1));
        }
    }
    TRY(compare_codes(&models[0], &models[1], vectors, &same));
    qsort(peaks, ROUNDS, sizeof *peaks, by_value);
    for (int p = 0; p < 2; p++) {
        int speech = encoder_takes(models[0].e) == ENCODER_SPEECH;
        qsort(seconds[p], ROUNDS, sizeof **seconds, by_value);
        qsort(share[p], ROUNDS, sizeof **share, by_value);
        double median = seconds[p][ROUNDS / 2], rate = (speech ? units / RATE_HZ : (double)w->n) / median;
        if (j->json)
            json_array_append_new(
                results, json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "model", encoder_name(models[p].e),
                                   "input", w->name, "precision", encoder_precision_names[p], "seconds", median, "rate",
                                   rate, "gflops", 1e-9 * operations / median, "peak_gflops", peaks[ROUNDS / 2],
                                   "of_peak", share[p][ROUNDS / 2], "same_codes", p ? same : 1.0));
        else
            printf("%-9s %-24s %-5s %9.4f %8.2f %-13s %8.1f %7.1f %8.1f %% %9.2f %%\n", encoder_name(models[p].e),
                   w->name, encoder_precision_names[p], median, rate, speech ? "x real time" : "pictures/s",
                   1e-9 * operations / median, peaks[ROUNDS / 2], 100 * share[p][ROUNDS / 2], p ? 100 * same : 100.0);
    }
done:
    return rc;
}

static int run_works(const job *j, bench_model models[2], json_t *results)
{
    int rc = OK;
    int64_t patch = encoder_picture_of(models[0].e)->patch, values = 3 * patch * patch;
    const struct {
        encoder_input takes;
        const char *name;
        int64_t n, most, values;
        int64_t (*units)(int64_t i);
    } works[] = {
        {ENCODER_SPEECH, "one clip of 10 s", 1, 0, 1, ten_seconds},
        {ENCODER_SPEECH, "111 clips, one by one", CLIPS, 0, 1, short_clip},
        {ENCODER_SPEECH, "111 clips, 30 s at once", CLIPS, 30 * RATE_HZ, 1, short_clip},
        {ENCODER_PICTURES, "16 pictures of 224x224", PICTURES, PICTURES * 196, values, patches_of_224},
    };
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        work w = {0};
        if (works[i].takes != encoder_takes(models[0].e)) continue;
        rc = make_work(&w, works[i].name, works[i].n, works[i].most, works[i].values, works[i].units);
        if (rc == OK) rc = run_work(j, models, &w, results);
        free_work(&w);
        TRY(rc);
    }
done:
    return rc;
}

int bench_encoder(job *j)
{
    int rc = OK;
    bench_model models[2] = {{0}, {0}};
    json_t *results = json_array();
    if (!*j->data) FAIL(ERR_USAGE, "tessera bench encoder needs --data FOLDER, a model with config.json and weights");
    for (int p = 0; p < 2; p++) TRY(open_model(&models[p], j, (encoder_precision)p));
    if (!j->json)
        printf("%-9s %-24s %-5s %9s %22s %8s %7s %10s %11s\n", "model", "input", "as", "seconds", "rate", "GFLOP/s",
               "peak", "of peak", "same codes");
    TRY(run_works(j, models, results));
    if (j->json && (json_dumpf(results, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF))
        FAIL(ERR_IO, "writing to stdout failed");
done:
    for (int p = 0; p < 2; p++) close_model(&models[p]);
    json_decref(results);
    return rc;
}
