#include "par/par_node.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "par/mpi_check.h"
#include "par/par_window.h"

#include <string.h>

enum {
    WINDOW = PAR_NODE_WINDOW / sizeof(int64_t), /* elements of a chunk */
    LINE = 64 / sizeof(int64_t)                 /* elements of a cache line: slices end at one */
};

typedef struct block {
    par_window window;
    struct block *next;
} block;

struct par_node {
    par *p;
    int shares, rank, size;
    int n_peers;         /* nodes */
    int n_helpers;       /* ranks that each node sends over the network: as many as the smallest node has */
    MPI_Comm node;       /* this rank's node */
    MPI_Comm peers;      /* the ranks with this one's number on all nodes; null beyond n_helpers */
    par_window exchange; /* the sums of a chunk, then what each rank adds */
    block *blocks;
};

static void make_communicators(par_node *n, int ranks_per_node)
{
    par *p = n->p;
    MPI_CHECK(p, MPI_Comm_split_type(p->world, MPI_COMM_TYPE_SHARED, p->rank, MPI_INFO_NULL, &n->node));
    if (ranks_per_node > 0) {
        int rank;
        MPI_Comm machine = n->node;
        MPI_CHECK(p, MPI_Comm_rank(machine, &rank));
        MPI_CHECK(p, MPI_Comm_split(machine, rank / ranks_per_node, rank, &n->node));
        MPI_CHECK(p, MPI_Comm_free(&machine));
    }
    MPI_CHECK(p, MPI_Comm_rank(n->node, &n->rank));
    MPI_CHECK(p, MPI_Comm_size(n->node, &n->size));
    n->n_helpers = (int)-par_max_one(p, -n->size);
    MPI_CHECK(p, MPI_Comm_split(p->world, n->rank < n->n_helpers ? n->rank : MPI_UNDEFINED, p->rank, &n->peers));
    if (n->peers != MPI_COMM_NULL) MPI_CHECK(p, MPI_Comm_size(n->peers, &n->n_peers));
}

static void free_communicators(par_node *n)
{
    if (n->peers != MPI_COMM_NULL) MPI_CHECK(n->p, MPI_Comm_free(&n->peers));
    if (n->node != MPI_COMM_NULL) MPI_CHECK(n->p, MPI_Comm_free(&n->node));
}

int par_node_create(par_node **out, par *p) { return par_node_create_as(out, p, 0, 1); }

int par_node_create_as(par_node **out, par *p, int ranks_per_node, int share)
{
    int rc = OK;
    par_node *n = NULL;
    *out = NULL;
    TRY(par_agree(p, MEM_ALLOC(n, 1)));
    n->p = p;
    make_communicators(n, ranks_per_node);
    if (share && par_max_one(p, n->size) > 1) {
        size_t bytes = ((size_t)n->size + 1) * PAR_NODE_WINDOW;
        n->shares = par_window_open(p, n->node, bytes, &n->exchange) == OK;
        if (!n->shares) LOG_JOB(LOG_WARN, "each rank works alone: %s", status_message());
    }
    if (!n->shares) {
        free_communicators(n);
        n->rank = 0;
        n->size = 1;
    }
    *out = n;
    n = NULL;
done:
    mem_free(&n);
    return rc;
}

void par_node_free(par_node **pn)
{
    par_node *n = *pn;
    if (!n) return;
    if (n->blocks) PAR_BUG(n->p, "par_node_free: a block was not released");
    par_window_close(n->p, &n->exchange);
    free_communicators(n);
    mem_free(pn);
}

int par_node_shares(const par_node *n) { return n->shares; }
int par_node_rank(const par_node *n) { return n->rank; }
int par_node_size(const par_node *n) { return n->size; }

static void sync_all(const par_node *n)
{
    par_window_sync(n->p, &n->exchange);
    for (const block *b = n->blocks; b; b = b->next) par_window_sync(n->p, &b->window);
}

void par_node_barrier(par_node *n)
{
    if (!n->shares) return;
    sync_all(n);
    MPI_CHECK(n->p, MPI_Barrier(n->node));
    sync_all(n);
}

/* Part i of n elements, of which there are `parts`, some of the last ones empty. */
static void slice(size_t n, int parts, int i, size_t *from, size_t *to)
{
    size_t each = (n + (size_t)parts - 1) / (size_t)parts;
    each = (each + LINE - 1) / LINE * LINE;
    *from = each * (size_t)i < n ? each * (size_t)i : n;
    *to = n - *from < each ? n : *from + each;
}

/* The sums of this rank's slice over the node. Unsigned: sums may pass beyond 63 bits and come back. */
static void sum_slice(const par_node *n, size_t from, size_t to)
{
    uint64_t *sums = (uint64_t *)n->exchange.at;
    const uint64_t *added = sums + WINDOW;
    memcpy(sums + from, added + from, (to - from) * sizeof *sums);
    for (int r = 1; r < n->size; r++) {
        added += WINDOW;
        for (size_t i = from; i < to; i++) sums[i] += added[i];
    }
}

/* One chunk. No barrier is needed at the end: before the first one of the next chunk a rank writes only what it adds,
 * which nobody reads after the last one of this chunk, and the sums are written again only after the next chunk's first
 * one, which each rank enters with its copy made. */
static void sum_chunk(par_node *n, int64_t *values, size_t n_values)
{
    int64_t *sums = (int64_t *)n->exchange.at;
    size_t from, to;
    memcpy(sums + WINDOW * (size_t)(1 + n->rank), values, n_values * sizeof *values);
    par_node_barrier(n);
    slice(n_values, n->size, n->rank, &from, &to);
    sum_slice(n, from, to);
    if (n->size != n->n_helpers) { /* slices of the network are not those of this node */
        par_node_barrier(n);
        slice(n_values, n->n_helpers, n->rank, &from, &to);
    }
    if (n->n_peers > 1 && from < to)
        MPI_CHECK(n->p, MPI_Allreduce(MPI_IN_PLACE, sums + from, (int)(to - from), MPI_INT64_T, MPI_SUM, n->peers));
    par_node_barrier(n);
    memcpy(values, sums, n_values * sizeof *values);
}

void par_node_sum(par_node *n, int64_t *values, size_t n_values)
{
    if (!n->shares) {
        par_sum(n->p, values, n_values);
        return;
    }
    for (size_t at = 0; at < n_values; at += WINDOW)
        sum_chunk(n, values + at, n_values - at < WINDOW ? n_values - at : WINDOW);
}

int par_node_alloc(par_node *n, size_t bytes, void **shared)
{
    int rc = OK;
    block *b = NULL;
    *shared = NULL;
    if (!n->shares) {
        TRY(par_agree(n->p, mem_alloc(shared, bytes, 1)));
        goto done;
    }
    TRY(par_agree(n->p, MEM_ALLOC(b, 1)));
    TRY(par_window_open(n->p, n->node, bytes, &b->window));
    *shared = b->window.at;
    b->next = n->blocks;
    n->blocks = b;
    b = NULL;
done:
    if (rc != OK && !n->shares) mem_free(shared);
    mem_free(&b);
    return rc;
}

void par_node_release(par_node *n, void **shared)
{
    if (!n->shares) mem_free(shared);
    if (!*shared) return;
    block **at = &n->blocks;
    while (*at && (*at)->window.at != *shared) at = &(*at)->next;
    if (!*at) PAR_BUG(n->p, "par_node_release: not a block of this node");
    block *b = *at;
    *at = b->next;
    par_window_close(n->p, &b->window);
    mem_free(&b);
    *shared = NULL;
}
