/* The picture job stage by stage, over all files below --data that can be decoded: reading and decoding, resizing and
 * cutting into patches, nearest codes (K = 1024). --start gives the codebook; without it one is trained from some of
 * the patches. Files are read once before, so the disk is not timed. One rank. */
#include "jobs/bench.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans.h"
#include "core/core_options.h"
#include "feature/image_patches.h"
#include "jobs/bench_paths.h"
#include "jobs/given.h"
#include "tensor/fma_peak.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CODES = 1024, SAMPLE_PER_PICTURE = 64, ITERATIONS = 5, ROUNDS = 3 };
enum { DECODE, PATCHES, ASSIGN, N_STAGES };
static const char *const stage_names[] = {
    [DECODE] = "decode", [PATCHES] = "resize, patches", [ASSIGN] = "nearest codes"};

typedef struct picture_bench {
    bench_paths files;
    image_patcher *patcher;
    int64_t d, per_picture;
    float *patches; /* (per_picture, d) */
    uint32_t *codes;
    float *sample; /* (n_sample, d) */
    size_t sample_capacity;
    int64_t n_sample;
    codebook book;
    assigner *nearest;
    int64_t max_pixels;
    int64_t n_pictures, n_refused;
    double megapixels;
    double seconds[N_STAGES];
} picture_bench;

/* Some patches of the picture at hand. */
static int take_sample(picture_bench *b)
{
    int rc = OK;
    TRY(MEM_GROW(b->sample, &b->sample_capacity, (size_t)((b->n_sample + SAMPLE_PER_PICTURE) * b->d)));
    for (int i = 0; i < SAMPLE_PER_PICTURE; i++, b->n_sample++) {
        int64_t patch = (int64_t)(rng_bits(1, (uint64_t)b->n_sample, 0) % (uint64_t)b->per_picture);
        memcpy(b->sample + b->n_sample * b->d, b->patches + patch * b->d, (size_t)b->d * sizeof *b->patches);
    }
done:
    return rc;
}

/* One file through all stages; before there is a codebook it gives to the sample instead. */
static int run_file(picture_bench *b, const char *path)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n = 0;
    image m = {0};
    image_limits limits = {.max_pixels = b->max_pixels};
    double begun = bench_now();
    TRY(file_read(path, SIZE_MAX / 2, &bytes, &n));
    TRY(image_decode(bytes, n, &limits, ALPHA_WHITE, &m));
    double decoded = bench_now();
    TRY(image_patcher_run(b->patcher, &m, b->patches));
    double cut = bench_now();
    if (b->nearest) TRY(assigner_run(b->nearest, b->patches, b->per_picture, b->codes, NULL));
    b->seconds[DECODE] += decoded - begun;
    b->seconds[PATCHES] += cut - decoded;
    b->seconds[ASSIGN] += bench_now() - cut;
    b->n_pictures++;
    b->megapixels += 1e-6 * (double)m.width * (double)m.height;
    if (!b->book.centroids) TRY(take_sample(b));
done:
    image_free(&m);
    mem_free(&bytes);
    if (status_is_item(rc)) {
        b->n_refused++;
        rc = OK;
    }
    return rc;
}

static int run_all(picture_bench *b)
{
    int rc = OK;
    b->n_pictures = b->n_refused = 0;
    b->megapixels = 0;
    memset(b->seconds, 0, sizeof b->seconds);
    for (size_t i = 0; i < b->files.n; i++) TRY(run_file(b, b->files.paths[i]));
    if (!b->n_pictures) FAIL(ERR_CONFIG, "no file of %zu can be decoded as a picture", b->files.n);
done:
    return rc;
}

static int read_sample(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const picture_bench *b = user;
    (void)n;
    (void)buffer;
    *rows = b->sample + i * b->d;
    return OK;
}

static int train(picture_bench *b, par *p)
{
    kmeans_data data = {.n_global = b->n_sample,
                        .n_local = b->n_sample,
                        .d = b->d,
                        .type = KMEANS_FLOAT,
                        .in_place = 1,
                        .read = read_sample,
                        .user = b};
    kmeans_options o = {.size = CODES, .seed = 1, .max_iterations = ITERATIONS, .tolerance = -1, .seed_vectors = 20};
    return kmeans_fit(p, &data, &o, NULL, NULL, NULL, NULL, &b->book);
}

