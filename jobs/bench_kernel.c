/* Matrix products of layers and of k-means against the processor's peak and against OpenBLAS.
 *
 * The peak is measured in turn with the products, so that both see the same clock and the same neighbours: a round is
 * one measurement of the peak and of each kind of product; reported are medians over rounds, of the speed and of the
 * share of that round's peak. Packing of the weights is not timed; everything that depends on the rows is. */
#include "jobs/bench.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/blas.h"
#include "tensor/fma_peak.h"
#include "tensor/isa.h"
#include "tensor/panel.h"
#include "tensor/panel8.h"
#include "tensor/panel_bf16.h"

#include <jansson.h>
#include <stdlib.h>

enum { ROUNDS = 9, INT8_ROWS = 256 };
static const double slice_s = 0.025; /* least time of one measurement */
static const double slow_s = 3;      /* of one shape: no round begins later */

typedef struct shape {
    const char *name;
    int64_t m, n, k, a_stride; /* a_stride 0: k */
    int gelu, residual;
} shape;

static const shape shapes[] = {
    {"hubert attention", 500, 768, 768, 0, 0, 0},
    {"hubert mlp in, gelu", 500, 3072, 768, 0, 1, 0},
    {"hubert mlp out, residual", 500, 768, 3072, 0, 0, 1},
    {"hubert conv, gelu", 8000, 512, 1536, 1024, 1, 0},
    {"vit attention", 197, 768, 768, 0, 0, 0},
    {"vit mlp in, gelu", 197, 3072, 768, 0, 1, 0},
    {"vit mlp out, residual", 197, 768, 3072, 0, 0, 1},
    {"k-means", 4096, 1008, 512, 0, 0, 0},
    {"k-means", 4096, 1008, 768, 0, 0, 0},
    {"k-means mfcc", 4096, 500, 39, 0, 0, 0},
};

/* The operands of one shape. */
typedef struct operands {
    const shape *s;
    float *a, *b, *bias, *residual, *out; /* (m, k), (n, k), (n), (m, n), (m, n) */
    uint16_t *a_bf16;                     /* (m, k) */
    panel *panel;
    panel_bf16 *panel_bf16;
    panel8_layout layout;
    uint8_t *a_int8; /* (m rounded up to 8, words * 4) */
    char *panels_int8;
    panel_finish finish;
} operands;

/* A way to compute the product. */
typedef struct kind {
    const char *name;
    double rate;   /* its multiply-adds per fp32 multiply-add at the peak */
    enum isa from; /* not measured below this instruction set */
    int (*run)(operands *o);
} kind;

typedef struct measured {
    int n; /* rounds */
    double speed[ROUNDS], peak[ROUNDS], share[ROUNDS];
} measured;

static const panel_finish *finish_of(const operands *o) { return o->s->gelu || o->s->residual ? &o->finish : NULL; }

static int64_t a_stride(const operands *o) { return o->s->a_stride ? o->s->a_stride : o->s->k; }

static int run_fp32(operands *o)
{
    panel_layer(o->panel, o->a, a_stride(o), o->s->m, finish_of(o), o->out, o->s->n);
    return OK;
}

static int run_bf16(operands *o)
{
    panel_bf16_layer(o->panel_bf16, o->a_bf16, a_stride(o), o->s->m, finish_of(o), o->out, o->s->n);
    return OK;
}

/* What the filter of k-means runs: scores, and those up to a limit. */
static int run_int8(operands *o)
{
    static const float row[PANEL8_MAX_FLOATS] = {-2e-4f, 0.1f, 0.1f};
    const panel8_kernel *kernel = panel8_kernel_best();
    int64_t width = o->layout.words * 4;
    for (int64_t first = 0; first < o->s->m; first += INT8_ROWS)
        for (int64_t g = 0; g * PANEL8_COLUMNS < o->s->n; g++)
            for (int64_t i = first; i < first + INT8_ROWS && i < o->s->m; i += PANEL8_ROWS) {
                _Alignas(64) float scores[PANEL8_ROWS * PANEL8_COLUMNS];
                panel8_tile t;
                uint64_t below[PANEL8_ROWS];
                float least[PANEL8_ROWS];
                for (int r = 0; r < PANEL8_ROWS; r++) {
                    t.bytes[r] = o->a_int8 + (i + r) * width;
                    t.floats[r] = row;
                    t.limit[r] = -1e30f;
                }
                kernel->filter(&o->layout, o->panels_int8 + (size_t)g * o->layout.bytes, &t, scores, below, least);
            }
    return OK;
}

