#include "corpus/manifest.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/tar_list.h"
#include "corpus/text_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order of corpus_format, after "auto". */
static const manifest_kind *const kinds[] = {
    &folder_manifest, &jsonl_manifest, &tsv_manifest,        &fairseq_manifest,
    &kaldi_manifest,  &list_manifest,  &webdataset_manifest,
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

struct manifest {
    const manifest_kind *kind;
    manifest_input in;
    char *root;
    int fd;
    void *state;
    int64_t n_rows;
};

int manifest_choose(const corpus_options *o, int is_folder, const byte_source *source, const manifest_kind **kind)
{
    int rc = OK, gzip = 0;
    char *head = NULL, *path = NULL;
    size_t n = 0;
    *kind = NULL;
    if (o->format == CORPUS_WEBDATASET ||
        (o->format == CORPUS_AUTO && webdataset_manifest.detect(o->path, is_folder, NULL, 0))) {
        *kind = &webdataset_manifest; /* says itself what is wrong with one that is compressed */
        return OK;
    }
    TRY(MEM_ALLOC(head, MANIFEST_HEAD));
    TRY(mem_string(&path, o->path));
    if (!is_folder) {
        TRY(text_is_gzip(source, &gzip));
        TRY(text_head(source, o->path, head, MANIFEST_HEAD, &n));
    }
    size_t length = strlen(path);
    if (gzip && length > 3 && !strcasecmp(path + length - 3, ".gz")) path[length - 3] = 0;
    for (int i = 0; i < N_KINDS && !*kind; i++)
        if (o->format == CORPUS_AUTO ? kinds[i]->detect(path, is_folder, head, n) : o->format == i + 1)
            *kind = kinds[i];
done:
    mem_free(&head);
    mem_free(&path);
    return rc;
}

static int choose(manifest *m, int is_folder)
{
    int rc = OK;
    const char *path = m->in.path;
    TRY(manifest_choose(m->in.options, is_folder, &m->in.source, &m->kind));
    if (!m->kind)
        FAIL(ERR_CONFIG, "%s is no folder and no known kind of manifest: set corpus.format if it is one", path);
    if (m->kind->place != IN_EITHER && (m->kind->place == IN_FOLDER) != is_folder)
        FAIL(ERR_CONFIG, "corpus.format is %s, but %s is %s", m->kind->label, path, is_folder ? "a folder" : "a file");
done:
    return rc;
}

/* A pattern of tars is nothing that could be opened. */
static int names_tars(const corpus_options *o)
{
    if (o->format != CORPUS_AUTO && o->format != CORPUS_WEBDATASET) return 0;
    return tar_list_is_pattern(o->path) && (o->format == CORPUS_WEBDATASET || tar_list_has_ending(o->path));
}

/* Open the path, and see what it is. */
static int open_path(manifest *m)
{
    int rc = OK;
    struct stat st;
    m->fd = open(m->in.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not block */
    if (m->fd < 0 || fstat(m->fd, &st) != 0)
        FAIL(ERR_CONFIG, "cannot open the corpus %s: %s", m->in.path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        m->in.source = source_of_file(m->fd, 0, st.st_size);
        if (!S_ISREG(st.st_mode)) FAIL(ERR_CONFIG, "the corpus %s is neither a file nor a folder", m->in.path);
        if (stat(m->root, &st) != 0) FAIL(ERR_CONFIG, "corpus.root: cannot open %s: %s", m->root, strerror(errno));
        if (!S_ISDIR(st.st_mode)) FAIL(ERR_CONFIG, "corpus.root: %s is not a folder", m->root);
        TRY(choose(m, 0));
    } else {
        TRY(choose(m, 1));
    }
done:
    return rc;
}

static int open_input(manifest **out, const corpus_options *o)
{
    int rc = OK;
    manifest *m = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(m, 1));
    m->fd = -1;
    m->in = (manifest_input){.options = o, .path = o->path, .source = source_of_memory(NULL, 0)};
    TRY(corpus_root(o, &m->root));
    m->in.root = m->root;
    if (names_tars(o))
        m->kind = &webdataset_manifest;
    else
        TRY(open_path(m));
    *out = m;
    m = NULL;
done:
    manifest_close(&m);
    return rc;
}

int manifest_open(manifest **out, const corpus_options *o)
{
    int rc = OK;
    TRY(open_input(out, o));
    TRY((*out)->kind->open(&(*out)->in, &(*out)->state));
done:
    if (rc != OK) manifest_close(out);
    return rc;
}

void manifest_close(manifest **pm)
{
    manifest *m = *pm;
    if (!m) return;
    if (m->state) m->kind->close(&m->state);
    if (m->fd >= 0) close(m->fd);
    mem_free(&m->root);
    mem_free(pm);
}

const manifest_kind *manifest_kind_of(const manifest *m) { return m->kind; }

int manifest_next(manifest *m, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    int64_t limit = m->in.options->limit;
    *got = 0;
    *flags = 0;
    if (limit > 0 && m->n_rows >= limit) return OK;
    corpus_row_clear(row);
    row->row = m->n_rows;
    TRY(m->kind->next(m->state, row, flags, got));
    if (!*got) goto done;
    if (!row->field[FIELD_GROUP].n) row->field[FIELD_GROUP] = row->field[FIELD_ID];
    m->n_rows++;
done:
    return rc;
}

int manifest_hash_bytes(const manifest_input *in, hash_stream *h)
{
    int rc = OK;
    size_t size = 1 << 20, got;
    uint8_t *block = NULL;
    TRY(mem_alloc((void **)&block, size, 1));
    for (int64_t at = 0;; at += (int64_t)got) {
        TRY(source_read(&in->source, at, block, size, &got));
        if (!got) break;
        hash_stream_add(h, block, got);
    }
done:
    mem_free(&block);
    return rc;
}

int corpus_manifest_hash(const corpus_options *o, char hex[33])
{
    int rc = OK;
    manifest *m = NULL;
    hash_stream *h = NULL;
    TRY(open_input(&m, o));
    TRY(hash_stream_create(&h));
    hash_stream_add(h, m->kind->label, strlen(m->kind->label) + 1);
    hash_stream_add(h, &o->limit, sizeof o->limit);
    TRY(m->kind->hash(&m->in, h));
    hash128_hex(hash_stream_value(h), hex);
done:
    hash_stream_free(&h);
    manifest_close(&m);
    return rc;
}
