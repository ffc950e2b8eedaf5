/* The lengths of a split's documents (and pieces) in tokens, in the order of its sequences, from the spans alone.
 * Local. */
#pragma once

#include "export/export.h"

/* Called for each document; an error ends the walk. ERR_MISSING, ERR_CORRUPT, ERR_MEMORY. */
int document_lengths(const export_split *s, int (*each)(void *user, int64_t tokens), void *user);
