/* WebDataset: tars as a corpus. A sample is a row, as files of the same stem are in a folder, and has the same id: its
 * key. Where there are several of one kind each medium is a row of its own with the texts, and its id keeps the
 * suffix; a sample with something wrong is one row. The keys of a .json are those of a JSONL row, but for paths (the
 * members are the media); "id" in it beats the key, .txt beats "text", and .cls is kept as "cls" among the extra keys.
 * Media stay where they are: a row has the path "TAR!MEMBER", the offset and the size. Memory: the names of the tars,
 * one sample. */
#include "corpus/manifest.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/caption.h"
#include "corpus/manifest_row.h"
#include "corpus/tar_ahead.h"
#include "corpus/tar_header.h"
#include "corpus/tar_list.h"
#include "corpus/tar_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct webdataset_state {
    const manifest_input *in;
    tar_list tars;
    tar_ahead *ahead;
    size_t at;       /* next tar */
    const char *tar; /* the open one, below the root */
    int fd;
    int64_t mtime_ns;
    tar_reader *reader; /* NULL: none is open */
    tar_sample sample;
    size_t rest; /* of a sample with several rows: the next part; TAR_PARTS: none */
    manifest_row row;
    json_t *object; /* the .json of the sample */
    char *key, *id, *where, *paths[N_MEDIA];
    tar_counts counts;
    int64_t n_unmarked, n_behind; /* tars without a mark of the end, or with much behind it */
} webdataset_state;

static int webdataset_detect(const char *path, int is_folder, const char *head, size_t n)
{
    return is_folder ? tar_list_is_folder(path) : tar_list_has_ending(path);
}

/* The part of a path below the root. */
static const char *below(const char *root, const char *path)
{
    size_t n = strlen(root);
    while (n && root[n - 1] == '/') n--;
    if (strncmp(path, root, n) != 0 || path[n] != '/') return path;
    path += n;
    while (*path == '/') path++;
    return path;
}

static int list_tars(const manifest_input *in, tar_list *tars)
{
    int rc = OK;
    const char *root = in->options->root;
    if (root && *root) FAIL(ERR_CONFIG, "corpus.root has no place with tars: their members are the media");
    TRY(tar_list_make(in->path, tars));
    for (size_t i = 0; i < tars->n; i++)
        if (strchr(below(in->root, tars->paths[i]), TAR_MEMBER_MARK))
            FAIL(ERR_CONFIG, "%s: the path of a tar cannot have a '%c'", tars->paths[i], TAR_MEMBER_MARK);
done:
    return rc;
}

static void close_tar(webdataset_state *s)
{
    tar_reader_close(&s->reader);
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

static void webdataset_close(void **state)
{
    webdataset_state *s = *state;
    if (!s) return;
    close_tar(s);
    tar_ahead_stop(&s->ahead);
    tar_list_free(&s->tars);
    tar_sample_free(&s->sample);
    manifest_row_free(&s->row);
    json_decref(s->object);
    mem_free(&s->key);
    mem_free(&s->id);
    mem_free(&s->where);
    for (int k = 0; k < N_MEDIA; k++) mem_free(&s->paths[k]);
    mem_free(state);
}

static int webdataset_open(const manifest_input *in, void **state)
{
    int rc = OK;
    webdataset_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->in = in;
    s->fd = -1;
    s->rest = TAR_PARTS;
    TRY(list_tars(in, &s->tars));
    if (s->tars.n_other)
        LOG_JOB(LOG_INFO, "%s: passed over %lld names that do not end in .tar", in->path, s->tars.n_other);
    *state = s;
    s = NULL;
done:
    webdataset_close((void **)&s);
    return rc;
}

/* A whole block that is no header at the very start: this was meant to be something else. */
static int check_start(webdataset_state *s, const char *path, const byte_source *source)
{
    int rc = OK, got;
    uint8_t head[8];
    size_t n;
    tar_member m;
    TRY(source_read(source, 0, head, sizeof head, &n));
    const char *compression = tar_compression(head, n);
    if (compression)
        FAIL(ERR_CONFIG, "%s is compressed (%s): members are read where they lie, unpack it to a plain .tar first",
             path, compression);
    if (source->size < TAR_BLOCK) goto done;
    rc = tar_reader_next(s->reader, &m, &got);
    if (rc == ERR_FORMAT) FAIL(ERR_CONFIG, "%s is no tar: %s", path, status_message());
    if (rc == OK && got) tar_reader_back(s->reader);
done:
    return rc;
}

static int open_tar(webdataset_state *s)
{
    int rc = OK;
    struct stat st;
    if (!s->ahead && s->at == 0) TRY(tar_ahead_start(&s->ahead, &s->tars));
    tar_ahead_reach(s->ahead, s->at);
    const char *path = s->tars.paths[s->at++];
    s->tar = below(s->in->root, path);
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0) FAIL(ERR_CONFIG, "cannot open the tar %s: %s", path, strerror(errno));
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_RANDOM); /* the data between the headers are not wanted */
    s->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    byte_source source = source_of_file(s->fd, 0, st.st_size);
    TRY(tar_reader_open(&s->reader, &source));
    TRY(check_start(s, path, &source));
