#include "core/media.h"

#include "base/fault.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a failed open or read says about the file: gone is the row's fault, all else the system's. */
static int status_of(int err)
{
    return err == ENOENT || err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG || err == EISDIR ? ERR_MISSING
                                                                                                   : ERR_ENVIRONMENT;
}

static int open_checked(const char *root, const corpus_row *row, media_kind kind, int64_t memory_limit, media *m)
{
    int rc = OK;
    char *path = NULL;
    struct stat st;
    size_t got;
    const row_media *known = &row->media[kind];
    text_view name = corpus_row_media(row, kind);
    TRY(corpus_row_path(row, kind, root, &path));
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0 || fstat(m->fd, &st) != 0)
        FAIL(status_of(errno), "%.*s: %s", (int)name.n, name.bytes, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ERR_MISSING, "%.*s is not a file", (int)name.n, name.bytes);
    int64_t mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (known->tar_offset < 0 && known->size != st.st_size)
        FAIL(ERR_CHANGED, "%.*s has %lld bytes, had %lld when it was indexed", (int)name.n, name.bytes,
             (long long)st.st_size, (long long)known->size);
    if (known->mtime_ns && known->mtime_ns != mtime_ns)
        FAIL(ERR_CHANGED, "%.*s was modified after it was indexed", (int)name.n, name.bytes);
    if (known->tar_offset >= 0 && known->size > st.st_size - known->tar_offset)
        FAIL(ERR_CHANGED, "%.*s: the tar was cut after it was indexed", (int)name.n, name.bytes);
    m->source = source_of_file(m->fd, known->tar_offset < 0 ? 0 : known->tar_offset, known->size);
    if (known->size > memory_limit || memory_limit <= 0) goto done;
    TRY(mem_alloc((void **)&m->bytes, (size_t)known->size + 1, 1));
    int err = fault_point("media.read");
    if (err) FAIL(status_of(err), "%.*s: %s", (int)name.n, name.bytes, strerror(err));
    TRY(source_read(&m->source, 0, m->bytes, (size_t)known->size, &got));
    if (got != (size_t)known->size) FAIL(ERR_CHANGED, "%.*s shrank while it was read", (int)name.n, name.bytes);
    m->source = source_of_memory(m->bytes, got);
    close(m->fd);
    m->fd = -1;
done:
    mem_free(&path);
    return rc;
}

int media_open(const char *root, const corpus_row *row, media_kind kind, int64_t memory_limit, media *out)
{
    *out = (media){.fd = -1};
    if (row->media[kind].size < 0) return OK;
    out->used = 1;
    int rc = open_checked(root, row, kind, memory_limit, out);
    if (rc == OK) return OK;
    media_close(out);
    out->used = 1;
    out->status = rc;
    snprintf(out->message, sizeof out->message, "%s", status_message());
    return status_is_item(rc) || status_is_environment(rc) ? OK : rc;
}

void media_close(media *m)
{
    if (m->used && m->fd >= 0) close(m->fd);
    mem_free(&m->bytes);
    *m = (media){.fd = -1};
}
