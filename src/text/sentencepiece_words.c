#include "text/sentencepiece_words.h"

#include "text/sentencepiece_utf8.h"

#include <string.h>

static void add(const spm_index *index, const char *text, size_t n, spm_ids *out)
{
    const uint32_t id = spm_index_find(index, text, n);
    const int unused = id != SPM_NONE && index->model->pieces[id].type == SPM_UNUSED;
    spm_ids_add(out, unused ? SPM_NONE : id, text, n);
}

void spm_cut_words(const spm_index *index, const char *text, size_t n, spm_ids *out)
{
    size_t begin = 0;
    for (size_t at = 0, step; at < n; at += step) {
        step = spm_char_bytes(text + at, n - at);
        if (at == begin || step != SPM_SPACE_BYTES || memcmp(text + at, SPM_SPACE, SPM_SPACE_BYTES)) continue;
        add(index, text + begin, at - begin, out);
        begin = at;
    }
    if (n > begin) add(index, text + begin, n - begin, out);
}

void spm_cut_chars(const spm_index *index, const spm_trie *kept, const char *text, size_t n, spm_ids *out)
{
    for (size_t at = 0, step; at < n; at += step) {
        uint32_t id;
        step = spm_trie_longest(kept, text + at, n - at, &id);
        if (!step) step = spm_char_bytes(text + at, n - at);
        add(index, text + at, step, out);
    }
}
