#include "text/sentencepiece_model.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece_wire.h"

#include <string.h>

enum { MODEL_PIECES = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3, MODEL_DENORMALIZER = 5 };

static spm_wire wire_of(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    return (spm_wire){.at = p, .end = p + n};
}

static spm_text text_of(const spm_field *f) { return (spm_text){(const char *)f->bytes, f->n}; }

static spm_text constant(const char *text) { return (spm_text){text, strlen(text)}; }

static int read_piece(const spm_field *message, spm_piece *p)
{
    int rc = OK, got;
    spm_wire w = wire_of(message->bytes, message->n);
    spm_field f;
    *p = (spm_piece){.text = {"", 0}, .type = SPM_NORMAL};
    while ((got = spm_wire_next(&w, &f)) > 0) {
        if (f.number == 1 && f.type == SPM_BYTES) {
            p->text = text_of(&f);
        } else if (f.number == 2 && f.type == SPM_FIXED32) {
            uint32_t bits = (uint32_t)f.value;
            memcpy(&p->score, &bits, sizeof bits);
        } else if (f.number == 3 && f.type == SPM_VARINT) {
            if (f.value < SPM_NORMAL || f.value > SPM_BYTE)
                FAIL(ERR_CONFIG, "type %llu is not known", (unsigned long long)f.value);
            p->type = (int)f.value;
        }
    }
    if (got < 0) FAIL(ERR_CONFIG, "its bytes are no message");
done:
    return rc;
}

static int read_trainer(const spm_field *message, spm_model *m)
{
    spm_wire w = wire_of(message->bytes, message->n);
    spm_field f;
    int got;
    while ((got = spm_wire_next(&w, &f)) > 0) {
        const int number = f.type == SPM_VARINT, text = f.type == SPM_BYTES;
        if (f.number == 3 && number) m->algorithm = f.value <= SPM_CHAR ? (int)f.value : 0;
        if (f.number == 24 && number) m->space_is_suffix = f.value != 0;
        if (f.number == 35 && number) m->byte_fallback = f.value != 0;
        if (f.number == 44 && text) m->unknown_surface = text_of(&f);
        if (f.number == 46 && text && f.n) m->begin_piece = text_of(&f);
        if (f.number == 47 && text && f.n) m->end_piece = text_of(&f);
    }
    return got == 0;
}

static int read_rules(const spm_field *message, spm_rules *r)
{
    spm_wire w = wire_of(message->bytes, message->n);
    spm_field f;
    int got;
    while ((got = spm_wire_next(&w, &f)) > 0) {
        const int number = f.type == SPM_VARINT;
        if (f.number == 2 && f.type == SPM_BYTES) r->charsmap = text_of(&f);
        if (f.number == 3 && number) r->add_dummy_prefix = f.value != 0;
        if (f.number == 4 && number) r->remove_extra_spaces = f.value != 0;
        if (f.number == 5 && number) r->escape_spaces = f.value != 0;
    }
    return got == 0;
}

static int count_pieces(const char *path, const char *file, size_t n, size_t *count)
{
    int rc = OK, got;
    spm_wire w = wire_of(file, n);
    spm_field f;
    *count = 0;
    while ((got = spm_wire_next(&w, &f)) > 0) *count += f.number == MODEL_PIECES && f.type == SPM_BYTES;
    if (got < 0) FAIL(ERR_CONFIG, "%s: damaged: not a whole SentencePiece model", path);
    if (!*count) FAIL(ERR_CONFIG, "%s: damaged: a SentencePiece model without pieces", path);
done:
    return rc;
}

static int read_fields(spm_model *m, const char *path, size_t n)
{
    int rc = OK, good = 1;
    spm_wire w = wire_of(m->file, n);
    spm_field f;
    while (spm_wire_next(&w, &f) > 0) {
        if (f.type != SPM_BYTES) continue;
        if (f.number == MODEL_PIECES) {
            if (read_piece(&f, &m->pieces[m->n]) != OK)
                FAIL(ERR_CONFIG, "%s: damaged: piece %zu: %s", path, m->n, status_message());
            m->n++;
        }
        if (f.number == MODEL_TRAINER) good &= read_trainer(&f, m);
        if (f.number == MODEL_NORMALIZER) good &= read_rules(&f, &m->normal);
        if (f.number == MODEL_DENORMALIZER) good &= read_rules(&f, &m->denormal);
    }
    if (!good) FAIL(ERR_CONFIG, "%s: damaged: its settings are no message", path);
    if (!m->algorithm) FAIL(ERR_CONFIG, "%s: the model type is not known: unigram, bpe, word and char are", path);
done:
    return rc;
}

