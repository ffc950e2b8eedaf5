#include "config/option_parse.h"

#include "base/memory.h"
#include "base/status.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int is_digit(char c) { return c >= '0' && c <= '9'; }

option_shown option_show(const char *text)
{
    option_shown out = {{0}};
    size_t n = strlen(text), kept = n <= 80 ? n : 80;
    while (kept < n && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80) kept--; /* not inside a character */
    for (size_t i = 0; i < kept; i++) out.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    if (kept < n) strcpy(out.text + kept, "...");
    return out;
}

int option_parse_int(const char *text, int64_t *out)
{
    int rc = OK, base = 10;
    const char *p = text;
    int negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (p == text && p[0] == '0' && (p[1] == 'x' || p[1] == 'o')) {
        base = p[1] == 'x' ? 16 : 8;
        p += 2;
    }
    int64_t value = 0;
    int overflow = 0, any = 0;
    for (; *p; p++, any = 1) {
        int digit = is_digit(*p)             ? *p - '0'
                    : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                    : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10
                                             : 99;
        if (digit >= base) FAIL(ERR_CONFIG, "\"%s\" is not a whole number", option_show(text).text);
        overflow |= __builtin_mul_overflow(value, base, &value);
        overflow |= __builtin_add_overflow(value, negative ? -digit : digit, &value);
    }
    if (!any) FAIL(ERR_CONFIG, "\"%s\" is not a whole number", option_show(text).text);
    if (overflow) FAIL(ERR_CONFIG, "%s is larger than 64 bits hold", option_show(text).text);
    *out = value;
done:
    return rc;
}

/* Length of the number at the start of the text; 0 if there is none. */
static size_t number_length(const char *text)
{
    const char *p = text;
    size_t digits = 0;
    if (*p == '-' || *p == '+') p++;
    for (; is_digit(*p); p++) digits++;
    if (*p == '.')
        for (p++; is_digit(*p); p++) digits++;
    if (!digits) return 0;
    if (*p == 'e' || *p == 'E') {
        const char *q = p + 1;
        if (*q == '-' || *q == '+') q++;
        if (is_digit(*q)) {
            while (is_digit(*q)) q++;
            p = q;
        }
    }
    return (size_t)(p - text);
}

/* strtod with a decimal point, whatever the locale of the process is. */
static double to_real(const char *text)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double value = plain ? strtod_l(text, NULL, plain) : strtod(text, NULL);
    if (plain) freelocale(plain);
    return value == 0 ? 0 : value; /* no minus zero */
}

int option_parse_real(const char *text, double *out)
{
    int rc = OK;
    size_t n = number_length(text);
    if (!n || text[n]) FAIL(ERR_CONFIG, "\"%s\" is not a number", option_show(text).text);
    double value = to_real(text);
    if (!isfinite(value)) FAIL(ERR_CONFIG, "%s is too large", option_show(text).text);
    *out = value;
done:
    return rc;
}

int option_parse_bool(const char *text, int *out)
{
    int rc = OK;
    int yes = !strcasecmp(text, "true") || !strcasecmp(text, "yes");
    if (!yes && strcasecmp(text, "false") && strcasecmp(text, "no"))
        FAIL(ERR_CONFIG, "\"%s\" is not true or false", option_show(text).text);
    *out = yes;
done:
    return rc;
}

static const struct {
    const char *suffix;
    int64_t factor;
} sizes[] = {
    {"TiB", INT64_C(1) << 40},
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"TB", INT64_C(1000000000000)},
    {"GB", INT64_C(1000000000)},
    {"MB", INT64_C(1000000)},
    {"KB", INT64_C(1000)},
    {"B", 1},
    {"", 1},
};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

