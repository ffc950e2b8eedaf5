#include "config/config_yaml.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/option_parse.h"

#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

typedef struct anchor {
    char *name;
    yaml_node *node;
    int complete; /* its node has ended: an alias may name it */
} anchor;

typedef struct builder {
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct fy_event *event; /* the current one */
    yaml_document *document;
    anchor *anchors;
    size_t n_anchors, anchor_capacity, n_nodes;
    int line, column, depth; /* place of the latest token that has one */
} builder;

static yaml_place place_of(const yaml_document *d, int line, int column)
{
    yaml_place out;
    size_t n = strlen(d->name), most = sizeof out.text - 40;
    const char *name = n > most ? d->name + n - most : d->name; /* the end of a path tells more */
    if (d->in_file)
        snprintf(out.text, sizeof out.text, "%.280s:%d:%d", name, line, column);
    else
        snprintf(out.text, sizeof out.text, "%.280s", name);
    for (char *p = out.text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F) *p = '?';
    return out;
}

yaml_place config_yaml_place(const yaml_document *d, const yaml_node *node)
{
    return place_of(d, node->line, node->column);
}

int config_yaml_is_null(const yaml_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != YAML_SCALAR || !node->plain) return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(node->text, words[i])) return 1;
    return 0;
}

static yaml_place here(const builder *b) { return place_of(b->document, b->line, b->column); }

/* Bytes of the character at p (n are left), 0 if it is not one that YAML allows in a text: UTF-8 without control
 * characters. */
static size_t character_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80) return (p[0] >= 0x20 && p[0] != 0x7F) || p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
    size_t length = p[0] >= 0xF0 && p[0] < 0xF5   ? 4
                    : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
                    : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
                                                  : 0;
    if (length > n) return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0; /* too long a form; surrogates */
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0; /* too long a form; past U+10FFFF */
    return length;
}

/* libfyaml takes some bytes that YAML does not allow, and places its complaints about others oddly: look at all of them
 * first. */
static int check_characters(const yaml_document *d, const char *text, size_t n)
{
    int rc = OK, line = 1, column = 1;
    size_t n_signs = 0;
    for (size_t i = 0; i < n;) {
        size_t length = character_length((const unsigned char *)text + i, n - i);
        if (!length)
            FAIL(ERR_CONFIG, "%s: byte 0x%02X is not text (UTF-8 without control characters)",
                 place_of(d, line, column).text, (unsigned)(unsigned char)text[i]);
        n_signs += strchr("[]{},:?-*&!", text[i]) != NULL;
        if (n_signs > YAML_MAX_SIGNS)
            FAIL(ERR_CONFIG, "%s: more than %d YAML signs", place_of(d, line, column).text, YAML_MAX_SIGNS);
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
        i += length;
    }
done:
    return rc;
}

/* Whether one character stands before the text of the event's token. */
static int has_lead(const struct fy_event *e)
{
    if (e->type == FYET_ALIAS) return 1;
    if (e->type != FYET_SCALAR || !e->scalar.value) return 0;
    enum fy_scalar_style style = fy_token_scalar_style(e->scalar.value);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

/* Go to the next event. */
static int advance(builder *b)
{
    int rc = OK;
    if (b->event) fy_parser_event_free(b->parser, b->event);
    b->event = fy_parser_parse(b->parser);
    if (!b->event) {
        void *at = NULL;
        struct fy_diag_error *e = fy_diag_errors_iterate(b->diag, &at);
        if (!e) FAIL(ERR_CONFIG, "%s: this is not YAML", here(b).text);
        FAIL(ERR_CONFIG, "%s: %s", place_of(b->document, e->line, e->column).text, option_show(e->msg).text);
    }
    struct fy_token *token = fy_event_get_token(b->event);
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark) {
        b->line = mark->line + 1;
        b->column = mark->column + 1 - has_lead(b->event); /* the mark is behind the quote or star */
    }
done:
    return rc;
}

