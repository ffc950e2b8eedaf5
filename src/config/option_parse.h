/* Scalars written as text: what a YAML value, --set and a command line flag have in common. Independent of the locale.
 * All Local.
 *
 * The parse functions take the whole text or fail with ERR_CONFIG and a message that starts with the text ('"abc" is
 * not a number'); the caller adds the place. The format functions write the canonical form, which parses back to the
 * same value. */
#pragma once

#include <stdint.h>

/* Decimal, 0x or 0o, with a sign or without; fails where int64_t does not hold it. */
int option_parse_int(const char *text, int64_t *out);

/* Decimal with fraction and exponent; no nan, no inf, no hexadecimal. Minus zero becomes zero. */
int option_parse_real(const char *text, double *out);

/* true, false, yes, no in any case -> 1, 0. */
int option_parse_bool(const char *text, int *out);

/* A size with a suffix B, KB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024) in any case, or without: bytes.
 * Up to six fraction digits where the result is whole ("1.5GiB"). */
int option_parse_bytes(const char *text, int64_t *out);

/* A time with a suffix s, m, h, d or without: seconds. */
int option_parse_seconds(const char *text, double *out);

/* An entry "NAME: NUMBER" of a list, as a YAML map of numbers becomes ("train: 0.98"). Caller: mem_free(name). */
int option_parse_named(const char *entry, char **name, double *value);

enum { OPTION_FORMAT_SIZE = 40 };
void option_format_real(double value, char out[OPTION_FORMAT_SIZE]);
void option_format_bytes(int64_t value, char out[OPTION_FORMAT_SIZE]);
void option_format_seconds(double value, char out[OPTION_FORMAT_SIZE]);

/* A text for a message: control characters become '?', and what is longer than 80 bytes is cut. */
typedef struct option_shown {
    char text[88];
} option_shown;
option_shown option_show(const char *text);
