/* PBM, PGM and PPM, plain and raw (P1 to P6), as Pillow reads them (PpmImagePlugin.py): samples are scaled to 0..255
 * with ties to even; grey of more than 255 levels is scaled to 0..65535 and then clipped, which turns most of it white.
 */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_format.h"

#include <math.h>
#include <string.h>

enum { MAX_TOKEN = 10 };

typedef struct pnm {
    int kind; /* 1..6 */
    int64_t width, height, most, data_at;
} pnm;

static int is_blank(uint8_t c) { return c == ' ' || (c >= 0x09 && c <= 0x0d); }
static int is_plain(const pnm *m) { return m->kind <= 3; }
static int channels(const pnm *m) { return m->kind % 3 == 0 ? 3 : 1; }
static int is_bits(const pnm *m) { return m->kind % 3 == 1; }

static int recognise(const uint8_t *head, size_t n)
{
    return n >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' && is_blank(head[2]);
}

/* To the next line; a comment may stand inside a number. */
static int skip_comment(image_window *w, int64_t *at)
{
    int rc = OK;
    const uint8_t *p;
    do TRY(image_window_get(w, (*at)++, 1, &p));
    while (*p != '\n' && *p != '\r');
done:
    return rc;
}

/* The next number, and the one blank after it. */
static int read_number(image_window *w, int64_t *at, int64_t *value)
{
    int rc = OK, digits = 0;
    const uint8_t *p;
    *value = 0;
    for (;;) {
        TRY(image_window_get(w, (*at)++, 1, &p));
        if (*p == '#') {
            TRY(skip_comment(w, at));
        } else if (is_blank(*p)) {
            if (digits) break;
        } else {
            if (*p < '0' || *p > '9' || ++digits > MAX_TOKEN) FAIL(ERR_FORMAT, "PNM: a header that is not one");
            *value = *value * 10 + (*p - '0');
        }
    }
done:
    return rc;
}

static int64_t row_bytes(const pnm *m)
{
    if (is_bits(m)) return (m->width + 7) / 8;
    return m->width * channels(m) * (m->most > 255 ? 2 : 1);
}

static int read_header(const byte_source *source, pnm *m)
{
    int rc = OK;
    image_window w = {.source = source};
    const uint8_t *p;
    int64_t at = 3;
    TRY(image_window_get(&w, 0, 3, &p));
    *m = (pnm){.kind = p[1] - '0', .most = 1};
    TRY(read_number(&w, &at, &m->width));
    TRY(read_number(&w, &at, &m->height));
    if (!is_bits(m)) TRY(read_number(&w, &at, &m->most));
    if (m->width < 1 || m->height < 1 || m->width > INT32_MAX || m->height > INT32_MAX)
        FAIL(ERR_FORMAT, "PNM: a size that is not allowed");
    if (m->most < 1 || m->most > 65535) FAIL(ERR_FORMAT, "PNM: a largest value of %lld", (long long)m->most);
    m->data_at = at;
done:
    return rc;
}

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    pnm m;
    TRY(read_header(source, &m));
    out->width = m.width;
    out->height = m.height;
    const int64_t least = is_plain(&m) ? (is_bits(&m) ? m.width : m.width * channels(&m) * 2 - 1) : row_bytes(&m);
    out->least_bytes = least > INT64_MAX / m.height ? INT64_MAX : least * m.height;
done:
    return rc;
}

/* What each stored sample becomes. */
static void fill_levels(const pnm *m, uint8_t levels[65536])
{
    const int deep_grey = channels(m) == 1 && m->most > 255;
    const int64_t end = m->most > 255 ? 65536 : 256;
    for (int64_t v = 0; v < end; v++) {
        double scaled = rint((double)v / (double)m->most * (deep_grey ? 65535 : 255));
        levels[v] = scaled < 255 ? (uint8_t)scaled : 255;
    }
}

