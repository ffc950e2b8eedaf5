/* A codebook from a matrix of vectors of any origin (train.data) in place of a corpus. */
#pragma once

#include "jobs/job.h"

/* Train OUT/codebooks/NAME.h5 and .npy, or say with --dry-run what would be done. Collective. */
int train_matrix(job *j);
