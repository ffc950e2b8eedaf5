#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 3000, D = 5 };

/* What a source may do with the memory of its rows. */
typedef enum place_kind { IN_BUFFER, IN_PLACE, UNTIL_NEXT, N_PLACES } place_kind;

typedef struct source {
    place_kind place;
    float x[N][D];
    float slots[2][512 * D]; /* of UNTIL_NEXT: spoilt at the next call */
    int slot;
} source;

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    source *s = user;
    size_t bytes = (size_t)n * sizeof s->x[0];
    *rows = buffer;
    if (s->place == IN_PLACE) *rows = s->x[i];
    if (s->place == IN_BUFFER) memcpy(buffer, s->x[i], bytes);
    if (s->place == UNTIL_NEXT) {
        memset(s->slots[s->slot], 0x7f, sizeof s->slots[0]);
        s->slot = !s->slot;
        *rows = memcpy(s->slots[s->slot], s->x[i], bytes);
    }
    return OK;
}

/* A share of repeats, in percent; some vectors differ in the sign of a zero alone. */
static void fill(source *s, uint64_t percent)
{
    for (int64_t i = 0; i < N; i++) {
        int repeats = i && rng_bits(1, (uint64_t)i, 0) % 100 < percent;
        int64_t of = repeats ? (int64_t)(rng_bits(2, (uint64_t)i, 0) % (uint64_t)i) : i;
        for (int w = 0; w < D; w++)
            s->x[i][w] = repeats ? s->x[of][w] : (float)rng_uniform(3, (uint64_t)i, (uint64_t)w);
        if (i % 10 == 0) memset(s->x[i], 0, sizeof s->x[i]);
        if (i % 40 == 0) s->x[i][D - 1] = -0.0f;
    }
}

static int64_t first_of(const source *s, const kmeans_rows *r, int64_t i)
{
    int64_t first = 0;
    while (kmeans_is_held_out(r, first) || memcmp(s->x[first], s->x[i], sizeof s->x[i]) != 0) first++;
    return first;
}

/* Numbers are those of the first of each, ascending; weights say how often each stands; nothing else changes. */
static void check_collapsed(const source *s, const kmeans_vectors *v, int64_t n_before)
{
    int64_t sum = 0, weights[N] = {0};
    for (int64_t i = 0; i < N; i++)
        if (!kmeans_is_held_out(v->rows, i)) weights[first_of(s, v->rows, i)]++;
    for (int64_t i = 0; i < v->n; i++) {
        assert_true(i == 0 || v->numbers[i] > v->numbers[i - 1]);
        assert_int_equal(kmeans_vectors_weight(v, i), weights[v->numbers[i]]);
        sum += kmeans_vectors_weight(v, i);
    }
    assert_int_equal(sum, n_before);
}

static void repeats_stand_once(void **state)
{
    (void)state;
    static source s;
    static const uint64_t shares[] = {0, 30, 60, 97};
    for (int place = 0; place < N_PLACES; place++)
        for (int share = 0; share < 4; share++) {
            kmeans_data data = {.n_global = N, .n_local = N, .d = D, .type = KMEANS_FLOAT, .read = read_vectors};
            kmeans_rows rows;
            kmeans_vectors v = {.rows = &rows};
            data.user = &s;
            data.in_place = place == IN_PLACE;
            s.place = (place_kind)place;
            fill(&s, shares[share]);
            assert_int_equal(kmeans_rows_create(&rows, &data, 1, 0.1, KMEANS_L2), OK);
            do {
                assert_int_equal(kmeans_rows_next(&rows), OK);
                assert_int_equal(kmeans_vectors_note(&v), OK);
            } while (rows.n_train);
            int64_t n = v.n, held_out = v.n_held_out;
            assert_true(n + held_out == N && held_out > N / 20);
            assert_int_equal(kmeans_vectors_collapse(&v), OK);
            assert_non_null(v.weights); /* the zero vectors alone are enough */
            assert_int_equal(v.n_held_out, held_out);
            check_collapsed(&s, &v, n);
            kmeans_vectors_free(&v);
            kmeans_rows_free(&rows);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(repeats_stand_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
