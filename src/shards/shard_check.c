#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/shard_checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAULTS_TOLD = 100, ID_SHOWN = 80 };

/* The id of an example as far as it can be read. */
static void show_id(const shard_checker *c, int64_t i, char *out, size_t size)
{
    const int64_t *o = c->id_offsets.values;
    *out = 0;
    if (!o || !c->ids.values) return;
    int64_t n = o[i + 1] - o[i];
    snprintf(out, size, " (id %.*s)", (int)(n < ID_SHOWN ? n : ID_SHOWN), (const char *)c->ids.values + o[i]);
}

void shard_checker_fault(shard_checker *c, int64_t i, const char *format, ...)
{
    char what[512], id[ID_SHOWN + 16], text[768];
    va_list args;
    if (++c->n_faults > FAULTS_TOLD) return;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (i >= 0 && i < c->n) {
        show_id(c, i, id, sizeof id);
        snprintf(text, sizeof text, "example %lld%s: %s", (long long)i, id, what);
    } else {
        snprintf(text, sizeof text, "%s", what);
    }
    c->fault(c->user, text);
}

int shard_checker_settle(shard_checker *c, int code, int *ok)
{
    *ok = code == OK;
    if (code != ERR_CORRUPT && code != ERR_MISSING && code != ERR_LIMIT) return code;
    shard_checker_fault(c, -1, "%s", status_message());
    return OK;
}

int shard_checker_offsets(shard_checker *c, const char *path, int64_t total, shard_array *out)
{
    int rc = OK, ok;
    int64_t bad = 0;
    TRY(shard_checker_settle(c, shard_array_open(out, c->file, &c->map, path, H5_I64, 0, c->n + 1), &ok));
    if (!ok || shard_array_check_offsets(out, path, total, &bad) == OK) goto done;
    shard_array_close(out); /* before the fault, which may look up an id */
    shard_checker_fault(c, bad > 0 ? bad - 1 : 0, "%s", status_message());
done:
    return rc;
}

static int check_root_text(shard_checker *c, const char *name, const char *wanted)
{
    int rc = OK, ok;
    char *text = NULL;
    TRY(shard_checker_settle(c, h5_get_text(c->file, "/", name, &text), &ok));
    if (ok && wanted && *wanted && strcmp(text, wanted))
        shard_checker_fault(c, -1, "attribute %s is \"%s\", not \"%s\"", name, text, wanted);
done:
    mem_free(&text);
    return rc;
}

/* The number of examples is that of their rows; *usable: it is known. */
static int check_root(shard_checker *c, int *usable)
{
    int rc = OK, ok;
    int64_t version, n, dims[3];
    TRY(check_root_text(c, "format", shard_format_name));
    TRY(check_root_text(c, "config_sha256", c->expected ? c->expected->config_sha256 : NULL));
    TRY(check_root_text(c, "created_by", NULL));
    TRY(shard_checker_settle(c, h5_get_int(c->file, "/", "format_version", &version), &ok));
    if (ok && version != SHARD_FORMAT_VERSION)
        shard_checker_fault(c, -1, "format version %lld, known is %d", (long long)version, SHARD_FORMAT_VERSION);
    TRY(shard_checker_settle(c, h5_shape(c->file, "/examples/row", NULL, NULL, dims), usable));
    if (!*usable) goto done;
    c->n = dims[0];
    TRY(shard_checker_settle(c, h5_get_int(c->file, "/", "n_examples", &n), &ok));
    if (ok && n != c->n)
        shard_checker_fault(c, -1, "n_examples is %lld, /examples/row has %lld", (long long)n, (long long)c->n);
done:
    return rc;
}

static int check_content(shard_checker *c)
{
    int rc = OK, usable;
    TRY(check_root(c, &usable));
    if (!usable) goto done;
    c->counts->examples = c->counts->rows = c->n;
    TRY(shard_check_examples(c));
    for (int s = 0; s < N_STREAMS; s++) TRY(shard_check_stream(c, (stream_kind)s));
    TRY(shard_check_sums(c));
done:
    return rc;
}

int shard_check(const char *path, const shard_options *expected, void (*fault)(void *user, const char *text),
                void *user, shard_counts *counts)
{
    int rc = OK, ok;
    shard_checker c = {.expected = expected, .fault = fault, .user = user, .counts = counts};
    memset(counts, 0, sizeof *counts);
    TRY(shard_checker_settle(&c, file_stat(path, &counts->bytes, NULL), &ok));
    if (ok) {
        TRY(sha256_file(path, counts->sha256));
        TRY(shard_checker_settle(&c, h5_open(&c.file, path), &ok));
    }
    if (ok) {
        TRY(file_map(path, &c.map));
        TRY(check_content(&c));
    }
    if (c.n_faults > FAULTS_TOLD) {
        char text[64];
        snprintf(text, sizeof text, "and %lld more faults", (long long)c.n_faults - FAULTS_TOLD);
        fault(user, text);
    }
    if (c.n_faults) FAIL(ERR_VERIFY, "%s: %lld faults", path, (long long)c.n_faults);
done:
    shard_array_close(&c.id_offsets);
    shard_array_close(&c.ids);
    shard_array_close(&c.text_offsets);
    shard_array_close(&c.text);
    file_unmap(&c.map);
    h5_close(&c.file);
    return rc;
}
