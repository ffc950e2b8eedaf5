#include "par/par.h"

#include "base/memory.h"
#include "base/status.h"
#include "par/mpi_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 24 }; /* elements per MPI call: counts of MPI-3.1 are int */

void par_start(par *p, int *argc, char ***argv)
{
    int provided;
    MPI_Comm local, leaders;
    *p = (par){0};
    MPI_CHECK(p, MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided));
    p->world = MPI_COMM_WORLD;
    MPI_CHECK(p, MPI_Comm_rank(MPI_COMM_WORLD, &p->rank));
    MPI_CHECK(p, MPI_Comm_size(MPI_COMM_WORLD, &p->size));

    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int n = 0;
    MPI_CHECK(p, MPI_Get_processor_name(name, &n));
    /* several Slurm nodes may share one host name (tests do): Slurm's own name tells them apart */
    const char *slurm = getenv("SLURMD_NODENAME");
    snprintf(p->host, sizeof p->host, "%.63s", slurm && *slurm ? slurm : name);

    MPI_CHECK(p, MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, p->rank, MPI_INFO_NULL, &local));
    MPI_CHECK(p, MPI_Comm_rank(local, &p->node_rank));
    MPI_CHECK(p, MPI_Comm_split(MPI_COMM_WORLD, p->node_rank == 0 ? 0 : MPI_UNDEFINED, p->rank, &leaders));
    int node[2] = {0, 0};
    if (leaders != MPI_COMM_NULL) {
        MPI_CHECK(p, MPI_Comm_rank(leaders, &node[0]));
        MPI_CHECK(p, MPI_Comm_size(leaders, &node[1]));
        MPI_CHECK(p, MPI_Comm_free(&leaders));
    }
    MPI_CHECK(p, MPI_Bcast(node, 2, MPI_INT, 0, local));
    MPI_CHECK(p, MPI_Comm_free(&local));
    p->node = node[0];
    p->n_nodes = node[1];
}

int par_finish(par *p, int exit_code)
{
    /* nobody leaves before the others have flushed: a launcher may kill them at the first exit */
    par_barrier(p);
    MPI_CHECK(p, MPI_Finalize());
    return p->rank == 0 ? exit_code : 0;
}

int par_agree(par *p, int status)
{
    struct {
        int status, rank;
    } mine = {status, p->rank}, worst;
    MPI_CHECK(p, MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, p->world));
    if (worst.status == OK) return OK;
    char message[1024];
    snprintf(message, sizeof message, "%s", p->rank == worst.rank ? status_message() : "");
    MPI_CHECK(p, MPI_Bcast(message, sizeof message, MPI_CHAR, worst.rank, p->world));
    if (p->rank == worst.rank) return worst.status;
    return status_set(worst.status, __FILE__, __LINE__, "%s", message);
}

void par_broadcast(par *p, void *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t part = n - at < CHUNK ? n - at : CHUNK;
        MPI_CHECK(p, MPI_Bcast((char *)bytes + at, (int)part, MPI_BYTE, 0, p->world));
    }
}

int par_share(par *p, char **bytes, size_t *n)
{
    int rc = OK;
    uint64_t size = p->rank == 0 ? *n : 0;
    par_broadcast(p, &size, sizeof size);
    if (p->rank != 0) rc = mem_alloc((void **)bytes, (size_t)size + 1, 1);
    *n = (size_t)size;
    TRY(par_agree(p, rc));
    par_broadcast(p, *bytes, *n);
done:
    return rc;
}

void par_sum(par *p, int64_t *values, size_t n)
{
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t part = n - at < CHUNK ? n - at : CHUNK;
        MPI_CHECK(p, MPI_Allreduce(MPI_IN_PLACE, values + at, (int)part, MPI_INT64_T, MPI_SUM, p->world));
    }
}

int64_t par_sum_one(par *p, int64_t value)
{
    par_sum(p, &value, 1);
    return value;
}

void par_max(par *p, double *values, size_t n)
{
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t part = n - at < CHUNK ? n - at : CHUNK;
        MPI_CHECK(p, MPI_Allreduce(MPI_IN_PLACE, values + at, (int)part, MPI_DOUBLE, MPI_MAX, p->world));
    }
}

int64_t par_max_one(par *p, int64_t value)
{
    MPI_CHECK(p, MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, p->world));
    return value;
}

void par_gather_all(par *p, const void *mine, size_t n, void *all)
{
    if (n > CHUNK) PAR_BUG(p, "par_gather_all: block too large");
    MPI_CHECK(p, MPI_Allgather(mine, (int)n, MPI_BYTE, all, (int)n, MPI_BYTE, p->world));
}

int64_t par_prefix(par *p, int64_t value)
{
    int64_t before = 0;
    MPI_CHECK(p, MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, p->world));
    return p->rank == 0 ? 0 : before; /* rank 0's result is undefined in MPI */
}

void par_barrier(par *p) { MPI_CHECK(p, MPI_Barrier(p->world)); }

void par_abort(const par *p, int code, const char *file, int line, const char *text)
{
    fprintf(stderr, "tessera: rank %d on %s: %s:%d: %s\n", p->rank, p->host, file, line, text);
    MPI_Abort(MPI_COMM_WORLD, code);
    abort();
}
