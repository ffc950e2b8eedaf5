/* Hashes: XXH3 (https://xxhash.com) inside the program, SHA-256 (FIPS 180-4) for what people check. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct hash128 {
    uint64_t low, high;
} hash128;

/* XXH3 of n bytes. Local. */
uint64_t hash64(const void *bytes, size_t n, uint64_t seed);
hash128 hash128_of(const void *bytes, size_t n);

/* The same in pieces, and a hash as 32 hex digits (high half first) and a zero byte. create/free pair. Local.
 * ERR_MEMORY. */
typedef struct hash_stream hash_stream;
enum { HASH128_HEX = 33 };
int hash_stream_create(hash_stream **out);
void hash_stream_reset(hash_stream *s); /* as new */
void hash_stream_add(hash_stream *s, const void *bytes, size_t n);
hash128 hash_stream_value(const hash_stream *s);
void hash_stream_free(hash_stream **s);
void hash128_hex(hash128 h, char hex[HASH128_HEX]);

/* Streaming SHA-256. create/free pair; sha256_hex finishes and writes 64 hex digits and a zero byte. Local. ERR_MEMORY.
 */
typedef struct sha256 sha256;
enum { SHA256_HEX = 65 };
int sha256_create(sha256 **out);
void sha256_add(sha256 *s, const void *bytes, size_t n);
void sha256_hex(sha256 *s, char hex[SHA256_HEX]);
void sha256_free(sha256 **s);

/* SHA-256 of a block of memory or of a file. Local. ERR_IO, ERR_MEMORY. */
int sha256_bytes(const void *bytes, size_t n, char hex[SHA256_HEX]);
int sha256_file(const char *path, char hex[SHA256_HEX]);
