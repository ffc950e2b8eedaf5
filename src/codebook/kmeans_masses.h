/* Squared distances of vectors to the nearest seed as integers, so that sums over ranks are exact, and what they would
 * be with one seed more: the inner loop of k-means++.
 *
 * Distances come from lengths and panel products, which are the same on every processor. A vector equal to a seed has
 * the mass 0 exactly, since its length comes from the same chain of additions as the product. Local. */
#pragma once

#include "tensor/panel.h"

#include <stddef.h>
#include <stdint.h>

enum { KMEANS_MASS_PART = 48 * 85 }; /* vectors whose products stay in the cache */

typedef struct kmeans_masses {
    int64_t n, d;
    int64_t n_trials;     /* at most, at a time */
    int64_t n_parts;      /* of KMEANS_MASS_PART vectors, the last one shorter */
    panel **parts;        /* (n_parts) */
    float *lengths;       /* (n) squared */
    int64_t *mass;        /* (n) times scale; the largest integer before there is a seed */
    int64_t *blocks;      /* sums of some masses that follow each other, so that draws find theirs quickly */
    double scale;         /* power of two: the sum of all masses is below 2^62 */
    int small;            /* whether each mass is below 2^51 */
    float *trial_lengths; /* (n_trials) squared */
    float *products;      /* (n_trials, n) */
} kmeans_masses;

/* For n vectors of d values. A zeroed struct is safe to free. ERR_MEMORY, ERR_LIMIT. Caller: kmeans_masses_free. */
int kmeans_masses_create(kmeans_masses *m, int64_t n, int64_t d, int64_t n_trials);
void kmeans_masses_free(kmeans_masses *m);

/* The vectors of a part, x (vectors, d). ERR_MEMORY. */
int kmeans_masses_load(kmeans_masses *m, int64_t part, const float *x);

/* Squared length of the longest vector here. All parts are loaded. */
double kmeans_masses_longest(const kmeans_masses *m);

/* The scale, from the number of vectors and the longest of all ranks. */
void kmeans_masses_scale(kmeans_masses *m, int64_t n_all, double longest);

/* sums (n): of the masses here, were trial t (trials (n, d)) the next seed. */
void kmeans_masses_try(kmeans_masses *m, const float *trials, int64_t n, int64_t *sums);

/* Trial t of the latest kmeans_masses_try becomes a seed. */
void kmeans_masses_take(kmeans_masses *m, int64_t t);

/* The vector in which `target` falls, when the masses are laid end to end; 0 <= target < their sum. */
int64_t kmeans_masses_find(const kmeans_masses *m, int64_t target);
