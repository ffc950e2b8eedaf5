#include "config/config_text.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "config/config_stream.h"
#include "config/config_table.h"
#include "config/config_value.h"

#include <stdlib.h>
#include <string.h>

const char *config_text_name(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

size_t config_text_headings(FILE *out, const char *previous, const char *key)
{
    size_t same = 0, depth = 0; /* bytes up to and with the last dot that both keys share */
    for (size_t i = 0; previous && previous[i] && previous[i] == key[i]; i++)
        if (key[i] == '.') same = i + 1;
    for (const char *p = key, *dot; (dot = strchr(p, '.')); p = dot + 1, depth++)
        if ((size_t)(dot - key) >= same) fprintf(out, "%*s%.*s:\n", (int)(2 * depth), "", (int)(dot - p), p);
    return depth;
}

void config_text_wrap(FILE *out, size_t n, const char *mark, const char *text)
{
    size_t width = CONFIG_WIDTH - n - strlen(mark);
    while (*text) {
        size_t length = strlen(text);
        if (length > width) {
            for (length = width; length > 0 && text[length] != ' '; length--) {
            }
            if (length == 0) length = strcspn(text, " ");
        }
        fprintf(out, "%*s%s%.*s\n", (int)n, "", mark, (int)length, text);
        text += length;
        while (*text == ' ') text++;
    }
}

/* Keys up to `last` in scope, nested. */
static int write_nested(const config *c, option_scope last, char **out)
{
    int rc = OK;
    text_stream s;
    const char *previous = NULL;
    TRY(config_stream_open(&s));
    for (size_t i = 0; i < c->n; i++) {
        const option *o = c->entries[i].option;
        if (o->scope > last) continue;
        size_t depth = config_text_headings(s.file, previous, o->key);
        config_value v = config_value_of(o, c->entries[i].options);
        fprintf(s.file, "%*s%s: ", (int)(2 * depth), "", config_text_name(o->key));
        config_value_write(o, &v, s.file);
        fputc('\n', s.file);
        previous = o->key;
    }
    if (!previous) fputs("{}\n", s.file);
    TRY(config_stream_close(&s, out));
done:
    return rc;
}

int config_dump(const config *c, char **yaml) { return write_nested(c, SCOPE_RUN, yaml); }

int config_resolved(const config *c, char **yaml) { return write_nested(c, N_CONTENT_SCOPES - 1, yaml); }

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const config_entry *const *)a)->option->key, (*(const config_entry *const *)b)->option->key);
}

int config_scope_text(const config *c, option_scope scope, char **text)
{
    int rc = OK;
    size_t n = 0;
    text_stream s;
    const config_entry **sorted = NULL;
    *text = NULL;
    TRY(MEM_ALLOC(sorted, c->n));
    for (size_t i = 0; i < c->n; i++)
        if (c->entries[i].option->scope == scope) sorted[n++] = &c->entries[i];
    if (n) qsort(sorted, n, sizeof *sorted, by_key);
    TRY(config_stream_open(&s));
    for (size_t i = 0; i < n; i++) {
        config_value v = config_value_of(sorted[i]->option, sorted[i]->options);
        fprintf(s.file, "%s: ", sorted[i]->option->key);
        config_value_write(sorted[i]->option, &v, s.file);
        fputc('\n', s.file);
    }
    TRY(config_stream_close(&s, text));
done:
    mem_free(&sorted);
    return rc;
}
