/* JSONL: one JSON object a line, or a conversation: an object with a list `messages`, of which each entry is a row.
 *
 * The rows of a conversation are one group, the id of the line; their ids are "ID/0", "ID/1" ... unless they have their
 * own. `content` is `text` there. lang, text_lang, license and source of the line hold for all its messages; its
 * unknown keys go to the first one; its other keys have no place. */
#include "corpus/manifest.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/line_reader.h"
#include "corpus/manifest_row.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

typedef struct jsonl_state {
    line_reader *lines;
    manifest_root root;
    manifest_row row;
    int64_t line;
    flat_json flat; /* the current line, where that is simple */
    int is_flat;
    json_t *object;   /* otherwise */
    json_t *messages; /* borrowed from it; NULL: none */
    size_t at;        /* next message */
    char *group;      /* id of a line with messages */
    char *id;         /* of the current message */
} jsonl_state;

static int has_ending(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && !strcasecmp(path + n - m, ending);
}

static int jsonl_detect(const char *path, int is_folder, const char *head, size_t n)
{
    size_t i = 0;
    if (is_folder || has_ending(path, ".tsv")) return 0;
    if (has_ending(path, ".jsonl") || has_ending(path, ".json")) return 1;
    while (i < n && strchr(" \t\r\n\xEF\xBB\xBF", head[i]) && head[i]) i++;
    return i < n && head[i] == '{';
}

static void jsonl_close(void **state)
{
    jsonl_state *s = *state;
    if (!s) return;
    line_reader_close(&s->lines);
    manifest_root_free(&s->root);
    manifest_row_free(&s->row);
    json_decref(s->object);
    mem_free(&s->flat.scratch);
    mem_free(&s->group);
    mem_free(&s->id);
    mem_free(state);
}

/* One JSON array over many lines is a common mix-up: each of its lines would be rejected. */
static int refuse_array(const manifest_input *in)
{
    int rc = OK;
    char head[256];
    size_t n = 0, i = 0;
    TRY(text_head(&in->source, in->path, head, sizeof head, &n));
    while (i < n && head[i] && strchr(" \t\r\n\xEF\xBB\xBF", head[i])) i++;
    if (i < n && head[i] == '[')
        FAIL(ERR_CONFIG, "%s starts with '[': JSONL has one object a line, not one list (jq -c '.[]' makes it)",
             in->path);
done:
    return rc;
}

static int jsonl_open(const manifest_input *in, void **state)
{
    int rc = OK;
    jsonl_state *s = NULL;
    *state = NULL;
    TRY(refuse_array(in));
    TRY(MEM_ALLOC(s, 1));
    TRY(line_reader_open(&s->lines, &in->source, in->path, in->options->invalid_utf8 == INVALID_REPLACE));
    TRY(manifest_root_make(in->root, in->options->allow_outside, &s->root));
    *state = s;
    s = NULL;
done:
    jsonl_close((void **)&s);
    return rc;
}

static int is_blank(text_view line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.bytes[i] != ' ' && line.bytes[i] != '\t' && line.bytes[i] != '\r') return 0;
    return 1;
}

/* Read a line in the short way. One with the key messages has a way of its own, whatever its value. */
static int read_flat(jsonl_state *s, text_view line)
{
    int rc = OK;
    TRY(flat_json_read(&s->flat, line, &s->is_flat));
    for (size_t i = 0; s->is_flat && i < s->flat.n; i++)
        if (!strcmp(s->flat.pairs[i].key, "messages")) s->is_flat = 0;
done:
    return rc;
}

/* The next line that is not blank as s->flat or s->object; neither, with a problem noted, when it is no object. */
static int read_line(jsonl_state *s, corpus_row *row, int *got)
{
    int rc = OK;
    text_view line;
    line_state state;
    json_error_t error;
    json_decref(s->object);
    s->object = s->messages = NULL;
    s->is_flat = 0;
    do TRY(line_reader_next(s->lines, &line, &s->line, &state));
    while (state == LINE_OK && is_blank(line));
    *got = state != LINE_END;
    if (!*got) goto done;
    manifest_row_start(&s->row, row, s->line);
    if (state == LINE_TOO_LONG) {
        TRY(manifest_row_problem(&s->row, "longer than %d bytes", (int)LINE_MAX_BYTES));
        goto done;
    }
    TRY(read_flat(s, line));
    if (s->is_flat) goto done;
    s->object = json_loadb(line.bytes, line.n, JSON_REJECT_DUPLICATES, &error);
    if (!s->object) {
        TRY(manifest_row_problem(&s->row, "%s (byte %d)", error.text, error.position));
    } else if (!json_is_object(s->object)) {
        json_decref(s->object);
        s->object = NULL;
        TRY(manifest_row_problem(&s->row, "not a JSON object"));
    }
done:
    return rc;
}

