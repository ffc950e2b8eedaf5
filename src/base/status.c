#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
    int line;
    const char *file;
    char message[1024];
} latest;

static const struct {
    int code;
    const char *name;
} names[] = {
    {OK, "ok"},
    {ERR_FORMAT, "damaged"},
    {ERR_UNSUPPORTED, "unsupported-format"},
    {ERR_LIMIT, "too-large"},
    {ERR_EMPTY, "empty"},
    {ERR_MISSING, "missing-file"},
    {ERR_CHANGED, "changed-file"},
    {ERR_INVALID, "invalid"},
    {ERR_DUPLICATE, "duplicate-id"},
    {ERR_CRASHED, "crashed-decoder"},
    {ERR_ENVIRONMENT, "environment"},
    {ERR_USAGE, "usage"},
    {ERR_CONFIG, "config"},
    {ERR_MISMATCH, "settings-differ"},
    {ERR_BUSY, "busy"},
    {ERR_SPACE, "no-space"},
    {ERR_MEMORY, "no-memory"},
    {ERR_IO, "input-output"},
    {ERR_CORRUPT, "corrupt"},
    {ERR_REJECTS, "too-many-rejects"},
    {ERR_VERIFY, "verification-failed"},
    {ERR_STOPPED, "stopped"},
    {ERR_INTERNAL, "internal"},
};

const char *status_name(int code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code) return names[i].name;
    return "unknown";
}

int status_is_item(int code) { return code < 0 && code > ERR_ENVIRONMENT; }

int status_is_environment(int code) { return code == ERR_ENVIRONMENT; }

int status_from_errno(int err)
{
    if (err == ENOSPC || err == EDQUOT || err == EFBIG) return ERR_SPACE;
    return err == ENOMEM ? ERR_MEMORY : ERR_IO;
}

int status_set(int code, const char *file, int line, const char *format, ...)
{
    char message[sizeof latest.message]; /* the arguments may be the latest message itself */
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    memcpy(latest.message, message, sizeof message);
    latest.file = file;
    latest.line = line;
    return code;
}

const char *status_message(void) { return latest.message; }

const char *status_file(void) { return latest.file ? latest.file : ""; }

int status_line(void) { return latest.line; }
