/* Training one codebook with checkpoints in the output folder: what trainings from a corpus and from a matrix share.
 *
 * state/train/NAME holds the checkpoints; state/train/NAME.hash says for which settings a result is finished. */
#pragma once

#include "codebook/kmeans.h"
#include "jobs/job.h"

enum { FIT_NAME_LIMIT = 32 }; /* bytes of a name */

/* The keys train.*, for K codes and the l2 metric. */
kmeans_options fit_options(const job *j, int64_t size, int64_t seed);

/* Train, going on where a life with the same hash was; progress is logged. *out as of kmeans_fit. Collective. */
int fit_run(job *j, const char *name, uint64_t hash, const kmeans_data *data, const kmeans_options *o, codebook *out);

/* Save codebooks/NAME.h5 and .npy and note that they are finished. ERR_SPACE, ERR_IO. Local (rank 0). */
int fit_commit(const job *j, uint64_t hash, int unread, const codebook *book);

/* Log how good it is. Collective. */
int fit_report(par *p, const codebook *book);

/* Whether the result OUT/`result` is there and was made with this hash. Local. */
int fit_is_current(const job *j, const char *name, const char *result, uint64_t hash);

/* Note that a result is finished; `unread`: it lacks a row that could not be read, for reasons outside its bytes.
 * fit_unread: whether it was so noted. fit_forget: the note goes, before the result does. Local. */
int fit_note(const job *j, const char *name, uint64_t hash, int unread);
int fit_unread(const job *j, const char *name);
int fit_forget(const job *j, const char *name);

/* Whether this rank was asked to stop; and, of ranks that stopped together, those who were asked say why (Collective).
 */
int fit_stop_flag(void *user);
int fit_say_why_stopped(par *p, int status);
