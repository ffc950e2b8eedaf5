/* What a token is called in texts for people and programs. Local. */
#pragma once

#include "sequence/pack.h"

/* As vocabulary_name, with the special tokens that the set has of its own: "<boi>", "<eoh>", "<img_17>", and the
 * pieces of the text tokenizer where it is at hand. A name of the
 * program or the options has less than TOKEN_NAME bytes. */
enum { TOKEN_NAME = 64 };
void token_name(const sequence_set *set, uint32_t id, char out[TOKEN_NAME]);
