/* Shards with planted faults, for the tests of this folder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Overwrite bytes of an unfiltered dataset in place. */
void shard_patch(const char *path, const char *dataset, size_t offset, const void *bytes, size_t n);

typedef enum edit_action { EDIT_DROP, EDIT_SHORTEN, EDIT_WIDEN, EDIT_ATTRIBUTE } edit_action;

typedef struct edit {
    const char *object;    /* dataset; group of the attribute */
    edit_action action;    /* leave out; without its last row; as another type; with another value */
    const char *attribute; /* texts get another first letter, numbers 1 more */
} edit;

/* Copy a shard with one change; `change` NULL: none. */
void shard_copy(const char *from, const char *to, const edit *change);
