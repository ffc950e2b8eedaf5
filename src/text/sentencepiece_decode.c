#include "text/sentencepiece_decode.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

typedef struct decoder {
    const spm_model *model;
    char *text;
    size_t capacity, n;
    size_t bytes; /* how many bytes at the end come from byte pieces and were not looked at */
    spm_share share;
    int drops_a_space; /* whether the next piece loses a space at its beginning */
} decoder;

/* Room is made by the caller. */
static void add(decoder *d, const char *bytes, size_t n)
{
    memcpy(d->text + d->n, bytes, n);
    d->n += n;
}

/* How many bytes from here on belong to a character that is in several parts: the first ones of a later part, or the
 * last ones of a part. */
static size_t cut_bytes(const decoder *d, const char *raw, size_t at, size_t n, int is_last)
{
    const unsigned char c = (unsigned char)raw[at];
    const size_t wanted = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (d->share == SPM_LATER_PART && d->n == at && at < 3 && (c & 0xC0) == 0x80) return 1;
    if (d->share == SPM_WHOLE || !is_last || c < 0xC0 || n - at >= wanted) return 0;
    for (size_t k = at + 1; k < n; k++)
        if (((unsigned char)raw[k] & 0xC0) != 0x80) return 0;
    return n - at;
}

/* Bytes that are no character become U+FFFD, one by one, but for one that is cut by the ends of a part. */
static int end_bytes(decoder *d, int is_last)
{
    int rc = OK;
    char *raw = NULL;
    const size_t n = d->bytes;
    d->bytes = 0;
    if (!n) goto done;
    TRY(mem_copy(&raw, d->text + d->n - n, n));
    d->n -= n;
    TRY(MEM_GROW(d->text, &d->capacity, d->n + 3 * n));
    for (size_t at = 0; at < n;) {
        size_t step = utf8_step(raw + at, n - at);
        if (!step) step = cut_bytes(d, raw, at, n, is_last);
        if (step)
            add(d, raw + at, step);
        else
            add(d, "\xEF\xBF\xBD", 3);
        at += step ? step : 1;
    }
done:
    mem_free(&raw);
    return rc;
}

static void add_piece(decoder *d, spm_text t)
{
    for (size_t at = 0; at < t.n;) {
        if (t.n - at >= SPM_SPACE_BYTES && !memcmp(t.bytes + at, SPM_SPACE, SPM_SPACE_BYTES)) {
            d->text[d->n++] = ' ';
            at += SPM_SPACE_BYTES;
        } else {
            d->text[d->n++] = t.bytes[at++];
        }
    }
}

/* A piece that is no byte. The space before the first word, which encoding put there, is dropped; with
 * remove_extra_spaces all spaces before it. */
static int decode_piece(decoder *d, const spm_piece *p)
{
    int rc = OK, dropped = 0;
    const spm_model *m = d->model;
    const spm_rules *r = &m->normal;
    spm_text t = p->text;
    TRY(end_bytes(d, 0));
    if (d->n) d->drops_a_space = 0;
    if (p->type == SPM_CONTROL) goto done;
    TRY(MEM_GROW(d->text, &d->capacity, d->n + t.n + m->unknown_surface.n));
    if (d->drops_a_space && (r->add_dummy_prefix || r->remove_extra_spaces) && t.n >= SPM_SPACE_BYTES &&
        !memcmp(t.bytes, SPM_SPACE, SPM_SPACE_BYTES)) {
        t = (spm_text){t.bytes + SPM_SPACE_BYTES, t.n - SPM_SPACE_BYTES};
        dropped = !r->remove_extra_spaces;
    }
    if (p->type == SPM_UNKNOWN)
        add(d, m->unknown_surface.bytes, m->unknown_surface.n);
    else
        add_piece(d, t);
    if (dropped || d->n) d->drops_a_space = 0;
done:
    return rc;
}

int spm_decode(const spm_model *m, const spm_normalizer *after, spm_share share, const uint32_t *ids, size_t n,
               char **text, size_t *capacity, size_t *count)
{
    int rc = OK;
    char *plain = NULL;
    size_t n_plain = 0;
    decoder d = {
        .model = m, .text = *text, .capacity = *capacity, .share = share, .drops_a_space = share != SPM_LATER_PART};
    for (size_t i = 0; i < n; i++) {
        if (ids[i] >= m->n) FAIL(ERR_INVALID, "the id %u is no piece, there are %zu", ids[i], m->n);
        const spm_piece *p = &m->pieces[ids[i]];
        if (p->type != SPM_BYTE) {
            TRY(decode_piece(&d, p));
            continue;
        }
        TRY(MEM_GROW(d.text, &d.capacity, d.n + 1));
        d.text[d.n++] = (char)spm_byte_of(p->text);
        d.bytes++;
    }
    TRY(end_bytes(&d, 1));
    if (after) {
        TRY(mem_copy(&plain, d.text, d.n));
        n_plain = d.n;
        TRY(spm_normalize(after, plain, n_plain, &d.text, &d.capacity, &d.n));
    }
done:
    mem_free(&plain);
    *text = d.text;
    *capacity = d.capacity;
    *count = rc == OK ? d.n : 0;
    return rc;
}
