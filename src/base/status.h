/* Status codes, the error message that goes with them, and the macros that pass both upward.
 *
 * Every function that can fail returns an int status: OK or one of the codes below. Where it fails it records a message
 * (FAIL); callers forward it in one word (TRY). Both need `int rc = OK;` and one label `done:` in the function. */
#pragma once

#include <stddef.h>

enum status {
    OK = 0,

    /* item: the row or its bytes are at fault; the stage loop rejects the row and goes on */
    ERR_FORMAT = -1,      /* damaged, or not a known format */
    ERR_UNSUPPORTED = -2, /* a known format or feature that is not supported */
    ERR_LIMIT = -3,       /* larger than a configured limit */
    ERR_EMPTY = -4,       /* no sample, no frame, no pixel */
    ERR_MISSING = -5,     /* a file that the row names does not exist */
    ERR_CHANGED = -6,     /* a file is not what was indexed */
    ERR_INVALID = -7,     /* a value in the row or the media is not allowed */
    ERR_DUPLICATE = -8,   /* an id that an earlier row has */
    ERR_CRASHED = -9,     /* the row crashed an isolated decoder */

    /* environment: not determined by the bytes; tried again elsewhere before it becomes a reject */
    ERR_ENVIRONMENT = -20,

    /* job: the rank starts no new work and walks on to the next agreement */
    ERR_USAGE = -30,    /* command line */
    ERR_CONFIG = -31,   /* configuration, or a path that it names */
    ERR_MISMATCH = -32, /* settings differ from those of the work that is there */
    ERR_BUSY = -33,     /* another job works on the output */
    ERR_SPACE = -34,    /* no space or quota */
    ERR_MEMORY = -35,   /* no memory */
    ERR_IO = -36,       /* reading or writing our own files failed */
    ERR_CORRUPT = -37,  /* one of our own files is damaged */
    ERR_REJECTS = -38,  /* too many rejects */
    ERR_VERIFY = -39,   /* verification failed */
    ERR_STOPPED = -40,  /* stopped on request; run the same command again */
    ERR_INTERNAL = -50  /* a broken invariant */
};

/* Short name of a code, as written in rejects.jsonl and logs ("damaged", "too-large", ...). Local. */
const char *status_name(int code);

/* Whether a code rejects one row (1) or concerns the job (0). ERR_ENVIRONMENT is neither: see status_is_environment.
 * Local. */
int status_is_item(int code);
int status_is_environment(int code);

/* The status for errno after a failed call on our own files (ERR_SPACE, ERR_MEMORY, ERR_IO). Local. */
int status_from_errno(int err);

/* Record the message of this thread's latest error; returns `code`. Use through FAIL. Local. */
int status_set(int code, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Message, source file and line of this thread's latest error; never NULL. Local. */
const char *status_message(void);
const char *status_file(void);
int status_line(void);

#define FAIL(code, ...)                                                                                                \
    do {                                                                                                               \
        rc = status_set((code), __FILE__, __LINE__, __VA_ARGS__);                                                      \
        goto done;                                                                                                     \
    } while (0)

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != OK) goto done;                                                                                       \
    } while (0)