/* The text of a token in new memory; a token that is missing is an empty text. */
static int token_text(builder *b, struct fy_token *token, char **out)
{
    int rc = OK;
    size_t n = 0;
    const char *text = token ? fy_token_get_text(token, &n) : "";
    if (!text) FAIL(ERR_MEMORY, "no memory for a text of %s", b->document->name);
    if (memchr(text, 0, n)) FAIL(ERR_CONFIG, "%s: a text may not contain a zero byte", here(b).text);
    TRY(mem_copy(out, text, n));
done:
    return rc;
}

static int add_node(builder *b, yaml_kind kind, yaml_node **out)
{
    int rc = OK;
    yaml_node *node = NULL;
    if (++b->n_nodes > YAML_MAX_NODES) FAIL(ERR_CONFIG, "%s: more than %d values", here(b).text, YAML_MAX_NODES);
    TRY(MEM_ALLOC(node, 1));
    *node = (yaml_node){.kind = kind, .line = b->line, .column = b->column, .next = b->document->nodes};
    b->document->nodes = node;
    *out = node;
done:
    return rc;
}

static int add_anchor(builder *b, struct fy_token *token, yaml_node *node, size_t *index)
{
    int rc = OK;
    *index = SIZE_MAX;
    if (!token) goto done;
    if (b->n_anchors == YAML_MAX_ANCHORS) FAIL(ERR_CONFIG, "%s: more than %d anchors", here(b).text, YAML_MAX_ANCHORS);
    TRY(MEM_GROW(b->anchors, &b->anchor_capacity, b->n_anchors + 1));
    b->anchors[b->n_anchors] = (anchor){.node = node};
    TRY(token_text(b, token, &b->anchors[b->n_anchors].name));
    *index = b->n_anchors++;
done:
    return rc;
}

/* The node that an alias names: the latest anchor of that name before it. */
static int find_anchor(builder *b, struct fy_token *token, yaml_node **out)
{
    int rc = OK;
    char *name = NULL;
    TRY(token_text(b, token, &name));
    size_t i = b->n_anchors;
    while (i > 0 && strcmp(b->anchors[i - 1].name, name)) i--;
    if (i == 0) FAIL(ERR_CONFIG, "%s: alias of the unknown anchor \"%s\"", here(b).text, option_show(name).text);
    if (!b->anchors[i - 1].complete)
        FAIL(ERR_CONFIG, "%s: the anchor \"%s\" contains itself", here(b).text, option_show(name).text);
    *out = b->anchors[i - 1].node;
done:
    mem_free(&name);
    return rc;
}

static int build_node(builder *b, yaml_node **out);

/* The children of a list or map, up to its end event, which stays the current one. */
static int build_children(builder *b, yaml_node *node, enum fy_event_type end)
{
    int rc = OK;
    size_t capacity = 0;
    if (++b->depth > YAML_MAX_DEPTH) FAIL(ERR_CONFIG, "%s: nested deeper than %d levels", here(b).text, YAML_MAX_DEPTH);
    for (;;) {
        TRY(advance(b));
        if (b->event->type == end) break;
        TRY(MEM_GROW(node->children, &capacity, node->n + 1));
        TRY(build_node(b, &node->children[node->n]));
        if (node->kind == YAML_MAP && node->n % 2 == 0 && node->children[node->n]->kind != YAML_SCALAR)
            FAIL(ERR_CONFIG, "%s: a key must be a text", here(b).text);
        node->n++;
    }
    b->depth--;
done:
    return rc;
}

