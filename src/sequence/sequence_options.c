#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"

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
    {"sequence.layout", OPTION_LIST, SCOPE_SEQUENCES, FIELD(layout), "[image, audio, sensor, text]", 0, 0, NULL,
     "order of the streams of a row in its document: image, audio, sensor, text; those not named are left out"},
    {"sequence.overlong", OPTION_ENUM, SCOPE_SEQUENCES, FIELD(overlong), "split", 0, 0, overlong_names,
     "documents longer than a sequence: split them into pieces, or drop and count them"},
    {"sequence.image_newline", OPTION_BOOL, SCOPE_SEQUENCES, FIELD(image_newline), "false", 0, 0, NULL,
     "put a newline token after each row of an image's grid"},
    {"sequence.block", OPTION_INT, SCOPE_SEQUENCES, FIELD(block), "1048576", 1, 1 << 28, NULL,
     "examples per index file, packed together; bounds the memory (about 150 bytes an example)"},
};
const option_table sequence_options_table = OPTION_TABLE(options);

static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int check_layout(const option_list *layout)
{
    int rc = OK, seen[N_STREAMS] = {0};
    if (!layout->n) FAIL(ERR_CONFIG, "sequence.layout is empty; streams are image, audio, text, sensor");
    for (size_t i = 0; i < layout->n; i++) {
        stream_kind s = 0;
        while (s < N_STREAMS && strcmp(layout->texts[i], stream_name(s))) s++;
        if (s == N_STREAMS)
            FAIL(ERR_CONFIG, "sequence.layout: no stream \"%.40s\"; there are image, audio, text, sensor",
                 layout->texts[i]);
        if (seen[s]++) FAIL(ERR_CONFIG, "sequence.layout names %s twice", stream_name(s));
    }
done:
    return rc;
}

int sequence_options_check(const sequence_options *o)
{
    int rc = OK;
    if (!o->name[0]) FAIL(ERR_CONFIG, "sequence.name is empty");
    if (o->name[strspn(o->name, name_letters)])
        FAIL(ERR_CONFIG, "sequence.name \"%.40s\" may hold letters, digits, - and _ only", o->name);
    TRY(check_layout(&o->layout));
done:
    return rc;
}

int64_t pack_blocks(const sequence_options *o, int64_t n_examples)
{
    return n_examples / o->block + (n_examples % o->block > 0);
}

int pack_name(char **out, const char *split, int64_t block, int64_t n_blocks)
{
    return mem_format(out, "%s-%05lld-of-%05lld.h5", split, (long long)block, (long long)n_blocks);
}
