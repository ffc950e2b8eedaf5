/* "normalizer", "pre_tokenizer" and "post_processor" of tokenizer.json. */
#include "base/memory.h"
#include "base/status.h"
#include "text/tokenizer_json.h"

#include <string.h>

enum { DEPTH = 8 };

static int refuse(const char *part, const char *type)
{
    int rc = OK;
    FAIL(ERR_CONFIG, "%s: type \"%s\" is not supported", part, type);
done:
    return rc;
}

/* ---- normalizer ---- */

static int add_replace(byte_bpe *b, const json_t *part)
{
    int rc = OK;
    const json_t *from = json_object_get(json_object_get(part, "pattern"), "String");
    const json_t *to = json_object_get(part, "content");
    if (!json_string_length(from) || !json_is_string(to))
        FAIL(ERR_CONFIG, "normalizer: Replace is supported with a pattern of type String only");
    TRY(normalizer_add(&b->normalizer, NORMAL_REPLACE, json_string_value(from), json_string_length(from),
                       json_string_value(to), json_string_length(to)));
done:
    return rc;
}

static int add_normalizer(byte_bpe *b, const json_t *part, int depth)
{
    static const char *const forms[] = {
        [NORMAL_NFC] = "NFC", [NORMAL_NFD] = "NFD", [NORMAL_NFKC] = "NFKC", [NORMAL_NFKD] = "NFKD"};
    int rc = OK;
    size_t i;
    json_t *step;
    const char *type = tokenizer_json_text(part, "type");
    const json_t *prepend = json_object_get(part, "prepend");
    for (int f = 0; f <= NORMAL_NFKD; f++)
        if (!strcmp(type, forms[f])) return normalizer_add(&b->normalizer, (normalizer_kind)f, NULL, 0, NULL, 0);
    if (!strcmp(type, "Replace")) return add_replace(b, part);
    if (!strcmp(type, "Prepend") && json_is_string(prepend))
        return normalizer_add(&b->normalizer, NORMAL_PREPEND, NULL, 0, json_string_value(prepend),
                              json_string_length(prepend));
    if (strcmp(type, "Sequence") || depth == DEPTH) return refuse("normalizer", type);
    json_array_foreach(json_object_get(part, "normalizers"), i, step) TRY(add_normalizer(b, step, depth + 1));
done:
    return rc;
}

int tokenizer_json_normalizer(byte_bpe *b, const json_t *part)
{
    return !part || json_is_null(part) ? OK : add_normalizer(b, part, 0);
}

/* ---- pre_tokenizer ---- */

static int add_rule(byte_bpe *b, split_rule rule)
{
    int rc = OK;
    split_step *s;
    TRY(text_split_add(&b->split, &s));
    s->kind = STEP_RULE;
    s->rule = rule;
done:
    return rc;
}

static int add_byte_level(byte_bpe *b, const json_t *part)
{
    static const char *const keys[] = {"type", "add_prefix_space", "trim_offsets", "use_regex", NULL};
    int rc = OK;
    split_step *s;
    TRY(tokenizer_json_keys(part, "pre_tokenizer ByteLevel", keys));
    if (!b->model.by_character) FAIL(ERR_CONFIG, "pre_tokenizer: ByteLevel stands there twice");
    b->model.by_character = 0;
    if (tokenizer_json_true(part, "add_prefix_space", 1)) {
        TRY(text_split_add(&b->split, &s));
        s->kind = STEP_SPACE;
    }
    if (tokenizer_json_true(part, "use_regex", 1)) TRY(add_rule(b, SPLIT_GPT2));
done:
    return rc;
}

/* A pattern of plain text as a regular expression. */
static int quoted(char **out, const char *text)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, 2 * strlen(text) + 1, 1));
    for (char *to = *out; *text; text++) {
        if (strchr("\\^$.|?*+()[]{}-#/", *text)) *to++ = '\\';
        *to++ = *text;
    }
done:
    return rc;
}