static int run_blas(operands *o) { return blas_multiply(o->a, o->s->m, o->b, o->s->n, o->s->k, o->out); }

static const kind kinds[] = {
    {"fp32", 1, ISA_PLAIN, run_fp32},
    {"bf16", 2, ISA_AVX2, run_bf16}, /* the plain twin needs minutes */
    {"int8", 4, ISA_AVX2, run_int8},
    {"openblas", 1, ISA_PLAIN, run_blas},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int numbers(float **out, uint64_t seed, int64_t n)
{
    int rc = OK;
    TRY(MEM_ALLOC(*out, (size_t)n));
    for (int64_t i = 0; i < n; i++) (*out)[i] = (float)(rng_uniform(seed, (uint64_t)i, 0) - 0.5);
done:
    return rc;
}

static int make_int8(operands *o)
{
    int rc = OK;
    const shape *s = o->s;
    int64_t n_panels = (s->n + PANEL8_COLUMNS - 1) / PANEL8_COLUMNS, rows = (s->m + PANEL8_ROWS - 1) / PANEL8_ROWS;
    float floats[3 * PANEL8_COLUMNS] = {0}, z[PANEL8_COLUMNS];
    int8_t *p = NULL;
    o->layout = panel8_layout_of(s->k, 3);
    TRY(mem_alloc((void **)&o->panels_int8, (size_t)n_panels, o->layout.bytes));
    TRY(mem_alloc((void **)&o->a_int8, (size_t)(rows * PANEL8_ROWS), (size_t)o->layout.words * 4));
    TRY(MEM_ALLOC(p, (size_t)(PANEL8_COLUMNS * s->k)));
    for (int j = 0; j < PANEL8_COLUMNS; j++) z[j] = 0.01f;
    for (int64_t i = 0; i < rows * PANEL8_ROWS * o->layout.words * 4; i++)
        o->a_int8[i] = (uint8_t)(1 + rng_bits(6, (uint64_t)i, 0) % 255);
    for (int64_t g = 0; g < n_panels; g++) {
        for (int64_t i = 0; i < PANEL8_COLUMNS * s->k; i++)
            p[i] = (int8_t)((int)(rng_bits(7, (uint64_t)g, (uint64_t)i) % 255) - 127);
        panel8_pack(&o->layout, p, PANEL8_COLUMNS, s->k, z, floats, o->panels_int8 + (size_t)g * o->layout.bytes);
    }
done:
    mem_free(&p);
    return rc;
}

static int make_operands(operands *o)
{
    int rc = OK;
    const shape *s = o->s;
    TRY(numbers(&o->a, 1, s->m * s->k));
    TRY(numbers(&o->b, 2, s->n * s->k));
    TRY(numbers(&o->bias, 3, s->n));
    TRY(numbers(&o->residual, 4, s->m * s->n));
    TRY(numbers(&o->out, 5, s->m * s->n));
    TRY(panel_create(&o->panel, o->b, s->n, s->k));
    TRY(MEM_ALLOC(o->a_bf16, (size_t)(s->m * s->k)));
    bf16_from_floats(o->a, (size_t)(s->m * s->k), o->a_bf16);
    TRY(panel_bf16_create(&o->panel_bf16, o->b, s->n, s->k));
    TRY(make_int8(o));
    o->finish = (panel_finish){.bias = o->bias,
                               .activation = s->gelu ? ACTIVATION_GELU : ACTIVATION_NONE,
                               .residual = s->residual ? o->residual : NULL,
                               .residual_stride = s->n};
done:
    return rc;
}

static void free_operands(operands *o)
{
    mem_free(&o->a);
    mem_free(&o->b);
    mem_free(&o->bias);
    mem_free(&o->residual);
    mem_free(&o->out);
    mem_free(&o->a_bf16);
    panel_free(&o->panel);
    panel_bf16_free(&o->panel_bf16);
    mem_free(&o->a_int8);
    mem_free(&o->panels_int8);
}

static double measure_peak(void)
{
    double start = bench_now(), done = 0, took;
    do {
        done += fma_peak_run(100000);
        took = bench_now() - start;
    } while (took < slice_s);
    return 1e-9 * done / took;
}

/* GFLOP/s of one kind. */
static int measure(const kind *k, operands *o, double *speed)
{
    int rc = OK;
    double start = bench_now(), took;
    int64_t times = 0;
    do {
        TRY(k->run(o));
        times++;
        took = bench_now() - start;
    } while (took < slice_s);
    *speed = 2e-9 * (double)times * (double)(o->s->m * o->s->n * o->s->k) / took;
done:
    return rc;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *x, int n)
{
    double sorted[ROUNDS];
    for (int i = 0; i < n; i++) sorted[i] = x[i];
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    return sorted[n / 2];
}

static int report(job *j, const shape *s, const kind *k, const measured *m, json_t *results)
{
    double speed = median(m->speed, m->n), peak = median(m->peak, m->n), share = median(m->share, m->n);
    if (!j->json) {
        printf("%-24s %5lld %5lld %5lld  %-9s %8.1f %8.1f %6.1f %%\n", s->name, (long long)s->m, (long long)s->n,
               (long long)s->k, k->name, speed, peak, 100 * share);
        return fflush(stdout) ? ERR_IO : OK;
    }
    json_array_append_new(results,
                          json_pack("{s:s, s:I, s:I, s:I, s:s, s:f, s:f, s:f}", "layer", s->name, "rows",
                                    (json_int_t)s->m, "outputs", (json_int_t)s->n, "inputs", (json_int_t)s->k, "kind",
                                    k->name, "gflops", speed, "peak_gflops", peak, "share_of_peak", share));
    return OK;
}

static int run_round(operands *o, int round, measured *all)
{
    int rc = OK;
    double peak = measure_peak();
    for (int k = 0; k < N_KINDS; k++) {
        measured *m = &all[k];
        if (isa_best() < kinds[k].from) continue;
        TRY(measure(&kinds[k], o, &m->speed[round]));
        m->peak[round] = kinds[k].rate * peak;
        m->share[round] = m->speed[round] / m->peak[round];
        m->n = round + 1;
    }
done:
    return rc;
}

static int run_shape(job *j, const shape *s, json_t *results)
{
    int rc = OK;
    operands o = {.s = s};
    measured all[N_KINDS] = {0};
    TRY(make_operands(&o));
    double start = bench_now();
    TRY(run_round(&o, 0, all)); /* warms up; round 0 comes again unless it is slow */
    for (int round = 0; round < ROUNDS && bench_now() - start < slow_s; round++) TRY(run_round(&o, round, all));
    for (int k = 0; k < N_KINDS; k++)
        if (all[k].n) TRY(report(j, s, &kinds[k], &all[k], results));
done:
    free_operands(&o);
    return rc;
}

int bench_kernel(job *j)
{
    int rc = OK;
    json_t *all = NULL, *results = json_array();
    if (j->p.rank != 0) goto done;
    fprintf(stderr, "kernels: %s; OpenBLAS kernels: %s (OPENBLAS_CORETYPE picks others); one thread\n",
            isa_name(isa_best()), blas_core());
    if (!j->json)
        printf("%-24s %5s %5s %5s  %-9s %8s %8s %8s\n", "layer", "rows", "out", "in", "kind", "GFLOP/s", "peak",
               "of peak");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) TRY(run_shape(j, &shapes[i], results));
    if (!j->json) goto done;
    all = json_pack("{s:s, s:s, s:O}", "isa", isa_name(isa_best()), "openblas_core", blas_core(), "results", results);
    if (!all) FAIL(ERR_MEMORY, "no memory for the results");
    if (json_dumpf(all, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF) FAIL(ERR_IO, "writing to stdout failed");
done:
    json_decref(all);
    json_decref(results);
    return rc;
}
