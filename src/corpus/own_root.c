#include "corpus/own_root.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/fairseq_lines.h"
#include "corpus/manifest.h"
#include "corpus/text_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that the first line means: below the folder of the manifest unless it is absolute. */
static int named_folder(const char *manifest, text_view line, char **out)
{
    const char *slash = strrchr(manifest, '/');
    size_t n = slash ? (size_t)(slash - manifest) + 1 : 0;
    if (line.n && line.bytes[0] == '/') n = 0;
    return mem_format(out, "%.*s%.*s", (int)n, manifest, (int)line.n, line.bytes);
}

static int is_at_or_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n && folder[n - 1] == '/') n--;
    return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

static int fairseq_root(const corpus_options *o, text_view line, char **root)
{
    int rc = OK;
    char *named = NULL, *real = NULL, *limit = NULL;
    struct stat st;
    const int given = o->root && *o->root;
    TRY(named_folder(o->path, line, &named));
    real = realpath(named, NULL);
    if (real && (stat(real, &st) != 0 || !S_ISDIR(st.st_mode))) errno = ENOTDIR;
    if (!given && (!real || !S_ISDIR(st.st_mode)))
        FAIL(ERR_CONFIG, "%s: the folder in line 1, %s: %s (corpus.root says where the files are now)", o->path, named,
             strerror(errno));
    limit = given ? realpath(o->root, NULL) : NULL;
    if (!given || (real && limit && is_at_or_below(real, limit))) {
        *root = named;
        named = NULL;
    }
done:
    mem_free(&named);
    free(real);
    free(limit);
    return rc;
}

static int root_of_file(const corpus_options *o, int fd, int64_t size, char **root)
{
    int rc = OK;
    char *head = NULL;
    size_t n = 0;
    const manifest_kind *kind;
    const byte_source source = source_of_file(fd, 0, size);
    text_view line, second;
    TRY(manifest_choose(o, 0, &source, &kind));
    if (kind != &fairseq_manifest) goto done;
    TRY(MEM_ALLOC(head, MANIFEST_HEAD));
    TRY(text_head(&source, o->path, head, MANIFEST_HEAD, &n));
    if (fairseq_first_lines(head, n, &line, &second)) TRY(fairseq_root(o, line, root));
done:
    mem_free(&head);
    return rc;
}

int manifest_own_root(const corpus_options *o, char **root)
{
    int rc = OK, fd = -1;
    struct stat st;
    const manifest_kind *kind = NULL;
    *root = NULL;
    if (stat(o->path, &st) != 0) return OK; /* whoever opens it says so */
    if (S_ISDIR(st.st_mode)) {
        TRY(manifest_choose(o, 1, NULL, &kind));
        if (kind == &kaldi_manifest && o->root && *o->root) TRY(mem_string(root, o->root));
    } else if (S_ISREG(st.st_mode) && (o->format == CORPUS_AUTO || o->format == CORPUS_FAIRSEQ)) {
        fd = open(o->path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) TRY(root_of_file(o, fd, st.st_size, root));
    }
done:
    if (fd >= 0) close(fd);
    return rc;
}
