/* A Kaldi data folder: wav.scp with a recording in each line, and beside it, where they are there, `segments` (then the
 * rows are its utterances, else the recordings), `text`, `utt2spk` (kept as "speaker") and `utt2lang`. They are sorted
 * by key, as Kaldi wants them, and joined as they are read. What wav.scp says is only ever taken for a path: commands
 * (with a "|") are never run, their rows are rejected, and so are places in archives. */
#include "corpus/manifest.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/keyed_file.h"
#include "corpus/manifest_row.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* Files that add to the rows, and as what. */
static const struct {
    const char *file, *key;
} more[] = {{"text", "text"}, {"utt2spk", "speaker"}, {"utt2lang", "lang"}};
enum { N_MORE = sizeof more / sizeof *more, N_MENDED = N_MORE + 3 }; /* key, value, path, and those */

typedef struct kaldi_state {
    keyed_file *rows;       /* segments or wav.scp */
    keyed_file *recordings; /* wav.scp beside segments, else NULL */
    keyed_file *more[N_MORE];
    int joins; /* whether there is any of these */
    manifest_root root;
    manifest_row row;
    keyed_line line;
    char *before; /* key of the last row */
    int replace;  /* whether what is not UTF-8 is mended */
    char *mended[N_MENDED];
    size_t n_mended; /* of this row */
} kaldi_state;

