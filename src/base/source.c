#include "base/source.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

byte_source source_of_memory(const void *bytes, size_t n)
{
    return (byte_source){.bytes = bytes ? bytes : (const uint8_t *)"", .fd = -1, .size = (int64_t)n};
}

byte_source source_of_file(int fd, int64_t start, int64_t size)
{
    return (byte_source){.fd = fd, .start = start, .size = size};
}

int source_read(const byte_source *s, int64_t offset, void *out, size_t n, size_t *got)
{
    int rc = OK;
    *got = 0;
    if (offset < 0 || offset >= s->size) return OK;
    if ((uint64_t)(s->size - offset) < n) n = (size_t)(s->size - offset);
    if (s->bytes) {
        memcpy(out, s->bytes + offset, n);
        *got = n;
        return OK;
    }
    while (*got < n) {
        ssize_t r = pread(s->fd, (char *)out + *got, n - *got, s->start + offset + (int64_t)*got);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) FAIL(ERR_ENVIRONMENT, "reading failed: %s", strerror(errno));
        if (r == 0) break;
        *got += (size_t)r;
    }
done:
    return rc;
}

int source_hash(const byte_source *s, uint64_t *hash)
{
    int rc = OK;
    XXH3_state_t *state = NULL;
    uint8_t *block = NULL;
    size_t size = 1 << 20, got;
    *hash = 0;
    if (s->bytes) {
        *hash = hash64(s->bytes, (size_t)s->size, 0);
        return OK;
    }
    state = XXH3_createState();
    if (!state) FAIL(ERR_MEMORY, "no memory for a hash");
    XXH3_64bits_reset(state);
    TRY(mem_alloc((void **)&block, size, 1));
    for (int64_t at = 0; at < s->size; at += (int64_t)got) {
        TRY(source_read(s, at, block, size, &got));
        if (got == 0) FAIL(ERR_CHANGED, "the file ends after %lld of %lld bytes", (long long)at, (long long)s->size);
        XXH3_64bits_update(state, block, got);
    }
    *hash = XXH3_64bits_digest(state);
done:
    XXH3_freeState(state);
    mem_free(&block);
    return rc;
}
