/* What the tests of the corpus share: a temporary folder with files, options, and rows as text. */
#pragma once

#include "corpus/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct fixture {
    char folder[64];
    char path[128], root[128]; /* what the options point to */
    corpus_options options;
    char *text; /* result of the dumps */
    size_t n, capacity;
} fixture;

/* cmocka set-up and tear-down: *state is a fixture, its corpus the folder "in" of a fresh temporary folder. */
int fixture_start(void **state);
int fixture_start_in_memory(
    void **state); /* where fsync costs nothing, if there is such a place: for many small files */
int fixture_stop(void **state);

/* Write a file below the temporary folder, with the folders on the way. */
void fixture_write(fixture *f, const char *file, const char *text);
void fixture_write_bytes(fixture *f, const char *file, const void *bytes, size_t n);

/* n bytes as one gzip member: mem_free. */
uint8_t *fixture_gzip(const void *bytes, size_t n, size_t *size);

/* The error with which the manifest is opened or read; OK when there is none. */
int fixture_error(fixture *f);

/* Let corpus.path point to this file or folder below the temporary folder. */
void fixture_corpus(fixture *f, const char *file);

/* "FOLDER/file" in f->text or a buffer of its own. */
const char *fixture_path(fixture *f, const char *file);

/* A row as one line: id, what differs from a plain row, "!" and the message of a rejected one. */
void fixture_add_row(fixture *f, const corpus_row *row);

/* All rows of the manifest as lines. Fails the test on an error. */
const char *fixture_rows(fixture *f);

/* Scan, build (the last segment first) and merge in the folder "STATE"; the first status that is not OK. */
int fixture_build(fixture *f, const char *state, corpus_probe probe, int (*tick)(void *user), void *user);

/* The same, opened; fails the test on an error. */
corpus_index *fixture_index(fixture *f, const char *state, corpus_probe probe, void *user);

/* All rows of an index as lines, "SPLIT ROW" before each. */
const char *fixture_index_rows(fixture *f, const corpus_index *x);
