/* The options of the corpus and the folder in which its paths start. */
#include "corpus/index.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/own_root.h"
#include "corpus/tar_list.h"

#include <string.h>
#include <sys/stat.h>

static const char *const formats[] = {"auto", "folder", "jsonl", "tsv", "fairseq", "kaldi", "list", "webdataset", NULL};
static const char *const probes[] = {"auto", "always", "never", NULL};
static const char *const partials[] = {"reject", "keep", NULL};
static const char *const invalids[] = {"reject", "replace", NULL};

#define AT(field) offsetof(corpus_options, field)
static const option options[] = {
    {"corpus.path", OPTION_TEXT, SCOPE_RUN, AT(path), "", 0, 0, NULL,
     "folder with media; manifest: JSONL, TSV with a header, fairseq TSV, Kaldi folder, list of paths; or WebDataset "
     "tars: "
     "a file, a folder that holds only them, a pattern (data/{000..099}.tar, data/*.tar)"},
    {"corpus.root", OPTION_TEXT, SCOPE_RUN, AT(root), "", 0, 0, NULL,
     "folder in which the paths of a manifest start; empty: its own folder, or the first line of a fairseq TSV"},
    {"corpus.format", OPTION_ENUM, SCOPE_INDEX, AT(format), "auto", 0, 0, formats,
     "kind of manifest; auto: by name and content"},
    {"corpus.allow_outside", OPTION_BOOL, SCOPE_INDEX, AT(allow_outside), "false", 0, 0, NULL,
     "whether paths of a manifest may leave the root; else such rows are rejected"},
    {"corpus.limit", OPTION_INT, SCOPE_INDEX, AT(limit), "0", 0, 9e15, NULL, "first N rows only; 0: all"},
    {"corpus.partial", OPTION_ENUM, SCOPE_TOKENS, AT(partial), "reject", 0, 0, partials,
     "what becomes of a row of which one part cannot be used: rejected whole, or the rest is kept"},
    {"corpus.invalid_utf8", OPTION_ENUM, SCOPE_INDEX, AT(invalid_utf8), "reject", 0, 0, invalids,
     "what becomes of a caption file or a line of a manifest that is not UTF-8: rejected, or U+FFFD for what is wrong"},
    {"corpus.splits", OPTION_LIST, SCOPE_INDEX, AT(splits), "{train: 0.98, valid: 0.02}", 0, 0, NULL,
     "names and shares of the splits; a hash of a row's group decides"},
    {"corpus.split_seed", OPTION_INT, SCOPE_INDEX, AT(split_seed), "0", 0, 9e15, NULL, "seed of that hash"},
    {"index.probe", OPTION_ENUM, SCOPE_INDEX, AT(probe), "auto", 0, 0, probes,
     "which files are opened for duration and size; auto: pictures, and sound where the manifest has no duration"},
    {"index.segment_rows", OPTION_INT, SCOPE_RUN, AT(segment_rows), "65536", 1, 1e9, NULL,
     "rows that one rank probes and sorts at a time"},
    {"index.merge_width", OPTION_INT, SCOPE_RUN, AT(merge_width), "512", 2, 65536, NULL,
     "sorted runs that are merged at a time"},
};
const option_table corpus_options_table = OPTION_TABLE(options);

static int usual_root(const corpus_options *o, char **root)
{
    int rc = OK;
    struct stat st;
    if (tar_list_is_pattern(o->path)) {
        size_t n = tar_list_folder(o->path);
        while (n > 1 && o->path[n - 1] == '/') n--;
        TRY(mem_copy(root, n ? o->path : ".", n ? n : 1));
    } else if (stat(o->path, &st) == 0 && S_ISDIR(st.st_mode)) {
        size_t n = strlen(o->path);
        while (n > 1 && o->path[n - 1] == '/') n--;
        TRY(mem_copy(root, o->path, n));
    } else if (o->root && *o->root) {
        TRY(mem_string(root, o->root));
    } else {
        const char *slash = strrchr(o->path, '/');
        size_t n = slash == o->path ? 1 : slash ? (size_t)(slash - o->path) : 0;
        TRY(mem_copy(root, n ? o->path : ".", n ? n : 1));
    }
done:
    return rc;
}

int corpus_root(const corpus_options *o, char **root)
{
    int rc = OK;
    *root = NULL;
    if (!o->path || !*o->path) FAIL(ERR_CONFIG, "corpus.path is not set");
    TRY(manifest_own_root(o, root));
    if (!*root) TRY(usual_root(o, root));
    if (utf8_valid_prefix(*root, strlen(*root)) < strlen(*root))
        FAIL(ERR_CONFIG, "the path of the corpus is not UTF-8");
done:
    if (rc != OK) mem_free(root);
    return rc;
}