static int add_split(byte_bpe *b, const json_t *part)
{
    static const char *const keys[] = {"type", "pattern", "behavior", "invert", NULL};
    int rc = OK;
    split_step *s;
    char *quote = NULL;
    const json_t *pattern = json_object_get(part, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex")),
               *how = tokenizer_json_text(part, "behavior");
    const char *plain = json_string_value(json_object_get(pattern, "String"));
    int removed = !strcmp(how, "Removed"), invert = tokenizer_json_true(part, "invert", 0);
    TRY(tokenizer_json_keys(part, "pre_tokenizer Split", keys));
    if (!regex && !plain) FAIL(ERR_CONFIG, "pre_tokenizer: Split has no pattern of type Regex or String");
    if (!removed && strcmp(how, "Isolated"))
        FAIL(ERR_CONFIG, "pre_tokenizer: Split with behavior \"%s\" is not supported, only Isolated and Removed", how);
    int rule = regex ? split_rule_of_pattern(regex) : -1;
    if (rule >= 0 && (!removed || invert)) {
        TRY(add_rule(b, (split_rule)rule));
        goto done;
    }
    TRY(text_split_add(&b->split, &s));
    s->kind = STEP_PATTERN;
    s->keep_matches = !removed || invert;
    s->keep_gaps = !removed || !invert;
    if (plain) TRY(quoted(&quote, plain));
    TRY(split_pattern_create(&s->pattern, plain ? quote : regex));
done:
    mem_free(&quote);
    return rc;
}

static int add_digits(byte_bpe *b, const json_t *part)
{
    int rc = OK;
    split_step *s;
    TRY(text_split_add(&b->split, &s));
    s->kind = STEP_DIGITS;
    s->single = tokenizer_json_true(part, "individual_digits", 0);
done:
    return rc;
}

static int add_metaspace(byte_bpe *b, const json_t *part)
{
    static const char *const keys[] = {"type",           "replacement", "str_rep", "add_prefix_space",
                                       "prepend_scheme", "split",       NULL};
    int rc = OK;
    split_step *s;
    const char *mark = tokenizer_json_text(part, "replacement"), *scheme = tokenizer_json_text(part, "prepend_scheme");
    TRY(tokenizer_json_keys(part, "pre_tokenizer Metaspace", keys));
    TRY(text_split_add(&b->split, &s));
    if (!*mark || strlen(mark) >= sizeof s->mark) FAIL(ERR_CONFIG, "pre_tokenizer: Metaspace has no replacement");
    s->kind = STEP_METASPACE;
    strcpy(s->mark, mark);
    s->cut = tokenizer_json_true(part, "split", 1);
    if (*scheme && strcmp(scheme, "always") && strcmp(scheme, "never") && strcmp(scheme, "first"))
        FAIL(ERR_CONFIG, "pre_tokenizer: Metaspace with prepend_scheme \"%s\" is not supported", scheme);
    s->prefix = !strcmp(scheme, "never") || !tokenizer_json_true(part, "add_prefix_space", 1) ? PREFIX_NEVER
                : !strcmp(scheme, "first")                                                    ? PREFIX_FIRST
                                                                                              : PREFIX_ALWAYS;
done:
    return rc;
}

static int add_pre_tokenizer(byte_bpe *b, const json_t *part, int depth)
{
    int rc = OK;
    size_t i;
    json_t *step;
    const char *type = tokenizer_json_text(part, "type");
    if (!b->model.by_character && strcmp(type, "Sequence"))
        FAIL(ERR_CONFIG, "pre_tokenizer: \"%s\" after ByteLevel is not supported", type);
    if (!strcmp(type, "ByteLevel")) return add_byte_level(b, part);
    if (!strcmp(type, "Split")) return add_split(b, part);
    if (!strcmp(type, "Digits")) return add_digits(b, part);
    if (!strcmp(type, "Metaspace")) return add_metaspace(b, part);
    if (strcmp(type, "Sequence") || depth == DEPTH) return refuse("pre_tokenizer", type);
    json_array_foreach(json_object_get(part, "pretokenizers"), i, step) TRY(add_pre_tokenizer(b, step, depth + 1));
done:
    return rc;
}

int tokenizer_json_split(byte_bpe *b, const json_t *part)
{
    b->model.by_character = 1; /* unless ByteLevel is among the steps */
    return !part || json_is_null(part) ? OK : add_pre_tokenizer(b, part, 0);
}

/* ---- post_processor ---- */

/* Ids before the text begin it, ids after it end it; the outermost count. */
static void read_template(byte_bpe *b, const json_t *part)
{
    size_t i;
    json_t *item;
    int after = 0;
    json_array_foreach(json_object_get(part, "single"), i, item)
    {
        const char *name = tokenizer_json_text(json_object_get(item, "SpecialToken"), "id");
        const json_t *special = json_object_get(json_object_get(part, "special_tokens"), name);
        const json_t *id = json_array_get(json_object_get(special, "ids"), 0);
        if (json_object_get(item, "Sequence")) after = 1;
        if (!json_is_integer(id)) continue;
        if (after)
            b->end = json_integer_value(id);
        else if (b->begin < 0)
            b->begin = json_integer_value(id);
    }
}

static int add_frame(byte_bpe *b, const json_t *part, int depth)
{
    int rc = OK;
    size_t i;
    json_t *step;
    const char *type = tokenizer_json_text(part, "type");
    if (!strcmp(type, "ByteLevel")) return OK; /* offsets only */
    if (!strcmp(type, "TemplateProcessing")) {
        read_template(b, part);
        return OK;
    }
    if (!strcmp(type, "RobertaProcessing") || !strcmp(type, "BertProcessing")) {
        const json_t *begin = json_array_get(json_object_get(part, "cls"), 1);
        const json_t *end = json_array_get(json_object_get(part, "sep"), 1);
        if (json_is_integer(begin)) b->begin = json_integer_value(begin);
        if (json_is_integer(end)) b->end = json_integer_value(end);
        return OK;
    }
    if (strcmp(type, "Sequence") || depth == DEPTH) return refuse("post_processor", type);
    json_array_foreach(json_object_get(part, "processors"), i, step) TRY(add_frame(b, step, depth + 1));
done:
    return rc;
}

int tokenizer_json_frame(byte_bpe *b, const json_t *part)
{
    int rc = OK;
    if (part && !json_is_null(part)) TRY(add_frame(b, part, 0));
    if (b->begin >= byte_bpe_size(b) || b->end >= byte_bpe_size(b) || b->begin < -1 || b->end < -1)
        FAIL(ERR_CONFIG, "post_processor: an id is in no vocabulary");
done:
    return rc;
}
