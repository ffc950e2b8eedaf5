#include "text/sentencepiece_decode.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

typedef struct decoder {
    const spm_model *model;
    char *text;
    size_t capacity, n;
    size_t bytes;      /* how many bytes at the end come from byte pieces and were not looked at */
    int drops_a_space; /* whether the next piece loses a space at its beginning */
} decoder;

/* Room is made by the caller. */
static void add(decoder *d, const char *bytes, size_t n)
{
    memcpy(d->text + d->n, bytes, n);
    d->n += n;
}

/* Bytes that are no character become U+FFFD, one by one. */
static int end_bytes(decoder *d)
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
        const size_t step = utf8_step(raw + at, n - at);
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
    TRY(end_bytes(d));
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

int spm_decode(const spm_model *m, const spm_normalizer *after, const uint32_t *ids, size_t n, char **text,
               size_t *capacity, size_t *count)
{
    int rc = OK;
    char *plain = NULL;
    size_t n_plain = 0;
    decoder d = {.model = m, .text = *text, .capacity = *capacity, .drops_a_space = 1};
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
    TRY(end_bytes(&d));
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
