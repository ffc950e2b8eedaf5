#include "sequence/sequence_attributes.h"

#include "base/memory.h"
#include "base/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char format_name[] = "tessera-sequences";

#define FIELD(name) offsetof(sequence_attributes, name)
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"length", FIELD(length)},
    {"seed", FIELD(seed)},
    {"block", FIELD(block)},
    {"n_blocks", FIELD(n_blocks)},
    {"n_shards", FIELD(n_shards)},
    {"n_sequences", FIELD(counts.sequences)},
    {"n_documents", FIELD(counts.documents)},
    {"n_tokens", FIELD(counts.tokens)},
    {"split_documents", FIELD(counts.split_documents)},
    {"dropped_documents", FIELD(counts.dropped_documents)},
    {"dropped_tokens", FIELD(counts.dropped_tokens)},
    {"empty_documents", FIELD(counts.empty_documents)},
    {"repeated_documents", FIELD(counts.repeated_documents)},
    {"left_out_documents", FIELD(counts.left_out_documents)},
    {"ids_text", FIELD(counts.ids[STREAM_TEXT])},
    {"ids_image", FIELD(counts.ids[STREAM_IMAGE])},
    {"ids_audio", FIELD(counts.ids[STREAM_AUDIO])},
    {"ids_sensor", FIELD(counts.ids[STREAM_SENSOR])},
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

/* Name and value of the i-th attribute that depends on the vocabulary. */
enum { N_VOCABULARY = N_MODALITIES + 2 };
static int64_t vocabulary_number(const vocabulary *v, int i, char name[32])
{
    if (i < N_MODALITIES) {
        snprintf(name, 32, "offset_%s", modality_name((modality)i));
        return vocabulary_offset(v, (modality)i);
    }
    snprintf(name, 32, "%s", i == N_MODALITIES ? "vocab_size" : "pad_id");
    return i == N_MODALITIES ? v->size : vocabulary_special(v, SPECIAL_PAD);
}

int sequence_attributes_put_vocabulary(h5_file *f, const vocabulary *v)
{
    int rc = OK;
    for (int i = 0; i < N_VOCABULARY; i++) {
        char name[32];
        int64_t value = vocabulary_number(v, i, name);
        TRY(h5_put_int(f, "/", name, value));
    }
done:
    return rc;
}

int sequence_attributes_put(h5_file *f, const sequence_attributes *a, const vocabulary *v)
{
    int rc = OK;
    TRY(h5_put_text(f, "/", "format", format_name));
    TRY(h5_put_int(f, "/", "format_version", SEQUENCE_FORMAT_VERSION));
    TRY(h5_put_text(f, "/", "created_by", "tessera " TESSERA_VERSION));
    for (int i = 0; i < N_NUMBERS; i++) {
        int64_t value;
        memcpy(&value, (const char *)a + numbers[i].offset, sizeof value);
        TRY(h5_put_int(f, "/", numbers[i].name, value));
    }
    TRY(sequence_attributes_put_vocabulary(f, v));
done:
    return rc;
}

int sequence_attributes_put_specials(h5_file *f, const sequence_options *o)
{
    int rc = OK;
    char *names = NULL, *more = NULL;
    TRY(mem_string(&names, ""));
    for (size_t i = 0; i < o->specials.n; i++) {
        TRY(mem_format(&more, "%s%s%s", names, i ? " " : "", o->specials.texts[i]));
        mem_free(&names);
        names = more;
        more = NULL;
    }
    TRY(h5_put_text(f, "/", "specials", names));
done:
    mem_free(&names);
    return rc;
}

static int check_format(h5_file *f)
{
    int rc = OK;
    char *text = NULL;
    int64_t version = 0;
    if (h5_get_text(f, "/", "format", &text) != OK || strcmp(text, format_name))
        FAIL(ERR_CORRUPT, "not an index file of sequences");
    TRY(h5_get_int(f, "/", "format_version", &version));
    if (version != SEQUENCE_FORMAT_VERSION)
        FAIL(ERR_CORRUPT,
             "an index file of version %lld, not %d: remove its folder and pack the set under another name",
             (long long)version, SEQUENCE_FORMAT_VERSION);
done:
    mem_free(&text);
    return rc;
}

int sequence_attributes_get(h5_file *f, const vocabulary *v, sequence_attributes *a)
{
    int rc = OK;
    int64_t value = 0;
    char name[32];
    TRY(check_format(f));
    for (int i = 0; i < N_NUMBERS; i++) {
        if (h5_get_int(f, "/", numbers[i].name, &value) != OK)
            FAIL(ERR_CORRUPT, "attribute %s is missing", numbers[i].name);
        memcpy((char *)a + numbers[i].offset, &value, sizeof value);
    }
    for (int i = 0; i < N_VOCABULARY; i++) {
        int64_t wanted = vocabulary_number(v, i, name);
        if (h5_get_int(f, "/", name, &value) != OK) FAIL(ERR_CORRUPT, "attribute %s is missing", name);
        if (value != wanted)
            FAIL(ERR_MISMATCH, "made with another vocabulary: %s is %lld, not %lld", name, (long long)value,
                 (long long)wanted);
    }
done:
    return rc;
}
