/* Configuration files and the presets that they name. */
#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "config/config_load.h"
#include "config/option_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 64 }; /* presets of presets: more is a mistake */

typedef struct reading {
    const char *path;      /* as messages show it */
    char *real;            /* to notice a cycle */
    struct reading *above; /* the file that names this one */
} reading;

/* Whole file, up to one byte more than is allowed. Not by its size: a pipe is welcome. */
static int read_text(const char *path, char **text, size_t *n)
{
    int rc = OK;
    size_t capacity = 0, got;
    *text = NULL;
    *n = 0;
    FILE *f = fopen(path, "rbe");
    if (!f) FAIL(ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    do {
        TRY(mem_grow((void **)text, &capacity, *n + 65536, 1));
        errno = 0;
        got = fread(*text + *n, 1, 65536, f);
        *n += got;
    } while (got > 0 && *n <= YAML_MAX_BYTES);
    if (ferror(f)) FAIL(ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
done:
    if (f) fclose(f);
    return rc;
}

/* NAME -> NAME.yaml beside the file; with a slash a path, seen from the file's folder. */
static int preset_path(const char *file, const char *name, char **out)
{
    const char *slash = strrchr(file, '/');
    size_t n = strlen(name);
    int is_file = strchr(name, '/') || (n > 5 && !strcmp(name + n - 5, ".yaml"));
    int folder = slash && name[0] != '/' ? (int)(slash - file + 1) : 0;
    return mem_format(out, "%.*s%s%s", folder, file, name, is_file ? "" : ".yaml");
}

static int read_file(config *c, reading *r, int *n_files);

static int read_preset(config *c, reading *r, const yaml_document *d, const yaml_node *name, int *n_files)
{
    int rc = OK;
    char *path = NULL;
    reading preset = {.above = r};
    if (name->kind != YAML_SCALAR || config_yaml_is_null(name) || !*name->text)
        FAIL(ERR_CONFIG, "%s: preset: a name or a list of names is expected", config_yaml_place(d, name).text);
    TRY(preset_path(r->path, name->text, &path));
    preset.path = path;
    preset.real = realpath(path, NULL);
    if (!preset.real)
        FAIL(ERR_CONFIG, "%s: preset: cannot read %s: %s", config_yaml_place(d, name).text, path, strerror(errno));
    for (const reading *a = r; a; a = a->above)
        if (a->real && !strcmp(a->real, preset.real))
            FAIL(ERR_CONFIG, "%s: preset: %s names itself, directly or through others", config_yaml_place(d, name).text,
                 path);
    TRY(read_file(c, &preset, n_files));
done:
    mem_free(&preset.real);
    mem_free(&path);
    return rc;
}

/* The presets that the top level of a document names, in order. */
static int read_presets(config *c, reading *r, const yaml_document *d, int *n_files)
{
    int rc = OK;
    if (!d->root || d->root->kind != YAML_MAP) return OK;
    for (size_t i = 0; i < d->root->n; i += 2) {
        const yaml_node *names = d->root->children[i + 1];
        if (strcmp(d->root->children[i]->text, "preset")) continue;
        for (size_t k = 0; names->kind == YAML_LIST && k < names->n; k++)
            TRY(read_preset(c, r, d, names->children[k], n_files));
        if (names->kind != YAML_LIST) TRY(read_preset(c, r, d, names, n_files));
        break; /* a second one is found as a key that is given twice */
    }
done:
    return rc;
}

/* One file and, first, its presets. */
static int read_file(config *c, reading *r, int *n_files)
{
    int rc = OK;
    char *text = NULL;
    size_t n = 0;
    yaml_document d = {0};
    if (++*n_files > MAX_FILES) FAIL(ERR_CONFIG, "%s: more than %d presets in all", r->path, MAX_FILES);
    TRY(read_text(r->path, &text, &n));
    TRY(config_yaml_parse(r->path, 1, text, n, &d));
    TRY(read_presets(c, r, &d, n_files));
    TRY(config_load_document(c, &d, 1));
done:
    config_yaml_free(&d);
    mem_free(&text);
    return rc;
}

int config_read(config *c, const char *path)
{
    reading r = {.path = path};
    int n_files = 0;
    r.real = realpath(path, NULL); /* NULL for what is not there (read_file says so) and for pipes */
    int rc = read_file(c, &r, &n_files);
    mem_free(&r.real);
    return rc;
}
