/* TSV with a header: the first line names the columns, with the keys of JSONL; an empty cell is a missing key. No
 * quotes and no escapes: a cell ends at a tab or at the end of the line. */
#include "corpus/manifest.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/line_reader.h"
#include "corpus/manifest_row.h"

#include <string.h>
#include <strings.h>

enum { MAX_COLUMNS = 1000 };

typedef struct tsv_state {
    line_reader *lines;
    manifest_root root;
    manifest_row row;
    char **columns;
    size_t n_columns, capacity;
} tsv_state;

/* Take the next cell off the front of a line; 0 when there is none left. */
static int next_cell(text_view *line, int *more, text_view *cell)
{
    if (!*more) return 0;
    const char *tab = line->n ? memchr(line->bytes, '\t', line->n) : NULL;
    size_t n = tab ? (size_t)(tab - line->bytes) : line->n;
    *cell = (text_view){line->bytes, n};
    *more = tab != NULL;
    if (tab) n++;
    line->bytes += n;
    line->n -= n;
    return 1;
}

static int is_content(const char *key)
{
    return !strcmp(key, "text") || !strcmp(key, "audio_filepath") || !strcmp(key, "image_filepath") ||
           !strcmp(key, "sensor_filepath");
}

static int tsv_detect(const char *path, int is_folder, const char *head, size_t n)
{
    size_t m = strlen(path);
    if (is_folder || fairseq_manifest.detect(path, 0, head, n)) return 0;
    if (m > 4 && !strcasecmp(path + m - 4, ".tsv")) return 1;
    text_view line = {head, n}, cell;
    const char *end = memchr(head, '\n', n);
    if (!end) return 0;
    line.n = (size_t)(end - head) - (end > head && end[-1] == '\r');
    for (int more = 1; next_cell(&line, &more, &cell);) {
        char key[64] = {0};
        if (cell.n < sizeof key) memcpy(key, cell.bytes, cell.n);
        if (is_content(key)) return 1;
    }
    return 0;
}

static void tsv_close(void **state)
{
    tsv_state *s = *state;
    if (!s) return;
    line_reader_close(&s->lines);
    manifest_root_free(&s->root);
    manifest_row_free(&s->row);
    for (size_t i = 0; i < s->n_columns; i++) mem_free(&s->columns[i]);
    mem_free(&s->columns);
    mem_free(state);
}

static int read_header(tsv_state *s, const char *path)
{
    int rc = OK, more = 1, content = 0;
    text_view line, cell;
    line_state state;
    int64_t number;
    TRY(line_reader_next(s->lines, &line, &number, &state));
    if (state == LINE_END) FAIL(ERR_CONFIG, "%s is empty: the first line of a TSV names the columns", path);
    if (state != LINE_OK || utf8_valid_prefix(line.bytes, line.n) < line.n || memchr(line.bytes, 0, line.n))
        FAIL(ERR_CONFIG, "%s: the first line is not a header of a TSV", path);
    while (next_cell(&line, &more, &cell)) {
        if (!cell.n || s->n_columns == MAX_COLUMNS)
            FAIL(ERR_CONFIG, "%s: column %zu of the header has no name, or there are more than %d", path,
                 s->n_columns + 1, (int)MAX_COLUMNS);
        TRY(MEM_GROW(s->columns, &s->capacity, s->n_columns + 1));
        TRY(mem_copy(&s->columns[s->n_columns], cell.bytes, cell.n));
        const char *key = s->columns[s->n_columns++];
        content |= is_content(key);
        for (size_t i = 0; i + 1 < s->n_columns; i++)
            if (!strcmp(s->columns[i], key)) FAIL(ERR_CONFIG, "%s: column %s is there twice", path, key);
        if (!strcmp(key, "messages")) FAIL(ERR_CONFIG, "%s: messages need JSONL", path);
    }
    if (!content)
        FAIL(ERR_CONFIG, "%s: no column audio_filepath, image_filepath, sensor_filepath or text in the first line",
             path);
done:
    return rc;
}

static int tsv_open(const manifest_input *in, void **state)
{
    int rc = OK;
    tsv_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    TRY(line_reader_open(&s->lines, &in->source, in->path, in->options->invalid_utf8 == INVALID_REPLACE));
    TRY(manifest_root_make(in->root, in->options->allow_outside, &s->root));
    TRY(read_header(s, in->path));
    *state = s;
    s = NULL;
done:
    tsv_close((void **)&s);
    return rc;
}

/* A wrong line still gives its id where that can be read. */
static int add_cells(tsv_state *s, text_view line)
{
    int rc = OK, more = 1;
    size_t n = 0, good = utf8_valid_prefix(line.bytes, line.n);
    text_view cell;
    if (good < line.n)
        TRY(manifest_row_problem(&s->row, "not UTF-8 (byte %zu)", good + 1));
    else if (memchr(line.bytes, 0, line.n))
        TRY(manifest_row_problem(&s->row, "has a zero byte"));
    while (next_cell(&line, &more, &cell)) {
        const char *key = n < s->n_columns ? s->columns[n] : "";
        n++;
        int usable = s->row.row->status == OK ||
                     (utf8_valid_prefix(cell.bytes, cell.n) == cell.n && !memchr(cell.bytes, 0, cell.n));
        if (*key && usable) TRY(manifest_row_cell(&s->row, key, cell));
    }
    if (n != s->n_columns) TRY(manifest_row_problem(&s->row, "%zu cells, but the header has %zu", n, s->n_columns));
done:
    return rc;
}

static int tsv_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    tsv_state *s = state;
    text_view line;
    line_state found;
    int64_t number = 0;
    do TRY(line_reader_next(s->lines, &line, &number, &found));
    while (found == LINE_OK && line.n == 0);
    *got = found != LINE_END;
    if (!*got) goto done;
    manifest_row_start(&s->row, row, number);
    if (found == LINE_TOO_LONG)
        TRY(manifest_row_problem(&s->row, "longer than %d bytes", (int)LINE_MAX_BYTES));
    else
        TRY(add_cells(s, line));
    TRY(manifest_row_end(&s->row, &s->root, NULL));
done:
    return rc;
}

const manifest_kind tsv_manifest = {
    "tsv", tsv_detect, tsv_open, tsv_next, tsv_close, manifest_hash_bytes, IN_FILE,
};
