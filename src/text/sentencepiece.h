/* SentencePiece models (tokenizer.model, protobuf): unigram, BPE, word and character models. Ids and texts are those of
 * the SentencePiece library 0.2.3. Local. */
#pragma once

#include "text/tokenizer_kind.h"

extern const tokenizer_kind sentencepiece_kind;
