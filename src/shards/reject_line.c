#include "shards/reject_line.h"

#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_step(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (p[0] < 0x80) return 1;
    size_t want = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (!want || n < want) return 0;
    for (size_t i = 1; i < want; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    /* no overlong forms, no surrogates, nothing above U+10FFFF */
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
    return want;
}

static int json_of(const char *bytes, size_t n, json_t **out)
{
    int rc = OK;
    char *clean = NULL;
    size_t size, at = 0, to = 0;
    TRY(size_mul(n, 3, &size));
    TRY(mem_alloc((void **)&clean, size, 1));
    while (at < n) {
        size_t step = utf8_step(bytes + at, n - at);
        memcpy(clean + to, step ? bytes + at : "\xEF\xBF\xBD", step ? step : 3);
        at += step ? step : 1;
        to += step ? step : 3;
    }
    *out = json_stringn(clean, to);
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