done:
    return rc;
}

static void end_tar(webdataset_state *s)
{
    s->n_unmarked += tar_reader_lacks_end(s->reader);
    if (tar_reader_rest(s->reader)) {
        s->n_behind++;
        LOG_JOB(LOG_WARN, "%s: %lld bytes behind its end are not read (joined tars?)", s->tar,
                (long long)tar_reader_rest(s->reader));
    }
    close_tar(s);
}

static void report(const webdataset_state *s)
{
    if (s->counts.n_other)
        LOG_JOB(LOG_INFO, "%s: passed over %lld members with other suffixes (such as %s), %lld of them links",
                s->in->path, (long long)s->counts.n_other, s->counts.other, (long long)s->counts.n_links);
    if (s->n_unmarked)
        LOG_JOB(LOG_WARN, "%s: %lld tars have no mark of their end; what is there is used", s->in->path,
                (long long)s->n_unmarked);
}

/* ---- rows ---- */

static text_view view(const char *text) { return (text_view){text, strlen(text)}; }

static int is_path_key(const char *key)
{
    return !strcmp(key, "audio_filepath") || !strcmp(key, "image_filepath") || !strcmp(key, "sensor_filepath");
}

static int add_json(webdataset_state *s)
{
    int rc = OK;
    const char *key, *text = s->sample.content[TAR_JSON];
    size_t n = s->sample.content_n[TAR_JSON];
    json_t *value;
    json_error_t error;
    json_decref(s->object);
    s->object = NULL;
    if (!text) return OK;
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
        n -= 3;
    }
    s->object = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!s->object) return manifest_row_problem(&s->row, "json: %s (byte %d)", error.text, error.position);
    if (!json_is_object(s->object)) return manifest_row_problem(&s->row, "json: not a JSON object");
    json_object_foreach(s->object, key, value)
    {
        if (!strcmp(key, "messages")) return manifest_row_problem(&s->row, "json: messages has no place in a tar");
        if (!is_path_key(key)) TRY(manifest_row_json(&s->row, key, value));
    }
done:
    return rc;
}

static int add_class(webdataset_state *s)
{
    int rc = OK;
    const char *text = s->sample.content[TAR_CLASS];
    size_t n = s->sample.content_n[TAR_CLASS];
    if (!text) return OK;
    while (n && strchr(" \t\r\n", text[n - 1])) n--;
    if (utf8_valid_prefix(text, n) < n || memchr(text, 0, n)) return manifest_row_problem(&s->row, "cls: not a text");
    TRY(manifest_row_cell(&s->row, "cls", (text_view){text, n}));
done:
    return rc;
}

static int add_medium(webdataset_state *s, const tar_part *p, corpus_row *row)
{
    static const row_field fields[N_MEDIA] = {FIELD_AUDIO_PATH, FIELD_IMAGE_PATH, FIELD_SENSOR_PATH};
    int rc = OK;
    char **path = &s->paths[p->role];
    mem_free(path);
    TRY(mem_format(path, "%s%c%s", s->tar, TAR_MEMBER_MARK, p->name));
    row->field[fields[p->role]] = view(*path);
    row->media[p->role] = (row_media){.size = p->size, .mtime_ns = s->mtime_ns, .tar_offset = p->offset};
done:
    return rc;
}

static int add_caption(webdataset_state *s, corpus_row *row)
{
    int rc = OK;
    const char *text = s->sample.content[TAR_TEXT];
    if (!text) return OK;
    rc = caption_take(row, view("txt"), text, s->sample.content_n[TAR_TEXT]);
    if (rc != ERR_INVALID) return rc;
    row->field[FIELD_TEXT] = view("");
    return manifest_row_fail(&s->row, rc, "%s", status_message());
}

/* The id keeps the suffix of a medium that is alone among several. */
static int set_id(webdataset_state *s, const tar_part *lone, corpus_row *row)
{
    int rc = OK;
    char *suffix = NULL;
    text_view base = row->field[FIELD_ID];
    if (!base.n) base = view(s->key);
    mem_free(&s->id);
    if (lone) {
        TRY(utf8_escape(lone->suffix, strlen(lone->suffix), &suffix));
        TRY(mem_format(&s->id, "%.*s.%s", (int)base.n, base.bytes, suffix));
    } else {
        TRY(mem_copy(&s->id, base.bytes, base.n));
    }
    row->field[FIELD_ID] = view(s->id);
done:
    mem_free(&suffix);
    return rc;
}