static int has(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

/* The id of a line with messages: its own, or its number. */
static int name_group(jsonl_state *s)
{
    json_t *id = json_object_get(s->object, "id");
    mem_free(&s->group);
    if (json_is_string(id) && json_string_length(id)) return mem_string(&s->group, json_string_value(id));
    if (json_is_integer(id)) return mem_format(&s->group, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    return mem_format(&s->group, "line-%" PRId64, s->line);
}

static int holds_for_all(const char *key)
{
    return !strcmp(key, "lang") || !strcmp(key, "text_lang") || !strcmp(key, "license") || !strcmp(key, "source");
}

/* Check the keys beside `messages`; a line that fails is one rejected row. */
static int start_messages(jsonl_state *s)
{
    int rc = OK;
    const char *key;
    json_t *value, *id = json_object_get(s->object, "id"), *messages = json_object_get(s->object, "messages");
    if (!json_is_array(messages)) return manifest_row_problem(&s->row, "messages is not a list");
    if (json_array_size(messages) == 0) return manifest_row_problem(&s->row, "messages is empty");
    if (id && !json_is_null(id) && !json_is_string(id) && !json_is_integer(id))
        return manifest_row_problem(&s->row, "id is not a text");
    if (json_string_length(id) > MANIFEST_NAME_BYTES)
        return manifest_row_problem(&s->row, "id has more than %d bytes", (int)MANIFEST_NAME_BYTES);
    json_object_foreach(s->object, key, value)
    {
        if (json_is_null(value) || !strcmp(key, "messages") || !strcmp(key, "id") || holds_for_all(key)) continue;
        if (manifest_key_is_known(key)) return manifest_row_problem(&s->row, "%s has no place beside messages", key);
    }
    TRY(name_group(s));
    s->messages = messages;
    s->at = 0;
done:
    return rc;
}

/* Keys of the line that hold for this message. */
static int add_line_keys(jsonl_state *s, json_t *message)
{
    int rc = OK;
    const char *key;
    json_t *value;
    json_object_foreach(s->object, key, value)
    {
        if (!strcmp(key, "messages") || !strcmp(key, "id")) continue;
        if (!has(message, key) && (holds_for_all(key) || s->at == 0)) TRY(manifest_row_json(&s->row, key, value));
    }
done:
    return rc;
}

static int add_message_keys(jsonl_state *s, json_t *message)
{
    int rc = OK;
    const char *key;
    json_t *value;
    json_object_foreach(message, key, value)
    {
        if (!strcmp(key, "group") || !strcmp(key, "order") || !strcmp(key, "messages"))
            TRY(manifest_row_problem(&s->row, "%s has no place in a message", key));
        else if (!strcmp(key, "content") && has(message, "text"))
            TRY(manifest_row_problem(&s->row, "both text and content"));
        else
            TRY(manifest_row_json(&s->row, strcmp(key, "content") ? key : "text", value));
    }
done:
    return rc;
}

static int next_message(jsonl_state *s, corpus_row *row)
{
    int rc = OK;
    json_t *message = json_array_get(s->messages, s->at);
    manifest_row_start(&s->row, row, s->line);
    mem_free(&s->id);
    TRY(mem_format(&s->id, "%s/%zu", s->group, s->at));
    if (json_is_object(message)) {
        TRY(add_line_keys(s, message));
        TRY(add_message_keys(s, message));
    } else {
        TRY(manifest_row_problem(&s->row, "message %zu is not an object", s->at));
    }
    row->field[FIELD_GROUP] = (text_view){s->group, strlen(s->group)};
    row->order = (int64_t)s->at;
    s->row.has_order = 1;
    TRY(manifest_row_end(&s->row, &s->root, s->id));
    if (++s->at == json_array_size(s->messages)) s->messages = NULL;
done:
    return rc;
}

static int jsonl_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK;
    jsonl_state *s = state;
    const char *key;
    json_t *value;
    *got = 1;
    if (s->messages) return next_message(s, row);
    TRY(read_line(s, row, got));
    if (!*got) goto done;
    for (size_t i = 0; s->is_flat && i < s->flat.n; i++) TRY(manifest_row_pair(&s->row, &s->flat.pairs[i]));
    if (s->object && has(s->object, "messages")) {
        TRY(start_messages(s));
        if (s->messages) return next_message(s, row);
        value = json_object_get(s->object, "id");
        if (value) TRY(manifest_row_json(&s->row, "id", value));
    } else if (s->object) {
        json_object_foreach(s->object, key, value) TRY(manifest_row_json(&s->row, key, value));
    }
    TRY(manifest_row_end(&s->row, &s->root, NULL));
done:
    return rc;
}

const manifest_kind jsonl_manifest = {
    "jsonl", jsonl_detect, jsonl_open, jsonl_next, jsonl_close, manifest_hash_bytes, IN_FILE,
};
