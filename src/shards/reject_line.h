/* Lines of the reject ledger. Local. */
#pragma once

#include "base/file.h"
#include "shards/example.h"

/* One JSON line about a rejected or filtered row. Bytes that are not UTF-8 are written as U+FFFD. ERR_MEMORY,
 * ERR_SPACE, ERR_IO. */
int reject_line_write(file_writer *w, const example *e);
