#include "jobs/note.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int note_text(const job *j, const char *name, const char *text, const char *what)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(j, &path, "%s", name));
    TRY(file_commit(path, text, strlen(text), what));
done:
    mem_free(&path);
    return rc;
}

int note_hash(const job *j, const char *name, uint64_t hash, const char *remark, const char *what)
{
    char text[64];
    snprintf(text, sizeof text, "%016" PRIx64 "%s%.32s", hash, *remark ? " " : "", remark);
    return note_text(j, name, text, what);
}

int note_is(const job *j, const char *name, uint64_t hash)
{
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    int same = job_path(j, &path, "%s", name) == OK && file_read(path, 64, &bytes, &n) == OK &&
               strtoull((char *)bytes, NULL, 16) == hash;
    mem_free(&path);
    mem_free(&bytes);
    return same;
}
