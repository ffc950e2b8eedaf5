/* The names of one folder in the order in which a corpus takes them: by the bytes of their paths, so that "a-b" comes
 * before what is in the folder "a", which comes before "a0". Local. */
#pragma once

#include "corpus/media_type.h"

#include <stdint.h>
#include <sys/stat.h>

typedef struct folder_name {
    size_t at; /* of the name in `text`; zero-terminated */
    uint32_t n, stem_n;
    int is_folder;      /* also by a link */
    media_type type;    /* of a file */
    size_t first, next; /* the files with the same stem: the first, and the one after this; SIZE_MAX: none */
} folder_name;

typedef struct folder_listing {
    char *text;
    folder_name *names; /* (n) hidden names and files of other types are left out */
    size_t n;
    int64_t n_hidden, n_other;
    char other[64];   /* one file of another type */
    struct stat here; /* of the folder */
} folder_listing;

/* Caller: folder_listing_free. ERR_CONFIG when the folder cannot be read; ERR_MEMORY. */
int folder_list(const char *path, folder_listing *out);
void folder_listing_free(folder_listing *l);

static inline const char *folder_name_text(const folder_listing *l, const folder_name *n) { return l->text + n->at; }

/* Whether a file of the listing has exactly this name. */
int folder_has_file(const folder_listing *l, const char *file, size_t n);
