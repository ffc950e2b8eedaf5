#include "encoder/zip_reader.h"

#include "base/status.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum {
    DEFLATE_MOST = 1032, /* how many times smaller deflate can make a file */
    BLOCK = 1 << 20      /* what libarchive gets at a time: it counts a block in 32 bits */
};

/* Weights hardly compress; what grows by more, or lies in the zip many times over, is meant to fill the memory. */
enum { UNPACKED_SPARE = 64 << 20, UNPACKED_TIMES = 16 };

static const char *reason(const zip_reader *z)
{
    const char *text = archive_error_string(z->archive);
    return text ? text : "damaged";
}

int zip_reader_open(zip_reader *z, const uint8_t *bytes, size_t n, const char *path)
{
    int rc = OK;
    *z = (zip_reader){.path = path, .bytes = bytes, .n = n};
    z->unpacked_left = n > SIZE_MAX / UNPACKED_TIMES / 2 ? SIZE_MAX : n * UNPACKED_TIMES + UNPACKED_SPARE;
    z->archive = archive_read_new();
    if (!z->archive) FAIL(ERR_MEMORY, "no memory for a zip reader");
    if (archive_read_support_format_zip_seekable(z->archive) != ARCHIVE_OK ||
        archive_read_open_memory2(z->archive, bytes, n, BLOCK) != ARCHIVE_OK)
        FAIL(ERR_CONFIG, "%s: not a whole zip: %s", path, reason(z));
done:
    if (rc != OK) zip_reader_close(z);
    return rc;
}

int zip_reader_next(zip_reader *z, zip_entry *e, int *more)
{
    int rc = OK;
    struct archive_entry *entry;
    *more = 0;
    int got = archive_read_next_header(z->archive, &entry);
    if (got == ARCHIVE_EOF) goto done;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) FAIL(ERR_CONFIG, "%s: not a whole zip: %s", z->path, reason(z));
    e->name = archive_entry_pathname(entry);
    if (!e->name) e->name = "";
    int64_t size = archive_entry_size(entry);
    if (!archive_entry_size_is_set(entry) || size < 0 || (uint64_t)size / DEFLATE_MOST > z->n)
        FAIL(ERR_CONFIG, "%s: %s cannot have the size that is said", z->path, e->name);
    e->size = z->size = (size_t)size;
    *more = 1;
done:
    return rc;
}

/* Whether a block lies in the zip itself, at `next` where that is set. */
static int is_in_zip(const zip_reader *z, const uint8_t *block, size_t n, const uint8_t *next)
{
    uintptr_t start = (uintptr_t)z->bytes, at = (uintptr_t)block;
    return at >= start && at - start <= z->n && n <= z->n - (at - start) && (!next || block == next);
}

/* From the first block that is decompressed on, all is copied. */
static int take_block(zip_reader *z, weight_list *owner, const uint8_t *block, size_t n, size_t at,
                      const uint8_t **whole, uint8_t **copy)
{
    int rc = OK;
    if (n > z->size - at) FAIL(ERR_CONFIG, "%s: a file in the zip is longer than is said", z->path);
    if (!*copy && is_in_zip(z, block, n, *whole ? *whole + at : NULL)) {
        if (!*whole) *whole = block;
        goto done;
    }
    if (!*copy) {
        void *memory;
        if (z->size > z->unpacked_left) FAIL(ERR_CONFIG, "%s: the zip unpacks to too much", z->path);
        z->unpacked_left -= z->size;
        TRY(weight_list_block(owner, z->size, &memory));
        *copy = memory;
        if (at) memcpy(*copy, *whole, at);
        *whole = *copy;
    }
    memcpy(*copy + at, block, n);
done:
    return rc;
}

int zip_reader_bytes(zip_reader *z, weight_list *owner, const uint8_t **bytes)
{
    int rc = OK, got;
    const uint8_t *whole = NULL;
    uint8_t *copy = NULL;
    size_t at = 0;
    for (;;) {
        const void *block;
        size_t n;
        la_int64_t offset;
        got = archive_read_data_block(z->archive, &block, &n, &offset);
        if (got == ARCHIVE_EOF) break;
        if (got != ARCHIVE_OK) FAIL(ERR_CONFIG, "%s: damaged zip: %s", z->path, reason(z));
        if (n == 0) continue;
        if (offset < 0 || (uint64_t)offset != at) FAIL(ERR_CONFIG, "%s: damaged zip: a file with gaps", z->path);
        TRY(take_block(z, owner, block, n, at, &whole, &copy));
        at += n;
    }
    if (at != z->size) FAIL(ERR_CONFIG, "%s: damaged zip: a file is shorter than is said", z->path);
    *bytes = whole ? whole : z->bytes;
done:
    return rc;
}

void zip_reader_close(zip_reader *z)
{
    if (z->archive) archive_read_free(z->archive);
    z->archive = NULL;
}
