#include "encoder/parameters.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 256 };

#define NAME_FROM(name, format)                                                                                        \
    do {                                                                                                               \
        va_list list;                                                                                                  \
        va_start(list, format);                                                                                        \
        vsnprintf(name, sizeof(name), format, list);                                                                   \
        va_end(list);                                                                                                  \
    } while (0)

static int take_turn(parameters *p)
{
    int mine = p->number % p->n_parts == p->part;
    p->number++;
    return p->memory.base && mine;
}

int parameters_place_vector(parameters *p, float **out, int64_t n, int *fill)
{
    *out = NULL;
    *fill = 0;
    if (p->skip) return OK;
    ARENA_TAKE(&p->memory, *out, n);
    *fill = take_turn(p);
    return OK;
}

int parameters_place(parameters *p, linear *l, int half, int64_t n, int64_t k, const float *bias, int *fill)
{
    int rc = OK;
    size_t bytes;
    *fill = 0;
    if (p->skip) return OK;
    TRY(linear_bytes(half, n, k, &bytes));
    void *memory = arena_take(&p->memory, bytes, 1);
    *fill = take_turn(p);
    if (p->memory.base) TRY(linear_create(l, half, n, k, memory, bias));
done:
    return rc;
}

/* Numbers of one shape, one behind the other, by their names and an ending. */
static int values(parameters *p, const float **out, int n_dims, const int64_t *shape, const char *const *names,
                  int n_names, const char *ending)
{
    int rc = OK, fill;
    int64_t n = 1;
    float *to, *from = NULL;
    for (int i = 0; i < n_dims; i++) n *= shape[i];
    for (int i = 0; i < n_names; i++) TRY(weight_reader_check(p->weights, n_dims, shape, "%s%s", names[i], ending));
    TRY(parameters_place_vector(p, &to, n * n_names, &fill));
    *out = to;
    for (int i = 0; i < n_names && fill; i++) {
        TRY(weight_reader_take(p->weights, &from, n_dims, shape, "%s%s", names[i], ending));
        memcpy(to + i * n, from, (size_t)n * sizeof *to);
        mem_free(&from);
    }
done:
    mem_free(&from);
    return rc;
}

/* Matrices of one shape, one above the other. */
static int matrices(parameters *p, linear *l, int n_dims, const int64_t *shape, int bias, const char *const *names,
                    int n_names)
{
    int rc = OK, fill;
    int64_t k = 1, n = shape[0];
    const float *b = NULL;
    float *w = NULL, *from = NULL;
    for (int i = 1; i < n_dims; i++) k *= shape[i];
    if (bias) TRY(values(p, &b, 1, &n, names, n_names, ".bias"));
    for (int i = 0; i < n_names; i++) TRY(weight_reader_check(p->weights, n_dims, shape, "%s.weight", names[i]));
    TRY(parameters_place(p, l, p->half, n * n_names, k, b, &fill));
    if (!fill) goto done;
    TRY(MEM_RESERVE(w, (size_t)(n * n_names * k)));
    for (int i = 0; i < n_names; i++) {
        TRY(weight_reader_take(p->weights, &from, n_dims, shape, "%s.weight", names[i]));
        memcpy(w + i * n * k, from, (size_t)(n * k) * sizeof *w);
        mem_free(&from);
    }
    linear_pack(l, w);
done:
    mem_free(&from);
    mem_free(&w);
    return rc;
}

int parameters_vector(parameters *p, const float **out, int64_t n, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return values(p, out, 1, &n, (const char *const[]){name}, 1, "");
}

int parameters_shaped(parameters *p, const float **out, int n_dims, const int64_t *shape, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return values(p, out, n_dims, shape, (const char *const[]){name}, 1, "");
}

int parameters_linear(parameters *p, linear *l, int n_dims, const int64_t *shape, int bias, const char *format, ...)
{
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    return matrices(p, l, n_dims, shape, bias, (const char *const[]){name}, 1);
}

int parameters_joined(parameters *p, linear *l, int64_t n_each, int64_t k, int bias, const char *const *names,
                      int n_names)
{
    return matrices(p, l, 2, (const int64_t[]){n_each, k}, bias, names, n_names);
}

int parameters_norm(parameters *p, norm *l, int64_t n, float epsilon, const char *format, ...)
{
    int rc = OK;
    char name[NAME_BYTES];
    NAME_FROM(name, format);
    *l = (norm){.n = n, .epsilon = epsilon};
    TRY(values(p, &l->weight, 1, &n, (const char *const[]){name}, 1, ".weight"));
    TRY(values(p, &l->bias, 1, &n, (const char *const[]){name}, 1, ".bias"));
done:
    return rc;
}
