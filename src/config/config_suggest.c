/* What to say about a key that no table has. */
#include "base/status.h"
#include "config/config_table.h"
#include "config/option_parse.h"

#include <stdio.h>
#include <string.h>

enum { MAX_KEY = 200 };

/* Levenshtein distance of a and the first n bytes of b; both at most MAX_KEY long. */
static size_t distance(const char *a, const char *b, size_t n)
{
    size_t row[MAX_KEY + 1];
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] != b[j]), insert = row[j] + 1, drop = row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < insert ? change : insert;
            if (drop < row[j + 1]) row[j + 1] = drop;
        }
    }
    return row[n];
}

static const char *last_component(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* The key or map whose name is near, or else a key of the same name in another map; 0 if nothing is like it. */
static int find_near(const config *c, const char *key, char out[MAX_KEY + 1])
{
    size_t length = strlen(key), best = length / 5 < 2 ? 3 : length / 5 + 1, best_elsewhere = SIZE_MAX;
    int near = 0;
    if (best > length) best = length;
    if (length > MAX_KEY) return 0;
    for (size_t i = 0; i < c->n; i++) {
        const char *k = c->entries[i].option->key;
        size_t full = strlen(k);
        for (size_t n = strcspn(k, "."); n <= full; n += 1 + strcspn(k + (n < full ? n + 1 : n), ".")) {
            size_t d = distance(key, k, n);
            if (d >= best) continue;
            best = d;
            near = 1;
            snprintf(out, MAX_KEY + 1, "%.*s", (int)n, k);
        }
        if (near || strcmp(last_component(k), last_component(key))) continue;
        size_t d = distance(key, k, full);
        if (d >= best_elsewhere) continue;
        best_elsewhere = d;
        snprintf(out, MAX_KEY + 1, "%s", k);
    }
    return near || best_elsewhere != SIZE_MAX;
}

/* Cut a key down to the map that it lies in. */
static void to_map(char *key)
{
    char *dot = strrchr(key, '.');
    *(dot ? dot : key) = 0;
}

void config_table_list(const config *c, const char *map, char *out, size_t size)
{
    size_t used = 0, skip = *map ? strlen(map) + 1 : 0;
    const char *previous = "";
    size_t previous_n = 0;
    out[0] = 0;
    for (size_t i = 0; i < c->n; i++) {
        const char *k = c->entries[i].option->key;
        if (skip && (strncmp(k, map, skip - 1) || k[skip - 1] != '.')) continue;
        size_t n = skip + strcspn(k + skip, ".");
        if (n == previous_n && !strncmp(k, previous, n)) continue;
        previous = k;
        previous_n = n;
        if (used + n + 10 > size) {
            snprintf(out + used, size - used, ", ...");
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%.*s%s", used ? ", " : "", (int)n, k, k[n] ? ".*" : "");
    }
}

int config_table_refuse(const config *c, yaml_place place, const char *key)
{
    int rc = OK;
    char near[MAX_KEY + 1], map[MAX_KEY + 1], list[400];
    int found = find_near(c, key, near);
    snprintf(map, sizeof map, "%s", found ? near : key);
    do to_map(map);
    while (*map && !config_table_is_map(c, map));
    config_table_list(c, map, list, sizeof list);
    FAIL(ERR_CONFIG, "%s: unknown key \"%s\"%s%s%s valid keys here: %s", place.text, option_show(key).text,
         found ? "; did you mean \"" : "", found ? near : "", found ? "\"?" : ";", list);
done:
    return rc;
}
