#include "corpus/tar_list.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_FILES = 1000000, MOST_DIGITS = 18 };
static const char special[] = "*?[{";

int tar_list_is_pattern(const char *path)
{
    struct stat st;
    return strpbrk(path, special) && lstat(path, &st) != 0;
}

static int ends_in(const char *path, size_t n, const char *ending)
{
    size_t m = strlen(ending);
    return n > m && !strncasecmp(path + n - m, ending, m);
}

static int is_compressed_name(const char *path, size_t n)
{
    static const char *const endings[] = {".tar.gz", ".tgz",    ".tar.zst", ".tzst",   ".tar.bz2",
                                          ".tbz2",   ".tar.xz", ".txz",     ".tar.lz4"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(path, n, endings[i])) return 1;
    return 0;
}

int tar_list_has_ending(const char *path)
{
    size_t n = strlen(path);
    while (n && path[n - 1] == '}') n--;
    return ends_in(path, n, ".tar") || is_compressed_name(path, n);
}

size_t tar_list_folder(const char *pattern)
{
    size_t n = strcspn(pattern, special);
    while (n && pattern[n - 1] != '/') n--;
    return n;
}

void tar_list_free(tar_list *l)
{
    for (size_t i = 0; i < l->n; i++) mem_free(&l->paths[i]);
    mem_free(&l->paths);
    *l = (tar_list){0};
}

static int add(tar_list *l, const char *path)
{
    int rc = OK;
    struct stat st;
    size_t n = strlen(path);
    if (stat(path, &st) != 0) FAIL(ERR_CONFIG, "cannot open the tar %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ERR_CONFIG, "%s is not a regular file", path);
    if (is_compressed_name(path, n))
        FAIL(ERR_CONFIG, "%s is compressed: members are read where they lie, unpack it to a plain .tar first", path);
    if (l->n == MOST_FILES) FAIL(ERR_CONFIG, "more than %d tars", (int)MOST_FILES);
    TRY(MEM_GROW(l->paths, &l->capacity, l->n + 1));
    TRY(mem_string(&l->paths[l->n], path));
    l->n++;
done:
    return rc;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int add_matches(tar_list *l, const char *pattern)
{
    int rc = OK;
    glob_t found = {0};
    int failed = glob(pattern, GLOB_NOSORT | GLOB_ERR, NULL, &found);
    if (failed == GLOB_NOSPACE) FAIL(ERR_MEMORY, "no memory for %s", pattern);
    if (failed == GLOB_ABORTED) FAIL(ERR_CONFIG, "cannot read a folder of %s: %s", pattern, strerror(errno));
    if (failed) FAIL(ERR_CONFIG, "no file matches %s", pattern);
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_bytes);
    for (size_t i = 0; i < found.gl_pathc; i++) TRY(add(l, found.gl_pathv[i]));
done:
    globfree(&found);
    return rc;
}

static int expand(tar_list *l, const char *pattern);

/* The pattern with bytes open..close replaced by a text. */
static int expand_with(tar_list *l, const char *pattern, const char *open, const char *close, const char *text,
                       size_t n)
{
    int rc = OK;
    char *one = NULL;
    TRY(mem_format(&one, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)n, text, close + 1));
    TRY(expand(l, one));
done:
    mem_free(&one);
    return rc;
}

static int read_bound(const char *text, size_t n, long long *value)
{
    *value = 0;
    if (!n || n > MOST_DIGITS) return 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return 0;
        *value = *value * 10 + (text[i] - '0');
    }
    return 1;
}

/* {FIRST..LAST}: numbers, as wide as FIRST where that starts with a zero. */
static int expand_range(tar_list *l, const char *pattern, const char *open, const char *dots, const char *close)
{
    int rc = OK;
    long long first, last;
    char digits[MOST_DIGITS + 2];
    size_t n = (size_t)(dots - open - 1);
    if (!read_bound(open + 1, n, &first) || !read_bound(dots + 2, (size_t)(close - dots - 2), &last) || last < first)
        FAIL(ERR_CONFIG, "corpus.path: %.*s is no range like {000..099}", (int)(close + 1 - open), open);
    if (last - first >= MOST_FILES) FAIL(ERR_CONFIG, "corpus.path: more than %d tars", (int)MOST_FILES);
    for (long long i = first; i <= last; i++) {
        snprintf(digits, sizeof digits, "%0*lld", open[1] == '0' ? (int)n : 1, i);
        TRY(expand_with(l, pattern, open, close, digits, strlen(digits)));
    }
done:
    return rc;
}

static int expand_choice(tar_list *l, const char *pattern, const char *open, const char *close)
{
    int rc = OK, depth = 0;
    const char *start = open + 1;
    for (const char *p = start; p <= close; p++) {
        if (p == close || (*p == ',' && !depth)) {
            TRY(expand_with(l, pattern, open, close, start, (size_t)(p - start)));
            start = p + 1;
        }
        depth += (*p == '{') - (*p == '}');
    }
done:
    return rc;
}

/* The brace that closes this one; NULL: none. */
static const char *closing(const char *open)
{
    int depth = 0;
    for (const char *p = open; *p; p++) {
        depth += (*p == '{') - (*p == '}');
        if (!depth) return p;
    }
    return NULL;
}

static int expand(tar_list *l, const char *pattern)
{
    int rc = OK;
    const char *open = strchr(pattern, '{');
    if (!open) return strpbrk(pattern, special) ? add_matches(l, pattern) : add(l, pattern);
    const char *close = closing(open), *dots = strstr(open, "..");
    if (!close) FAIL(ERR_CONFIG, "corpus.path: %s has a { without a }", pattern);
    if (dots && dots < close && !memchr(open, ',', (size_t)(close - open)))
        return expand_range(l, pattern, open, dots, close);
    TRY(expand_choice(l, pattern, open, close));
done:
    return rc;
}

static int is_hidden(const char *file) { return file[0] == '.'; }

int tar_list_is_folder(const char *path)
{
    file_list names = {0};
    size_t n = 0;
    int all = file_list_folder(path, &names) == OK;
    for (size_t i = 0; all && i < names.n; i++) {
        if (is_hidden(names.names[i])) continue;
        all = ends_in(names.names[i], strlen(names.names[i]), ".tar");
        n++;
    }
    file_list_free(&names);
    return all && n > 0;
}

static int add_folder(tar_list *l, const char *path)
{
    int rc = OK;
    file_list names = {0};
    char *one = NULL;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    TRY(file_list_folder(path, &names));
    for (size_t i = 0; i < names.n; i++) {
        if (is_hidden(names.names[i])) continue;
        if (!tar_list_has_ending(names.names[i])) {
            l->n_other++;
            continue;
        }
        mem_free(&one);
        TRY(mem_format(&one, "%.*s/%s", (int)n, path, names.names[i]));
        TRY(add(l, one));
    }
    if (!l->n) FAIL(ERR_CONFIG, "the folder %s holds no .tar", path);
done:
    mem_free(&one);
    file_list_free(&names);
    return rc;
}

int tar_list_make(const char *path, tar_list *out)
{
    int rc = OK;
    struct stat st;
    *out = (tar_list){0};
    if (tar_list_is_pattern(path))
        TRY(expand(out, path));
    else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        TRY(add_folder(out, path));
    else
        TRY(add(out, path));
done:
    if (rc != OK) tar_list_free(out);
    return rc;
}
