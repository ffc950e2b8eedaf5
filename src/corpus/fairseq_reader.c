/* fairseq TSV, as its wav2vec and HuBERT recipes write it: the first line is a folder, each other one
 * PATH<TAB>FRAMES, a sound below it. The id is the path without its ending, as that of a folder; a path that differs
 * from the one before in its ending alone keeps it. The frames are samples at a rate that is not told: they serve to
 * plan where no file is opened (index.probe: never). Transcripts may lie beside it, one a line: NAME.wrd or NAME.txt,
 * taken when it has as many lines as there are rows. */
#include "corpus/manifest.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/fairseq_lines.h"
#include "corpus/line_reader.h"
#include "corpus/manifest_row.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fairseq_state {
    line_reader *lines, *texts; /* texts: NULL without transcripts */
    int fd;                     /* of the transcripts */
    manifest_root root;
    manifest_row row;
    char *texts_path, *id, *before; /* before: the last path without its ending */
} fairseq_state;

static int fairseq_detect(const char *path, int is_folder, const char *head, size_t n)
{
    text_view first, second, name;
    int64_t frames;
    char key[32] = {0};
    if (is_folder || !fairseq_first_lines(head, n, &first, &second)) return 0;
    fairseq_cut(second, &name, &frames);
    if (first.n < sizeof key) memcpy(key, first.bytes, first.n);
    return name.n > 0 && frames >= 0 && !manifest_key_is_known(key); /* a column alone is a TSV with a broken line */
}

static void fairseq_close(void **state)
{
    fairseq_state *s = *state;
    if (!s) return;
    line_reader_close(&s->lines);
    line_reader_close(&s->texts);
    if (s->fd >= 0) close(s->fd);
    manifest_root_free(&s->root);
    manifest_row_free(&s->row);
    mem_free(&s->texts_path);
    mem_free(&s->id);
    mem_free(&s->before);
    mem_free(state);
}

/* Open the transcripts beside a manifest; *fd = -1 when there are none. Nobody owns a file in memory. */
static int open_texts(const manifest_input *in, char **path, int *fd, byte_source *source)
{
    static const char *const endings[] = {"wrd", "txt"};
    int rc = OK;
    struct stat st;
    size_t n = strlen(in->path);
    *fd = -1;
    if (n > 3 && !strcasecmp(in->path + n - 3, ".gz")) n -= 3;
    if (n < 5 || strncasecmp(in->path + n - 4, ".tsv", 4) != 0) return OK;
    for (int i = 0; i < 2 && *fd < 0; i++) {
        mem_free(path);
        TRY(mem_format(path, "%.*s%s", (int)n - 3, in->path, endings[i]));
        *fd = open(*path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (*fd < 0 && errno != ENOENT) FAIL(ERR_CONFIG, "cannot open %s: %s", *path, strerror(errno));
    }
    if (*fd < 0) goto done;
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) FAIL(ERR_CONFIG, "%s is not a file", *path);
    *source = source_of_file(*fd, 0, st.st_size);
done:
    return rc;
}

static int count_lines(const byte_source *source, const char *path, int64_t *n)
{
    int rc = OK;
    line_reader *r = NULL;
    line_state state;
    text_view line;
    *n = 0;
    TRY(line_reader_open(&r, source, path, 0));
    do TRY(line_reader_next(r, &line, n, &state));
    while (state != LINE_END);
done:
    line_reader_close(&r);
    return rc;
}

static int find_texts(fairseq_state *s, const manifest_input *in)
{
    int rc = OK;
    byte_source source;
    int64_t n_rows = 0, n_texts = 0;
    TRY(open_texts(in, &s->texts_path, &s->fd, &source));
    if (s->fd < 0) goto done;
    TRY(count_lines(&in->source, in->path, &n_rows));
    TRY(count_lines(&source, s->texts_path, &n_texts));
    if (n_rows - 1 == n_texts)
        TRY(line_reader_open(&s->texts, &source, s->texts_path, in->options->invalid_utf8 == INVALID_REPLACE));
    else
        LOG_JOB(LOG_WARN, "%s has %lld lines, not the %lld of the rows: it is not taken for transcripts", s->texts_path,
                (long long)n_texts, (long long)(n_rows - 1));
done:
    return rc;
}

