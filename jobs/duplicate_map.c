/* The entries come sorted by content, then position. All of a group of equal ones but its leader, the one of the least
 * position, hold the leader's position + 1; the leader holds -(position of the first row + 1), which is known at the
 * end of the group. So a group may be as large as the corpus, and nothing of it is held in memory. */
#include "jobs/duplicate_map.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct map_footer {
    char magic[8];
    uint64_t hash;
    int64_t n, n_duplicates;
    uint64_t checksum; /* of the rest of the footer */
} map_footer;

static const char magic[8] = "TSDUPLI1";

typedef struct making {
    const duplicate_map_job *job;
    const char *path;
    int fd;
    id_entry leader; /* of the group in hand */
    int64_t n;       /* in the group */
    int64_t first, first_row;
    int64_t n_duplicates;
} making;

static int put(const making *m, int64_t position, int64_t value)
{
    int rc = OK;
    errno = 0;
    ssize_t n = pwrite(m->fd, &value, sizeof value, (off_t)position * (off_t)sizeof value);
    if (n != (ssize_t)sizeof value)
        FAIL(status_from_errno(errno ? errno : ENOSPC), "cannot write %s: %s", m->path, strerror(errno));
done:
    return rc;
}

static int end_group(making *m)
{
    int rc = OK;
    if (m->n > 1) TRY(put(m, m->leader.number, -(m->first + 1)));
    m->n = 0;
done:
    return rc;
}

static int take(void *user, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    making *m = user;
    const duplicate_map_job *job = m->job;
    int64_t row;
    id_entry e;
    (void)n;
    memcpy(&e, bytes, sizeof e);
    if (e.number < 0 || e.number >= job->n_positions)
        FAIL(ERR_CORRUPT, "a run of contents names position %lld", (long long)e.number);
    if (!m->n || e.high != m->leader.high || e.low != m->leader.low) {
        TRY(end_group(m));
        m->leader = e;
        m->first = e.number;
        m->n = 1;
        goto done;
    }
    if (m->n == 1) TRY(job->row(job->user, m->first, &m->first_row));
    TRY(job->row(job->user, e.number, &row));
    if (row < m->first_row) {
        m->first = e.number;
        m->first_row = row;
    }
    TRY(put(m, e.number, m->leader.number + 1));
    m->n++;
    m->n_duplicates++;
done:
    return rc;
}

static uint64_t footer_checksum(const map_footer *f) { return hash64(f, offsetof(map_footer, checksum), 0); }

static int write_map(making *m)
{
    int rc = OK;
    run_merge_job merge = m->job->keys;
    map_footer f = {.hash = m->job->hash, .n = m->job->n_positions};
    off_t end = (off_t)f.n * (off_t)sizeof(int64_t);
    merge.sink = take;
    merge.sink_user = m;
    if (ftruncate(m->fd, end) != 0) FAIL(status_from_errno(errno), "cannot write %s: %s", m->path, strerror(errno));
    TRY(run_merge(&merge));
    TRY(end_group(m));
    memcpy(f.magic, magic, sizeof magic);
    f.n_duplicates = m->n_duplicates;
    f.checksum = footer_checksum(&f);
    errno = 0;
    if (pwrite(m->fd, &f, sizeof f, end) != (ssize_t)sizeof f)
        FAIL(status_from_errno(errno ? errno : ENOSPC), "cannot write %s: %s", m->path, strerror(errno));
done:
    return rc;
}

int duplicate_map_make(const char *path, const duplicate_map_job *job, int64_t *n_duplicates)
{
    int rc = OK;
    char *temporary = NULL;
    making m = {.job = job, .path = path, .fd = -1};
    TRY(file_temporary(&temporary, path));
    m.fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (m.fd < 0) FAIL(status_from_errno(errno), "cannot create %s: %s", path, strerror(errno));
    TRY(write_map(&m));
    TRY(file_commit_temporary(temporary, path, "duplicates"));
    *n_duplicates = m.n_duplicates;
done:
    if (m.fd >= 0) close(m.fd);
    if (rc != OK && temporary) unlink(temporary);
    mem_free(&temporary);
    return rc;
}

int duplicate_map_open(duplicate_map *m, const char *path, uint64_t hash)
{
    int rc = OK;
    map_footer f;
    *m = (duplicate_map){0};
    TRY(file_map(path, &m->map));
    if (m->map.n < sizeof f) FAIL(ERR_CORRUPT, "%s is damaged", path);
    memcpy(&f, m->map.bytes + m->map.n - sizeof f, sizeof f);
    if (memcmp(f.magic, magic, sizeof magic) || f.checksum != footer_checksum(&f) || f.n < 0 ||
        (uint64_t)f.n != (m->map.n - sizeof f) / sizeof(int64_t) || (m->map.n - sizeof f) % sizeof(int64_t))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    if (f.hash != hash) FAIL(ERR_MISSING, "%s belongs to other settings", path);
    m->n = f.n;
done:
    if (rc != OK) duplicate_map_close(m);
    return rc;
}

void duplicate_map_close(duplicate_map *m)
{
    file_unmap(&m->map);
    *m = (duplicate_map){0};
}

static int64_t value_at(const duplicate_map *m, int64_t position)
{
    int64_t value = 0;
    memcpy(&value, m->map.bytes + (size_t)position * sizeof value, sizeof value);
    return value;
}

int duplicate_map_first(const duplicate_map *m, int64_t position, int64_t *first)
{
    int rc = OK;
    *first = -1;
    if (position < 0 || position >= m->n)
        FAIL(ERR_INTERNAL, "position %lld of %lld", (long long)position, (long long)m->n);
    int64_t value = value_at(m, position);
    if (!value) goto done;
    if (value > m->n) FAIL(ERR_CORRUPT, "the map of duplicates is damaged at %lld", (long long)position);
    if (value > 0) value = value_at(m, value - 1); /* the leader's */
    if (value >= 0 || value < -m->n) FAIL(ERR_CORRUPT, "the map of duplicates is damaged at %lld", (long long)position);
    if (-value - 1 != position) *first = -value - 1;
done:
    return rc;
}
