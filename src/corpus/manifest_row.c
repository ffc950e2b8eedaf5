#include "corpus/manifest_row.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum key_type { KEY_NAME, KEY_TEXT, KEY_PATH, KEY_NUMBER, KEY_ORDER } key_type;
static const double max_number = 1e9;

static const struct manifest_key {
    const char *key;
    key_type type;
    row_field field; /* of texts */
    size_t offset;   /* of numbers, in corpus_row */
} keys[] = {
    {"id", KEY_NAME, FIELD_ID, 0},
    {"group", KEY_NAME, FIELD_GROUP, 0},
    {"role", KEY_NAME, FIELD_ROLE, 0},
    {"text", KEY_TEXT, FIELD_TEXT, 0},
    {"lang", KEY_NAME, FIELD_LANG, 0},
    {"text_lang", KEY_NAME, FIELD_TEXT_LANG, 0},
    {"license", KEY_NAME, FIELD_LICENSE, 0},
    {"source", KEY_NAME, FIELD_SOURCE, 0},
    {"audio_filepath", KEY_PATH, FIELD_AUDIO_PATH, 0},
    {"image_filepath", KEY_PATH, FIELD_IMAGE_PATH, 0},
    {"sensor_filepath", KEY_PATH, FIELD_SENSOR_PATH, 0},
    {"offset", KEY_NUMBER, 0, offsetof(corpus_row, offset_s)},
    {"duration", KEY_NUMBER, 0, offsetof(corpus_row, duration_s)},
    {"rate_hz", KEY_NUMBER, 0, offsetof(corpus_row, rate_hz)},
    {"order", KEY_ORDER, 0, offsetof(corpus_row, order)},
};

static const struct manifest_key *find_key(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].key[0] == key[0] && !strcmp(keys[i].key, key)) return &keys[i];
    return NULL;
}

int manifest_key_is_known(const char *key) { return find_key(key) != NULL; }

void manifest_row_start(manifest_row *m, corpus_row *row, int64_t line)
{
    manifest_row_free(m);
    m->row = row;
    m->line = line;
    m->has_order = m->has_offset = 0;
}

void manifest_row_free(manifest_row *m)
{
    json_decref(m->extra);
    json_decref(m->texts);
    m->extra = m->texts = NULL;
    mem_free(&m->id);
    mem_free(&m->extra_text);
    mem_free(&m->message);
}

static int note_problem(manifest_row *m, int code, const char *format, va_list args)
{
    int rc = OK;
    char what[512];
    if (m->row->status != OK) return OK;
    vsnprintf(what, sizeof what, format, args);
    if (m->where)
        TRY(mem_format(&m->message, "%s: %s", m->where, what));
    else
        TRY(mem_format(&m->message, "line %" PRId64 ": %s", m->line, what));
    utf8_clean(m->message, strlen(m->message));
    m->row->status = code;
    m->row->field[FIELD_MESSAGE] = (text_view){m->message, strlen(m->message)};
done:
    return rc;
}

int manifest_row_problem(manifest_row *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = note_problem(m, ERR_INVALID, format, args);
    va_end(args);
    return rc;
}

int manifest_row_fail(manifest_row *m, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = note_problem(m, code, format, args);
    va_end(args);
    return rc;
}

static int set_text(manifest_row *m, const struct manifest_key *k, text_view text)
{
    if (k->type == KEY_NAME && text.n > MANIFEST_NAME_BYTES)
        return manifest_row_problem(m, "%s has %zu bytes, more than %d", k->key, text.n, (int)MANIFEST_NAME_BYTES);
    m->row->field[k->field] = text;
    return OK;
}

static int set_number(manifest_row *m, const struct manifest_key *k, double value)
{
    if (!(value >= 0 && value <= max_number))
        return manifest_row_problem(m, "%s is %.9g, not in 0..%.0e", k->key, value, max_number);
    *(double *)((char *)m->row + k->offset) = value;
    m->has_offset |= k->offset == offsetof(corpus_row, offset_s);
    return OK;
}

static int set_order(manifest_row *m, const struct manifest_key *k, int64_t value)
{
    if (value < 0) return manifest_row_problem(m, "%s is %" PRId64 ", less than 0", k->key, value);
    m->row->order = value;
    m->has_order = 1;
    return OK;
}

static int add_extra(manifest_row *m, const char *key, json_t *value)
{
    int rc = OK;
    if (!m->extra) m->extra = json_object();
    if (!m->extra || json_object_set(m->extra, key, value) != 0) FAIL(ERR_MEMORY, "no memory for a row");
done:
    return rc;
}

/* A whole number as an id or a name: many manifests number their rows. */
static int set_whole_name(manifest_row *m, const struct manifest_key *k, json_t *value)
{
    int rc = OK;
    char digits[32];
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (!m->texts) m->texts = json_array();
    json_t *text = json_string(digits);
    if (!text || json_array_append_new(m->texts, text) != 0) FAIL(ERR_MEMORY, "no memory for a row");
    TRY(set_text(m, k, (text_view){json_string_value(text), json_string_length(text)}));
done:
    return rc;
}

int manifest_row_json(manifest_row *m, const char *key, json_t *value)
{
    const struct manifest_key *k = find_key(key);
    if (!k) return add_extra(m, key, value);
    if (json_is_null(value)) return OK;
    if (k->type == KEY_NUMBER) {
        if (!json_is_number(value)) return manifest_row_problem(m, "%s is not a number", key);
        return set_number(m, k, json_number_value(value));
    }
    if (k->type == KEY_ORDER) {
        if (!json_is_integer(value)) return manifest_row_problem(m, "%s is not a whole number", key);
        return set_order(m, k, json_integer_value(value));
    }
    if (k->type == KEY_NAME && json_is_integer(value)) return set_whole_name(m, k, value);
    if (!json_is_string(value)) return manifest_row_problem(m, "%s is not a text", key);
    return set_text(m, k, (text_view){json_string_value(value), json_string_length(value)});
}