static int fairseq_open(const manifest_input *in, void **state)
{
    int rc = OK;
    text_view line;
    line_state found;
    int64_t number;
    fairseq_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->fd = -1;
    TRY(line_reader_open(&s->lines, &in->source, in->path, in->options->invalid_utf8 == INVALID_REPLACE));
    TRY(manifest_root_make(in->root, in->options->allow_outside, &s->root));
    TRY(line_reader_next(s->lines, &line, &number, &found));
    if (found != LINE_OK || !line.n || memchr(line.bytes, '\t', line.n))
        FAIL(ERR_CONFIG, "%s: the first line of a fairseq TSV is a folder, without a tab", in->path);
    TRY(find_texts(s, in));
    *state = s;
    s = NULL;
done:
    fairseq_close((void **)&s);
    return rc;
}

/* Whether a line can be used as text at all. */
static int check_line(fairseq_state *s, const char *file, text_view line, line_state state)
{
    if (state == LINE_TOO_LONG)
        return manifest_row_problem(&s->row, "%slonger than %d bytes", file, (int)LINE_MAX_BYTES);
    size_t good = utf8_valid_prefix(line.bytes, line.n);
    if (good < line.n) return manifest_row_problem(&s->row, "%snot UTF-8 (byte %zu)", file, good + 1);
    if (line.n && memchr(line.bytes, 0, line.n)) return manifest_row_problem(&s->row, "%shas a zero byte", file);
    return OK;
}

static int name_row(fairseq_state *s, text_view path)
{
    int rc = OK;
    text_view stem = path_stem(path);
    int whole = s->before && strlen(s->before) == stem.n && !memcmp(s->before, stem.bytes, stem.n);
    mem_free(&s->before);
    TRY(mem_copy(&s->before, stem.bytes, stem.n));
    TRY(manifest_path_id(&s->root, path, whole, &s->id));
done:
    return rc;
}

static int add_text(fairseq_state *s)
{
    int rc = OK;
    text_view line;
    line_state found;
    int64_t number;
    if (!s->texts) return OK;
    TRY(line_reader_next(s->texts, &line, &number, &found));
    if (found == LINE_END) FAIL(ERR_CONFIG, "%s has become shorter", s->texts_path);
    while (line.n && (line.bytes[line.n - 1] == ' ' || line.bytes[line.n - 1] == '\t')) line.n--;
    TRY(check_line(s, "transcript: ", line, found));
    if (s->row.row->status == OK) TRY(manifest_row_cell(&s->row, "text", line));
done:
    return rc;
}

static int fairseq_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    fairseq_state *s = state;
    text_view line, path;
    line_state found;
    int64_t number = 0, frames;
    mem_free(&s->id);
    do TRY(line_reader_next(s->lines, &line, &number, &found));
    while (found == LINE_OK && !line.n && !s->texts);
    *got = found != LINE_END;
    if (!*got) goto done;
    manifest_row_start(&s->row, row, number);
    TRY(check_line(s, "", line, found));
    fairseq_cut(line, &path, &frames);
    if (row->status == OK) {
        if (frames < 0) TRY(manifest_row_problem(&s->row, "not a path, a tab, and a whole number of samples"));
        TRY(manifest_row_cell(&s->row, "audio_filepath", path));
        TRY(name_row(s, path));
        row->audio_frames = frames;
    }
    TRY(add_text(s));
    TRY(manifest_row_end(&s->row, &s->root, s->id));
done:
    return rc;
}

static int fairseq_hash(const manifest_input *in, hash_stream *h)
{
    int rc = OK, fd = -1;
    char *path = NULL;
    manifest_input texts = *in;
    TRY(manifest_hash_bytes(in, h));
    TRY(open_texts(in, &path, &fd, &texts.source));
    if (fd < 0) goto done;
    hash_stream_add(h, path + strlen(path) - 4, 5); /* its ending: the bytes may become those of the other kind */
    TRY(manifest_hash_bytes(&texts, h));
done:
    if (fd >= 0) close(fd);
    mem_free(&path);
    return rc;
}

const manifest_kind fairseq_manifest = {
    "fairseq", fairseq_detect, fairseq_open, fairseq_next, fairseq_close, fairseq_hash, IN_FILE,
};
