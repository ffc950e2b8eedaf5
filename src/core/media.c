#include "core/media.h"

#include "base/fault.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct media_block {
    atomic_int shares;
    uint8_t bytes[];
};

/* What a failed open or read says about the file: gone is the row's fault, all else the system's. */
static int status_of(int err)
{
    return err == ENOENT || err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG || err == EISDIR ? ERR_MISSING
                                                                                                   : ERR_ENVIRONMENT;
}

static int64_t nanoseconds(struct timespec t) { return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec; }

static int same_bytes(const media_identity *a, const media_identity *b)
{
    return a->name == b->name && a->device == b->device && a->inode == b->inode && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->start == b->start && a->size == b->size;
}

static int read_whole(media *m, text_view name)
{
    int rc = OK;
    size_t size = (size_t)m->source.size, got, room;
    TRY(size_add(size, sizeof *m->block, &room));
    TRY(mem_alloc((void **)&m->block, room, 1));
    atomic_init(&m->block->shares, 1);
    int err = fault_point("media.read");
    if (err) FAIL(status_of(err), "%.*s: %s", (int)name.n, name.bytes, strerror(err));
    TRY(source_read(&m->source, 0, m->block->bytes, size, &got));
    if (got != size) FAIL(ERR_CHANGED, "%.*s shrank while it was read", (int)name.n, name.bytes);
done:
    return rc;
}

static void share(const media *m, media *out)
{
    atomic_fetch_add(&m->block->shares, 1);
    out->block = m->block;
}

/* The file is the one that was indexed. */
static int check(const row_media *known, const struct stat *st, text_view name)
{
    int rc = OK;
    if (!S_ISREG(st->st_mode)) FAIL(ERR_MISSING, "%.*s is not a file", (int)name.n, name.bytes);
    if (known->tar_offset < 0 && known->size != st->st_size)
        FAIL(ERR_CHANGED, "%.*s has %lld bytes, had %lld when it was indexed", (int)name.n, name.bytes,
             (long long)st->st_size, (long long)known->size);
    if (known->mtime_ns && known->mtime_ns != nanoseconds(st->st_mtim))
        FAIL(ERR_CHANGED, "%.*s was modified after it was indexed", (int)name.n, name.bytes);
    if (known->tar_offset >= 0 && known->size > st->st_size - known->tar_offset)
        FAIL(ERR_CHANGED, "%.*s: the tar was cut after it was indexed", (int)name.n, name.bytes);
done:
    return rc;
}

static int open_checked(const char *path, const row_media *known, text_view name, int64_t memory_limit,
                        const media *before, media *m)
{
    int rc = OK;
    struct stat st;
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0 || fstat(m->fd, &st) != 0)
        FAIL(status_of(errno), "%.*s: %s", (int)name.n, name.bytes, strerror(errno));
    TRY(check(known, &st, name));
    int64_t start = known->tar_offset < 0 ? 0 : known->tar_offset;
    m->source = source_of_file(m->fd, start, known->size);
    m->identity = (media_identity){.name = hash64(name.bytes, name.n, 0),
                                   .device = st.st_dev,
                                   .inode = st.st_ino,
                                   .mtime_ns = nanoseconds(st.st_mtim),
                                   .ctime_ns = nanoseconds(st.st_ctim),
                                   .start = start,
                                   .size = known->size};
    if (known->size > memory_limit || memory_limit <= 0) goto done;
    if (before && before->block && same_bytes(&before->identity, &m->identity))
        share(before, m);
    else
        TRY(read_whole(m, name));
    m->source = source_of_memory(m->block->bytes, (size_t)known->size);
    close(m->fd);
    m->fd = -1;
done:
    return rc;
}

int media_open(const char *root, const corpus_row *row, media_kind kind, int64_t memory_limit, const media *before,
               media *out)
{
    char *path = NULL;
    *out = (media){.fd = -1};
    if (row->media[kind].size < 0) return OK;
    out->used = 1;
    int rc = corpus_row_path(row, kind, root, &path);
    if (rc == OK) rc = open_checked(path, &row->media[kind], corpus_row_media(row, kind), memory_limit, before, out);
    mem_free(&path);
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
    if (m->block && atomic_fetch_sub(&m->block->shares, 1) == 1) mem_free(&m->block);
    *m = (media){.fd = -1};
}

int64_t media_new_bytes(const media *m, const media *before)
{
    return m->block && m->block != before->block ? m->identity.size : 0;
}

void media_keep(media *kept, const media *m)
{
    if (!m->used || (kept->block && kept->block == m->block)) return;
    media_close(kept);
    if (!m->block) return;
    kept->identity = m->identity;
    share(m, kept);
}

int media_hash(const media *m, media_hashed *last, uint64_t *hash)
{
    int rc = OK;
    if (!last->is_there || !same_bytes(&last->identity, &m->identity)) {
        last->is_there = 0;
        TRY(source_hash(&m->source, &last->hash));
        last->identity = m->identity;
        last->is_there = 1;
    }
    *hash = last->hash;
done:
    return rc;
}
