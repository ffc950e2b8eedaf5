/* Sensor arrays in text: a line for each sample, a field for each channel. Strict: what is not a number ends the row
 * with the line where it stands. Blank lines and lines that begin with # say nothing. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_LIMIT = 64, SHOWN = 24 };

typedef struct csv_state {
    const byte_source *source;
    int64_t at;        /* of the next byte of the source that is read */
    char *text;        /* (SENSOR_LINE_LIMIT) */
    size_t begin, end; /* what of it is not used yet */
    int64_t line;      /* number of the latest line, from 1 */
    int64_t channels, skip;
    char separator;
    int header; /* csv_header, until the first line that says something was seen; then CSV_HEADER_NO */
} csv_state;

typedef struct field {
    const char *text;
    size_t n;
} field;

/* ---- fields ---- */

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static void trim(field *f)
{
    while (f->n && is_blank(*f->text)) f->text++, f->n--;
    while (f->n && is_blank(f->text[f->n - 1])) f->n--;
}

/* Take the next field off a trimmed line; *more tells whether another follows. */
static field next_field(const csv_state *s, field *line, int *more)
{
    field f = {line->text, 0};
    while (f.n < line->n && !(line->text[f.n] == s->separator || (s->separator == ' ' && line->text[f.n] == '\t')))
        f.n++;
    *more = f.n < line->n;
    line->text += f.n + (size_t)*more;
    line->n -= f.n + (size_t)*more;
    if (s->separator == ' ') trim(line);
    trim(&f);
    return f;
}

typedef enum verdict { NUMBER, NOT_FINITE, NO_NUMBER } verdict;

static size_t digits(const char *p) { return strspn(p, "0123456789"); }

/* Decimal with fraction and exponent and nothing else: no hexadecimal, no quotes, no comma for a point. */
static verdict parse_number(field f, float *out)
{
    char text[NUMBER_LIMIT];
    if (!f.n || f.n >= sizeof text || memchr(f.text, 0, f.n)) return NO_NUMBER;
    memcpy(text, f.text, f.n);
    text[f.n] = 0;
    const char *p = text + (*text == '+' || *text == '-');
    if (!strcasecmp(p, "nan") || !strcasecmp(p, "inf") || !strcasecmp(p, "infinity")) return NOT_FINITE;
    size_t whole = digits(p), fraction = 0;
    p += whole;
    if (*p == '.') p += 1 + (fraction = digits(p + 1));
    if (!whole && !fraction) return NO_NUMBER;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        if (!digits(p)) return NO_NUMBER;
        p += digits(p);
    }
    if (*p) return NO_NUMBER;
    *out = (float)strtod(text, NULL);
    return isfinite(*out) ? NUMBER : NOT_FINITE;
}

/* A field for a message: short, and plain ASCII. */
static const char *show(field f, char out[SHOWN + 4])
{
    size_t n = f.n < SHOWN ? f.n : SHOWN;
    for (size_t i = 0; i < n; i++) out[i] = f.text[i];
    for (size_t i = 0; i < n; i++)
        if (out[i] < 32 || out[i] > 126 || out[i] == '"') out[i] = '?';
    strcpy(out + n, f.n > n ? "..." : "");
    return out;
}

/* ---- lines ---- */

/* The next line without its end; *got = 0 at the end of the file. */
static int next_line(csv_state *s, field *line, int *got)
{
    int rc = OK;
    *got = 0;
    for (;;) {
        char *start = s->text + s->begin, *newline = memchr(start, '\n', s->end - s->begin);
        size_t n = newline ? (size_t)(newline - start) : s->end - s->begin, more;
        if (newline || (s->at >= s->source->size && n)) {
            s->line++;
            s->begin += n + (newline != NULL);
            if (n && start[n - 1] == '\r') n--;
            *line = (field){start, n};
            *got = 1;
            break;
        }
        if (s->at >= s->source->size) break;
        if (n == SENSOR_LINE_LIMIT)
            FAIL(ERR_LIMIT, "line %lld has more than %d bytes", (long long)s->line + 1, SENSOR_LINE_LIMIT);
        memmove(s->text, start, n);
        s->begin = 0;
        s->end = n;
        TRY(source_read(s->source, s->at, s->text + n, SENSOR_LINE_LIMIT - n, &more));
        if (!more) FAIL(ERR_CHANGED, "the file shrank while it was read");
        s->at += (int64_t)more;
        s->end += more;
    }
done:
    return rc;
}

