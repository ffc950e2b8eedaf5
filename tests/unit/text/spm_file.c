#include "spm_file.h"

#include "base/memory.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(spm_file *f, const void *bytes, size_t n)
{
    assert_true(n <= sizeof f->bytes - f->n);
    if (n) memcpy(f->bytes + f->n, bytes, n);
    f->n += n;
}

static void add_varint(spm_file *f, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) add(f, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    add(f, &(uint8_t){(uint8_t)value}, 1);
}

void spm_file_number(spm_file *f, uint32_t field, uint64_t value)
{
    add_varint(f, field << 3);
    add_varint(f, value);
}

void spm_file_bytes(spm_file *f, uint32_t field, const void *bytes, size_t n)
{
    add_varint(f, field << 3 | 2);
    add_varint(f, n);
    add(f, bytes, n);
}

void spm_file_piece(spm_file *f, const char *text, float score, int type)
{
    static spm_file piece;
    piece.n = 0;
    spm_file_bytes(&piece, 1, text, strlen(text));
    add_varint(&piece, 2 << 3 | 5);
    add(&piece, &score, sizeof score);
    spm_file_number(&piece, 3, (uint64_t)type);
    spm_file_bytes(f, 1, piece.bytes, piece.n);
}

void spm_file_byte_pieces(spm_file *f)
{
    char text[16];
    for (int b = 0; b < 256; b++) {
        snprintf(text, sizeof text, "<0x%02X>", (unsigned)b);
        spm_file_piece(f, text, 0, SPM_BYTE);
    }
}

void spm_file_trainer(spm_file *f, int algorithm, int byte_fallback, int space_is_suffix)
{
    static spm_file trainer;
    trainer.n = 0;
    spm_file_number(&trainer, 3, (uint64_t)algorithm);
    spm_file_number(&trainer, 24, (uint64_t)space_is_suffix);
    spm_file_number(&trainer, 35, (uint64_t)byte_fallback);
    spm_file_bytes(f, 2, trainer.bytes, trainer.n);
}

void spm_file_rules(spm_file *f, int add_dummy_prefix, int remove_extra_spaces, int escape_spaces)
{
    static spm_file rules;
    rules.n = 0;
    spm_file_number(&rules, 3, (uint64_t)add_dummy_prefix);
    spm_file_number(&rules, 4, (uint64_t)remove_extra_spaces);
    spm_file_number(&rules, 5, (uint64_t)escape_spaces);
    spm_file_bytes(f, 3, rules.bytes, rules.n);
}

void *spm_file_open(const spm_file *f)
{
    void *state = NULL;
    if (sentencepiece_kind.open(&state, "test.model", f->bytes, f->n) != OK) fail_msg("%s", status_message());
    assert_non_null(state);
    return state;
}

static void to_text(const uint32_t *ids, size_t n, char *text, size_t room)
{
    *text = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t at = strlen(text);
        snprintf(text + at, room - at, "%s%u", i ? " " : "", ids[i]);
    }
}

void spm_expect(void *state, const char *text, size_t n, const char *ids)
{
    uint32_t *found = NULL;
    size_t capacity = 0, count = 99;
    char got[512];
    assert_int_equal(sentencepiece_kind.encode(state, text, n, &found, &capacity, &count), OK);
    to_text(found, count, got, sizeof got);
    assert_string_equal(got, ids);
    mem_free(&found);
}

void spm_expect_text(void *state, const char *ids, const char *text)
{
    uint32_t list[64];
    size_t n = 0, capacity = 0, count = 99;
    char *found = NULL, *end;
    for (const char *at = ids; *at; at = end) list[n++] = (uint32_t)strtoul(at, &end, 10);
    assert_int_equal(sentencepiece_kind.decode(state, list, n, &found, &capacity, &count), OK);
    assert_int_equal(count, strlen(text));
    if (count) assert_memory_equal(found, text, count);
    mem_free(&found);
}
