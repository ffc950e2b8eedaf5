/* A sequence for people to read. Local. */
#pragma once

#include "sequence/pack.h"

#include <stdio.h>

/* Print sequence number `sequence` of an index file: a line per span with its place, loss, role, text as it reads and
 * names of media ids (long runs cut short, pictures as their grid), and the example that it comes from. ERR_USAGE (no
 * such sequence), ERR_MISSING, ERR_CORRUPT, ERR_MISMATCH, ERR_MEMORY. */
int sequence_print(FILE *out, const sequence_set *set, const char *index_path, int64_t sequence);
