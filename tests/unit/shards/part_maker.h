/* Part files of made examples, for the tests of this folder. */
#pragma once

#include "example_maker.h"
#include "shards/part.h"

enum { MOST_PARTS = 64 };

typedef struct part_set {
    char *paths[MOST_PARTS];
    int64_t units[MOST_PARTS];
    size_t n;
} part_set;

/* Begin a part (unit = its number in the set); add rows with part_writer_add; end it. */
part_writer *part_begin(part_set *p, int64_t piece_position, int64_t first, int64_t last);
void part_end(part_set *p, const char *folder, part_writer **w);

/* Rows 0 .. n - 1 of make_example in `cuts` parts of about equal length. Caller: part_set_free. */
void part_set_make(part_set *p, const char *folder, int64_t n, int cuts, int reduced);
void part_set_free(part_set *p);

/* A new folder, in memory where there is such a file system (these tests commit many files): its name in *out. Whether
 * it worked. */
int make_folder(const char *name, char out[64]);

/* The whole file; the test fails if it cannot be read. Caller: mem_free. */
char *read_text(const char *path, size_t *n);
