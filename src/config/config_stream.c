#include "config/config_stream.h"

#include "base/memory.h"
#include "base/status.h"

int config_stream_open(text_stream *s)
{
    int rc = OK;
    *s = (text_stream){0};
    s->file = open_memstream(&s->text, &s->n);
    if (!s->file) FAIL(ERR_MEMORY, "no memory for a text");
done:
    return rc;
}

int config_stream_close(text_stream *s, char **out)
{
    int rc = OK;
    *out = NULL;
    int failed = ferror(s->file);
    failed |= fclose(s->file);
    s->file = NULL;
    if (failed) {
        mem_free(&s->text);
        FAIL(ERR_MEMORY, "no memory for a text");
    }
    *out = s->text;
done:
    return rc;
}
