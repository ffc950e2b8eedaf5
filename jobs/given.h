/* Files that a command line names. Local. */
#pragma once

#include "codebook/codebook.h"

/* A codebook: a .h5 written here, or a .npy. ERR_CONFIG when it is none (a pickle is told apart and never read),
 * ERR_MEMORY. On success the caller owns the content of *out (codebook_free). */
int given_codebook(const char *path, codebook *out);

/* Make the folder of a file that is to be written. ERR_SPACE, ERR_IO, ERR_MEMORY. */
int given_make_folder_of(const char *path);

/* Whether the name of a file ends so, and has something before. */
int given_ends_with(const char *path, const char *ending);
