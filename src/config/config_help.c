#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "config/config_stream.h"
#include "config/config_table.h"
#include "config/config_text.h"
#include "config/config_value.h"

#include <string.h>

static const char *const scopes[] = {
    [SCOPE_INDEX] = "index",         [SCOPE_CODEBOOK] = "codebook", [SCOPE_TOKENS] = "tokens",
    [SCOPE_SEQUENCES] = "sequences", [SCOPE_RUN] = "run",
};

static const char legend[] = "In brackets: the stage that a change of the key redoes, with all that follow it (index, "
                             "codebook, tokens, sequences); "
                             "[run] keys say how the job runs and change no byte of the dataset.";

static const char preset[] = "preset: NAME, or a list of names, at the top of a file reads NAME.yaml beside it first "
                             "(or a path with a slash, seen from "
                             "the file); the file overrides what it sets.";

static int write_default(const option *o, FILE *out)
{
    int rc = OK;
    config_value v = {0};
    TRY(config_value_default(o, &v));
    config_value_write(o, &v, out);
done:
    config_value_free(&v);
    return rc;
}

/* "help (type and range) [scope]" */
static int describe(const option *o, char **out)
{
    int rc = OK;
    char *type = NULL;
    TRY(config_value_type(o, &type));
    TRY(mem_format(out, "%s (%s) [%s]", o->help, type, scopes[o->scope]));
done:
    mem_free(&type);
    return rc;
}

static int write_help(const option *o, FILE *out)
{
    int rc = OK;
    char *text = NULL;
    TRY(describe(o, &text));
    fprintf(out, "%s: ", o->key);
    TRY(write_default(o, out));
    fputc('\n', out);
    config_text_wrap(out, 6, "", text);
done:
    mem_free(&text);
    return rc;
}

void config_help(const config *c, FILE *out)
{
    config_text_wrap(out, 0, "", legend);
    config_text_wrap(out, 0, "", preset);
    fputc('\n', out);
    for (size_t i = 0; i < c->n; i++)
        if (write_help(c->entries[i].option, out) != OK) return; /* no memory: what is there is help enough */
}

static int write_reference(const option *o, const char *previous, FILE *out)
{
    int rc = OK;
    char *text = NULL;
    size_t section = strcspn(o->key, ".");
    TRY(describe(o, &text));
    if (!previous || strncmp(previous, o->key, section) || previous[section] != '.') fputc('\n', out);
    size_t depth = config_text_headings(out, previous, o->key);
    config_text_wrap(out, 2 * depth, "# ", text);
    fprintf(out, "%*s%s: ", (int)(2 * depth), "", config_text_name(o->key));
    TRY(write_default(o, out));
    fputc('\n', out);
done:
    mem_free(&text);
    return rc;
}

int config_reference(const config *c, char **yaml)
{
    int rc = OK;
    text_stream s;
    *yaml = NULL;
    TRY(config_stream_open(&s));
    config_text_wrap(s.file, 0, "# ", "Every key with its default.");
    config_text_wrap(s.file, 0, "# ", legend);
    config_text_wrap(s.file, 0, "# ", preset);
    for (size_t i = 0; i < c->n && rc == OK; i++)
        rc = write_reference(c->entries[i].option, i ? c->entries[i - 1].option->key : NULL, s.file);
    int closed = config_stream_close(&s, yaml);
    if (rc == OK) rc = closed;
    if (rc != OK) mem_free(yaml);
done:
    return rc;
}
