/* Small SentencePiece model files, made in memory for tests. */
#pragma once

#include "text/sentencepiece.h"
#include "text/sentencepiece_model.h"

typedef struct spm_file {
    uint8_t bytes[1 << 16];
    size_t n;
} spm_file;

/* A field of a message: the number `value`, or n bytes. */
void spm_file_number(spm_file *f, uint32_t field, uint64_t value);
void spm_file_bytes(spm_file *f, uint32_t field, const void *bytes, size_t n);

void spm_file_piece(spm_file *f, const char *text, float score, int type);

/* The 256 pieces <0x00> to <0xFF>. */
void spm_file_byte_pieces(spm_file *f);

/* The settings of the trainer (field 2) and of the normalizer (field 3). */
void spm_file_trainer(spm_file *f, int algorithm, int byte_fallback, int space_is_suffix);
void spm_file_rules(spm_file *f, int add_dummy_prefix, int remove_extra_spaces, int escape_spaces);

/* Open it; a failure fails the test. */
void *spm_file_open(const spm_file *f);

/* Encode a text of n bytes and compare with ids written as "1 2 3". */
void spm_expect(void *state, const char *text, size_t n, const char *ids);

/* Decode ids written as "1 2 3" and compare. */
void spm_expect_text(void *state, const char *ids, const char *text);
