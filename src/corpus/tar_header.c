#include "corpus/tar_header.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* Fields of a block: offset and length. */
enum {
    NAME = 0,
    NAME_N = 100,
    SIZE = 124,
    SIZE_N = 12,
    SUM = 148,
    SUM_N = 8,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_N = 155,
    SPARSE_MORE = 482
};

int tar_block_is_zero(const uint8_t block[TAR_BLOCK])
{
    for (int i = 0; i < TAR_BLOCK; i++)
        if (block[i]) return 0;
    return 1;
}

/* Octal digits between blanks, or a number of base 256 after a first byte of 0x80. */
static int parse_number(const uint8_t *field, size_t n, int64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;
    if (field[0] & 0x80) {
        value = field[0] & 0x7f;
        for (i = 1; i < n; i++) {
            if (value >> 55) return 0;
            value = value << 8 | field[i];
        }
        if (field[0] != 0x80) return 0; /* negative, or far beyond any file */
        *out = (int64_t)value;
        return 1;
    }
    while (i < n && field[i] == ' ') i++;
    for (; i < n && field[i] >= '0' && field[i] <= '7'; i++) value = value << 3 | (uint64_t)(field[i] - '0');
    for (; i < n; i++)
        if (field[i] && field[i] != ' ') return 0;
    *out = (int64_t)value;
    return 1;
}

/* Some old programs added up signed bytes. */
static int sum_is_right(const uint8_t *block)
{
    int64_t said, bytes = 0, chars = 0;
    if (!parse_number(block + SUM, SUM_N, &said)) return 0;
    for (int i = 0; i < TAR_BLOCK; i++) {
        uint8_t b = i >= SUM && i < SUM + SUM_N ? ' ' : block[i];
        bytes += b;
        chars += (int8_t)b;
    }
    return said == bytes || said == chars;
}

int tar_header_parse(const uint8_t block[TAR_BLOCK], tar_header *out)
{
    int rc = OK;
    size_t n = 0, prefix_n;
    *out = (tar_header){.type = (char)block[TYPE]};
    if (!sum_is_right(block)) FAIL(ERR_FORMAT, "wrong checksum");
    if (!parse_number(block + SIZE, SIZE_N, &out->size)) FAIL(ERR_FORMAT, "the size is no number");
    out->posix = !memcmp(block + MAGIC, "ustar", 6); /* GNU's own headers say "ustar " and have no prefix */
    out->more_sparse = out->type == 'S' && block[SPARSE_MORE];
    if (out->posix && block[PREFIX]) {
        prefix_n = strnlen((const char *)block + PREFIX, PREFIX_N);
        memcpy(out->name, block + PREFIX, prefix_n);
        out->name[prefix_n] = '/';
        n = prefix_n + 1;
    }
    memcpy(out->name + n, block + NAME, strnlen((const char *)block + NAME, NAME_N));
done:
    return rc;
}

static int is_key(const char *key, size_t n, const char *name) { return strlen(name) == n && !memcmp(key, name, n); }

static int starts_with(const char *key, size_t n, const char *start)
{
    return n >= strlen(start) && !memcmp(key, start, strlen(start));
}

static int take_record(tar_pax *p, const char *key, size_t key_n, const char *value, size_t n)
{
    int rc = OK;
    int64_t size = 0;
    if (is_key(key, key_n, "path") || is_key(key, key_n, "GNU.sparse.name")) {
        if (p->sparse && is_key(key, key_n, "path")) goto done; /* it has a made-up name there */
        mem_free(&p->path);
        TRY(mem_copy(&p->path, value, n));
    }
    if (starts_with(key, key_n, "GNU.sparse.")) p->sparse = 1;
    if (!is_key(key, key_n, "size")) goto done;
    for (size_t i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9' || size > INT64_MAX / 10 - 1) FAIL(ERR_FORMAT, "the size is no number");
        size = size * 10 + (value[i] - '0');
    }
    if (!n) FAIL(ERR_FORMAT, "the size is no number");
    p->size = size;
done:
    return rc;
}

/* Records "LENGTH KEY=VALUE\n", of which LENGTH counts all bytes. */
int tar_pax_parse(const char *bytes, size_t n, tar_pax *out)
{
    int rc = OK;
    for (size_t at = 0; at < n && bytes[at];) {
        size_t length = 0, i = at;
        for (; i < n && bytes[i] >= '0' && bytes[i] <= '9' && length <= n; i++)
            length = length * 10 + (size_t)(bytes[i] - '0');
        if (i == n || bytes[i] != ' ' || length > n - at || at + length < i + 2 || bytes[at + length - 1] != '\n')
            FAIL(ERR_FORMAT, "a damaged pax header");
        const char *key = bytes + i + 1, *end = bytes + at + length - 1;
        const char *equal = memchr(key, '=', (size_t)(end - key));
        if (!equal) FAIL(ERR_FORMAT, "a damaged pax header");
        TRY(take_record(out, key, (size_t)(equal - key), equal + 1, (size_t)(end - equal - 1)));
        at += length;
    }
done:
    return rc;
}