static int prepare(picture_bench *b, job *j)
{
    int rc = OK;
    int64_t rows, columns;
    image_patch_options o = image_patch_defaults();
    if (!j->data) FAIL(ERR_USAGE, "tessera bench image needs --data FOLDER with pictures");
    b->max_pixels = 178956970; /* the default of image.max_pixels */
    o.filter = FILTER_BILINEAR;
    TRY(bench_paths_add(&b->files, j->data));
    TRY(image_patcher_create(&b->patcher, &o));
    image_patcher_grid(b->patcher, &rows, &columns);
    b->per_picture = rows * columns;
    b->d = image_patcher_width(b->patcher);
    TRY(MEM_ALLOC(b->patches, (size_t)(b->per_picture * b->d)));
    TRY(MEM_ALLOC(b->codes, (size_t)b->per_picture));
    if (j->start) TRY(given_codebook(j->start, &b->book));
    if (j->start && b->book.d != b->d)
        FAIL(ERR_CONFIG, "%s has centroids of %lld values, a patch has %lld", j->start, (long long)b->book.d,
             (long long)b->d);
    TRY(run_all(b)); /* reads the files, and takes the sample */
    if (!j->start) TRY(train(b, &j->p));
    TRY(assigner_create(&b->nearest, b->book.centroids, b->book.k, b->d));
done:
    return rc;
}

static void clean_up(picture_bench *b)
{
    bench_paths_free(&b->files);
    image_patcher_free(&b->patcher);
    mem_free(&b->patches);
    mem_free(&b->codes);
    mem_free(&b->sample);
    codebook_free(&b->book);
    assigner_free(&b->nearest);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *x)
{
    qsort(x, ROUNDS, sizeof *x, ascending);
    return x[ROUNDS / 2];
}

static int report(const job *j, const picture_bench *b, const double seconds[N_STAGES], double peak)
{
    int rc = OK;
    double other = seconds[PATCHES] + seconds[ASSIGN], all = other + seconds[DECODE];
    if (j->json) {
        json_t *out =
            json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "pictures", (json_int_t)b->n_pictures, "refused",
                      (json_int_t)b->n_refused, "megapixels", b->megapixels, "decode_seconds", seconds[DECODE],
                      "patch_seconds", seconds[PATCHES], "assign_seconds", seconds[ASSIGN], "pictures_per_second",
                      (double)b->n_pictures / all, "other_per_decode", other / seconds[DECODE], "peak_gflops", peak);
        int failed = json_dumpf(out, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
        json_decref(out);
        if (failed) FAIL(ERR_IO, "writing to stdout failed");
        goto done;
    }
    printf("%lld pictures, %.1f megapixels; %lld other files; medians of %d turns; peak %.0f GFLOP/s\n",
           (long long)b->n_pictures, b->megapixels, (long long)b->n_refused, ROUNDS, peak);
    printf("%-18s %9s %12s %10s\n", "stage", "seconds", "pictures/s", "of decode");
    for (int s = DECODE; s < N_STAGES; s++)
        printf("%-18s %9.3f %12.1f %10.3f\n", stage_names[s], seconds[s], (double)b->n_pictures / seconds[s],
               seconds[s] / seconds[DECODE]);
    printf("%-18s %9.3f %12.1f %10.3f\n", "all but decode", other, (double)b->n_pictures / other,
           other / seconds[DECODE]);
    printf("%-18s %9.3f %12.1f\n", "all", all, (double)b->n_pictures / all);
done:
    return rc;
}

int bench_image(job *j)
{
    int rc = OK;
    picture_bench b = {0};
    double turns[N_STAGES][ROUNDS], seconds[N_STAGES] = {0}, begun, done_flops = 0;
    if (j->p.size != 1) FAIL(ERR_USAGE, "tessera bench image runs on one rank");
    TRY(prepare(&b, j));
    for (int round = 0; round < ROUNDS; round++) {
        TRY(run_all(&b));
        for (int s = DECODE; s < N_STAGES; s++) turns[s][round] = b.seconds[s];
    }
    for (int s = DECODE; s < N_STAGES; s++) seconds[s] = median_of(turns[s]);
    begun = bench_now();
    while (bench_now() - begun < 0.1) done_flops += fma_peak_run(100000);
    TRY(report(j, &b, seconds, 1e-9 * done_flops / (bench_now() - begun)));
done:
    clean_up(&b);
    return rc;
}
