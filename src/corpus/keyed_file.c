#include "corpus/keyed_file.h"

#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 16 << 10, WINDOW = 64 << 10 }; /* of a file that is searched: a line; what is looked through at once */

struct keyed_file {
    char *path;
    int fd;
    byte_source source;
    line_reader *lines;
    keyed_line line; /* of a join: the one at which it stands */
    char *last;      /* its key */
    size_t last_n;
    int started, used;
    int64_t n_unused;
    char *window; /* (WINDOW + LONGEST) of a search: whole lines from `window_at` on */
    int64_t window_at;
    size_t window_n;
};

static int is_space(char c) { return c == ' ' || c == '\t'; }

text_view text_trim(text_view text)
{
    while (text.n && is_space(text.bytes[0])) text.bytes++, text.n--;
    while (text.n && (is_space(text.bytes[text.n - 1]) || text.bytes[text.n - 1] == '\r')) text.n--;
    return text;
}

text_view text_take_word(text_view *text)
{
    size_t n = 0;
    *text = text_trim(*text);
    while (n < text->n && !is_space(text->bytes[n])) n++;
    text_view word = {text->bytes, n};
    *text = text_trim((text_view){text->bytes + n, text->n - n});
    return word;
}

int text_compare(text_view a, text_view b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.bytes, b.bytes, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int keyed_file_open(keyed_file **out, const char *path)
{
    int rc = OK;
    struct stat st;
    keyed_file *f = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(f, 1));
    f->window_at = -1;
    f->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not block */
    if (f->fd < 0 && errno == ENOENT) goto done;
    if (f->fd < 0 || fstat(f->fd, &st) != 0) FAIL(ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ERR_CONFIG, "%s is not a file", path);
    TRY(mem_string(&f->path, path));
    f->source = source_of_file(f->fd, 0, st.st_size);
    TRY(line_reader_open(&f->lines, &f->source, f->path, 0));
    *out = f;
    f = NULL;
done:
    keyed_file_close(&f);
    return rc;
}

void keyed_file_close(keyed_file **pf)
{
    keyed_file *f = *pf;
    if (!f) return;
    line_reader_close(&f->lines);
    if (f->fd >= 0) close(f->fd);
    mem_free(&f->path);
    mem_free(&f->last);
    mem_free(&f->window);
    mem_free(pf);
}

const char *keyed_file_path(const keyed_file *f) { return f->path; }

byte_source keyed_file_source(const keyed_file *f) { return f->source; }

int keyed_file_next(keyed_file *f, keyed_line *line)
{
    int rc = OK;
    do {
        TRY(line_reader_next(f->lines, &line->text, &line->number, &line->state));
        line->value = line->text;
        line->key = text_take_word(&line->value);
    } while (line->state == LINE_OK && !line->key.n);
done:
    return rc;
}

/* Go to the next line, whose key must come after the last one. */
static int step(keyed_file *f)
{
    int rc = OK;
    f->n_unused += f->started && f->line.state == LINE_OK && !f->used;
    f->used = 0;
    TRY(keyed_file_next(f, &f->line));
    if (f->line.state == LINE_TOO_LONG)
        FAIL(ERR_CONFIG, "%s: line %lld is longer than %d bytes", f->path, (long long)f->line.number,
             (int)LINE_MAX_BYTES);
    if (f->line.state == LINE_OK && f->started) {
        int c = text_compare((text_view){f->last, f->last_n}, f->line.key);
        if (c == 0)
            FAIL(ERR_CONFIG, "%s: line %lld: the key is there twice: %s", f->path, (long long)f->line.number, f->last);
        if (c > 0)
            FAIL(ERR_CONFIG, "%s: line %lld comes before the one above it: sort the file by its keys with LC_ALL=C",
                 f->path, (long long)f->line.number);
    }
    f->started = 1;
    mem_free(&f->last);
    TRY(mem_copy(&f->last, f->line.key.bytes, f->line.key.n));
    f->last_n = f->line.key.n;
done:
    return rc;
}

int keyed_file_join(keyed_file *f, text_view key, text_view *value, int *found)
{
    int rc = OK, c = 1;
    *found = 0;
    *value = (text_view){"", 0};
    if (!f->started) TRY(step(f));
    while (f->line.state == LINE_OK && (c = text_compare(f->line.key, key)) < 0) TRY(step(f));
    if (f->line.state != LINE_OK || c != 0) goto done;
    f->used = *found = 1;
    *value = f->line.value;
done:
    return rc;
}

int keyed_file_unused(keyed_file *f, int64_t *n)
{
    int rc = OK;
    if (!f->started) TRY(step(f));
    while (f->line.state == LINE_OK) TRY(step(f));
    *n = f->n_unused;
done:
    return rc;
}

