#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "config/config_stream.h"
#include "config/config_table.h"
#include "config/config_value.h"
#include "config/option_parse.h"

#include <string.h>

enum { MAX_KEYS = 10000 }; /* in the old text; aliases could make any number of them */

typedef struct old_key {
    char *key;
    const yaml_node *value;
    int known;
} old_key;

typedef struct old_keys {
    old_key *keys;
    size_t n, capacity, n_seen; /* n_seen: maps too */
} old_keys;

static int flatten(const config *c, const yaml_document *d, const yaml_node *map, const char *path, old_keys *out)
{
    int rc = OK;
    char *full = NULL;
    for (size_t i = 0; i < map->n; i += 2) {
        const yaml_node *key = map->children[i], *value = map->children[i + 1];
        mem_free(&full);
        TRY(mem_format(&full, "%s%s%s", path, *path ? "." : "", key->text));
        if (++out->n_seen > MAX_KEYS) FAIL(ERR_CORRUPT, "%s: more than %d keys", d->name, MAX_KEYS);
        if (value->kind == YAML_MAP && config_table_find(c, full) == c->n) {
            TRY(flatten(c, d, value, full, out));
            continue;
        }
        TRY(MEM_GROW(out->keys, &out->capacity, out->n + 1));
        out->keys[out->n++] = (old_key){.key = full, .value = value};
        full = NULL;
    }
done:
    mem_free(&full);
    return rc;
}

/* The old value as it would be written today; as it stands if it would not be allowed today. */
static int old_text(const option *o, const yaml_document *d, const yaml_node *node, char **out)
{
    int rc = OK;
    text_stream s;
    config_value v = {0};
    int parsed = o ? config_value_parse(o, d, node, &v) : ERR_CONFIG;
    if (parsed == ERR_MEMORY) rc = parsed;
    if (rc == OK) TRY(config_stream_open(&s));
    if (rc == OK && parsed == OK) config_value_write(o, &v, s.file);
    if (rc == OK && parsed != OK) fputs(node->kind != YAML_SCALAR ? "(a list)" : option_show(node->text).text, s.file);
    if (rc == OK) TRY(config_stream_close(&s, out));
done:
    config_value_free(&v);
    return rc;
}

static int new_text(const config_entry *e, char **out)
{
    int rc = OK;
    text_stream s;
    TRY(config_stream_open(&s));
    config_value v = config_value_of(e->option, e->options);
    config_value_write(e->option, &v, s.file);
    TRY(config_stream_close(&s, out));
done:
    return rc;
}

static int compare_entry(const config_entry *e, const yaml_document *d, old_keys *old, FILE *out, option_scope *first)
{
    int rc = OK;
    char *was = NULL, *is = NULL;
    const yaml_node *value = NULL;
    for (size_t i = 0; i < old->n; i++) {
        if (strcmp(old->keys[i].key, e->option->key)) continue;
        if (value) FAIL(ERR_CORRUPT, "%s: %s is given twice", d->name, e->option->key);
        value = old->keys[i].value;
        old->keys[i].known = 1;
    }
    if (value) TRY(old_text(e->option, d, value, &was));
    TRY(new_text(e, &is));
    if (was && !strcmp(was, is)) goto done;
    fprintf(out, "%s: %s -> %s\n", e->option->key, was ? was : "(not there)", is);
    if (e->option->scope < *first) *first = e->option->scope;
done:
    mem_free(&was);
    mem_free(&is);
    return rc;
}

/* Keys of the old text that are no content keys today: nobody knows what they meant, so everything may depend on them.
 */
static int compare_unknown(const yaml_document *d, const old_keys *old, FILE *out, option_scope *first)
{
    int rc = OK;
    char *was = NULL;
    for (size_t i = 0; i < old->n; i++) {
        if (old->keys[i].known) continue;
        mem_free(&was);
        TRY(old_text(NULL, d, old->keys[i].value, &was));
        fprintf(out, "%s: %s -> (not there)\n", option_show(old->keys[i].key).text, was);
        *first = SCOPE_INDEX;
    }
done:
    mem_free(&was);
    return rc;
}

int config_compare(const config *c, const char *resolved, option_scope *first, char **differences)
{
    int rc = OK;
    char reason[512];
    text_stream s = {0};
    yaml_document d = {0};
    old_keys old = {0};
    *first = SCOPE_RUN;
    *differences = NULL;
    rc = config_yaml_parse("config.resolved.yaml", 1, resolved, strlen(resolved), &d);
    if (rc == ERR_CONFIG) {
        snprintf(reason, sizeof reason, "%s", status_message());
        FAIL(ERR_CORRUPT, "%s", reason);
    }
    if (rc != OK) goto done;
    if (!d.root || d.root->kind != YAML_MAP) FAIL(ERR_CORRUPT, "%s is not a map of keys", d.name);
    TRY(flatten(c, &d, d.root, "", &old));
    TRY(config_stream_open(&s));
    for (size_t i = 0; i < c->n; i++)
        if (c->entries[i].option->scope != SCOPE_RUN) TRY(compare_entry(&c->entries[i], &d, &old, s.file, first));
    TRY(compare_unknown(&d, &old, s.file, first));
done:
    if (s.file) {
        int closed = config_stream_close(&s, differences);
        if (rc == OK) rc = closed;
        if (rc != OK) mem_free(differences);
    }
    for (size_t i = 0; i < old.n; i++) mem_free(&old.keys[i].key);
    mem_free(&old.keys);
    config_yaml_free(&d);
    return rc;
}
