/* The short cuts of k-means (filter, bounds, repeats that stand once) cannot be seen in a result: the same bits with
 * any number of ranks, instruction set, memory and kind of source, and those of plain Lloyd. */
#include "memory_set.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/kmeans_job.h"
#include "tensor/isa.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const kmeans_options usual = {
    .size = 60, .seed = 5, .max_iterations = 8, .tolerance = -1, .seed_vectors = 20, .held_out = 0.05};

typedef enum metric_of { L2 = KMEANS_L2, COSINE = KMEANS_COSINE, INNER = KMEANS_INNER } metric_of;

typedef struct engine_case {
    int kind; /* with its flags */
    int64_t n, d, k;
    metric_of metric;
} engine_case;

static kmeans_options options_of(const engine_case *c)
{
    kmeans_options o = usual;
    o.size = c->k;
    o.metric = (kmeans_metric)c->metric;
    o.seed_vectors = c->k > 100 ? 2 : 20;
    return o;
}

static void make(par *all, memory_set *m, const engine_case *c, memory_place place)
{
    training_set s = {(training_kind)c->kind, c->n, c->d, -1};
    memory_set_create(all, m, &s, place);
}

static void fit_same(par *p, memory_set *m, const kmeans_options *o, const codebook *want, const char *what)
{
    codebook got;
    CHECK(p, memory_fit(p, m, o, &got) == OK);
    if (!training_same(&got, want)) {
        fprintf(stderr, "kind %x, %lld x %lld, K %lld, metric %d: %s\n", (unsigned)m->from.kind, (long long)m->from.n,
                (long long)m->from.d, (long long)o->size, (int)o->metric, what);
        CHECK(p, !"the same bits");
    }
    training_clear(&got);
}

/* One rank against all, with much, little and no memory for bounds, and each kind of source. */
static void check_case(par *all, const engine_case *c)
{
    memory_set m;
    codebook want;
    kmeans_options o = options_of(c);
    make(all, &m, c, MEMORY_IN_PLACE);
    memory_fit_alone(all, &m, &o, &want);
    CHECK(all, want.n_history == o.max_iterations);
    fit_same(all, &m, &o, &want, "all ranks");
    m.place = MEMORY_BUFFER;
    o.memory = 1;
    fit_same(all, &m, &o, &want, "without bounds");
    m.place = MEMORY_UNTIL_NEXT;
    o.memory = c->n / all->size * (c->d / 4 + 8); /* for some of the vectors */
    fit_same(all, &m, &o, &want, "with bounds for some");
    training_clear(&want);
    memory_set_free(&m);
}