/* What is not UTF-8 in the texts of a new sample becomes U+FFFD, if that is wanted. */
static int mend_texts(webdataset_state *s)
{
    int rc = OK;
    tar_sample *sample = &s->sample;
    if (s->in->options->invalid_utf8 != INVALID_REPLACE) return OK;
    for (int r = TAR_TEXT; r < TAR_OTHER; r++)
        if (sample->content[r]) TRY(utf8_mend(&sample->content[r], &sample->content_n[r]));
done:
    return rc;
}

/* A row of the sample: with all its media, or with one of several. */
static int fill_row(webdataset_state *s, const tar_part *lone, corpus_row *row)
{
    int rc = OK;
    const tar_sample *sample = &s->sample;
    mem_free(&s->key);
    mem_free(&s->where);
    TRY(utf8_escape(sample->key, strlen(sample->key), &s->key));
    TRY(mem_format(&s->where, "%s%c%s", s->tar, TAR_MEMBER_MARK, s->key));
    manifest_row_start(&s->row, row, 0);
    s->row.where = s->where;
    if (sample->status != OK) TRY(manifest_row_fail(&s->row, sample->status, "%s", sample->message));
    TRY(add_json(s));
    TRY(add_class(s));
    for (size_t i = 0; i < sample->n; i++)
        if ((int)sample->parts[i].role < N_MEDIA && (!lone || lone == &sample->parts[i]))
            TRY(add_medium(s, &sample->parts[i], row));
    TRY(add_caption(s, row));
    TRY(set_id(s, lone, row));
    TRY(manifest_row_end(&s->row, NULL, NULL));
done:
    return rc;
}

/* The next medium from part i on; TAR_PARTS: none. */
static size_t next_medium(const tar_sample *sample, size_t i)
{
    while (i < sample->n && (int)sample->parts[i].role >= N_MEDIA) i++;
    return i < sample->n ? i : TAR_PARTS;
}

static int lone_medium(webdataset_state *s, corpus_row *row)
{
    int rc = OK;
    TRY(fill_row(s, &s->sample.parts[s->rest], row));
    s->rest = next_medium(&s->sample, s->rest + 1);
done:
    return rc;
}

/* What follows in the tar cannot be read: one row that says so. */
static int damaged_row(webdataset_state *s, corpus_row *row)
{
    int rc = OK;
    mem_free(&s->id);
    mem_free(&s->where);
    TRY(mem_string(&s->where, s->tar));
    TRY(mem_format(&s->id, "%s%c", s->tar, TAR_MEMBER_MARK));
    utf8_clean(s->id, strlen(s->id));
    manifest_row_start(&s->row, row, 0);
    s->row.where = s->where;
    TRY(manifest_row_fail(&s->row, ERR_FORMAT, "%s: the rest of the tar is not read", status_message()));
    row->field[FIELD_ID] = view(s->id);
    close_tar(s);
done:
    return rc;
}

static int webdataset_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    webdataset_state *s = state;
    *got = 1;
    if (s->rest != TAR_PARTS) return lone_medium(s, row);
    for (;;) {
        if (!s->reader && s->at == s->tars.n) {
            report(s);
            *got = 0;
            goto done;
        }
        if (!s->reader) TRY(open_tar(s));
        rc = tar_sample_next(s->reader, &s->sample, &s->counts, got);
        if (rc == ERR_FORMAT) {
            *got = 1;
            return damaged_row(s, row);
        }
        TRY(rc);
        if (*got) break;
        end_tar(s);
    }
    TRY(mend_texts(s));
    for (int k = 0; k < N_MEDIA && s->sample.status == OK; k++)
        if (tar_sample_count(&s->sample, (tar_role)k) > 1) s->rest = next_medium(&s->sample, 0);
    rc = s->rest != TAR_PARTS ? lone_medium(s, row) : fill_row(s, NULL, row);
done:
    return rc;
}

static int webdataset_hash(const manifest_input *in, hash_stream *h)
{
    int rc = OK;
    tar_list tars = {0};
    TRY(list_tars(in, &tars));
    for (size_t i = 0; i < tars.n; i++) {
        struct stat st;
        const char *path = below(in->root, tars.paths[i]);
        int64_t size = stat(tars.paths[i], &st) == 0 ? (int64_t)st.st_size : -1;
        hash_stream_add(h, path, strlen(path) + 1);
        hash_stream_add(h, &size, sizeof size);
    }
done:
    tar_list_free(&tars);
    return rc;
}

const manifest_kind webdataset_manifest = {
    "webdataset", webdataset_detect, webdataset_open, webdataset_next, webdataset_close, webdataset_hash, IN_EITHER,
};
