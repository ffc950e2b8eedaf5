/* Members of a tar as the samples of WebDataset: those that follow each other and have the same key. The key is the
 * path up to the first dot of its last name, without "./" before it; the rest is the suffix, in any case of letters.
 * Local. */
#pragma once

#include "corpus/row.h"
#include "corpus/tar_reader.h"

enum { TAR_PARTS = 64 };

typedef enum tar_role { /* the first three as media_kind */
                        TAR_AUDIO = MEDIA_AUDIO,
                        TAR_IMAGE = MEDIA_IMAGE,
                        TAR_SENSOR = MEDIA_SENSOR, /* .npy */
                        TAR_TEXT,                  /* .txt */
                        TAR_JSON,                  /* .json */
                        TAR_CLASS,                 /* .cls */
                        TAR_OTHER,
                        N_TAR_ROLES
} tar_role;

typedef struct tar_part {
    tar_role role;
    char *name;         /* of the member, as it is */
    const char *suffix; /* in it, behind the dot */
    int64_t offset, size;
} tar_part;

typedef struct tar_sample {
    char *key;
    tar_part parts[TAR_PARTS];
    size_t n;
    char *content[N_TAR_ROLES]; /* of .txt, .json and .cls; zero-terminated; NULL: none */
    size_t content_n[N_TAR_ROLES];
    int status; /* OK, or what is wrong with the sample (item error) */
    char message[256];
} tar_sample;

typedef struct tar_counts {
    int64_t n_other, n_links; /* members that are passed over: of other suffixes or without, links among these */
    char other[64];           /* one of them */
} tar_counts;

/* The next sample with a part that is known; *got = 0 at the end. A zeroed sample is safe to fill and to free. Members
 * that are passed over are added to the counts. ERR_FORMAT: what follows is no header; ERR_ENVIRONMENT, ERR_MEMORY. */
int tar_sample_next(tar_reader *t, tar_sample *s, tar_counts *counts, int *got);
void tar_sample_free(tar_sample *s);

/* Parts of a role. */
int tar_sample_count(const tar_sample *s, tar_role role);