/* Some converters add a piece of one zero byte beside <0x00>: it is not in use. */
static int check_piece(const spm_model *m, const char *path, size_t i)
{
    int rc = OK;
    spm_piece *p = &m->pieces[i];
    if (p->text.n == 1 && !p->text.bytes[0] && m->byte_fallback) p->type = SPM_UNUSED;
    if (!p->text.n) FAIL(ERR_CONFIG, "%s: damaged: piece %zu is empty", path, i);
    if (p->text.n > SPM_LONGEST_PIECE)
        FAIL(ERR_CONFIG, "%s: piece %zu has %zu bytes, %d is the most", path, i, p->text.n, SPM_LONGEST_PIECE);
    if (memchr(p->text.bytes, 0, p->text.n) && (p->text.n > 1 || p->type != SPM_UNUSED))
        FAIL(ERR_CONFIG, "%s: damaged: piece %zu has a zero byte", path, i);
    if (m->algorithm == SPM_UNIGRAM && !(p->score - p->score == 0))
        FAIL(ERR_CONFIG, "%s: damaged: the score of piece %zu is not a number", path, i);
    if (p->type == SPM_BYTE && !m->byte_fallback)
        FAIL(ERR_CONFIG, "%s: damaged: piece %zu is a byte, but byte_fallback is off", path, i);
    if (p->type == SPM_BYTE && spm_byte_of(p->text) < 0)
        FAIL(ERR_CONFIG, "%s: damaged: piece %zu is of type byte, but is none of <0x00> to <0xFF>", path, i);
done:
    return rc;
}

static int check_pieces(spm_model *m, const char *path)
{
    int rc = OK;
    m->unknown = SPM_NONE;
    memset(m->byte_ids, 0xFF, sizeof m->byte_ids);
    for (size_t i = 0; i < m->n; i++) {
        const spm_piece *p = &m->pieces[i];
        TRY(check_piece(m, path, i));
        if (p->type == SPM_BYTE) m->byte_ids[spm_byte_of(p->text)] = (uint32_t)i;
        if (p->type != SPM_UNKNOWN) continue;
        if (m->unknown != SPM_NONE) FAIL(ERR_CONFIG, "%s: damaged: more than one unknown piece", path);
        m->unknown = (uint32_t)i;
    }
    if (m->unknown == SPM_NONE && !m->byte_fallback) FAIL(ERR_CONFIG, "%s: damaged: no unknown piece", path);
    for (int b = 0; b < 256 && m->byte_fallback; b++)
        if (m->byte_ids[b] == SPM_NONE)
            FAIL(ERR_CONFIG, "%s: damaged: byte_fallback is on, but the piece <0x%02X> is missing", path, b);
done:
    return rc;
}

int spm_model_read(spm_model *m, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    size_t count;
    const spm_rules defaults = {
        .charsmap = {"", 0}, .add_dummy_prefix = 1, .remove_extra_spaces = 1, .escape_spaces = 1};
    *m = (spm_model){.algorithm = SPM_UNIGRAM, .normal = defaults, .denormal = defaults};
    m->unknown_surface = constant(" \xE2\x81\x87 ");
    m->begin_piece = constant("<s>");
    m->end_piece = constant("</s>");
    if (n > INT32_MAX) FAIL(ERR_CONFIG, "%s: %zu bytes are too many for a SentencePiece model", path, n);
    TRY(mem_copy(&m->file, bytes, n));
    TRY(count_pieces(path, m->file, n, &count));
    TRY(MEM_ALLOC(m->pieces, count));
    TRY(read_fields(m, path, n));
    TRY(check_pieces(m, path));
done:
    return rc;
}

void spm_model_free(spm_model *m)
{
    mem_free(&m->pieces);
    mem_free(&m->file);
}

int spm_model_detect(const uint8_t *bytes, size_t n)
{
    spm_wire w = wire_of(bytes, n);
    spm_field f;
    spm_piece p;
    return spm_wire_next(&w, &f) > 0 && f.number == MODEL_PIECES && f.type == SPM_BYTES && read_piece(&f, &p) == OK &&
           p.text.n > 0;
}

int spm_piece_is_plain(const spm_piece *p)
{
    return p->type == SPM_NORMAL || p->type == SPM_USER_DEFINED || p->type == SPM_UNUSED;
}

int spm_byte_of(spm_text t)
{
    static const char digits[] = "0123456789ABCDEF";
    if (t.n != 6 || memcmp(t.bytes, "<0x", 3) || t.bytes[5] != '>' || !t.bytes[3] || !t.bytes[4]) return -1;
    const char *high = strchr(digits, t.bytes[3]), *low = strchr(digits, t.bytes[4]);
    return high && low ? (int)((high - digits) * 16 + (low - digits)) : -1;
}