/* Whether no field behind those that are skipped is a number. */
static int is_header(const csv_state *s, field line)
{
    float value;
    int more = 1;
    for (int64_t i = 0; more; i++) {
        field f = next_field(s, &line, &more);
        if (i >= s->skip && parse_number(f, &value) != NO_NUMBER) return 0;
    }
    return 1;
}

static int parse_field(const csv_state *s, field f, int64_t number, float *out)
{
    int rc = OK;
    char shown[SHOWN + 4];
    verdict v = parse_number(f, out);
    if (v == NO_NUMBER && !f.n)
        FAIL(ERR_INVALID, "line %lld: field %lld is empty", (long long)s->line, (long long)number);
    if (v == NO_NUMBER)
        FAIL(ERR_INVALID, "line %lld: field %lld, \"%s\", is not a number", (long long)s->line, (long long)number,
             show(f, shown));
    if (v == NOT_FINITE)
        FAIL(ERR_INVALID, "line %lld: field %lld, \"%s\", is not a finite number of fp32", (long long)s->line,
             (long long)number, show(f, shown));
done:
    return rc;
}

static int parse_line(const csv_state *s, field line, float *out)
{
    int rc = OK, more = 1;
    int64_t n = 0, wanted = s->skip + s->channels;
    for (; more; n++) {
        field f = next_field(s, &line, &more);
        if (n >= s->skip && n < wanted) TRY(parse_field(s, f, n + 1, &out[n - s->skip]));
    }
    if (n != wanted)
        FAIL(ERR_INVALID, "line %lld has %lld fields, not %lld (sensor.csv.skip_columns + sensor.channels)",
             (long long)s->line, (long long)n, (long long)wanted);
done:
    return rc;
}

/* The next line that holds a sample. */
static int next_sample(csv_state *s, float *out, int *got)
{
    int rc = OK;
    field line;
    for (;;) {
        TRY(next_line(s, &line, got));
        if (!*got) break;
        if (s->line == 1 && line.n >= 3 && !memcmp(line.text, "\xEF\xBB\xBF", 3))
            line = (field){line.text + 3, line.n - 3};
        field trimmed = line;
        trim(&trimmed);
        if (!trimmed.n || *trimmed.text == '#') continue;
        if (s->separator != '\t') line = trimmed; /* else an empty first field would go */
        int header = s->header;
        s->header = CSV_HEADER_NO;
        if (header == CSV_HEADER_YES || (header == CSV_HEADER_AUTO && is_header(s, line))) continue;
        TRY(parse_line(s, line, out));
        break;
    }
done:
    return rc;
}

/* ---- the format ---- */

static int open_csv(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    static const char separators[] = {[CSV_COMMA] = ',', [CSV_SEMICOLON] = ';', [CSV_TAB] = '\t', [CSV_SPACE] = ' '};
    int rc = OK;
    csv_state *s = NULL;
    (void)info;
    TRY(MEM_ALLOC(s, 1));
    *state = s;
    TRY(mem_reserve((void **)&s->text, SENSOR_LINE_LIMIT, 1));
    s->source = source;
    s->channels = o->channels;
    s->skip = o->skip_columns;
    s->separator = separators[o->separator];
    s->header = o->header;
done:
    return rc;
}

static int read_csv(void *state, float *values, int64_t capacity, int64_t *n)
{
    int rc = OK, got = 1;
    csv_state *s = state;
    for (*n = 0; *n < capacity; (*n)++) {
        TRY(next_sample(s, values + *n * s->channels, &got));
        if (!got) break;
    }
done:
    return rc;
}

static void close_csv(void **state)
{
    mem_free(&((csv_state *)*state)->text);
    mem_free(state);
}

const sensor_kind sensor_kind_csv = {open_csv, NULL, read_csv, close_csv};
