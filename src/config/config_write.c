#include "config/config_value.h"

#include "base/status.h"
#include "config/config_stream.h"
#include "config/option_parse.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Whether every YAML reader, 1.1 ones too, takes the bare text for this text, in a flow list too. */
static int is_plain(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    int path = text[0] == '/' || !strncmp(text, "./", 2) || !strncmp(text, "../", 3);
    if (!is_letter(text[0]) && text[0] != '_' && !path) return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i])) return 0;
    for (const char *p = text; *p; p++)
        if (!is_letter(*p) && !(*p >= '0' && *p <= '9') && !strchr("_-./+@%=~ ", *p)) return 0;
    return text[strlen(text) - 1] != ' ';
}

/* Code point at p and its length in bytes. The text is valid UTF-8: it came from YAML. */
static unsigned code_point(const unsigned char *p, size_t *length)
{
    *length = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    unsigned code = *length == 1 ? p[0] : p[0] & (0x7Fu >> *length);
    for (size_t i = 1; i < *length; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *length = i;
            break;
        }
        code = code << 6 | (p[i] & 0x3F);
    }
    return code;
}

/* Controls, line ends of all kinds, and what editors do not show, go as escapes. */
static int must_escape(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0xAD || (code >= 0x2000 && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202F) || (code >= 0x2060 && code <= 0x206F) ||
           (code >= 0xD800 && code <= 0xF8FF) || code == 0xFEFF || (code >= 0xFFF0 && code <= 0xFFFF);
}

void config_value_write_text(const char *text, FILE *out)
{
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    size_t length;
    for (const unsigned char *p = (const unsigned char *)text; *p; p += length) {
        unsigned code = code_point(p, &length);
        if (code == '"' || code == '\\')
            fprintf(out, "\\%c", (char)code);
        else if (code == '\n')
            fputs("\\n", out);
        else if (code == '\t')
            fputs("\\t", out);
        else if (!must_escape(code))
            fwrite(p, 1, length, out);
        else if (code < 0x100)
            fprintf(out, "\\x%02X", code);
        else
            fprintf(out, code < 0x10000 ? "\\u%04X" : "\\U%08X", code);
    }
    fputc('"', out);
}

void config_value_write(const option *o, const config_value *v, FILE *out)
{
    char number[OPTION_FORMAT_SIZE];
    switch (o->type) {
    case OPTION_BOOL: fputs(v->whole ? "true" : "false", out); break;
    case OPTION_INT: fprintf(out, "%" PRId64, v->whole); break;
    case OPTION_ENUM: config_value_write_text(o->names[v->whole], out); break;
    case OPTION_TEXT: config_value_write_text(v->text ? v->text : "", out); break;
    case OPTION_REAL:
        option_format_real(v->real, number);
        fputs(number, out);
        break;
    case OPTION_BYTES:
        option_format_bytes(v->whole, number);
        fputs(number, out);
        break;
    case OPTION_SECONDS:
        option_format_seconds(v->real, number);
        fputs(number, out);
        break;
    case OPTION_LIST:
        fputc('[', out);
        for (size_t i = 0; i < v->list.n; i++) {
            if (i) fputs(", ", out);
            config_value_write_text(v->list.texts[i], out);
        }
        fputc(']', out);
        break;
    }
}

static void write_limit(const option *o, double limit, FILE *out)
{
    char number[OPTION_FORMAT_SIZE];
    if (o->type == OPTION_BYTES && fabs(limit) < 0x1p63) {
        option_format_bytes((int64_t)limit, number);
    } else if (o->type == OPTION_SECONDS) {
        option_format_seconds(limit, number);
    } else {
        option_format_real(limit, number);
        size_t n = strlen(number);
        if (n > 2 && !strcmp(number + n - 2, ".0")) number[n - 2] = 0;
    }
    fputs(number, out);
}

static int has_range(const option *o)
{
    int is_number =
        o->type == OPTION_INT || o->type == OPTION_REAL || o->type == OPTION_BYTES || o->type == OPTION_SECONDS;
    return is_number && (o->min != 0 || o->max != 0) && (isfinite(o->min) || isfinite(o->max));
}

static void write_range(const option *o, FILE *out)
{
    int below = isfinite(o->min), above = isfinite(o->max);
    fputs(below && above ? "" : below ? "at least " : "at most ", out);
    if (below) write_limit(o, o->min, out);
    if (below && above) fputs(" to ", out);
    if (above) write_limit(o, o->max, out);
}

static void write_names(const option *o, FILE *out)
{
    fputs("one of ", out);
    for (size_t i = 0; o->names[i]; i++) fprintf(out, "%s%s", i ? ", " : "", o->names[i]);
}

int config_value_type(const option *o, char **out)
{
    static const char *const types[] = {
        [OPTION_BOOL] = "true or false",    [OPTION_INT] = "a whole number",
        [OPTION_REAL] = "a number",         [OPTION_ENUM] = "",
        [OPTION_BYTES] = "a size in bytes", [OPTION_SECONDS] = "a time",
        [OPTION_TEXT] = "a text",           [OPTION_LIST] = "a list",
    };
    int rc = OK;
    text_stream s;
    TRY(config_stream_open(&s));
    fputs(types[o->type], s.file);
    if (o->type == OPTION_ENUM) write_names(o, s.file);
    if (has_range(o)) {
        fputs(", ", s.file);
        write_range(o, s.file);
    }
    TRY(config_stream_close(&s, out));
done:
    return rc;
}

int config_value_allowed(const option *o, char **out)
{
    int rc = OK;
    text_stream s;
    TRY(config_stream_open(&s));
    if (o->type == OPTION_ENUM) write_names(o, s.file);
    if (has_range(o)) {
        fputs(" (", s.file);
        write_range(o, s.file);
        fputc(')', s.file);
    }
    TRY(config_stream_close(&s, out));
done:
    return rc;
}