static void no_short_cut_shows(par *all)
{
    static const engine_case cases[] = {
        {TRAINING_BLOBS, 3000, 39, 60, L2},
        {TRAINING_DECAYING, 2500, 80, 150, L2},
        {TRAINING_CLOUD, 2000, 13, 1000, L2},
        {TRAINING_CLOUD | TRAINING_FLOATS, 2500, 1, 50, L2},
        {TRAINING_DECAYING | TRAINING_FLOATS, 2000, 80, 150, L2},
        {TRAINING_DECAYING | TRAINING_FLOATS | TRAINING_REPEATS, 2500, 39, 100, L2},
        {TRAINING_CLOUD | TRAINING_REPEATS, 2500, 13, 60, L2},
        {TRAINING_CLOUD, 1500, 13, 1, L2},
        {TRAINING_CLOUD | TRAINING_FLOATS, 1500, 13, 2, L2},
        {TRAINING_FEW, 1500, 13, 60, L2},
        {TRAINING_FEW | TRAINING_FLOATS, 1500, 13, 60, L2},
        {TRAINING_ZERO, 1500, 5, 50, L2},
        {TRAINING_ZERO | TRAINING_FLOATS, 1500, 5, 50, COSINE},
        {TRAINING_CONSTANT, 2000, 9, 50, L2},
        {TRAINING_CONSTANT | TRAINING_FLOATS, 2000, 9, 50, COSINE},
        {TRAINING_CONSTANT, 2000, 9, 50, INNER},
        {TRAINING_GRID, 3000, 3, 60, L2},
        {TRAINING_GRID | TRAINING_FLOATS, 3000, 4, 100, L2},
        {TRAINING_OFFSET, 2000, 39, 60, L2},
        {TRAINING_OFFSET | TRAINING_FLOATS, 2000, 39, 60, L2},
        {TRAINING_WIDE, 1500, 80, 60, L2},
        {TRAINING_WIDE | TRAINING_FLOATS, 1500, 80, 60, INNER},
        {TRAINING_DECAYING | TRAINING_REPEATS, 2000, 39, 100, COSINE},
        {TRAINING_DECAYING | TRAINING_FLOATS, 2000, 39, 100, INNER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(all, &cases[i]);
}

static void long_vectors_are_no_different(par *all)
{
    static const engine_case cases[] = {{TRAINING_DECAYING, 1500, 768, 100, L2},
                                        {TRAINING_CLOUD | TRAINING_FLOATS, 900, 1280, 60, L2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(all, &cases[i]);
}

/* Few enough ranks that the cores are not shared by too many. */
static void many_codes_are_no_different(par *all)
{
    static const engine_case c = {TRAINING_CLOUD, 20000, 4, 16384, L2};
    memory_set m;
    codebook want;
    float *start = NULL;
    kmeans_options o = options_of(&c);
    if (all->size > 2) return;
    make(all, &m, &c, MEMORY_IN_PLACE);
    CHECK(all, MEM_ALLOC(start, (size_t)(c.k * c.d)) == OK);
    memcpy(start, m.x, (size_t)(c.k * c.d) * sizeof *start);
    o.start = start;
    o.max_iterations = 2;
    memory_fit_alone(all, &m, &o, &want);
    o.memory = all->size == 1;
    fit_same(all, &m, &o, &want, "many codes");
    training_clear(&want);
    mem_free(&start);
    memory_set_free(&m);
}

/* Panels and kernels are made after isa_force; the best instruction set has made what is wanted. */
static void instruction_sets_agree(par *all)
{
    static const engine_case cases[] = {{TRAINING_DECAYING, 1500, 80, 100, L2},
                                        {TRAINING_CLOUD | TRAINING_FLOATS, 1500, 39, 60, L2},
                                        {TRAINING_DECAYING | TRAINING_FLOATS, 1500, 39, 60, COSINE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memory_set m;
        codebook want;
        kmeans_options o = options_of(&cases[i]);
        make(all, &m, &cases[i], MEMORY_IN_PLACE);
        memory_fit_alone(all, &m, &o, &want);
        for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
            if (!isa_has(isa) && all->rank == 0) fprintf(stderr, "SKIPPED: no %s here\n", isa_name(isa));
            if (!isa_has(isa)) continue;
            CHECK(all, isa_force(isa_name(isa)) == OK);
            fit_same(all, &m, &o, &want, isa_name(isa));
            /* and with ranks that differ */
            CHECK(all, isa_force(all->rank % 2 ? "auto" : isa_name(isa)) == OK);
            fit_same(all, &m, &o, &want, "mixed");
        }
        CHECK(all, isa_force("auto") == OK);
        training_clear(&want);
        memory_set_free(&m);
    }
}

/* From vectors as the start, or from a start that leaves clusters empty, against plain Lloyd: the same bits. */
static void check_plain(par *all, const engine_case *c, int with_empty)
{
    memory_set m;
    codebook got;
    kmeans_options o = options_of(c);
    float *start = NULL;
    int64_t *counts = NULL;
    double history[16], inertia;
    make(all, &m, c, MEMORY_IN_PLACE);
    CHECK(all, MEM_ALLOC(start, (size_t)(c->k * c->d)) == OK && MEM_ALLOC(counts, (size_t)c->k) == OK);
    for (int64_t j = 0; j < c->k; j++)
        for (int64_t w = 0; w < c->d; w++)
            start[j * c->d + w] = with_empty && j % 3 ? 900 + (float)j : m.x[j * 7 % c->n * c->d + w];
    o.start = start;
    o.max_iterations = 9;
    CHECK(all, memory_fit(all, &m, &o, &got) == OK);
    memory_lloyd(all, &m, &o, start, counts, history, &inertia);
    if (memcmp(got.centroids, start, (size_t)(c->k * c->d) * sizeof *start) != 0 ||
        memcmp(got.counts, counts, (size_t)c->k * sizeof *counts) != 0) {
        fprintf(stderr, "kind %x, %lld x %lld, K %lld, metric %d, empty %d\n", (unsigned)c->kind, (long long)c->n,
                (long long)c->d, (long long)c->k, (int)c->metric, with_empty);
        CHECK(all, !"as plain Lloyd");
    }
    double within = 1e-11 * got.quality.variance;
    for (int64_t t = 0; t < got.n_history; t++) CHECK(all, fabs(got.history[t] - history[t]) <= within);
    CHECK(all, fabs(got.quality.inertia - inertia) <= within);
    training_clear(&got);
    mem_free(&start);
    mem_free(&counts);
    memory_set_free(&m);
}

static void equals_plain_lloyd(par *all)
{
    static const engine_case cases[] = {
        {TRAINING_BLOBS, 1200, 13, 60, L2},
        {TRAINING_CLOUD | TRAINING_FLOATS, 1200, 39, 100, L2},
        {TRAINING_DECAYING | TRAINING_FLOATS | TRAINING_REPEATS, 1200, 39, 60, L2},
        {TRAINING_CLOUD | TRAINING_REPEATS, 1200, 5, 100, L2},
        {TRAINING_GRID, 1500, 2, 60, L2},
        {TRAINING_GRID | TRAINING_FLOATS, 1500, 3, 50, L2},
        {TRAINING_OFFSET | TRAINING_FLOATS, 1000, 13, 60, L2},
        {TRAINING_CONSTANT, 1000, 9, 50, COSINE},
        {TRAINING_DECAYING | TRAINING_FLOATS, 1000, 13, 60, COSINE},
        {TRAINING_DECAYING | TRAINING_REPEATS, 1000, 13, 60, INNER},
        {TRAINING_FEW, 1000, 13, 20, L2},
    };
    if (all->size > 2) return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int with_empty = 0; with_empty < 2; with_empty++) check_plain(all, &cases[i], with_empty);
}

/* A training step by step, as kmeans_fit does it, so that its passes can be looked at. */
typedef struct steps {
    kmeans_job j;
    kmeans_pass a;
    kmeans_data data;
    float *centroids, *before;
} steps;

static void steps_begin(par *all, steps *s, memory_set *m, const kmeans_options *o)
{
    *s = (steps){.data = memory_share(m, all)};
    s->j = (kmeans_job){.p = all, .data = &s->data, .o = o};
    size_t size = (size_t)(o->size * m->from.d);
    CHECK(all, par_node_create(&s->j.node, all) == OK);
    CHECK(all, kmeans_rows_create(&s->j.rows, &s->data, (uint64_t)o->seed, o->held_out, o->metric) == OK);
    CHECK(all, MEM_ALLOC(s->j.mean, (size_t)m->from.d) == OK);
    CHECK(all, MEM_ALLOC(s->centroids, size) == OK && MEM_ALLOC(s->before, size) == OK);
    CHECK(all, kmeans_survey(&s->j) == OK && kmeans_pass_create(&s->a, &s->j) == OK);
    for (size_t i = 0; i < size; i++) s->centroids[i] = m->x[i];
}

static void steps_end(steps *s)
{
    kmeans_rows_free(&s->j.rows);
    kmeans_vectors_free(&s->j.vectors);
    mem_free(&s->j.mean);
    mem_free(&s->centroids);
    mem_free(&s->before);
    kmeans_pass_free(&s->a, &s->j);
    par_node_free(&s->j.node);
}

/* One pass, and what it found out against every distance. Returns the groups that all ranks looked at. */
static int64_t steps_pass(par *all, steps *s, const memory_set *m)
{
    int64_t k = s->j.o->size, d = m->from.d, *counts = NULL;
    double sum = 0;
    CHECK(all, kmeans_pass_run(&s->j, &s->a, s->centroids, OK) == OK);
    CHECK(all, MEM_ALLOC(counts, (size_t)k) == OK);
    for (int64_t i = 0; i < s->j.vectors.n; i++) {
        double squared;
        int64_t code = memory_nearest(m->x + s->j.vectors.numbers[i] * d, s->centroids, k, d, &squared);
        CHECK(all, s->a.codes[i] == code);
        counts[code] += kmeans_vectors_weight(&s->j.vectors, i);
        sum += squared * (double)kmeans_vectors_weight(&s->j.vectors, i);
    }
    par_sum(all, counts, (size_t)k);
    CHECK(all, memcmp(counts, s->a.sums.counts, (size_t)k * sizeof *counts) == 0);
    double *sums = NULL, whole = 0;
    CHECK(all, MEM_ALLOC(sums, (size_t)all->size) == OK);
    par_gather_all(all, &sum, sizeof sum, sums);
    for (int r = 0; r < all->size; r++) whole += sums[r];
    CHECK(all, fabs(whole - s->a.inertia) <= 1e-11 * s->j.spread);
    mem_free(&sums);
    mem_free(&counts);
    return par_sum_one(all, s->a.bounds ? kmeans_bounds_work(s->a.bounds).groups : 0);
}

static void steps_update(par *all, steps *s)
{
    int64_t filled;
    memcpy(s->before, s->centroids, (size_t)(s->j.o->size * s->data.d) * sizeof *s->before);
    CHECK(all, kmeans_update(&s->j, &s->a, s->before, s->centroids, &filled) == OK);
}

/* Where the filter is far cheaper than products, bounds are made, and late passes look at few groups. */
static void bounds_are_used_and_save_work(par *all)
{
    static const engine_case c = {TRAINING_DECAYING | TRAINING_REPEATS, 2500, 512, 300, L2};
    memory_set m;
    steps s;
    kmeans_options o = options_of(&c);
    int64_t first = 0, last = 0;
    o.max_iterations = 40;
    make(all, &m, &c, MEMORY_IN_PLACE);
    steps_begin(all, &s, &m, &o);
    CHECK(all, par_sum_one(all, s.j.vectors.n) < s.j.n_train * 9 / 10); /* repeats stand once */
    for (int pass = 0; pass < 7; pass++) {
        last = steps_pass(all, &s, &m);
        CHECK(all, (s.a.bounds != NULL) == (pass > 0));
        if (pass == 1) {
            first = last;
            CHECK(all, first == (s.j.o->size + 47) / 48 * par_sum_one(all, s.j.vectors.n));
        }
        steps_update(all, &s);
    }
    CHECK(all, last > 0 && last < first / 2);
    steps_end(&s);
    memory_set_free(&m);
}

/* Bounds were made, and then centroids become too long for the filter: the training goes on without. */
static void centroids_may_become_too_long_for_the_filter(par *all)
{
    static const engine_case c = {TRAINING_CLOUD | TRAINING_FLOATS, 2000, 256, 300, L2};
    memory_set m;
    steps s;
    kmeans_options o = options_of(&c);
    o.max_iterations = 40;
    make(all, &m, &c, MEMORY_BUFFER);
    steps_begin(all, &s, &m, &o);
    for (int pass = 0; pass < 5; pass++) {
        if (pass == 3)
            for (int64_t w = 0; w < c.d; w++) s.centroids[5 * c.d + w] = 1e17f;
        steps_pass(all, &s, &m);
        CHECK(all, (s.a.bounds != NULL) == (pass == 1 || pass == 2));
    }
    steps_end(&s);
    memory_set_free(&m);
}

static void what_is_not_finite_is_refused_by_number(par *all)
{
    static const int kinds[] = {0, TRAINING_FLOATS, TRAINING_INFINITE, TRAINING_FLOATS | TRAINING_INFINITE};
    static const int64_t rows[] = {0, 611, 1199};
    for (int kind = 0; kind < 4; kind++)
        for (int r = 0; r < 3; r++)
            for (int metric = L2; metric <= INNER; metric++) {
                training_set s = {(training_kind)(TRAINING_CLOUD | kinds[kind]), 1200, 13, rows[r]};
                memory_set m;
                codebook c;
                char text[32];
                kmeans_options o = usual;
                o.metric = (kmeans_metric)metric;
                memory_set_create(all, &m, &s, MEMORY_IN_PLACE);
                CHECK(all, memory_fit(all, &m, &o, &c) == ERR_INVALID);
                snprintf(text, sizeof text, "vector %d ", (int)rows[r]);
                CHECK(all, strstr(status_message(), text) && !c.centroids && !c.counts && !c.history);
                memory_set_free(&m);
            }
}

int main(int argc, char **argv)
{
    par all;
    par_start(&all, &argc, &argv);
    no_short_cut_shows(&all);
    long_vectors_are_no_different(&all);
    many_codes_are_no_different(&all);
    instruction_sets_agree(&all);
    equals_plain_lloyd(&all);
    bounds_are_used_and_save_work(&all);
    centroids_may_become_too_long_for_the_filter(&all);
    what_is_not_finite_is_refused_by_number(&all);
    return par_finish(&all, 0);
}
