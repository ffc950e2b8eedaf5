/* The files that a benchmark runs over. Local. */
#pragma once

#include <stddef.h>

typedef struct bench_paths {
    char **paths;
    size_t n, capacity;
} bench_paths;

/* Add a file, or all regular files below a folder in the order of their names. ERR_CONFIG when it is
 * not there, ERR_IO, ERR_MEMORY. */
int bench_paths_add(bench_paths *b, const char *path);
void bench_paths_free(bench_paths *b);