static json_t *pair_value(const flat_pair *pair)
{
    switch (pair->type) {
    case FLAT_TEXT: return json_stringn_nocheck(pair->text.bytes, pair->text.n);
    case FLAT_WHOLE: return json_integer(pair->whole);
    case FLAT_REAL: return json_real(pair->real);
    case FLAT_TRUE: return json_true();
    case FLAT_FALSE: return json_false();
    default: return json_null();
    }
}

int manifest_row_pair(manifest_row *m, const flat_pair *pair)
{
    int rc = OK;
    const struct manifest_key *k = find_key(pair->key);
    if (k && pair->type == FLAT_TEXT && k->type != KEY_NUMBER && k->type != KEY_ORDER)
        return set_text(m, k, pair->text);
    json_t *value = pair_value(pair);
    if (!value) FAIL(ERR_MEMORY, "no memory for a row");
    TRY(manifest_row_json(m, pair->key, value)); /* which keeps no view of what is no text */
done:
    json_decref(value);
    return rc;
}

/* Decimal number of a cell; strtod alone would take "nan", "inf" and hexadecimal. */
static int cell_number(text_view cell, double *out)
{
    char digits[64], *end = NULL;
    if (!cell.n || cell.n >= sizeof digits) return 0;
    memcpy(digits, cell.bytes, cell.n);
    digits[cell.n] = 0;
    if (strspn(digits, "0123456789.eE+-") != cell.n) return 0;
    *out = strtod(digits, &end);
    return !*end && isfinite(*out);
}

static int cell_whole(text_view cell, int64_t *out)
{
    char digits[32], *end = NULL;
    if (!cell.n || cell.n >= sizeof digits) return 0;
    memcpy(digits, cell.bytes, cell.n);
    digits[cell.n] = 0;
    if (strspn(digits, "0123456789-") != cell.n) return 0;
    errno = 0;
    *out = strtoll(digits, &end, 10);
    return !*end && errno == 0;
}

int manifest_row_cell(manifest_row *m, const char *key, text_view cell)
{
    int rc = OK;
    const struct manifest_key *k = find_key(key);
    double number;
    int64_t whole;
    json_t *text = NULL;
    if (!cell.n) return OK;
    if (!k) {
        text = json_stringn(cell.bytes, cell.n);
        if (!text) FAIL(ERR_MEMORY, "no memory for a row");
        TRY(add_extra(m, key, text));
    } else if (k->type == KEY_NUMBER) {
        if (!cell_number(cell, &number)) return manifest_row_problem(m, "%s is not a number", key);
        return set_number(m, k, number);
    } else if (k->type == KEY_ORDER) {
        if (!cell_whole(cell, &whole)) return manifest_row_problem(m, "%s is not a whole number", key);
        return set_order(m, k, whole);
    } else {
        return set_text(m, k, cell);
    }
done:
    json_decref(text);
    return rc;
}

static int check_paths(manifest_row *m, const manifest_root *root)
{
    int rc = OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].type != KEY_PATH || !m->row->field[keys[i].field].n) continue;
        text_view *path = &m->row->field[keys[i].field], given = *path;
        const char *wrong = manifest_path(root, given, path);
        if (wrong) TRY(manifest_row_problem(m, "%s %s: %.*s", keys[i].key, wrong, (int)given.n, given.bytes));
    }
done:
    return rc;
}

static int make_id(manifest_row *m, const char *id)
{
    int rc = OK;
    const corpus_row *row = m->row;
    text_view path = {0};
    const row_field paths[] = {FIELD_AUDIO_PATH, FIELD_IMAGE_PATH, FIELD_SENSOR_PATH};
    for (int i = 0; i < 3 && !path.n; i++) path = row->field[paths[i]];
    if (id)
        TRY(mem_string(&m->id, id));
    else if (!path.n || row->status != OK)
        TRY(mem_format(&m->id, "line-%" PRId64, m->line));
    else if (m->has_offset)
        TRY(mem_format(&m->id, "%.*s@%.10g", (int)path.n, path.bytes, row->offset_s));
    else
        TRY(mem_copy(&m->id, path.bytes, path.n));
    m->row->field[FIELD_ID] = (text_view){m->id, strlen(m->id)};
done:
    return rc;
}

static int write_extra(manifest_row *m)
{
    int rc = OK;
    if (!m->extra) return OK;
    char *text = json_dumps(m->extra, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text) FAIL(ERR_MEMORY, "no memory for a row");
    TRY(mem_string(&m->extra_text, text));
    m->row->field[FIELD_EXTRA] = (text_view){m->extra_text, strlen(m->extra_text)};
done:
    free(text);
    return rc;
}

int manifest_row_end(manifest_row *m, const manifest_root *root, const char *id)
{
    int rc = OK;
    corpus_row *row = m->row;
    if (!m->where) TRY(check_paths(m, root));
    if (!corpus_row_has(row, MEDIA_AUDIO) && !corpus_row_has(row, MEDIA_IMAGE) && !corpus_row_has(row, MEDIA_SENSOR) &&
        !row->field[FIELD_TEXT].n)
        TRY(manifest_row_problem(m, "no medium and no text"));
    if (!row->field[FIELD_ID].n) TRY(make_id(m, id));
    if (row->field[FIELD_GROUP].n && !m->has_order) row->order = row->row;
    TRY(write_extra(m));
done:
    return rc;
}