/* The node that starts with the current event; its last event is the current one afterwards. */
static int build_node(builder *b, yaml_node **out)
{
    int rc = OK;
    size_t index = SIZE_MAX;
    struct fy_event *e = b->event;
    if ((e->type == FYET_SCALAR && e->scalar.tag) || (e->type == FYET_SEQUENCE_START && e->sequence_start.tag) ||
        (e->type == FYET_MAPPING_START && e->mapping_start.tag))
        FAIL(ERR_CONFIG, "%s: a tag (!) is not allowed here", here(b).text);
    if (e->type == FYET_ALIAS) {
        if (++b->n_nodes > YAML_MAX_NODES) FAIL(ERR_CONFIG, "%s: more than %d values", here(b).text, YAML_MAX_NODES);
        TRY(find_anchor(b, e->alias.anchor, out));
    } else if (e->type == FYET_SCALAR) {
        struct fy_token *value = e->scalar.value;
        TRY(add_node(b, YAML_SCALAR, out));
        TRY(token_text(b, value, &(*out)->text));
        (*out)->plain = !value || fy_token_scalar_style(value) == FYSS_PLAIN;
        TRY(add_anchor(b, e->scalar.anchor, *out, &index));
    } else if (e->type == FYET_SEQUENCE_START) {
        TRY(add_node(b, YAML_LIST, out));
        TRY(add_anchor(b, e->sequence_start.anchor, *out, &index));
        TRY(build_children(b, *out, FYET_SEQUENCE_END));
    } else if (e->type == FYET_MAPPING_START) {
        TRY(add_node(b, YAML_MAP, out));
        TRY(add_anchor(b, e->mapping_start.anchor, *out, &index));
        TRY(build_children(b, *out, FYET_MAPPING_END));
    } else {
        FAIL(ERR_CONFIG, "%s: this is not YAML", here(b).text);
    }
    if (index != SIZE_MAX) b->anchors[index].complete = 1;
done:
    return rc;
}

static int build_document(builder *b)
{
    int rc = OK, n_documents = 0;
    yaml_document *d = b->document;
    for (;;) {
        TRY(advance(b));
        if (b->event->type == FYET_STREAM_END) break;
        if (b->event->type == FYET_STREAM_START || b->event->type == FYET_DOCUMENT_END) continue;
        if (b->event->type == FYET_DOCUMENT_START) {
            if (n_documents++) FAIL(ERR_CONFIG, "%s: a second document (---) is not allowed", here(b).text);
            continue;
        }
        TRY(build_node(b, &d->root));
    }
    if (d->root && config_yaml_is_null(d->root)) d->root = NULL;
done:
    return rc;
}

static void discard(struct fy_diag *diag, void *user, const char *text, size_t n) {}

int config_yaml_parse(const char *name, int in_file, const char *text, size_t n, yaml_document *out)
{
    int rc = OK;
    *out = (yaml_document){.name = name, .in_file = in_file};
    builder b = {.document = out, .line = 1, .column = 1};
    if (n > YAML_MAX_BYTES) FAIL(ERR_CONFIG, "%s: larger than %d MiB", here(&b).text, YAML_MAX_BYTES >> 20);
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) text += 3, n -= 3; /* byte order mark */
    TRY(check_characters(out, text, n));
    if (n == 0) goto done;
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.output_fn = discard;
    b.diag = fy_diag_create(&quiet);
    if (!b.diag) FAIL(ERR_MEMORY, "no memory for reading %s", name);
    fy_diag_set_collect_errors(b.diag, true);
    struct fy_parse_cfg settings = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = b.diag};
    b.parser = fy_parser_create(&settings);
    if (!b.parser || fy_parser_set_string(b.parser, text, n) != 0) FAIL(ERR_MEMORY, "no memory for reading %s", name);
    TRY(build_document(&b));
done:
    if (b.event) fy_parser_event_free(b.parser, b.event);
    if (b.parser) fy_parser_destroy(b.parser);
    if (b.diag) fy_diag_destroy(b.diag);
    for (size_t i = 0; i < b.n_anchors; i++) mem_free(&b.anchors[i].name);
    mem_free(&b.anchors);
    return rc;
}

void config_yaml_free(yaml_document *d)
{
    for (yaml_node *node = d->nodes, *next; node; node = next) {
        next = node->next;
        mem_free(&node->text);
        mem_free(&node->children);
        mem_free(&node);
    }
    d->root = d->nodes = NULL;
}