int option_parse_bytes(const char *text, int64_t *out)
{
    int rc = OK, overflow = 0, any = 0, negative = *text == '-';
    const char *p = text + (negative || *text == '+');
    int64_t whole = 0, fraction = 0, scale = 1, factor = 0, more = 0;
    for (; is_digit(*p); p++, any = 1) {
        overflow |= __builtin_mul_overflow(whole, 10, &whole);
        overflow |= __builtin_add_overflow(whole, *p - '0', &whole);
    }
    if (any && *p == '.' && is_digit(p[1]))
        for (p++; is_digit(*p) && scale < 1000000; p++, scale *= 10) fraction = fraction * 10 + (*p - '0');
    while (*p == ' ') p++;
    for (int i = 0; i < N_SIZES && !factor; i++)
        if (!strcasecmp(p, sizes[i].suffix)) factor = sizes[i].factor;
    if (!any || !factor)
        FAIL(ERR_CONFIG, "\"%s\" is not a size in bytes, like 512, 64KiB, 2GiB or 500MB", option_show(text).text);
    if (fraction * factor % scale) FAIL(ERR_CONFIG, "\"%s\" is not a whole number of bytes", option_show(text).text);
    more = fraction * factor / scale; /* below 2^40: the product is below 10^6 x 2^40 */
    overflow |= __builtin_mul_overflow(whole, factor, &whole);
    overflow |= __builtin_add_overflow(whole, more, &whole);
    if (overflow) FAIL(ERR_CONFIG, "%s is larger than 64 bits hold", option_show(text).text);
    *out = negative ? -whole : whole;
done:
    return rc;
}

int option_parse_seconds(const char *text, double *out)
{
    int rc = OK;
    size_t n = number_length(text);
    const char *suffix = text + n;
    while (n && *suffix == ' ') suffix++;
    double factor = !strcmp(suffix, "") || !strcmp(suffix, "s") ? 1
                    : !strcmp(suffix, "m")                      ? 60
                    : !strcmp(suffix, "h")                      ? 3600
                    : !strcmp(suffix, "d")                      ? 86400
                                                                : 0;
    if (!n || factor == 0)
        FAIL(ERR_CONFIG, "\"%s\" is not a time, like 30, 30s, 10m, 4h or 2d", option_show(text).text);
    double value = to_real(text) * factor;
    if (!isfinite(value)) FAIL(ERR_CONFIG, "%s is too large", option_show(text).text);
    *out = value;
done:
    return rc;
}

int option_parse_named(const char *entry, char **name, double *value)
{
    int rc = OK;
    *name = NULL;
    const char *colon = strrchr(entry, ':');
    const char *number = colon ? colon + 1 : entry;
    while (*number == ' ') number++;
    if (!colon || colon == entry) FAIL(ERR_CONFIG, "\"%s\" is not of the form NAME: NUMBER", option_show(entry).text);
    if (option_parse_real(number, value) != OK)
        FAIL(ERR_CONFIG, "\"%s\" is not of the form NAME: NUMBER", option_show(entry).text);
    TRY(mem_copy(name, entry, (size_t)(colon - entry)));
done:
    return rc;
}

/* The shortest of 15, 16, 17 digits that reads back; with a point, so that every YAML reader takes it for a real. */
void option_format_real(double value, char out[OPTION_FORMAT_SIZE])
{
    char digits[OPTION_FORMAT_SIZE - 8];
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), kept = plain ? uselocale(plain) : (locale_t)0;
    for (int n = 15; n <= 17; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, value);
        if (strtod(digits, NULL) == value) break;
    }
    if (plain) {
        uselocale(kept);
        freelocale(plain);
    }
    size_t mantissa = strcspn(digits, "e");
    int whole = !memchr(digits, '.', mantissa);
    snprintf(out, OPTION_FORMAT_SIZE, "%.*s%s%s", (int)mantissa, digits, whole ? ".0" : "", digits + mantissa);
}

/* In the unit that gives the smallest number; the table prefers powers of 1024. */
void option_format_bytes(int64_t value, char out[OPTION_FORMAT_SIZE])
{
    int best = N_SIZES - 1;
    for (int i = N_SIZES - 1; i >= 0; i--)
        if (value > 0 && value % sizes[i].factor == 0 && sizes[i].factor > 1 && sizes[i].factor >= sizes[best].factor)
            best = i;
    snprintf(out, OPTION_FORMAT_SIZE, "%" PRId64 "%s", value / sizes[best].factor, sizes[best].suffix);
}

void option_format_seconds(double value, char out[OPTION_FORMAT_SIZE])
{
    static const struct {
        char suffix;
        double factor;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if ((value != 0 || units[i].factor == 1) && fabs(value) < 0x1p53 && fmod(value, units[i].factor) == 0) {
            snprintf(out, OPTION_FORMAT_SIZE, "%.0f%c", value / units[i].factor, units[i].suffix);
            return;
        }
    option_format_real(value, out);
    strcat(out, "s");
}
