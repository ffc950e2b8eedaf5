#include "text/sentencepiece_index.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int spm_index_create(spm_index *x, const spm_model *m)
{
    int rc = OK;
    size_t n = 16;
    *x = (spm_index){.model = m};
    while (n < 2 * m->n) n *= 2;
    TRY(MEM_RESERVE(x->slots, n));
    memset(x->slots, 0xFF, n * sizeof *x->slots);
    x->mask = n - 1;
done:
    return rc;
}

void spm_index_free(spm_index *x) { mem_free(&x->slots); }

/* The slot that holds the text, or the free one where it would go. */
static size_t slot_of(const spm_index *x, const char *bytes, size_t n)
{
    size_t at = hash64(bytes, n, 0) & x->mask;
    for (;; at = (at + 1) & x->mask) {
        if (x->slots[at] == SPM_NONE) return at;
        const spm_text t = x->model->pieces[x->slots[at]].text;
        if (t.n == n && !memcmp(t.bytes, bytes, n)) return at;
    }
}

int spm_index_add(spm_index *x, uint32_t id)
{
    const spm_text t = x->model->pieces[id].text;
    const size_t at = slot_of(x, t.bytes, t.n);
    if (x->slots[at] != SPM_NONE) return 0;
    x->slots[at] = id;
    return 1;
}

uint32_t spm_index_find(const spm_index *x, const char *bytes, size_t n) { return x->slots[slot_of(x, bytes, n)]; }
