#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/document_weights.h"
#include "sequence/sequence_template.h"

#include <stddef.h>
#include <string.h>

static const char *const overlong_names[] = {"split", "drop", NULL};

#define FIELD(name) offsetof(sequence_options, name)
static const option options[] = {
    {"sequence.length", OPTION_INT, SCOPE_SEQUENCES, FIELD(length), "2048", 16, 1 << 20, NULL,
     "tokens per sequence, padding included"},
    {"sequence.seed", OPTION_INT, SCOPE_SEQUENCES, FIELD(seed), "0", 0, 9007199254740992.0, NULL,
     "of the order of documents and sequences"},
    {"sequence.name", OPTION_TEXT, SCOPE_SEQUENCES, FIELD(name), "default", 0, 0, NULL,
     "folder of the index files, sequences/NAME; letters, digits, - and _"},
    {"sequence.document", OPTION_LIST, SCOPE_SEQUENCES, FIELD(document), "[\"<bos>{rows}<eos>\"]", 0, 0, NULL,
     "templates of a document (a group of rows), of which a seeded coin picks one"},
    {"sequence.row", OPTION_LIST, SCOPE_SEQUENCES, FIELD(row), "[\"{image}{audio}{sensor}{text}\"]", 0, 0, NULL,
     "templates of a row, of which a seeded coin picks one for a document"},
    {"sequence.roles", OPTION_LIST, SCOPE_SEQUENCES, FIELD(roles), "{}", 0, 0, NULL,
     "templates of rows with a role, as ROLE: TEMPLATE"},
    {"sequence.separator", OPTION_TEXT, SCOPE_SEQUENCES, FIELD(separator), "\"<sep>\"", 0, 0, NULL,
     "template of what stands between two rows"},
    {"sequence.specials", OPTION_LIST, SCOPE_SEQUENCES, FIELD(specials), "[]", 0, 0, NULL,
     "names of special tokens of one's own, at most 32; they take reserved ids in this order"},
    {"sequence.weights", OPTION_LIST, SCOPE_SEQUENCES, FIELD(weights), "{}", 0, 0, NULL,
     "how often documents of the first split are used, by what their first row says: all: W, source=NAME: W, "
     "lang=NAME: "
     "W, text_lang=NAME: W; those that match are multiplied, and a fraction is a chance"},
    {"sequence.overlong", OPTION_ENUM, SCOPE_SEQUENCES, FIELD(overlong), "split", 0, 0, overlong_names,
     "documents longer than a sequence: split them into pieces, or drop and count them"},
    {"sequence.long_media", OPTION_ENUM, SCOPE_SEQUENCES, FIELD(long_media), "split", 0, 0, overlong_names,
     "a picture or sound longer than a sequence: split it (at a row of its grid or a window of sound where that is "
     "possible), or drop its document and count it; shorter ones are never split"},
    {"sequence.block", OPTION_INT, SCOPE_SEQUENCES, FIELD(block), "1048576", 1, 1 << 28, NULL,
     "examples per index file, packed together; bounds the memory (about 150 bytes an example)"},
};
const option_table sequence_options_table = OPTION_TABLE(options);

static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int check_specials(const option_list *names)
{
    int rc = OK;
    if (names->n > N_SPECIALS - SPECIAL_CUSTOM)
        FAIL(ERR_CONFIG, "sequence.specials has %zu names, there are ids for %d", names->n,
             N_SPECIALS - SPECIAL_CUSTOM);
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->texts[i];
        if (!*name || strlen(name) > 31 || name[strcspn(name, "<>{} \t\r\n\"")])
            FAIL(ERR_CONFIG, "sequence.specials: \"%.40s\" is no name: up to 31 bytes without blanks, quotes, <>{}",
                 name);
        if (vocabulary_special_named(name, strlen(name)) >= 0)
            FAIL(ERR_CONFIG, "sequence.specials: <%s> is there already", name);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(names->texts[k], name)) FAIL(ERR_CONFIG, "sequence.specials has %s twice", name);
    }
done:
    return rc;
}

int sequence_options_check(const sequence_options *o)
{
    int rc = OK;
    sequence_template t = {0};
    document_weights w = {0};
    const sequence_set set = {.options = o};
    if (!o->name[0]) FAIL(ERR_CONFIG, "sequence.name is empty");
    if (o->name[strspn(o->name, name_letters)])
        FAIL(ERR_CONFIG, "sequence.name \"%.40s\" may hold letters, digits, - and _ only", o->name);
    TRY(check_specials(&o->specials));
    TRY(sequence_template_make(&t, &set));
    TRY(document_weights_make(&w, o));
done:
    sequence_template_free(&t);
    document_weights_free(&w);
    return rc;
}

int64_t pack_blocks(const sequence_set *set, int64_t n_examples)
{
    int64_t copies = 1, n = 0;
    document_weights w = {0};
    if (set->weighted && document_weights_make(&w, set->options) != OK) return -1;
    if (set->weighted) copies = w.most;
    document_weights_free(&w);
    if (__builtin_mul_overflow(n_examples, copies, &n)) return -1;
    return n / set->options->block + (n % set->options->block > 0);
}

int pack_name(char **out, const char *split, int64_t block, int64_t n_blocks)
{
    return mem_format(out, "%s-%05lld-of-%05lld.h5", split, (long long)block, (long long)n_blocks);
}
