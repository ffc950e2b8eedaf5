/* The joint vocabulary: text ids first and unchanged, then special ids, then one range per codebook; padded to a
 * multiple of 128. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum modality {
    MODALITY_TEXT,
    MODALITY_IMAGE,
    MODALITY_AUDIO,
    MODALITY_SENSOR,
    MODALITY_SPECIAL,
    N_MODALITIES
} modality;

/* "text", "image", "audio", "sensor", "special". */
const char *modality_name(modality m);

typedef enum special_id {
    SPECIAL_BOS,
    SPECIAL_EOS,
    SPECIAL_PAD,
    SPECIAL_SEP,
    SPECIAL_BOI, /* begin, end of an image; a token after each row of its grid */
    SPECIAL_EOI,
    SPECIAL_IMAGE_NEWLINE,
    SPECIAL_BOA, /* begin, end of sound */
    SPECIAL_EOA,
    SPECIAL_BOSN, /* begin, end of sensor data */
    SPECIAL_EOSN,
    SPECIAL_VECTOR, /* stands for one vector */
    SPECIAL_IMAGE,  /* where a picture, sound or sensor data stands whose vectors are attended to from the side */
    SPECIAL_AUDIO,
    SPECIAL_SENSOR,
    N_SPECIALS_NAMED
} special_id;
/* Reserved block; those without a name are <reserved_N>. From SPECIAL_CUSTOM on a set of sequences may name its own. */
enum { N_SPECIALS = 64, SPECIAL_CUSTOM = 32 };

typedef struct vocabulary_range {
    modality modality;
    char codebook[32]; /* name; "" for text and specials */
    int64_t offset, size;
} vocabulary_range;

typedef struct vocabulary {
    int64_t text_size;
    vocabulary_range ranges[8]; /* text, special, image, audio ... in id order */
    int n_ranges;
    int64_t size;              /* padded total */
    int id_bits;               /* 16 or 32: how joint ids are stored */
    char tokenizer[64];        /* "bytes" */
    char tokenizer_sha256[65]; /* of its files; "": it has none */
} vocabulary;

/* Lay out: text_size text ids, the special block, then image, audio, sensor codebooks in that order; a size of 0 leaves
 * a range out. */
void vocabulary_make(vocabulary *v, const char *tokenizer, int64_t text_size, int64_t image_codes, int64_t audio_codes,
                     int64_t sensor_codes);

/* The special of that name ("bos"), -1 if there is none. */
int vocabulary_special_named(const char *name, size_t n);

/* Joint id of a special; offset of the first id of a modality's range, -1 if it has none. */
int64_t vocabulary_special(const vocabulary *v, special_id s);
int64_t vocabulary_offset(const vocabulary *v, modality m);

/* Modality of a joint id and its id within the range; ERR_INVALID when the id is in no range. */
int vocabulary_find(const vocabulary *v, int64_t id, modality *m, int64_t *local);

/* "<boi>", "<img_17>", "<aud_3>", or the text byte as a C-escaped character: for people. */
void vocabulary_name(const vocabulary *v, int64_t id, char *out, size_t size);

/* The bytes of a text token for people: as in a C text, but characters of UTF-8 as they are. */
void vocabulary_name_piece(const char *bytes, size_t n, char *out, size_t size);

/* vocabulary.json: write (committed) and read. ERR_IO, ERR_SPACE, ERR_MISSING, ERR_CORRUPT. */
int vocabulary_save(const vocabulary *v, const char *path);
int vocabulary_load(vocabulary *v, const char *path);
