#include "tokens/vocabulary.h"

#include "base/status.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { PADDING = 128 };

static const char *const modality_names[N_MODALITIES] = {
    [MODALITY_TEXT] = "text",     [MODALITY_IMAGE] = "image",     [MODALITY_AUDIO] = "audio",
    [MODALITY_SENSOR] = "sensor", [MODALITY_SPECIAL] = "special",
};
static const char *const id_names[N_MODALITIES] = {
    [MODALITY_TEXT] = "text", [MODALITY_IMAGE] = "img", [MODALITY_AUDIO] = "aud", [MODALITY_SENSOR] = "sen"};
static const char *const special_names[N_SPECIALS_NAMED] = {
    [SPECIAL_BOS] = "bos",     [SPECIAL_EOS] = "eos",     [SPECIAL_PAD] = "pad",
    [SPECIAL_SEP] = "sep",     [SPECIAL_BOI] = "boi",     [SPECIAL_EOI] = "eoi",
    [SPECIAL_BOA] = "boa",     [SPECIAL_EOA] = "eoa",     [SPECIAL_IMAGE_NEWLINE] = "image_newline",
    [SPECIAL_BOSN] = "bosn",   [SPECIAL_EOSN] = "eosn",   [SPECIAL_VECTOR] = "vector",
    [SPECIAL_IMAGE] = "image", [SPECIAL_AUDIO] = "audio", [SPECIAL_SENSOR] = "sensor",
};

const char *modality_name(modality m) { return modality_names[m]; }

static void add_range(vocabulary *v, modality m, const char *codebook, int64_t size)
{
    if (size <= 0) return;
    vocabulary_range *r = &v->ranges[v->n_ranges++];
    r->modality = m;
    snprintf(r->codebook, sizeof r->codebook, "%s", codebook);
    r->offset = v->size;
    r->size = size;
    v->size += size;
}

void vocabulary_make(vocabulary *v, const char *tokenizer, int64_t text_size, int64_t image_codes, int64_t audio_codes,
                     int64_t sensor_codes)
{
    memset(v, 0, sizeof *v);
    snprintf(v->tokenizer, sizeof v->tokenizer, "%s", tokenizer);
    v->text_size = text_size;
    add_range(v, MODALITY_TEXT, "", text_size);
    add_range(v, MODALITY_SPECIAL, "", N_SPECIALS);
    add_range(v, MODALITY_IMAGE, "image", image_codes);
    add_range(v, MODALITY_AUDIO, "audio", audio_codes);
    add_range(v, MODALITY_SENSOR, "sensor", sensor_codes);
    v->size = (v->size + PADDING - 1) / PADDING * PADDING;
    v->id_bits = v->size <= 65536 ? 16 : 32;
}

int64_t vocabulary_offset(const vocabulary *v, modality m)
{
    for (int i = 0; i < v->n_ranges; i++)
        if (v->ranges[i].modality == m) return v->ranges[i].offset;
    return -1;
}

int vocabulary_special_named(const char *name, size_t n)
{
    for (int i = 0; i < N_SPECIALS_NAMED; i++)
        if (strlen(special_names[i]) == n && !memcmp(special_names[i], name, n)) return i;
    return -1;
}

int64_t vocabulary_special(const vocabulary *v, special_id s) { return vocabulary_offset(v, MODALITY_SPECIAL) + s; }

int vocabulary_find(const vocabulary *v, int64_t id, modality *m, int64_t *local)
{
    int rc = OK;
    for (int i = 0; i < v->n_ranges; i++) {
        const vocabulary_range *r = &v->ranges[i];
        if (id < r->offset || id >= r->offset + r->size) continue;
        *m = r->modality;
        *local = id - r->offset;
        return OK;
    }
    FAIL(ERR_INVALID, "id %lld is in no range of the vocabulary", (long long)id);
done:
    return rc;
}

/* A byte as in a C text: printable ASCII as it is. */
static void name_byte(unsigned char byte, char *out, size_t size)
{
    static const char bytes[] = "\a\b\t\n\v\f\r\\", letters[] = "abtnvfr\\";
    const char *at = byte ? strchr(bytes, byte) : NULL;
    if (at)
        snprintf(out, size, "\\%c", letters[at - bytes]);
    else if (byte >= 0x20 && byte < 0x7F)
        snprintf(out, size, "%c", byte);
    else
        snprintf(out, size, "\\x%02X", byte);
}

void vocabulary_name_piece(const char *bytes, size_t n, char *out, size_t size)
{
    char one[8];
    size_t used = 0;
    *out = 0;
    for (size_t at = 0, step; at < n; at += step) {
        step = utf8_step(bytes + at, n - at);
        if (step > 1)
            snprintf(one, sizeof one, "%.*s", (int)step, bytes + at);
        else
            name_byte((unsigned char)bytes[at], one, sizeof one);
        step += !step;
        if (used + strlen(one) + 1 > size) break;
        strcpy(out + used, one);
        used += strlen(one);
    }
}

void vocabulary_name(const vocabulary *v, int64_t id, char *out, size_t size)
{
    modality m = MODALITY_TEXT;
    int64_t local = 0;
    if (vocabulary_find(v, id, &m, &local) != OK)
        snprintf(out, size, "<unused_%lld>", (long long)id);
    else if (m == MODALITY_SPECIAL && local < N_SPECIALS_NAMED)
        snprintf(out, size, "<%s>", special_names[local]);
    else if (m == MODALITY_SPECIAL)
        snprintf(out, size, "<reserved_%lld>", (long long)local);
    else if (m == MODALITY_TEXT && !strcmp(v->tokenizer, "bytes"))
        name_byte((unsigned char)local, out, size);
    else
        snprintf(out, size, "<%s_%lld>", id_names[m], (long long)local);
}
