/* Which tars a corpus.path names: one file, a folder of them, or a pattern with {00..99}, {a,b}, *, ? and [a-z]. Braces
 * are taken in the order in which they stand, what * and its like match is sorted by bytes. Local. */
#pragma once

#include <stddef.h>

/* Whether the path has a character of patterns and no file has that very name. */
int tar_list_is_pattern(const char *path);

/* Whether the name ends as those of tars do, also of compressed ones; in patterns also before a last '}'. */
int tar_list_has_ending(const char *path);

/* Whether a folder holds tars (names that end in .tar) and nothing else but hidden names. */
int tar_list_is_folder(const char *path);

/* Bytes of a pattern up to the last slash before its first such character: the folder in which all its files are; 0:
 * the current one. */
size_t tar_list_folder(const char *pattern);

typedef struct tar_list {
    char **paths; /* (n) as given or found; the files are there, and are no folders */
    size_t n, capacity;
    long long n_other; /* names of a folder that do not end in .tar, hidden ones apart */
} tar_list;

/* Caller: tar_list_free. ERR_CONFIG: a file that is missing, a pattern that is wrong or matches nothing, more than a
 * million files, a name of a compressed tar. */
int tar_list_make(const char *path, tar_list *out);
void tar_list_free(tar_list *l);
