/* Small committed files of an output folder: texts, and notes of the hash that a result belongs to. Local. */
#pragma once

#include "jobs/job.h"

/* Commit a text as OUT/name; `what` names the kind of file at fault points. ERR_SPACE, ERR_IO. */
int note_text(const job *j, const char *name, const char *text, const char *what);

/* Commit a hash, and a remark after it ("" for none). ERR_SPACE, ERR_IO. */
int note_hash(const job *j, const char *name, uint64_t hash, const char *remark, const char *what);

/* Whether the note is there with this hash. */
int note_is(const job *j, const char *name, uint64_t hash);
