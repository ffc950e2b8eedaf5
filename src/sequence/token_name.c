#include "sequence/token_name.h"

#include <stdio.h>
#include <string.h>

void token_name(const sequence_set *set, uint32_t id, char out[TOKEN_NAME])
{
    size_t n = 0;
    int text = set->text && strcmp(set->words->tokenizer, "bytes") && id < set->words->text_size;
    const char *piece = text ? text_tokenizer_piece(set->text, id, &n) : NULL;
    int64_t own = (int64_t)id - vocabulary_special(set->words, (special_id)SPECIAL_CUSTOM);
    if (own >= 0 && own < (int64_t)set->options->specials.n)
        snprintf(out, TOKEN_NAME, "<%s>", set->options->specials.texts[own]);
    else if (n)
        vocabulary_name_piece(piece, n, out, TOKEN_NAME);
    else
        vocabulary_name(set->words, id, out, TOKEN_NAME);
}
