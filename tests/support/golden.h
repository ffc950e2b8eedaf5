/* Reference tensors for tests: reads a safetensors file (8 bytes little-endian header length, JSON header, raw
 * little-endian data).
 *
 * A test can do nothing useful without its reference, so what is missing, of another type or damaged ends the program
 * with a message and exit code 1. Everything returned is owned by the golden until golden_close. Little-endian machines
 * only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum golden_type {
    GOLDEN_F64,
    GOLDEN_F32,
    GOLDEN_F16,
    GOLDEN_BF16,
    GOLDEN_I64,
    GOLDEN_I32,
    GOLDEN_I16,
    GOLDEN_U8,
    GOLDEN_I8,
    GOLDEN_BOOL
} golden_type;

enum { GOLDEN_MAX_RANK = 8 };

typedef struct golden_tensor {
    const char *name;
    golden_type type;
    size_t rank;
    int64_t shape[GOLDEN_MAX_RANK]; /* 1 behind the rank */
    size_t n;                       /* elements: product of the shape, 1 for a scalar */
    const void *data;               /* aligned to 8 bytes */
} golden_tensor;

typedef struct golden golden;

/* Whole file; `path` is usually GOLDEN_DIR "/case/expect.safetensors". Tensors are in the order of their names. */
golden *golden_open(const char *path);
void golden_close(golden *g);
size_t golden_count(const golden *g);
const golden_tensor *golden_at(const golden *g, size_t i);

/* By name; golden_find gives NULL where there is none. */
const golden_tensor *golden_find(const golden *g, const char *name);
const golden_tensor *golden_get(const golden *g, const char *name);

/* Elements of a tensor of that type; *n (may be NULL) gets their number. */
const float *golden_f32(const golden *g, const char *name, size_t *n);
const double *golden_f64(const golden *g, const char *name, size_t *n);
const int32_t *golden_i32(const golden *g, const char *name, size_t *n);
const uint8_t *golden_u8(const golden *g, const char *name, size_t *n);

/* Largest |got - want|; infinite where one is not a number and the other is. */
double golden_max_difference(const float *got, const float *want, size_t n);

/* Root of the mean square. */
double golden_rms(const float *x, size_t n);
