#include "par/par_window.h"

#include "base/status.h"
#include "par/mpi_check.h"

#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

enum {
    ALIGN = 64,
    PAGE = 4096,
    SLACK = 1 << 20, /* what MPI keeps beside the block, generously; bytes */
    GIVE_UP_S = 30,  /* a rank that has no window waits so long for the others of its node to return */
    POLL_NS = 10000000
};

/* Whether the node can have the block at all, asked by its first rank before MPI is: when Open MPI 4 finds too little
 * space, it returns on that rank and leaves the others waiting inside of MPI_Win_allocate_shared. */
static int room(size_t bytes, int rank, int size)
{
    int rc = OK;
    struct statvfs f;
    if (bytes > SIZE_MAX / 2 - SLACK) FAIL(ERR_MEMORY, "no shared memory for %zu bytes", bytes);
    /* f_blocks 0: a file system without a limit */
    if (rank == 0 && size > 1 && statvfs("/dev/shm", &f) == 0 && f.f_blocks > 0) {
        double left = (double)f.f_bavail * (double)f.f_frsize;
        if ((double)bytes + SLACK > left)
            FAIL(ERR_MEMORY, "no shared memory for %zu bytes: /dev/shm has %.0f left", bytes, left);
    }
done:
    return rc;
}

/* Whether all ranks of the node made it. The wait of a rank that did not ends, so that a job hangs in no case. */
static int all_made(const par *p, MPI_Comm node, int made)
{
    int all = 0, over = 0;
    MPI_Request request;
    MPI_CHECK(p, MPI_Iallreduce(&made, &all, 1, MPI_INT, MPI_MIN, node, &request));
    for (int64_t turns = 0; !made && !over; turns++) {
        MPI_CHECK(p, MPI_Test(&request, &over, MPI_STATUS_IGNORE));
        if (turns > GIVE_UP_S * (INT64_C(1000000000) / POLL_NS))
            PAR_BUG(p, "no shared memory on this rank, and the others of its node do not come back");
        if (!over) nanosleep(&(struct timespec){0, POLL_NS}, NULL);
    }
    if (!over) MPI_CHECK(p, MPI_Wait(&request, MPI_STATUS_IGNORE));
    return all;
}

/* The window's block as this rank sees it. The same distance from the window's start on all ranks: each has it at the
 * start of a page. */
static char *find_block(const par *p, MPI_Comm node, MPI_Win win)
{
    MPI_Aint bytes;
    int unit;
    char *base;
    MPI_CHECK(p, MPI_Win_shared_query(win, 0, &bytes, &unit, &base));
    int pad = (int)(-(uintptr_t)base % ALIGN), of_first = pad;
    MPI_CHECK(p, MPI_Bcast(&of_first, 1, MPI_INT, 0, node));
    if (pad != of_first) PAR_BUG(p, "a shared window lies differently on the ranks of a node");
    return base + pad;
}

/* Zero one rank's share. A page that has been written is there to stay: space that others take later cannot be missing
 * then, and the pages are near to the rank that touched them first. */
static void touch(char *at, size_t bytes, int rank, int size)
{
    size_t share = (bytes / (size_t)size + PAGE) / PAGE * PAGE, from = share * (size_t)rank;
    if (from < bytes) memset(at + from, 0, bytes - from < share ? bytes - from : share);
}

int par_window_open(par *p, MPI_Comm node, size_t bytes, par_window *out)
{
    int rc = OK, rank, size;
    char *base;
    MPI_Win win;
    *out = (par_window){NULL, MPI_WIN_NULL};
    MPI_CHECK(p, MPI_Comm_rank(node, &rank));
    MPI_CHECK(p, MPI_Comm_size(node, &size));
    TRY(par_agree(p, room(bytes, rank, size)));

    /* the first rank backs all of it */
    MPI_Aint part = rank == 0 ? (MPI_Aint)(bytes + ALIGN) : 0;
    MPI_CHECK(p, MPI_Comm_set_errhandler(node, MPI_ERRORS_RETURN));
    int made = MPI_Win_allocate_shared(part, 1, MPI_INFO_NULL, node, &base, &win) == MPI_SUCCESS;
    MPI_CHECK(p, MPI_Comm_set_errhandler(node, MPI_ERRORS_ARE_FATAL));
    int all = all_made(p, node, made);
    if (!all) rc = status_set(ERR_MEMORY, __FILE__, __LINE__, "MPI has no shared memory for %zu bytes", bytes);
    rc = par_agree(p, rc);
    if (rc != OK && all) MPI_CHECK(p, MPI_Win_free(&win)); /* a window that only some have cannot be freed */
    if (rc != OK) goto done;

    out->win = win;
    out->at = find_block(p, node, win);
    MPI_CHECK(p, MPI_Win_lock_all(MPI_MODE_NOCHECK, win));
    touch(out->at, bytes, rank, size);
    par_window_sync(p, out);
    MPI_CHECK(p, MPI_Barrier(node));
    par_window_sync(p, out);
done:
    return rc;
}

void par_window_sync(const par *p, const par_window *w) { MPI_CHECK(p, MPI_Win_sync(w->win)); }

void par_window_close(const par *p, par_window *w)
{
    if (!w->at) return;
    MPI_CHECK(p, MPI_Win_unlock_all(w->win));
    MPI_CHECK(p, MPI_Win_free(&w->win));
    w->at = NULL;
}
