#include "config/config_table.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static int is_key(const char *key)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t n = strlen(key);
    return n > 0 && n < 200 && strspn(key, allowed) == n && key[0] != '.' && key[n - 1] != '.' && !strstr(key, "..");
}

/* Whether `key` lies in the map `path`: starts with "path.". */
static int is_below(const char *key, const char *path)
{
    size_t n = strlen(path);
    return n == 0 || (!strncmp(key, path, n) && key[n] == '.');
}

static int check_option(const option *o)
{
    int rc = OK;
    if (!o->key || !is_key(o->key) || !strcmp(o->key, "preset") || is_below(o->key, "preset"))
        FAIL(ERR_INTERNAL, "the table has a wrong key: \"%s\"", o->key ? o->key : "");
    if (o->type == OPTION_ENUM && (!o->names || !o->names[0])) FAIL(ERR_INTERNAL, "%s: no names", o->key);
    if (!(o->min <= o->max)) FAIL(ERR_INTERNAL, "%s: the range is upside down", o->key);
    if (!o->help) FAIL(ERR_INTERNAL, "%s: no help", o->key);
done:
    return rc;
}

static int check_keys(const config *c)
{
    int rc = OK;
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->n; j++) {
            const char *a = c->entries[i].option->key, *b = c->entries[j].option->key;
            if (i != j && !strcmp(a, b)) FAIL(ERR_INTERNAL, "the tables have %s twice", a);
            if (is_below(b, a)) FAIL(ERR_INTERNAL, "%s is a key, so %s cannot be one", a, b);
        }
done:
    return rc;
}

/* First entry whose key starts with the n bytes that `key` starts with, up to a dot or the end. */
static size_t first_with(const config *c, const char *key, size_t n)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *k = c->entries[i].option->key;
        if (!strncmp(k, key, n) && (k[n] == '.' || !k[n])) return i;
    }
    return c->n;
}

/* Whether a comes after b in grouped order: at the first component that differs, the one that the tables name first
 * wins. */
static int is_after(const config *c, const char *a, const char *b)
{
    size_t n = 0, start = 0;
    for (; a[n] && a[n] == b[n]; n++)
        if (a[n] == '.') start = n + 1;
    size_t n_a = start + strcspn(a + start, "."), n_b = start + strcspn(b + start, ".");
    return first_with(c, a, n_a) > first_with(c, b, n_b);
}

static int group(config *c)
{
    int rc = OK;
    config_entry *sorted = NULL;
    TRY(MEM_ALLOC(sorted, c->n));
    for (size_t i = 0; i < c->n; i++) {
        size_t j = i;
        for (; j > 0 && is_after(c, sorted[j - 1].option->key, c->entries[i].option->key); j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = c->entries[i];
    }
    mem_free(&c->entries);
    c->entries = sorted;
done:
    return rc;
}

int config_table_build(config *c, const config_section *sections, size_t n)
{
    int rc = OK;
    size_t capacity = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sections[i].table->n; k++) {
            const option *o = &sections[i].table->options[k];
            TRY(check_option(o));
            TRY(MEM_GROW(c->entries, &capacity, c->n + 1));
            c->entries[c->n++] = (config_entry){.option = o, .options = sections[i].options};
        }
    TRY(check_keys(c));
    TRY(group(c));
done:
    return rc;
}

size_t config_table_find(const config *c, const char *key)
{
    size_t i = 0;
    while (i < c->n && strcmp(c->entries[i].option->key, key)) i++;
    return i;
}

int config_table_is_map(const config *c, const char *path)
{
    for (size_t i = 0; i < c->n; i++)
        if (is_below(c->entries[i].option->key, path)) return 1;
    return 0;
}
