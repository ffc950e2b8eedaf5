#include "sequence/token_name.h"

#include <stdio.h>

void token_name(const sequence_set *set, uint32_t id, char out[TOKEN_NAME])
{
    int64_t own = (int64_t)id - vocabulary_special(set->words, (special_id)SPECIAL_CUSTOM);
    if (own >= 0 && own < (int64_t)set->options->specials.n)
        snprintf(out, TOKEN_NAME, "<%s>", set->options->specials.texts[own]);
    else
        vocabulary_name(set->words, id, out, TOKEN_NAME);
}
