/* k-means for a given number of iterations from given centroids: `--data X --start C --iters N`, matrices of any kind
 * that `tessera train` reads. Without them a few synthetic sets. Reading, and the pass after the last update that gives
 * the final inertia, are not timed; all ranks share the rows.
 *
 * Beside it stands what the assignments alone would cost as products of OpenBLAS and a search for the least, measured
 * on one block of rows. */
#include "jobs/bench.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans.h"
#include "jobs/given.h"
#include "store/matrix.h"
#include "tensor/blas.h"
#include "tensor/half.h"
#include "tensor/isa.h"
#include "tensor/score_scan.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { READ_ROWS = 1024, GEMM_ROWS = 4096, DEFAULT_ITERATIONS = 10, N_BLOBS = 400 };

/* This rank's rows in memory, and where to start. */
typedef struct bench_set {
    const char *name;
    int64_t n, first, n_local, d, k, iterations;
    int half;
    char *rows;   /* (n_local, d) fp32 or fp16 */
    float *start; /* (k, d) */
} bench_set;

typedef struct timing {
    int64_t iterations;
    double begun, seconds, inertia, peak, gemm;
} timing;

static size_t row_bytes(const bench_set *s) { return (size_t)s->d * (s->half ? sizeof(uint16_t) : sizeof(float)); }

static int read_rows(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const bench_set *s = user;
    (void)n;
    (void)buffer;
    *rows = s->rows + (size_t)(i - s->first) * row_bytes(s);
    return OK;
}

static void share_rows(bench_set *s, const par *p)
{
    s->first = s->n * p->rank / p->size;
    s->n_local = s->n * (p->rank + 1) / p->size - s->first;
}

static int load_rows(bench_set *s, const job *j)
{
    int rc = OK;
    matrix *m = NULL;
    char *buffer = NULL;
    TRY(given_matrix(j->data, &m));
    s->n = matrix_rows(m);
    s->d = matrix_width(m);
    s->half = matrix_value_type(m) == MATRIX_F16;
    share_rows(s, &j->p);
    TRY(mem_reserve((void **)&s->rows, (size_t)s->n_local, row_bytes(s)));
    TRY(mem_alloc((void **)&buffer, READ_ROWS, row_bytes(s)));
    for (int64_t i = 0; i < s->n_local; i += READ_ROWS) {
        const void *rows;
        int64_t n = s->n_local - i < READ_ROWS ? s->n_local - i : READ_ROWS;
        TRY(matrix_read(m, s->first + i, n, buffer, &rows));
        memcpy(s->rows + (size_t)i * row_bytes(s), rows, (size_t)n * row_bytes(s));
    }
done:
    matrix_close(&m);
    mem_free(&buffer);
    return rc;
}

static int load_set(bench_set *s, const job *j)
{
    int rc = OK;
    codebook start = {0};
    if (!j->data || !j->start) FAIL(ERR_USAGE, "tessera bench kmeans takes --data and --start together, or neither");
    TRY(load_rows(s, j));
    TRY(given_codebook(j->start, &start));
    if (start.d != s->d)
        FAIL(ERR_CONFIG, "%s has centroids of %lld values, the rows of %s have %lld", j->start, (long long)start.d,
             j->data, (long long)s->d);
    s->name = j->data;
    s->k = start.k;
    s->start = start.centroids;
    start.centroids = NULL;
done:
    codebook_free(&start);
    return rc;
}

/* Close to normal: mean 0, deviation 1. */
static float noise(uint64_t key, int64_t i, int64_t w)
{
    double sum = 0;
    uint64_t bits = rng_bits(key, (uint64_t)i, (uint64_t)w);
    for (int t = 0; t < 4; t++) sum += (double)(bits >> (16 * t) & 0xffff) / 65536 - 0.5;
    return (float)(sum * 1.7320508);
}

