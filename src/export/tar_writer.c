#include "export/tar_writer.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };
static const int64_t size_end = (int64_t)1 << 33; /* 11 octal digits */

/* Fields of the header, each a text; numbers are octal digits and a zero byte. */
typedef struct tar_header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], rest[12];
} tar_header;
_Static_assert(sizeof(tar_header) == BLOCK, "a header is one block");

struct tar_writer {
    file_writer *file;
    int64_t left; /* bytes that the member still lacks */
    size_t pad;   /* zero bytes behind it */
};

int tar_writer_open(tar_writer **out, const char *path)
{
    int rc = OK;
    tar_writer *t = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(t, 1));
    TRY(file_writer_open(&t->file, path, "export"));
    *out = t;
    t = NULL;
done:
    mem_free(&t);
    return rc;
}

void tar_writer_abandon(tar_writer **pt)
{
    tar_writer *t = *pt;
    if (!t) return;
    file_writer_abandon(&t->file);
    mem_free(pt);
}

static int put_zeros(tar_writer *t, size_t n)
{
    static const char zeros[2 * BLOCK];
    return file_writer_add(t->file, zeros, n);
}

/* The sum is taken over the header with blanks in its own field. */
static void make_header(tar_header *h, const char *name, int64_t size)
{
    unsigned sum = 0;
    *h = (tar_header){.mode = "0000644", .uid = "0000000", .gid = "0000000", .mtime = "00000000000", .type = '0'};
    memcpy(h->name, name, strlen(name));
    snprintf(h->size, sizeof h->size, "%011llo", (unsigned long long)size);
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    memcpy(h->major, "0000000", 8);
    memcpy(h->minor, "0000000", 8);
    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < BLOCK; i++) sum += ((const unsigned char *)h)[i];
    snprintf(h->checksum, sizeof h->checksum - 1, "%06o", sum);
}

int tar_writer_begin(tar_writer *t, const char *name, int64_t size)
{
    int rc = OK;
    tar_header h;
    if (t->left) FAIL(ERR_INTERNAL, "tar: %lld bytes are missing before %s", (long long)t->left, name);
    if (strlen(name) > sizeof h.name || size < 0 || size >= size_end)
        FAIL(ERR_LIMIT, "%s with %lld bytes cannot stand in a tar file", name, (long long)size);
    make_header(&h, name, size);
    t->left = size;
    t->pad = (size_t)(-size & (BLOCK - 1));
    TRY(file_writer_add(t->file, &h, sizeof h));
done:
    return rc;
}

int tar_writer_add(tar_writer *t, const void *bytes, size_t n)
{
    int rc = OK;
    if (n > (uint64_t)t->left) FAIL(ERR_INTERNAL, "tar: a member has more bytes than announced");
    TRY(file_writer_add(t->file, bytes, n));
    t->left -= (int64_t)n;
    if (n && !t->left) TRY(put_zeros(t, t->pad));
done:
    return rc;
}

int tar_writer_commit(tar_writer **pt)
{
    int rc = OK;
    tar_writer *t = *pt;
    if (t->left) FAIL(ERR_INTERNAL, "tar: the last member lacks %lld bytes", (long long)t->left);
    TRY(put_zeros(t, 2 * BLOCK));
    TRY(file_writer_commit(&t->file));
done:
    tar_writer_abandon(pt);
    return rc;
}
