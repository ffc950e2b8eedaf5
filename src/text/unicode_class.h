/* Classes of code points as the reference tokenizers see them (the table is theirs:
 * tests/peers/make_unicode_tables.py), whatever Unicode the system's libraries know. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Classes that exclude each other: general categories, and \s (White_Space). */
enum {
    CLASS_OTHER,
    CLASS_UPPER,    /* Lu */
    CLASS_LOWER,    /* Ll */
    CLASS_TITLE,    /* Lt */
    CLASS_MODIFIER, /* Lm */
    CLASS_LETTER,   /* Lo */
    CLASS_MARK,
    CLASS_NUMBER,
    CLASS_SPACE,
    CLASS_MASK = 15
};
/* Flags beside them. */
enum {
    CLASS_WORD = 16,    /* \w of the matcher of added tokens */
    CLASS_LATE = 32,    /* unknown to the reference's normaliser (later than Unicode 9) */
    CLASS_INERT = 64,   /* NFC neither changes it nor, for its sake, what stands beside it */
    CLASS_NUMERIC = 128 /* taken apart by the pre-tokenizer Digits */
};

/* Class and flags of a code point up to 0x10FFFF. */
uint8_t unicode_class(uint32_t code);

/* The 128 first of them, for loops over ASCII. */
const uint8_t *unicode_ascii(void);

/* \p{L}, of a class with or without flags. */
static inline int class_is_letter(unsigned c)
{
    return (c & CLASS_MASK) >= CLASS_UPPER && (c & CLASS_MASK) <= CLASS_LETTER;
}

/* The code point at p, in valid UTF-8, and its length in bytes. */
static inline uint32_t utf8_code(const char *text, size_t *length)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) return *length = 1, p[0];
    if (p[0] < 0xE0) return *length = 2, (p[0] & 31u) << 6 | (p[1] & 63u);
    if (p[0] < 0xF0) return *length = 3, (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
    return *length = 4, (p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u);
}
