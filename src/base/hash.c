#include "base/hash.h"

#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

struct sha256 {
    EVP_MD_CTX *context;
};

uint64_t hash64(const void *bytes, size_t n, uint64_t seed) { return XXH3_64bits_withSeed(bytes, n, seed); }

hash128 hash128_of(const void *bytes, size_t n)
{
    XXH128_hash_t h = XXH3_128bits(bytes, n);
    return (hash128){h.low64, h.high64};
}

struct hash_stream {
    XXH3_state_t *state;
};

int hash_stream_create(hash_stream **out)
{
    int rc = OK;
    hash_stream *s = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->state = XXH3_createState();
    if (!s->state) FAIL(ERR_MEMORY, "no memory for a hash");
    XXH3_128bits_reset(s->state);
    *out = s;
    s = NULL;
done:
    hash_stream_free(&s);
    return rc;
}

void hash_stream_reset(hash_stream *s) { XXH3_128bits_reset(s->state); }

void hash_stream_add(hash_stream *s, const void *bytes, size_t n)
{
    if (n) XXH3_128bits_update(s->state, bytes, n);
}

hash128 hash_stream_value(const hash_stream *s)
{
    XXH128_hash_t h = XXH3_128bits_digest(s->state);
    return (hash128){h.low64, h.high64};
}

void hash_stream_free(hash_stream **s)
{
    if (*s) XXH3_freeState((*s)->state);
    mem_free(s);
}

void hash128_hex(hash128 h, char hex[HASH128_HEX])
{
    snprintf(hex, HASH128_HEX, "%016" PRIx64 "%016" PRIx64, h.high, h.low);
}

int sha256_create(sha256 **out)
{
    int rc = OK;
    sha256 *s = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->context = EVP_MD_CTX_new();
    if (!s->context || !EVP_DigestInit_ex(s->context, EVP_sha256(), NULL)) FAIL(ERR_MEMORY, "cannot start SHA-256");
    *out = s;
    s = NULL;
done:
    sha256_free(&s);
    return rc;
}

void sha256_add(sha256 *s, const void *bytes, size_t n) { EVP_DigestUpdate(s->context, bytes, n); }

void sha256_hex(sha256 *s, char hex[SHA256_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_DigestFinal_ex(s->context, digest, &n);
    for (unsigned i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[64] = 0;
}

void sha256_free(sha256 **s)
{
    if (*s) EVP_MD_CTX_free((*s)->context);
    mem_free(s);
}

int sha256_bytes(const void *bytes, size_t n, char hex[SHA256_HEX])
{
    int rc = OK;
    sha256 *s = NULL;
    TRY(sha256_create(&s));
    sha256_add(s, bytes, n);
    sha256_hex(s, hex);
done:
    sha256_free(&s);
    return rc;
}

int sha256_file(const char *path, char hex[SHA256_HEX])
{
    int rc = OK, fd = -1;
    sha256 *s = NULL;
    char *block = NULL;
    size_t size = 1 << 20;
    TRY(sha256_create(&s));
    TRY(mem_alloc((void **)&block, size, 1));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    for (;;) {
        ssize_t n = read(fd, block, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) FAIL(ERR_IO, "%s: %s", path, strerror(errno));
        if (n == 0) break;
        sha256_add(s, block, (size_t)n);
    }
    sha256_hex(s, hex);
done:
    if (fd >= 0) close(fd);
    mem_free(&block);
    sha256_free(&s);
    return rc;
}
