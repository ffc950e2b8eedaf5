/* One block of memory that the ranks of a node share: an MPI window, opened for loads and stores of everybody from its
 * creation to its end. For par_node.c. */
#pragma once

#include "par/par.h"

#include <mpi.h>

typedef struct par_window {
    char *at; /* the block as this rank sees it, aligned to 64 bytes; NULL: none */
    MPI_Win win;
} par_window;

/* A zeroed block of `bytes` bytes (the same on all ranks of a node; 0 is allowed) on every node, where `node` joins the
 * ranks of one; each rank touches its share of the pages first. Caller: par_window_close. ERR_MEMORY on all ranks of
 * the job, with out->at NULL, when a node cannot share that much. Collective (job). */
int par_window_open(par *p, MPI_Comm node, size_t bytes, par_window *out);

/* Order this rank's loads and stores before it against those after it; with a barrier between two of them, what a rank
 * wrote before is seen by all after. Local. */
void par_window_sync(const par *p, const par_window *w);

/* End of the block for all; w->at NULL is allowed, and is what it leaves. Collective (node). */
void par_window_close(const par *p, par_window *w);