int keyed_file_check(keyed_file *f)
{
    int rc = OK, gzip;
    int64_t number;
    TRY(text_is_gzip(&f->source, &gzip));
    if (gzip) FAIL(ERR_CONFIG, "%s is compressed; beside a file segments it must not be", f->path);
    do {
        number = f->line.number;
        TRY(step(f));
        int more = f->line.state == LINE_OK;
        if (f->line.number != number + more) /* they are passed over, but for their numbers */
            FAIL(ERR_CONFIG, "%s: line %lld is empty", f->path, (long long)number + 1);
        if (more && f->line.text.n >= LONGEST)
            FAIL(ERR_CONFIG, "%s: line %lld is longer than %d bytes", f->path, (long long)f->line.number, (int)LONGEST);
    } while (f->line.state == LINE_OK);
    TRY(mem_alloc((void **)&f->window, WINDOW + LONGEST, 1));
done:
    return rc;
}

/* The line at the front of `text`, which goes on behind it; *whole when its end is there. */
static keyed_line cut_line(text_view *text, int *whole)
{
    keyed_line line = {.state = LINE_OK};
    const char *end = text->n ? memchr(text->bytes, '\n', text->n) : NULL;
    size_t n = end ? (size_t)(end - text->bytes) : text->n;
    line.text = line.value = (text_view){text->bytes, n};
    if (n >= 3 && !memcmp(text->bytes, "\xEF\xBB\xBF", 3)) line.value = (text_view){text->bytes + 3, n - 3};
    line.key = text_take_word(&line.value);
    *whole = end != NULL;
    if (end) n++;
    *text = (text_view){text->bytes + n, text->n - n};
    return line;
}

/* Read whole lines from `at`, the start of a line, into the window. */
static int read_window(keyed_file *f, int64_t at)
{
    int rc = OK;
    size_t n;
    TRY(source_read(&f->source, at, f->window, WINDOW + LONGEST, &n));
    if (at + (int64_t)n < f->source.size)
        while (n && f->window[n - 1] != '\n') n--;
    if (!n) FAIL(ERR_CONFIG, "%s has changed while it was read", f->path);
    f->window_at = at;
    f->window_n = n;
done:
    return rc;
}

/* The first line that starts behind `at` and before `end`: *start is where, -1 when there is none. Its key lives until
 * the window is read again. */
static int line_behind(keyed_file *f, int64_t at, int64_t end, int64_t *start, text_view *key)
{
    int rc = OK, whole;
    size_t n;
    *start = -1;
    f->window_at = -1;
    TRY(source_read(&f->source, at, f->window, 2 * LONGEST, &n));
    const char *newline = n ? memchr(f->window, '\n', n) : NULL;
    if (!newline || at + (newline - f->window) + 1 >= end) goto done;
    text_view text = {newline + 1, n - (size_t)(newline + 1 - f->window)};
    *key = cut_line(&text, &whole).key;
    *start = at + (newline - f->window) + 1;
done:
    return rc;
}

/* Halve the file until the line with the key, if there is one, starts in the window. */
static int find_window(keyed_file *f, text_view key)
{
    int rc = OK;
    int64_t low = 0, high = f->source.size, start;
    text_view there;
    while (high - low > WINDOW) {
        int64_t middle = low + (high - low) / 2;
        TRY(line_behind(f, middle, high, &start, &there));
        if (start < 0)
            high = middle + 1;
        else if (text_compare(there, key) <= 0)
            low = start;
        else
            high = start;
    }
    TRY(read_window(f, low));
done:
    return rc;
}

/* Look through the window: *place < 0 when the key comes before its first line, > 0 when it comes after its last. */
static void look_through(const keyed_file *f, text_view key, text_view *value, int *found, int *place)
{
    text_view text = {f->window, f->window_n};
    int first = 1, whole;
    *place = 1;
    while (text.n) {
        keyed_line line = cut_line(&text, &whole);
        int c = text_compare(line.key, key);
        if (c >= 0) {
            *place = c > 0 && first ? -1 : 0;
            *found = c == 0;
            if (!c) *value = line.value;
            return;
        }
        first = 0;
    }
}

int keyed_file_search(keyed_file *f, text_view key, text_view *value, int *found)
{
    int rc = OK, place = 1;
    *found = 0;
    *value = (text_view){"", 0};
    if (!f->source.size) goto done;
    if (f->window_at >= 0) look_through(f, key, value, found, &place);
    if (f->window_at >= 0 && place == 0) goto done;
    TRY(find_window(f, key));
    look_through(f, key, value, found, &place);
done:
    return rc;
}
