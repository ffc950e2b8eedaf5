#include "corpus/manifest_path.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/media_type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH_BYTES = 4095 };

static int without_slash(char **out, const char *path)
{
    size_t n = strlen(path);
    while (n && path[n - 1] == '/') n--;
    return mem_copy(out, path, n);
}

int manifest_root_make(const char *root, int allow_outside, manifest_root *out)
{
    int rc = OK;
    *out = (manifest_root){.allow_outside = allow_outside};
    char *real = realpath(root, NULL);
    if (!real) FAIL(ERR_CONFIG, "corpus.root: cannot open %s: %s", root, strerror(errno));
    TRY(without_slash(&out->real, real));
    TRY(without_slash(&out->given, root));
done:
    free(real);
    if (rc != OK) manifest_root_free(out);
    return rc;
}

void manifest_root_free(manifest_root *r)
{
    mem_free(&r->given);
    mem_free(&r->real);
}

/* Drop n bytes and the slashes behind them. */
static void skip(text_view *path, size_t n)
{
    while (n < path->n && path->bytes[n] == '/') n++;
    path->bytes += n;
    path->n -= n;
}

static int strip(text_view *path, const char *folder)
{
    size_t n = strlen(folder);
    if (path->n <= n || memcmp(path->bytes, folder, n) != 0 || path->bytes[n] != '/') return 0;
    skip(path, n);
    return 1;
}

/* Whether the names in a relative path climb above its start. */
static int climbs_out(text_view path)
{
    int64_t depth = 0;
    for (size_t at = 0; at < path.n;) {
        const char *name = path.bytes + at, *slash = memchr(name, '/', path.n - at);
        size_t n = slash ? (size_t)(slash - name) : path.n - at;
        if (n == 2 && name[0] == '.' && name[1] == '.') {
            if (--depth < 0) return 1;
        } else if (n && !(n == 1 && name[0] == '.')) {
            depth++;
        }
        at += n + 1;
    }
    return 0;
}

const char *manifest_path(const manifest_root *root, text_view path, text_view *out)
{
    *out = (text_view){"", 0};
    if (path.n > MAX_PATH_BYTES) return "is longer than a path can be";
    if (memchr(path.bytes, 0, path.n)) return "has a zero byte";
    if (path.n && path.bytes[0] == '/' && !strip(&path, root->real) && !strip(&path, root->given)) {
        if (!root->allow_outside) return "is outside of the corpus root";
        *out = path;
        return NULL;
    }
    while (path.n >= 2 && path.bytes[0] == '.' && path.bytes[1] == '/') skip(&path, 1);
    if (!path.n || path.bytes[path.n - 1] == '/') return "names no file";
    if (!root->allow_outside && climbs_out(path)) return "leaves the corpus root";
    *out = path;
    return NULL;
}

text_view path_stem(text_view path)
{
    size_t name = path.n, stem_n;
    while (name && path.bytes[name - 1] != '/') name--;
    media_type_of(path.bytes + name, path.n - name, &stem_n);
    return (text_view){path.bytes, name + stem_n};
}

int manifest_path_id(const manifest_root *root, text_view path, int whole, char **id)
{
    int rc = OK;
    text_view below;
    *id = NULL;
    if (manifest_path(root, path, &below)) return OK;
    if (!whole) below = path_stem(below);
    TRY(mem_copy(id, below.bytes, below.n));
done:
    return rc;
}