/* Value w of row i: blobs whose spectrum falls with w, or a cloud without structure. */
static float synthetic(int blobs, int64_t i, int64_t w)
{
    if (!blobs) return noise(1, i, w);
    float scale = powf((float)(w + 1), -0.4f);
    return scale * (2 * noise(2, (int64_t)(rng_bits(3, (uint64_t)i, 0) % N_BLOBS), w) + noise(4, i, w));
}

static int make_set(bench_set *s, const par *p, int blobs)
{
    int rc = OK;
    share_rows(s, p);
    TRY(mem_reserve((void **)&s->rows, (size_t)s->n_local, row_bytes(s)));
    TRY(MEM_ALLOC(s->start, (size_t)(s->k * s->d)));
    float *x = (float *)s->rows;
    for (int64_t i = 0; i < s->n_local; i++)
        for (int64_t w = 0; w < s->d; w++) x[i * s->d + w] = synthetic(blobs, s->first + i, w);
    for (int64_t c = 0; c < s->k; c++)
        for (int64_t w = 0; w < s->d; w++)
            s->start[c * s->d + w] = synthetic(blobs, (int64_t)rng_permute(5, (uint64_t)c, (uint64_t)s->n), w);
done:
    return rc;
}

static void free_set(bench_set *s)
{
    mem_free(&s->rows);
    mem_free(&s->start);
}

static void note_time(void *user, int64_t iteration, double inertia, double changed)
{
    timing *t = user;
    (void)inertia;
    (void)changed;
    if (iteration == t->iterations) t->seconds = bench_now() - t->begun;
}

/* One block of products and searches, scaled to all rows and iterations of this rank; the best of three. */
static int measure_gemm(const bench_set *s, timing *t)
{
    int rc = OK;
    int64_t m = s->n_local < GEMM_ROWS ? s->n_local : GEMM_ROWS;
    float *x = NULL, *scores = NULL, *norms = NULL;
    uint32_t *codes = NULL;
    const score_scan *scan = score_scan_best();
    double best = INFINITY;
    if (!m) return OK;
    TRY(MEM_ALLOC(x, (size_t)(m * s->d)));
    TRY(MEM_ALLOC(scores, (size_t)(m * s->k)));
    TRY(MEM_ALLOC(norms, (size_t)s->k));
    TRY(MEM_ALLOC(codes, (size_t)s->k));
    if (s->half)
        half_to_floats((const uint16_t *)s->rows, (size_t)(m * s->d), x);
    else
        memcpy(x, s->rows, (size_t)(m * s->d) * sizeof *x);
    for (int64_t c = 0; c < s->k; c++)
        for (int64_t w = 0; w < s->d; w++) norms[c] += s->start[c * s->d + w] * s->start[c * s->d + w];
    for (int round = 0; round < 3; round++) {
        double begun = bench_now();
        TRY(blas_multiply(x, m, s->start, s->k, s->d, scores));
        for (int64_t i = 0; i < m; i++) {
            float least = scan->least(norms, norms, 0, s->k, scores + i * s->k);
            scan->up_to(scores + i * s->k, s->k, least, codes);
        }
        best = fmin(best, bench_now() - begun);
    }
    t->gemm = best / (double)m * (double)s->n_local * (double)s->iterations;
done:
    mem_free(&x);
    mem_free(&scores);
    mem_free(&norms);
    mem_free(&codes);
    return rc;
}

static int run_set(job *j, bench_set *s, timing *t)
{
    int rc = OK;
    codebook book = {0};
    kmeans_data data = {.n_global = s->n,
                        .first = s->first,
                        .n_local = s->n_local,
                        .d = s->d,
                        .type = s->half ? KMEANS_HALF : KMEANS_FLOAT,
                        .in_place = 1,
                        .read = read_rows,
                        .user = s};
    kmeans_options o = {.size = s->k,
                        .seed = 1,
                        .max_iterations = s->iterations,
                        .tolerance = -1,
                        .seed_vectors = 1,
                        .start = s->start};
    t->peak = bench_peak();
    TRY(par_agree(&j->p, measure_gemm(s, t)));
    t->iterations = s->iterations;
    par_barrier(&j->p);
    t->begun = bench_now();
    TRY(kmeans_fit(&j->p, &data, &o, NULL, NULL, note_time, t, &book));
    t->inertia = book.quality.inertia;
    t->peak = fmax(t->peak, bench_peak());
done:
    codebook_free(&book);
    return rc;
}

