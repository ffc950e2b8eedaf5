#include "text/sentencepiece_cut.h"

void spm_ids_add(spm_ids *o, uint32_t id, const char *bytes, size_t n)
{
    const spm_model *m = o->model;
    if (id != SPM_NONE) {
        o->ids[o->n++] = id;
        o->after_unknown = 0;
        return;
    }
    if (m->byte_fallback)
        for (size_t i = 0; i < n; i++) o->ids[o->n++] = m->byte_ids[(unsigned char)bytes[i]];
    else if (!o->after_unknown)
        o->ids[o->n++] = m->unknown;
    o->after_unknown = 1;
}
