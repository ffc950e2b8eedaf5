/* pack_materialise with batches of another size, for tests: the size changes no byte. Local. */
#pragma once

#include "sequence/pack.h"

/* batch_tokens: tokens that are held in memory at a time; one sequence at least. */
int materialise(const sequence_set *set, const char *index_path, const char *out_path, int64_t batch_tokens);