static json_t *as_json(const job *j, const bench_set *s, const timing *t)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:i, s:s, s:f, s:f, s:f, s:f, s:s}", "data", s->name, "rows",
                     (json_int_t)s->n, "width", (json_int_t)s->d, "codes", (json_int_t)s->k, "iterations",
                     (json_int_t)s->iterations, "ranks", j->p.size, "isa", isa_name(isa_best()), "seconds", t->seconds,
                     "inertia", t->inertia, "peak_gflops", t->peak, "gemm_seconds", t->gemm, "openblas_core",
                     blas_core());
}

static int report(const job *j, const bench_set *s, const timing *t, json_t *results)
{
    int rc = OK;
    if (j->p.rank != 0) goto done;
    if (j->json) {
        json_array_append_new(results, as_json(j, s, t));
        goto done;
    }
    printf("%-24.24s %10lld %5lld %6lld %5lld %9.3f %9.4f %9.3f %8.2f %8.1f %14.8g\n", s->name, (long long)s->n,
           (long long)s->d, (long long)s->k, (long long)s->iterations, t->seconds, t->seconds / (double)s->iterations,
           t->gemm, t->gemm / t->seconds, t->peak, t->inertia);
    if (fflush(stdout)) FAIL(ERR_IO, "writing to stdout failed");
done:
    return rc;
}

static int run_synthetic(job *j, json_t *results)
{
    int rc = OK;
    static const struct {
        const char *name;
        int64_t n, d;
        int blobs;
    } sets[] = {{"decaying spectrum", 50000, 768, 1}, {"isotropic", 50000, 768, 0}, {"39 values", 200000, 39, 1}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        timing t = {0};
        bench_set s = {.name = sets[i].name,
                       .n = sets[i].n,
                       .d = sets[i].d,
                       .k = 1000,
                       .iterations = j->iters ? j->iters : DEFAULT_ITERATIONS};
        rc = par_agree(&j->p, make_set(&s, &j->p, sets[i].blobs));
        if (rc == OK) rc = run_set(j, &s, &t);
        if (rc == OK) rc = report(j, &s, &t, results);
        free_set(&s);
        TRY(rc);
    }
done:
    return rc;
}

static int run_given(job *j, json_t *results)
{
    int rc = OK;
    timing t = {0};
    bench_set s = {.iterations = j->iters ? j->iters : DEFAULT_ITERATIONS};
    TRY(par_agree(&j->p, load_set(&s, j)));
    TRY(run_set(j, &s, &t));
    TRY(report(j, &s, &t, results));
done:
    free_set(&s);
    return rc;
}

int bench_kmeans(job *j)
{
    int rc = OK;
    int given = j->data || j->start;
    json_t *results = json_array();
    if (j->p.rank == 0)
        fprintf(stderr, "kernels: %s; OpenBLAS kernels: %s (OPENBLAS_CORETYPE picks others); %d rank%s\n",
                isa_name(isa_best()), blas_core(), j->p.size, j->p.size == 1 ? "" : "s");
    if (j->p.rank == 0 && !j->json)
        printf("%-24s %10s %5s %6s %5s %9s %9s %9s %8s %8s %14s\n", "data", "rows", "width", "codes", "iters",
               "seconds", "per iter", "gemm s", "x gemm", "peak", "inertia");
    TRY(given ? run_given(j, results) : run_synthetic(j, results));
    if (j->p.rank == 0 && j->json) {
        json_t *out = given ? json_array_get(results, 0) : results;
        if (json_dumpf(out, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF)
            rc = status_set(ERR_IO, __FILE__, __LINE__, "writing to stdout failed");
    }
    rc = par_agree(&j->p, rc);
done:
    json_decref(results);
    return rc;
}
