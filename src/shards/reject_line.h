/* Lines of the ledgers of rejected and of filtered rows. Local. */
#pragma once

#include "base/file.h"
#include "shards/example.h"

/* One JSON line about a rejected row (id, row, source, stage, reason, message) or a filtered one (id, row, source,
 * rule, message). Bytes that are not UTF-8 are written as U+FFFD. ERR_MEMORY,
 * ERR_SPACE, ERR_IO. */
int reject_line_write(file_writer *w, const example *e);

/* Bytes of the sequence at p that are valid UTF-8 (RFC 3629), 1 to 4; 0 if there is none. */
size_t utf8_step(const char *bytes, size_t n);
