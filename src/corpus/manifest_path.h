/* Paths in a manifest: made relative to the corpus root, and kept inside it by their names (links are followed). Local.
 */
#pragma once

#include "corpus/row.h"

typedef struct manifest_root {
    char *given, *real; /* as configured, and without links; no slash at the end */
    int allow_outside;
} manifest_root;

/* Caller: manifest_root_free. ERR_CONFIG when the folder is not there; ERR_MEMORY. */
int manifest_root_make(const char *root, int allow_outside, manifest_root *out);
void manifest_root_free(manifest_root *r);

/* *out is the part of `path` below the root (an absolute path may start with the root; it stays absolute only outside
 * of it, where that is allowed). Returns NULL, or what is wrong with the path, for a message ("leaves the corpus
 * root"). */
const char *manifest_path(const manifest_root *root, text_view path, text_view *out);

/* The path without the ending of its name ("a/b.wav": "a/b"; "a/.wav" and "a.b/c" have none). */
text_view path_stem(text_view path);

/* The id that a folder would give this path: below the root and without its ending, unless `whole`. NULL where
 * manifest_path finds something wrong with it. Caller: mem_free. ERR_MEMORY. */
int manifest_path_id(const manifest_root *root, text_view path, int whole, char **id);