static int is_folder_at(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The path of a file of the corpus; corpus.path names the folder or its wav.scp, whatever that is called. */
static int path_of(const char *corpus, const char *file, char **out)
{
    const char *slash = strrchr(corpus, '/');
    if (is_folder_at(corpus)) return mem_format(out, "%s/%s", corpus, file);
    if (!strcmp(file, "wav.scp")) return mem_string(out, corpus);
    return mem_format(out, "%.*s%s", slash ? (int)(slash - corpus) + 1 : 0, corpus, file);
}

static int kaldi_detect(const char *path, int is_folder, const char *head, size_t n)
{
    struct stat st;
    char *file = NULL;
    const char *slash = strrchr(path, '/');
    if (!is_folder) return !strcmp(slash ? slash + 1 : path, "wav.scp");
    int there = mem_format(&file, "%s/wav.scp", path) == OK && stat(file, &st) == 0 && S_ISREG(st.st_mode);
    mem_free(&file);
    return there;
}

static void kaldi_close(void **state)
{
    kaldi_state *s = *state;
    if (!s) return;
    keyed_file_close(&s->rows);
    keyed_file_close(&s->recordings);
    for (int i = 0; i < N_MORE; i++) keyed_file_close(&s->more[i]);
    manifest_root_free(&s->root);
    manifest_row_free(&s->row);
    for (int i = 0; i < N_MENDED; i++) mem_free(&s->mended[i]);
    mem_free(&s->before);
    mem_free(state);
}

static int open_file(const manifest_input *in, const char *file, keyed_file **out)
{
    int rc = OK;
    char *path = NULL;
    TRY(path_of(in->path, file, &path));
    TRY(keyed_file_open(out, path));
done:
    mem_free(&path);
    return rc;
}

static int open_files(const manifest_input *in, kaldi_state *s)
{
    int rc = OK;
    TRY(open_file(in, "segments", &s->rows));
    keyed_file **recordings = s->rows ? &s->recordings : &s->rows;
    TRY(open_file(in, "wav.scp", recordings));
    if (!*recordings) FAIL(ERR_CONFIG, "%s has no wav.scp", in->path);
    if (s->recordings) TRY(keyed_file_check(s->recordings));
    for (int i = 0; i < N_MORE; i++) {
        TRY(open_file(in, more[i].file, &s->more[i]));
        s->joins |= s->more[i] != NULL;
    }
done:
    return rc;
}

static int kaldi_open(const manifest_input *in, void **state)
{
    int rc = OK;
    kaldi_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->replace = in->options->invalid_utf8 == INVALID_REPLACE;
    TRY(manifest_root_make(in->root, in->options->allow_outside, &s->root));
    TRY(open_files(in, s));
    *state = s;
    s = NULL;
done:
    kaldi_close((void **)&s);
    return rc;
}

/* Let a text be UTF-8, if that is wanted; files are joined by the bytes that they have. The new text lives as long as
 * the row. */
static int mend(kaldi_state *s, text_view *text)
{
    int rc = OK;
    if (!s->replace || utf8_valid_prefix(text->bytes, text->n) == text->n) return OK;
    char **mended = &s->mended[s->n_mended++];
    mem_free(mended);
    TRY(utf8_replace(text->bytes, text->n, mended, &text->n));
    text->bytes = *mended;
done:
    return rc;
}

/* Whether a text can be used; notes what is wrong with it. */
static int check_text(kaldi_state *s, const char *what, text_view text)
{
    size_t good = s->replace ? text.n : utf8_valid_prefix(text.bytes, text.n);
    if (good < text.n) return manifest_row_problem(&s->row, "%s: not UTF-8 (byte %zu)", what, good + 1);
    if (text.n && memchr(text.bytes, 0, text.n)) return manifest_row_problem(&s->row, "%s: has a zero byte", what);
    return OK;
}

/* "file.ark:123", a place in an archive. */
static int is_in_archive(text_view path)
{
    size_t n = path.n;
    while (n && path.bytes[n - 1] >= '0' && path.bytes[n - 1] <= '9') n--;
    return (n && n < path.n && path.bytes[n - 1] == ':') || (path.n && memmem(path.bytes, path.n, ".ark:", 5));
}

static int add_path(kaldi_state *s, text_view path)
{
    if (!path.n) return manifest_row_problem(&s->row, "no path behind the key");
    if (path.bytes[0] == '|' || path.bytes[path.n - 1] == '|')
        return manifest_row_problem(&s->row,
                                    "wav.scp has a command, and commands are not run: write the sound to a file");
    if (is_in_archive(path)) return manifest_row_problem(&s->row, "wav.scp has a place in an archive, not a file");
    return manifest_row_cell(&s->row, "audio_filepath", path);
}

/* The seconds between two decimal numbers, as the number with the same decimals: 1.23 - 1 gives what 0.23 reads as. */
static double seconds_between(double start, double end) { return round((end - start) * 1e9) / 1e9; }

static int add_segment(kaldi_state *s)
{
    int rc = OK, found;
    corpus_row *row = s->row.row;
    text_view fields = s->line.value, path;
    text_view recording = text_take_word(&fields), start = text_take_word(&fields), end = text_take_word(&fields);
    if (!end.n || fields.n)
        return manifest_row_problem(
            &s->row, "%s", end.n ? "a fifth field: channels cannot be chosen" : "not UTTERANCE RECORDING START END");
    TRY(keyed_file_search(s->recordings, recording, &path, &found));
    if (!found)
        return manifest_row_problem(&s->row, "wav.scp has no recording %.*s", (int)recording.n, recording.bytes);
    TRY(mend(s, &path));
    TRY(check_text(s, "wav.scp", path));
    if (row->status == OK) TRY(add_path(s, path));
    TRY(manifest_row_cell(&s->row, "offset", start));
    if (end.n == 2 && !memcmp(end.bytes, "-1", 2)) return OK; /* to the end */
    TRY(manifest_row_cell(&s->row, "duration", end));
    if (row->status != OK) return OK;
    if (row->duration_s <= row->offset_s) return manifest_row_problem(&s->row, "the segment ends before it starts");
    row->duration_s = seconds_between(row->offset_s, row->duration_s);
done:
    return rc;
}

/* The rows must be in the order of the files that are joined with them. */
static int check_order(kaldi_state *s)
{
    int rc = OK;
    text_view key = s->line.key;
    if (s->before && text_compare((text_view){s->before, strlen(s->before)}, key) > 0)
        FAIL(ERR_CONFIG, "%s: line %lld comes before the one above it: sort the file by its keys with LC_ALL=C",
             keyed_file_path(s->rows), (long long)s->line.number);
    mem_free(&s->before);
    TRY(mem_copy(&s->before, key.bytes, key.n));
done:
    return rc;
}

static int add_more(kaldi_state *s)
{
    int rc = OK, found;
    text_view value;
    if (s->joins) TRY(check_order(s));
    for (int i = 0; i < N_MORE; i++) {
        if (!s->more[i]) continue;
        TRY(keyed_file_join(s->more[i], s->line.key, &value, &found));
        if (!found) continue;
        TRY(mend(s, &value));
        TRY(check_text(s, more[i].file, value));
        if (s->row.row->status == OK) TRY(manifest_row_cell(&s->row, more[i].key, value));
    }
done:
    return rc;
}

/* At the end: say which lines had no row. */
static int report(kaldi_state *s)
{
    int rc = OK;
    int64_t n;
    for (int i = 0; i < N_MORE; i++) {
        if (!s->more[i]) continue;
        TRY(keyed_file_unused(s->more[i], &n));
        if (n) LOG_JOB(LOG_WARN, "%s: %lld lines have no row", keyed_file_path(s->more[i]), (long long)n);
    }
done:
    return rc;
}

static int add_line(kaldi_state *s)
{
    int rc = OK;
    text_view id = s->line.key, path = s->line.value;
    s->n_mended = 0;
    if (s->line.state == LINE_TOO_LONG)
        return manifest_row_problem(&s->row, "longer than %d bytes", (int)LINE_MAX_BYTES);
    TRY(check_text(s, "the line", s->line.text));
    if (s->row.row->status != OK) return OK;
    TRY(mend(s, &id));
    TRY(manifest_row_cell(&s->row, "id", id));
    if (!s->recordings) TRY(mend(s, &path));
    TRY(s->recordings ? add_segment(s) : add_path(s, path));
    TRY(add_more(s));
done:
    return rc;
}

static int kaldi_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    kaldi_state *s = state;
    TRY(keyed_file_next(s->rows, &s->line));
    *got = s->line.state != LINE_END;
    if (!*got) {
        TRY(report(s));
        goto done;
    }
    manifest_row_start(&s->row, row, s->line.number);
    TRY(add_line(s));
    TRY(manifest_row_end(&s->row, &s->root, NULL));
done:
    return rc;
}

static int hash_file(const manifest_input *in, const char *file, hash_stream *h)
{
    int rc = OK;
    keyed_file *f = NULL;
    manifest_input one = *in;
    TRY(open_file(in, file, &f));
    if (!f) goto done;
    one.source = keyed_file_source(f);
    hash_stream_add(h, file, strlen(file) + 1);
    TRY(manifest_hash_bytes(&one, h));
done:
    keyed_file_close(&f);
    return rc;
}

static int kaldi_hash(const manifest_input *in, hash_stream *h)
{
    int rc = OK;
    TRY(hash_file(in, "wav.scp", h));
    TRY(hash_file(in, "segments", h));
    for (int i = 0; i < N_MORE; i++) TRY(hash_file(in, more[i].file, h));
done:
    return rc;
}

const manifest_kind kaldi_manifest = {
    "kaldi", kaldi_detect, kaldi_open, kaldi_next, kaldi_close, kaldi_hash, IN_EITHER,
};
