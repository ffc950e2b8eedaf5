#include "shards/reject_line.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int json_of(const char *bytes, size_t n, json_t **out)
{
    int rc = OK;
    char *clean = NULL;
    size_t n_clean;
    TRY(utf8_replace(bytes, n, &clean, &n_clean));
    *out = json_stringn(clean, n_clean);
    if (!*out) FAIL(ERR_MEMORY, "no memory for a line of a ledger");
done:
    mem_free(&clean);
    return rc;
}

static int set_text(json_t *line, const char *key, const char *bytes, size_t n)
{
    int rc = OK;
    json_t *value = NULL;
    TRY(json_of(bytes, n, &value));
    if (json_object_set_new(line, key, value) != 0) FAIL(ERR_MEMORY, "no memory for a line of a ledger");
done:
    return rc;
}

int reject_line_write(file_writer *w, const example *e)
{
    int rc = OK, filtered = e->outcome == OUTCOME_FILTERED;
    char *text = NULL;
    const char *why = filtered ? e->rule : status_name(e->status);
    json_t *line = json_object();
    TRY(set_text(line, "id", e->text[EXAMPLE_ID].bytes, e->text[EXAMPLE_ID].n));
    if (json_object_set_new(line, "row", json_integer(e->row)) != 0) FAIL(ERR_MEMORY, "no memory for a line");
    TRY(set_text(line, "source", e->text[EXAMPLE_PATH].bytes, e->text[EXAMPLE_PATH].n));
    if (!filtered) TRY(set_text(line, "stage", e->stage, strlen(e->stage)));
    TRY(set_text(line, filtered ? "rule" : "reason", why, strlen(why)));
    TRY(set_text(line, "message", e->message, strlen(e->message)));
    text = json_dumps(line, JSON_COMPACT);
    if (!text) FAIL(ERR_MEMORY, "no memory for a line of a ledger");
    TRY(file_writer_add(w, text, strlen(text)));
    TRY(file_writer_add(w, "\n", 1));
done:
    free(text);
    json_decref(line);
    return rc;
}
