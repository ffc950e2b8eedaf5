/* Files that a command line or a config names. Local unless it says otherwise. */
#pragma once

#include "codebook/codebook.h"
#include "par/par.h"
#include "store/matrix.h"

/* A codebook: a .h5 written here, or any matrix (store/matrix.h). ERR_CONFIG when it is none (a pickle is told apart
 * and never read), ERR_MEMORY. On success the caller owns the content of *out (codebook_free). */
int given_codebook(const char *path, codebook *out);

/* A matrix. ERR_CONFIG when it is none, ERR_MEMORY. Caller: matrix_close. */
int given_matrix(const char *path, matrix **out);

/* All ranks must see the matrix that rank 0 sees: a stale view of a file elsewhere would leave rows out. ERR_CONFIG.
 * Collective. */
int given_same_matrix(par *p, matrix *m, const char *path);

/* ERR_CONFIG with file and row, for row i of the matrix that has a value which is not finite. */
int given_not_finite(const matrix *m, int64_t i);

/* Make the folder of a file that is to be written. ERR_SPACE, ERR_IO, ERR_MEMORY. */
int given_make_folder_of(const char *path);

/* Whether the name of a file ends so, and has something before. */
int given_ends_with(const char *path, const char *ending);
