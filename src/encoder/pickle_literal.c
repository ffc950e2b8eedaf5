/* Literals of a pickle stream: what its opcodes carry behind them. */
#include "base/status.h"
#include "encoder/pickle_parts.h"

#include <string.h>

static int read_bytes(pickle_machine *m, uint64_t n, const char **bytes)
{
    int rc = OK;
    if (n > (uint64_t)(m->end - m->at)) FAIL(ERR_CONFIG, "%s: data.pkl is cut off", m->path);
    *bytes = (const char *)m->at;
    m->at += n;
done:
    return rc;
}

int pickle_read_number(pickle_machine *m, int n_bytes, uint64_t *number)
{
    int rc = OK;
    const char *bytes = NULL;
    *number = 0;
    TRY(read_bytes(m, (uint64_t)n_bytes, &bytes));
    for (int i = n_bytes - 1; i >= 0; i--) *number = *number << 8 | (uint8_t)bytes[i];
done:
    return rc;
}

int pickle_read_line(pickle_machine *m, const char **line, size_t *n)
{
    int rc = OK;
    const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end) FAIL(ERR_CONFIG, "%s: data.pkl is cut off", m->path);
    *line = (const char *)m->at;
    *n = (size_t)(end - m->at);
    m->at = end + 1;
done:
    return rc;
}

/* A length of `width` bytes, then as many bytes. */
static int read_counted(pickle_machine *m, int width, const char **bytes, uint64_t *n)
{
    int rc = OK;
    TRY(pickle_read_number(m, width, n));
    TRY(read_bytes(m, *n, bytes));
done:
    return rc;
}

int pickle_push_plain(pickle_machine *m) { return pickle_push(m, (pickle_value){.kind = PICKLE_PLAIN}); }

static int push_int(pickle_machine *m, int64_t number)
{
    return pickle_push(m, (pickle_value){PICKLE_INT, 0, {.number = number}});
}

int pickle_push_text(pickle_machine *m, int width)
{
    int rc = OK;
    const char *bytes = NULL;
    uint64_t n;
    TRY(read_counted(m, width, &bytes, &n));
    TRY(pickle_push(m, (pickle_value){PICKLE_TEXT, (uint32_t)n, {.text = bytes}}));
done:
    return rc;
}

int pickle_push_bytes(pickle_machine *m, int width)
{
    int rc = OK;
    const char *bytes = NULL;
    uint64_t n;
    TRY(read_counted(m, width, &bytes, &n));
    TRY(pickle_push_plain(m));
done:
    return rc;
}

/* A whole number of any length; one beyond 64 bits can be no size, and nobody looks at it. */
int pickle_push_long(pickle_machine *m, int width)
{
    int rc = OK;
    const char *bytes = NULL;
    uint64_t n, number = 0;
    TRY(read_counted(m, width, &bytes, &n));
    if (n > 8) return pickle_push_plain(m);
    if (n && ((uint8_t)bytes[n - 1] & 0x80)) number = ~(uint64_t)0;
    for (uint64_t i = n; i-- > 0;) number = number << 8 | (uint8_t)bytes[i];
    TRY(push_int(m, (int64_t)number));
done:
    return rc;
}

int pickle_push_unsigned(pickle_machine *m, int width)
{
    int rc = OK;
    uint64_t number;
    TRY(pickle_read_number(m, width, &number));
    TRY(push_int(m, (int64_t)number));
done:
    return rc;
}

int pickle_push_int32(pickle_machine *m)
{
    int rc = OK;
    uint64_t number;
    TRY(pickle_read_number(m, 4, &number));
    TRY(push_int(m, (int32_t)(uint32_t)number));
done:
    return rc;
}

int pickle_push_float(pickle_machine *m)
{
    int rc = OK;
    const char *bytes = NULL;
    TRY(read_bytes(m, 8, &bytes));
    TRY(pickle_push_plain(m));
done:
    return rc;
}
