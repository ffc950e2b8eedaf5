#include "text/sentencepiece_wire.h"

static int read_varint(spm_wire *w, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (w->at == w->end) return 0;
        uint8_t byte = *w->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return 1;
    }
    return 0;
}

static int read_fixed(spm_wire *w, size_t n, uint64_t *value)
{
    if ((size_t)(w->end - w->at) < n) return 0;
    *value = 0;
    for (size_t i = 0; i < n; i++) *value |= (uint64_t)w->at[i] << (8 * i);
    w->at += n;
    return 1;
}

int spm_wire_next(spm_wire *w, spm_field *f)
{
    uint64_t tag;
    int good = 0;
    if (w->at == w->end) return 0;
    if (!read_varint(w, &tag) || tag >> 32 || tag >> 3 == 0) return -1;
    *f = (spm_field){.number = (uint32_t)(tag >> 3), .type = (int)(tag & 7)};
    switch (f->type) {
    case SPM_VARINT: good = read_varint(w, &f->value); break;
    case SPM_FIXED64: good = read_fixed(w, 8, &f->value); break;
    case SPM_FIXED32: good = read_fixed(w, 4, &f->value); break;
    case SPM_BYTES:
        good = read_varint(w, &f->value) && f->value <= (uint64_t)(w->end - w->at);
        if (!good) break;
        f->bytes = w->at;
        f->n = (size_t)f->value;
        w->at += f->n;
        break;
    default: break;
    }
    return good ? 1 : -1;
}
