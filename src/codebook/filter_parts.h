/* What vectors and centroids have in common for the filter: the projection, and int8 values with their residual. Local.
 */
#pragma once

#include "codebook/filter.h"

/* Loops that the compiler vectorises are compiled for several instruction sets; they hold no floating-point
 * contraction, so the variants agree. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FILTER_VARIANTS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FILTER_VARIANTS
#endif

/* Below this magnitude the step could be no normal number; such values count as residual. */
#define FILTER_LEAST 1e-30f

/* x - centre (n, d) into X; squared (n) |X|^2 in fp64. */
void filter_centre(const filter *f, const float *x, int64_t n, float *X, double *squared);

/* X (n, d) to y (n, lead + depth); without a basis y is X itself: returns what y is. */
const float *filter_project(const filter *f, const float *X, int64_t n, float *y);

/* Largest magnitude of n values, and the sum of their squares. */
float filter_range(const filter *f, const float *y, int64_t n, double *squared);

/* y (n) by steps of s to whole numbers of at most 127 plus `shift`; returns the sum of the squared residuals, rounded
 * up. *squared: of the rounded values, in steps. */
double filter_round(const filter *f, const float *y, int64_t n, float s, int shift, uint8_t *q, int64_t *squared);

/* Squared length outside the row space, rounded up, from |X|^2 and |y|^2. */
double filter_outside(const filter *f, double whole, double inside);
