#include "corpus/duplicate_rows.h"

#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int make_file(duplicate_rows *d, const char *folder, const char *stem)
{
    int rc = OK;
    char *path = NULL;
    TRY(mem_format(&path, "%s/%s-duplicates", folder, stem));
    TRY(file_temporary(&d->path, path));
    d->fd = open(d->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (d->fd < 0 || ftruncate(d->fd, (off_t)d->n_rows * (off_t)sizeof(int64_t)) != 0)
        FAIL(status_from_errno(errno), "cannot create %s: %s", d->path, strerror(errno));
done:
    mem_free(&path);
    return rc;
}

/* The entries come sorted by id, then row: the first of equal ids is the first row of the manifest. The number stored
 * is the first row + 1, so that a hole says "none". */
static int take(void *user, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    duplicate_rows *d = user;
    id_entry e;
    memcpy(&e, bytes, sizeof e);
    if (e.number < 0 || e.number >= d->n_rows) FAIL(ERR_CORRUPT, "a run of ids names row %lld", (long long)e.number);
    if (!d->any || e.high != d->first.high || e.low != d->first.low) {
        d->first = e;
        d->any = 1;
        return OK;
    }
    int64_t first = d->first.number + 1;
    if (pwrite(d->fd, &first, sizeof first, (off_t)e.number * (off_t)sizeof first) != (ssize_t)sizeof first)
        FAIL(status_from_errno(errno ? errno : ENOSPC), "cannot write %s: %s", d->path, strerror(errno));
    d->n_duplicates++;
done:
    return rc;
}

int duplicate_rows_find(duplicate_rows *d, const run_merge_job *ids, int64_t n_rows)
{
    int rc = OK;
    run_merge_job job = *ids;
    *d = (duplicate_rows){.fd = -1, .n_rows = n_rows};
    TRY(make_file(d, job.folder, job.stem));
    job.sink = take;
    job.sink_user = d;
    TRY(run_merge(&job));
    if (d->n_duplicates) TRY(file_map(d->path, &d->map));
done:
    return rc;
}

void duplicate_rows_close(duplicate_rows *d)
{
    file_unmap(&d->map);
    if (d->path) {
        if (d->fd >= 0) close(d->fd);
        unlink(d->path);
    }
    mem_free(&d->path);
    *d = (duplicate_rows){.fd = -1};
}

int64_t duplicate_rows_first(const duplicate_rows *d, int64_t row)
{
    int64_t first;
    size_t at = (size_t)row * sizeof first;
    if (row < 0 || d->map.n < sizeof first || at > d->map.n - sizeof first) return -1;
    memcpy(&first, d->map.bytes + at, sizeof first);
    return first - 1;
}
