/* What a SentencePiece model file says: its pieces and the settings that encoding and decoding depend on. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SPM_SPACE "\xE2\x96\x81" /* U+2581 stands for a space in pieces */
enum { SPM_SPACE_BYTES = 3, SPM_LONGEST_PIECE = 7999 };
#define SPM_NONE UINT32_MAX /* no piece */

/* The file's own numbers. */
typedef enum spm_algorithm { SPM_UNIGRAM = 1, SPM_BPE = 2, SPM_WORD = 3, SPM_CHAR = 4 } spm_algorithm;
typedef enum spm_piece_type {
    SPM_NORMAL = 1,
    SPM_UNKNOWN = 2,
    SPM_CONTROL = 3,
    SPM_USER_DEFINED = 4,
    SPM_UNUSED = 5,
    SPM_BYTE = 6
} spm_piece_type;

typedef struct spm_text {
    const char *bytes;
    size_t n;
} spm_text;

typedef struct spm_piece {
    spm_text text;
    float score;
    int type; /* spm_piece_type */
} spm_piece;

/* How text is made plain before it is cut (or after it was put together). */
typedef struct spm_rules {
    spm_text charsmap; /* empty: characters stay */
    int add_dummy_prefix, remove_extra_spaces, escape_spaces;
} spm_rules;

typedef struct spm_model {
    char *file; /* all texts below point into it, or are constant */
    spm_piece *pieces;
    size_t n; /* pieces; id = place */
    int algorithm;
    int byte_fallback, space_is_suffix;
    spm_text unknown_surface, begin_piece, end_piece;
    spm_rules normal, denormal;
    uint32_t unknown;       /* SPM_NONE: none, which byte_fallback allows */
    uint32_t byte_ids[256]; /* with byte_fallback */
} spm_model;

/* Read the n bytes of a file, which are copied. The caller frees it with spm_model_free, also after an error.
 * ERR_CONFIG names what is damaged or not supported. */
int spm_model_read(spm_model *m, const char *path, const uint8_t *bytes, size_t n);
void spm_model_free(spm_model *m);

/* Whether the bytes begin as such a file does: with a piece. */
int spm_model_detect(const uint8_t *bytes, size_t n);

/* Whether text may become this piece: normal, user-defined, unused. */
int spm_piece_is_plain(const spm_piece *p);

/* Byte that a piece "<0xHH>" stands for, -1 for another text. */
int spm_byte_of(spm_text t);