/* One row of raw samples. */
static void raw_row(const pnm *m, const uint8_t *raw, const uint8_t *levels, uint8_t *rgb)
{
    const int64_t n = m->width * channels(m);
    if (is_bits(m))
        for (int64_t i = 0; i < n; i++) memset(rgb + 3 * i, raw[i >> 3] >> (7 - (i & 7)) & 1 ? 0 : 255, 3);
    else if (channels(m) == 3)
        for (int64_t i = 0; i < n; i++) rgb[i] = levels[m->most > 255 ? image_u16be(raw + 2 * i) : raw[i]];
    else
        for (int64_t i = 0; i < n; i++)
            memset(rgb + 3 * i, levels[m->most > 255 ? image_u16be(raw + 2 * i) : raw[i]], 3);
}

static int decode_raw(const pnm *m, const uint8_t *bytes, size_t n, const uint8_t *levels, uint8_t *rgb)
{
    int rc = OK;
    const int64_t stride = row_bytes(m);
    if (((int64_t)n - m->data_at) / stride < m->height) FAIL(ERR_FORMAT, "PNM: the picture ends early");
    for (int64_t y = 0; y < m->height; y++) {
        const uint8_t *raw = bytes + m->data_at + y * stride;
        uint8_t *out = rgb + y * m->width * 3;
        if (m->kind == 6 && m->most == 255)
            memcpy(out, raw, (size_t)stride);
        else
            raw_row(m, raw, levels, out);
    }
done:
    return rc;
}

/* The next byte of plain data outside comments; -1 at the end. A comment takes its end of line with it. */
static int plain_byte(const uint8_t **p, const uint8_t *end)
{
    while (*p < end && **p == '#') {
        while (*p < end && **p != '\n' && **p != '\r') ++*p;
        if (*p < end) ++*p;
    }
    return *p < end ? *(*p)++ : -1;
}

static int plain_sample(const pnm *m, const uint8_t **p, const uint8_t *end, int64_t *value)
{
    int rc = OK, digits = 0, c;
    *value = 0;
    do c = plain_byte(p, end);
    while (c >= 0 && is_blank((uint8_t)c));
    if (c < 0) FAIL(ERR_FORMAT, "PNM: the picture ends early");
    for (; c >= 0 && !is_blank((uint8_t)c); c = plain_byte(p, end)) {
        if (c < '0' || c > '9' || ++digits > MAX_TOKEN) FAIL(ERR_FORMAT, "PNM: a sample that is not a number");
        *value = *value * 10 + (c - '0');
        if (is_bits(m)) break; /* bits need no blanks between them */
    }
    if (*value > m->most) FAIL(ERR_FORMAT, "PNM: a sample above the largest value");
done:
    return rc;
}

static int decode_plain(const pnm *m, const uint8_t *bytes, size_t n, const uint8_t *levels, uint8_t *rgb)
{
    int rc = OK;
    const uint8_t *p = bytes + m->data_at, *end = bytes + n;
    const int64_t samples = m->width * m->height * channels(m);
    for (int64_t i = 0; i < samples; i++) {
        int64_t value;
        TRY(plain_sample(m, &p, end, &value));
        uint8_t v = is_bits(m) ? (value ? 0 : 255) : levels[value];
        if (channels(m) == 3)
            rgb[i] = v;
        else
            memset(rgb + 3 * i, v, 3);
    }
done:
    return rc;
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    pnm m;
    uint8_t *levels = NULL;
    TRY(read_header(&source, &m));
    TRY(MEM_ALLOC(levels, 65536));
    fill_levels(&m, levels);
    if (is_plain(&m))
        TRY(decode_plain(&m, bytes, n, levels, rgb));
    else
        TRY(decode_raw(&m, bytes, n, levels, rgb));
done:
    mem_free(&levels);
    return rc;
}

const image_format image_format_pnm = {"pnm", recognise, probe, decode, .scales = 0};
