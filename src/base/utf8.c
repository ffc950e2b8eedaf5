#include "base/utf8.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdint.h>
#include <string.h>

/* Length of the valid sequence at p and, when there is none, of the part of one that stands there; table 3-7 of the
 * Unicode standard. */
static size_t sequence(const unsigned char *p, size_t left, size_t *part)
{
    unsigned char low = 0x80, high = 0xBF;
    *part = 1;
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
    size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xBF) {
        if (i == left || p[i] < low || p[i] > high) return 0;
        (*part)++;
    }
    return n;
}

size_t utf8_step(const char *bytes, size_t n)
{
    size_t part;
    return sequence((const unsigned char *)bytes, n, &part);
}

size_t utf8_valid_prefix(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t at = 0, step, part;
    while (at < n) {
        uint64_t eight;
        if (n - at >= sizeof eight) {
            memcpy(&eight, p + at, sizeof eight);
            if (!(eight & 0x8080808080808080)) {
                at += sizeof eight;
                continue;
            }
        }
        if (p[at] < 0x80) {
            at++;
            continue;
        }
        step = sequence(p + at, n - at, &part);
        if (!step) break;
        at += step;
    }
    return at;
}

int utf8_escape(const char *bytes, size_t n, char **out)
{
    int rc = OK;
    size_t capacity, at = 0, to = 0;
    *out = NULL;
    TRY(size_mul(n, 3, &capacity));
    TRY(mem_alloc((void **)out, capacity + 1, 1));
    while (at < n) {
        size_t good = utf8_valid_prefix(bytes + at, n - at);
        memcpy(*out + to, bytes + at, good);
        at += good;
        to += good;
        if (at == n) break;
        unsigned char c = (unsigned char)bytes[at++];
        (*out)[to++] = '%';
        (*out)[to++] = "0123456789ABCDEF"[c >> 4];
        (*out)[to++] = "0123456789ABCDEF"[c & 15];
    }
done:
    return rc;
}

int utf8_replace(const char *bytes, size_t n, char **out, size_t *n_out)
{
    int rc = OK;
    size_t capacity, at = 0, to = 0;
    *out = NULL;
    TRY(size_mul(n, 3, &capacity));
    TRY(mem_alloc((void **)out, capacity + 1, 1));
    while (at < n) {
        size_t part, good = utf8_valid_prefix(bytes + at, n - at);
        memcpy(*out + to, bytes + at, good);
        at += good;
        to += good;
        if (at == n) break;
        sequence((const unsigned char *)bytes + at, n - at, &part);
        memcpy(*out + to, "\xEF\xBF\xBD", 3);
        at += part;
        to += 3;
    }
    *n_out = to;
done:
    return rc;
}

int utf8_mend(char **bytes, size_t *n)
{
    int rc = OK;
    char *mended = NULL;
    if (utf8_valid_prefix(*bytes, *n) == *n) return OK;
    TRY(utf8_replace(*bytes, *n, &mended, n));
    mem_free(bytes);
    *bytes = mended;
done:
    return rc;
}

void utf8_clean(char *bytes, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F) bytes[i] = '?';
    while ((at += utf8_valid_prefix(bytes + at, n - at)) < n) bytes[at] = '?';
}
