#include "jobs/ledger_check.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct reading {
    const ledger_checker *c;
    const ledger_kind *kind;
    json_t *counts; /* NULL: only the rows are wanted */
    /* of the shard in hand */
    const json_t *shards;
    size_t shard;
    int64_t left;
} reading;

static void say(const reading *r, const char *file, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(const reading *r, const char *file, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->c->fault(r->c->user, file, text);
}

static int read_ledger(const char *dataset, reading *r, int (*line)(void *user, const json_t *line))
{
    int rc = OK;
    char *path = NULL;
    TRY(file_join(&path, dataset, r->kind->file));
    if (file_exists(path)) TRY(ledger_each(path, line, r));
done:
    mem_free(&path);
    return rc;
}

static int take_line(void *user, const json_t *line)
{
    const reading *r = user;
    const json_t *row = json_object_get(line, "row");
    if (r->counts) ledger_count(r->counts, r->kind, line);
    if (json_is_integer(row))
        r->c->row(r->c->user, r->kind->file, json_integer_value(row));
    else if (r->counts)
        say(r, r->kind->file, "a line is not about a row");
    return OK;
}

int ledger_rows(const char *dataset, const ledger_checker *c)
{
    int rc = OK;
    for (int k = 0; k < N_LEDGERS; k++) {
        reading r = {.c = c, .kind = &ledger_kinds[k]};
        TRY(read_ledger(dataset, &r, take_line));
    }
done:
    return rc;
}

static void compare(const reading *r, const char *file, const json_t *counted)
{
    json_t *none = json_object();
    const json_t *wanted = counted ? counted : none;
    if (!json_equal(r->counts, wanted)) {
        char *is = json_dumps(r->counts, JSON_SORT_KEYS), *should = json_dumps(wanted, JSON_SORT_KEYS);
        say(r, file, "lines of %s: %.200s, dataset.json counts %.200s", r->kind->file, is ? is : "",
            should ? should : "");
        free(is);
        free(should);
    }
    json_decref(none);
}

/* ---- shard by shard: their lines stand in the order of the shards ---- */

static void end_shard(reading *r)
{
    const json_t *entry = json_array_get(r->shards, r->shard);
    compare(r, dataset_text(entry, "file"), json_object_get(entry, r->kind->counts));
    json_object_clear(r->counts);
    r->shard++;
    r->left = dataset_int(json_array_get(r->shards, r->shard), r->kind->count);
}

static int take_shard_line(void *user, const json_t *line)
{
    reading *r = user;
    while (r->left <= 0 && r->shard + 1 < json_array_size(r->shards)) end_shard(r);
    ledger_count(r->counts, r->kind, line);
    r->left--;
    return OK;
}

static int check_shards(const char *dataset, reading *r)
{
    int rc = OK;
    json_object_clear(r->counts);
    r->shard = 0;
    r->left = dataset_int(json_array_get(r->shards, 0), r->kind->count);
    TRY(read_ledger(dataset, r, take_shard_line));
    while (r->shard < json_array_size(r->shards)) end_shard(r);
done:
    return rc;
}

/* ---- the dataset ---- */

static int check_ledger(const char *dataset, const json_t *d, const ledger_checker *c, const ledger_kind *kind)
{
    int rc = OK;
    reading r = {.c = c, .kind = kind, .counts = json_object(), .shards = json_object_get(d, "shards")};
    const json_t *accounting = json_object_get(d, "accounting"), *counted = json_object_get(accounting, kind->counts);
    int64_t n = dataset_int(accounting, kind->count);
    TRY(read_ledger(dataset, &r, take_line));
    int64_t lines = ledger_sum(r.counts);
    if (lines != n)
        say(&r, kind->file, "%lld lines, dataset.json has %lld %s rows", (long long)lines, (long long)n,
            kind == &ledger_kinds[LEDGER_REJECTS] ? "rejected" : "filtered");
    compare(&r, kind->file, counted);
    if (lines == n) TRY(check_shards(dataset, &r)); /* else every shard from the lost line on would differ */
done:
    json_decref(r.counts);
    return rc;
}

static void check_sums(const json_t *d, const ledger_checker *c)
{
    static const char *const names[] = {"rows", "examples", "rejects", "filtered"};
    reading r = {.c = c};
    size_t i;
    json_t *entry;
    int64_t sums[4] = {0};
    json_array_foreach(json_object_get(d, "shards"), i, entry)
    {
        int64_t n[4];
        for (int k = 0; k < 4; k++) sums[k] += n[k] = dataset_int(entry, names[k]);
        if (n[0] != n[1] + n[2] + n[3])
            say(&r, dataset_text(entry, "file"), "%lld rows are not %lld examples + %lld rejects + %lld filtered",
                (long long)n[0], (long long)n[1], (long long)n[2], (long long)n[3]);
    }
    for (int k = 0; k < 4; k++) {
        int64_t all = dataset_int(json_object_get(d, "accounting"), names[k]);
        if (sums[k] != all)
            say(&r, "accounting", "%s: %lld, the shards have %lld", names[k], (long long)all, (long long)sums[k]);
    }
}

int ledger_check(const char *dataset, const json_t *d, const ledger_checker *c)
{
    int rc = OK;
    check_sums(d, c);
    for (int k = 0; k < N_LEDGERS; k++) TRY(check_ledger(dataset, d, c, &ledger_kinds[k]));
done:
    return rc;
}
