/* Ranks: start and stop, agreement, reductions, broadcasts. The only folder (with jobs/) that ends the process.
 *
 * MPI errors are bugs of the run, not of the data: they print rank, host, file and line and abort the job. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct par {
    int rank, size;
    int node;      /* number of this rank's node, from 0 */
    int node_rank; /* rank within the node; 0 leads it */
    int n_nodes;
    char host[64];
    void *world; /* MPI_Comm of the job */
} par;

/* MPI_Init_thread (funneled) and the layout of nodes. Collective. */
void par_start(par *p, int *argc, char ***argv);

/* MPI_Finalize. Returns the exit code on rank 0 and 0 elsewhere: launchers kill the others at the first non-zero exit.
 * Collective. */
int par_finish(par *p, int exit_code);

/* All ranks leave with the worst (lowest) status of any; the message of the lowest rank that has it becomes everybody's
 * status_message. The only place where one rank's error becomes the job's. Collective. */
int par_agree(par *p, int status);

/* Bytes from rank 0 to all; par_share sends a block whose size only rank 0 knows (others get new memory with a final
 * zero byte, mem_free). ERR_MEMORY. Collective. */
void par_broadcast(par *p, void *bytes, size_t n);
int par_share(par *p, char **bytes, size_t *n);

/* Element-wise sums of 64-bit integers over all ranks, any length: same bits for any number of ranks. Collective. */
void par_sum(par *p, int64_t *values, size_t n);
int64_t par_sum_one(par *p, int64_t value);
void par_max(par *p, double *values, size_t n);
int64_t par_max_one(par *p, int64_t value);

/* Everybody's block of n bytes, in rank order, on every rank: `all` holds size * n bytes. Collective. */
void par_gather_all(par *p, const void *mine, size_t n, void *all);

/* Sum over the ranks before this one. Collective. */
int64_t par_prefix(par *p, int64_t value);

void par_barrier(par *p);

/* End the job at once with this exit code, printing rank, host, file and line: broken invariants only. Local. */
void par_abort(const par *p, int code, const char *file, int line, const char *text) __attribute__((noreturn));
#define PAR_BUG(p, text) par_abort((p), 1, __FILE__, __LINE__, (text))
