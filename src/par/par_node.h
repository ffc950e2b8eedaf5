/* The ranks of one node together: sums in two levels (within the node through shared memory, then across nodes), and
 * blocks of memory that a node has once.
 *
 * The node of a par_node is the set of ranks that share. Where that cannot be had (each node has one rank, or some node
 * has too little shared memory), all ranks of the job agree to go without: every rank then is a node of its own, of
 * size 1, with private blocks and plain reductions, and callers need no second path. */
#pragma once

#include "par/par.h"

typedef struct par_node par_node;

/* What a rank puts into the node's exchange memory at a time, bytes. A node of R ranks holds R + 1 times this, whatever
 * the length of the sums. Measured best of 64 KiB to 2 MiB: the chunk and its sums stay in a cache of 1 MiB per core.
 */
enum { PAR_NODE_WINDOW = 1 << 19 };

/* The nodes of the job, as the machine has them. `p` is borrowed until par_node_free. ERR_MEMORY, with *out NULL, only
 * for lack of private memory. Collective. */
int par_node_create(par_node **out, par *p);

/* The same with a pretended layout: each machine's ranks, `ranks_per_node` at a time, make a node (0: all of them);
 * with `share` 0 as if no memory could be shared. Same values on all ranks. For tests. Collective. */
int par_node_create_as(par_node **out, par *p, int ranks_per_node, int share);

/* All blocks must have been released. NULL is allowed (on all ranks). Collective. */
void par_node_free(par_node **n);

/* Whether memory is shared (the same answer on all ranks of the job); this rank's number within its node, from 0, and
 * how many it has: 0 and 1 when nothing is shared. Local. */
int par_node_shares(const par_node *n);
int par_node_rank(const par_node *n);
int par_node_size(const par_node *n);

/* Element-wise sums of 64-bit integers over all ranks of the job, on every rank, modulo 2^64: the same bits as par_sum.
 * `n` is the same on all ranks, any length. Each node sends one copy over the network, not one a rank. Collective. */
void par_node_sum(par_node *n, int64_t *values, size_t n_values);

/* A zeroed block of `bytes` bytes (the same on all ranks of a node), aligned to 64, one per node and seen by all its
 * ranks, each at an address of its own. Who writes what is the caller's business; par_node_barrier makes it seen.
 * ERR_MEMORY on all ranks, with *shared NULL. The caller releases it, all ranks in the same order. Collective (job). */
int par_node_alloc(par_node *n, size_t bytes, void **shared);

/* Give a block back and set *shared to NULL; NULL is allowed (on all ranks of the node). Collective (node). */
void par_node_release(par_node *n, void **shared);

/* What any rank of the node wrote to its blocks before, all of them see after. Collective (node). */
void par_node_barrier(par_node *n);
