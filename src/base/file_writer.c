/* The commit of a file: temporary name, fsync, rename, fsync of the folder. Fault points stand before and after each
 * step. */
#include "base/file.h"

#include "base/fault.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 18 };

struct file_writer {
    int fd;
    char *path, *temporary;
    const char *what;
    int64_t position;
    size_t used;
    char buffer[BUFFER];
};

static char process_tag[96] = "0";
static atomic_uint counter;

void file_set_tag(const char *tag) { snprintf(process_tag, sizeof process_tag, "%s", tag); }

int file_is_temporary(const char *name) { return strstr(name, ".tmp-") != NULL; }

int file_temporary(char **name, const char *path)
{
    return mem_format(name, "%s.tmp-%s-%u", path, process_tag, atomic_fetch_add(&counter, 1));
}

static int write_all(int fd, const char *path, const char *what, const char *bytes, size_t n)
{
    int rc = OK, err = fault_point_at(what, "write");
    while (n && !err) {
        ssize_t put = write(fd, bytes, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            err = errno;
            break;
        }
        bytes += put;
        n -= (size_t)put;
    }
    if (err) FAIL(status_from_errno(err), "cannot write %s: %s", path, strerror(err));
done:
    return rc;
}

int file_commit_temporary(const char *temporary, const char *path, const char *what)
{
    int rc = OK, fd = -1, err = fault_point_at(what, "before-fsync");
    if (!err) {
        fd = open(temporary, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) != 0) err = errno;
    }
    if (err) FAIL(status_from_errno(err), "cannot flush %s: %s", path, strerror(err));
    err = fault_point_at(what, "before-rename");
    if (err || rename(temporary, path) != 0)
        FAIL(status_from_errno(err ? err : errno), "cannot commit %s: %s", path, strerror(err ? err : errno));
    TRY(file_sync_folder_of(path));
    fault_point_at(what, "after-rename");
done:
    if (fd >= 0) close(fd);
    if (rc != OK && file_is_temporary(temporary)) unlink(temporary); /* never a file that is moved */
    return rc;
}

int file_writer_open(file_writer **out, const char *path, const char *what)
{
    int rc = OK;
    file_writer *w = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    w->fd = -1;
    w->what = what;
    TRY(mem_string(&w->path, path));
    TRY(file_temporary(&w->temporary, path));
    w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0) FAIL(status_from_errno(errno), "cannot create %s: %s", path, strerror(errno));
    *out = w;
    w = NULL;
done:
    file_writer_abandon(&w);
    return rc;
}

static int flush(file_writer *w)
{
    size_t n = w->used;
    w->used = 0;
    return n ? write_all(w->fd, w->path, w->what, w->buffer, n) : OK;
}

int file_writer_add(file_writer *w, const void *bytes, size_t n)
{
    int rc = OK;
    w->position += (int64_t)n;
    if (n > BUFFER - w->used) TRY(flush(w));
    if (n > BUFFER) return write_all(w->fd, w->path, w->what, bytes, n);
    if (n) memcpy(w->buffer + w->used, bytes, n);
    w->used += n;
done:
    return rc;
}

int64_t file_writer_position(const file_writer *w) { return w->position; }

int file_writer_commit(file_writer **pw)
{
    int rc = OK;
    file_writer *w = *pw;
    TRY(flush(w));
    int closed = close(w->fd);
    w->fd = -1;
    if (closed != 0) FAIL(status_from_errno(errno), "cannot close %s: %s", w->path, strerror(errno));
    TRY(file_commit_temporary(w->temporary, w->path, w->what));
done:
    file_writer_abandon(pw); /* frees; after a commit there is no temporary file left to remove */
    return rc;
}

void file_writer_abandon(file_writer **pw)
{
    file_writer *w = *pw;
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    if (w->temporary) unlink(w->temporary);
    mem_free(&w->path);
    mem_free(&w->temporary);
    mem_free(pw);
}

int file_commit(const char *path, const void *bytes, size_t n, const char *what)
{
    int rc = OK;
    file_writer *w = NULL;
    TRY(file_writer_open(&w, path, what));
    TRY(file_writer_add(w, bytes, n));
    TRY(file_writer_commit(&w));
done:
    file_writer_abandon(&w);
    return rc;
}
