/* A list of paths, one a line: pictures, sounds and texts by the endings of their names. It is read as the listing of a
 * folder: lines one after the other that differ in their ending alone are one row (a picture, a sound, the text that
 * belongs to them), and the id is the path without its ending. Of a kind that the row has already the line starts a row
 * of its own, and its id keeps the ending. Files of other kinds are rejected rows. */
#include "corpus/manifest.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/line_reader.h"
#include "corpus/manifest_row.h"
#include "corpus/media_type.h"
#include "corpus/row_codec.h"

#include <string.h>
#include <strings.h>

enum { N_TYPES = TYPE_OTHER };

typedef struct list_state {
    line_reader *lines;
    manifest_root root;
    manifest_row row;
    text_view line; /* read but not used yet, with its number */
    int64_t number;
    line_state found;
    char *paths[N_TYPES]; /* of the current row */
    char *before;         /* last path without its ending */
    char *id;
} list_state;

static media_type type_of(text_view path)
{
    size_t name = path.n, stem_n;
    while (name && path.bytes[name - 1] != '/') name--;
    return media_type_of(path.bytes + name, path.n - name, &stem_n);
}

static int list_detect(const char *path, int is_folder, const char *head, size_t n)
{
    size_t m = strlen(path);
    const char *end = n ? memchr(head, '\n', n) : NULL;
    text_view line = {head, end ? (size_t)(end - head) : n};
    if (is_folder) return 0;
    if ((m > 4 && !strcasecmp(path + m - 4, ".lst")) || (m > 5 && !strcasecmp(path + m - 5, ".list"))) return 1;
    if (m <= 4 || strcasecmp(path + m - 4, ".txt") != 0) return 0;
    if (line.n && line.bytes[line.n - 1] == '\r') line.n--;
    return type_of(line) != TYPE_OTHER && !memchr(line.bytes, '\t', line.n);
}

static void list_close(void **state)
{
    list_state *s = *state;
    if (!s) return;
    line_reader_close(&s->lines);
    manifest_root_free(&s->root);
    manifest_row_free(&s->row);
    for (int i = 0; i < N_TYPES; i++) mem_free(&s->paths[i]);
    mem_free(&s->before);
    mem_free(&s->id);
    mem_free(state);
}

static int read_line(list_state *s)
{
    int rc = OK;
    do TRY(line_reader_next(s->lines, &s->line, &s->number, &s->found));
    while (s->found == LINE_OK && !s->line.n);
done:
    return rc;
}

static int list_open(const manifest_input *in, void **state)
{
    int rc = OK;
    list_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    TRY(line_reader_open(&s->lines, &in->source, in->path, in->options->invalid_utf8 == INVALID_REPLACE));
    TRY(manifest_root_make(in->root, in->options->allow_outside, &s->root));
    TRY(read_line(s));
    *state = s;
    s = NULL;
done:
    list_close((void **)&s);
    return rc;
}

static int is_text(text_view line)
{
    return utf8_valid_prefix(line.bytes, line.n) == line.n && !memchr(line.bytes, 0, line.n);
}

static int same_stem(const list_state *s)
{
    text_view stem = path_stem(s->line);
    return s->before && strlen(s->before) == stem.n && !memcmp(s->before, stem.bytes, stem.n);
}

/* Give the row the file of the line; the line goes when the next one is read. */
static int take_line(list_state *s, media_type type)
{
    int rc = OK;
    mem_free(&s->paths[type]);
    TRY(mem_copy(&s->paths[type], s->line.bytes, s->line.n));
    text_view path = {s->paths[type], s->line.n};
    if (type == TYPE_AUDIO) TRY(manifest_row_cell(&s->row, "audio_filepath", path));
    if (type == TYPE_IMAGE) TRY(manifest_row_cell(&s->row, "image_filepath", path));
    if (type == TYPE_TEXT) s->row.row->field[FIELD_TEXT] = path;
done:
    return rc;
}

/* The first line of a row: its name, and what is wrong with it. */
static int start_row(list_state *s, unsigned *taken)
{
    int rc = OK;
    mem_free(&s->id);
    *taken = ~0u; /* nothing joins a line that cannot be used */
    if (s->found == LINE_TOO_LONG) return manifest_row_problem(&s->row, "longer than %d bytes", (int)LINE_MAX_BYTES);
    if (!is_text(s->line)) return manifest_row_problem(&s->row, "not UTF-8, or a zero byte in it");
    const int whole = same_stem(s);
    const text_view stem = path_stem(s->line);
    const media_type type = type_of(s->line);
    TRY(manifest_path_id(&s->root, s->line, whole, &s->id));
    mem_free(&s->before);
    TRY(mem_copy(&s->before, stem.bytes, stem.n));
    if (type == TYPE_OTHER)
        return manifest_row_problem(&s->row, "its ending is none of a picture, a sound or a text: %.*s", (int)s->line.n,
                                    s->line.bytes);
    *taken = 1u << type;
    TRY(take_line(s, type));
done:
    return rc;
}

/* Texts are read when the segment is built; their paths may not leave the root either. */
static int check_text_path(list_state *s, uint32_t *flags)
{
    text_view *text = &s->row.row->field[FIELD_TEXT], given = *text;
    if (!given.n) return OK;
    const char *wrong = manifest_path(&s->root, given, text);
    if (wrong) return manifest_row_problem(&s->row, "the text %s: %.*s", wrong, (int)given.n, given.bytes);
    *flags |= ROW_CAPTION_FILE;
    return OK;
}

static int list_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    list_state *s = state;
    unsigned taken;
    *got = s->found != LINE_END;
    if (!*got) return OK;
    manifest_row_start(&s->row, row, s->number);
    TRY(start_row(s, &taken));
    TRY(read_line(s));
    while (s->found == LINE_OK && taken != ~0u && is_text(s->line) && same_stem(s)) {
        media_type type = type_of(s->line);
        if (type == TYPE_OTHER || taken & 1u << type) break;
        taken |= 1u << type;
        TRY(take_line(s, type));
        TRY(read_line(s));
    }
    TRY(check_text_path(s, flags));
    TRY(manifest_row_end(&s->row, &s->root, s->id));
    if (row->status != OK && *flags & ROW_CAPTION_FILE) {
        row->field[FIELD_TEXT] = (text_view){"", 0};
        *flags &= ~(uint32_t)ROW_CAPTION_FILE;
    }
done:
    return rc;
}

const manifest_kind list_manifest = {
    "list", list_detect, list_open, list_next, list_close, manifest_hash_bytes, IN_FILE,
};
