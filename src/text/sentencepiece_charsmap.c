#include "text/sentencepiece_charsmap.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { BLOCK = 256, MOST_MATCHES = 32 };

/* A unit: bits 0-7 the byte that leads here, bit 8 whether a value follows at the unit's own offset, bit 9 whether the
 * offset is shifted, bits 10-30 the offset; bit 31 marks a value (bits 0-30). */
static uint32_t label_of(uint32_t unit) { return unit & (1u << 31 | 0xFF); }
static int has_value(uint32_t unit) { return unit >> 8 & 1; }
static uint32_t value_of(uint32_t unit) { return unit & ~(1u << 31); }
static uint32_t offset_of(uint32_t unit) { return unit >> 10 << ((unit & 1u << 9) >> 6); }

static uint32_t unit_at(const char *bytes)
{
    const unsigned char *p = (const unsigned char *)bytes;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* No step may leave the array, and every value must be the place of a text. */
static int is_sound(const spm_charsmap *c)
{
    const uint32_t *u = c->units, root = offset_of(u[0]);
    if (label_of(u[0]) || has_value(u[0]) || !root || (root | 0xFF) >= c->n) return 0;
    for (size_t i = 1; i < c->n; i++) {
        if (label_of(u[i]) > 0xFF) {
            if (value_of(u[i]) >= c->n_texts) return 0;
            continue;
        }
        const size_t below = i ^ offset_of(u[i]);
        if ((below | 0xFF) >= c->n) return 0;
        if (has_value(u[i]) && label_of(u[below]) <= 0xFF) return 0;
    }
    return 1;
}

int spm_charsmap_read(spm_charsmap *c, const char *path, spm_text map)
{
    int rc = OK;
    *c = (spm_charsmap){0};
    if (!map.n) return OK;
    const size_t size = map.n > 4 ? unit_at(map.bytes) : 0;
    if (size < BLOCK * 4 || size % (BLOCK * 4) || size >= map.n - 4 || map.bytes[map.n - 1])
        FAIL(ERR_CONFIG, "%s: damaged: the sizes in its character map do not fit", path);
    c->n = size / 4;
    c->texts = map.bytes + 4 + size;
    c->n_texts = map.n - 4 - size;
    TRY(MEM_RESERVE(c->units, c->n));
    for (size_t i = 0; i < c->n; i++) c->units[i] = unit_at(map.bytes + 4 + 4 * i);
    if (!is_sound(c)) FAIL(ERR_CONFIG, "%s: damaged: its character map points outside itself", path);
    for (uint32_t byte = 0; byte < 256; byte++)
        c->starts[byte] = label_of(c->units[offset_of(c->units[0]) ^ byte]) == byte;
done:
    return rc;
}

void spm_charsmap_free(spm_charsmap *c) { mem_free(&c->units); }

size_t spm_charsmap_match(const spm_charsmap *c, const char *text, size_t n, spm_text *becomes)
{
    size_t longest = 0;
    uint32_t value = 0;
    if (!n || !c->starts[(unsigned char)*text]) return 0;
    uint32_t at = offset_of(c->units[0]);
    int matches = 0;
    for (size_t i = 0; i < n && matches < MOST_MATCHES; i++) {
        const unsigned char byte = (unsigned char)text[i];
        at ^= byte;
        const uint32_t unit = c->units[at];
        if (label_of(unit) != byte) break;
        at ^= offset_of(unit);
        if (!has_value(unit)) continue;
        value = value_of(c->units[at]);
        longest = i + 1;
        matches++;
    }
    if (longest) *becomes = (spm_text){c->texts + value, strlen(c->texts + value)};
    return longest;
}
