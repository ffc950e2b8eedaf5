/* Lines of the ledgers of rejected and of filtered rows. Local. */
#pragma once

#include "base/file.h"
#include "shards/example.h"

/* One JSON line about a rejected row (id, row, source, stage, reason, message) or a filtered one (id, row, source,
 * rule, message). Bytes that are not UTF-8 are written as U+FFFD. ERR_MEMORY,
 * ERR_SPACE, ERR_IO. */
int reject_line_write(file_writer *w, const example *e);
