/* The log: time, level, rank, host and text on each line, from `warn` up also file and line. To stderr and, once
 * opened, to the rank's file.
 *
 *   error   the job cannot go on; never in a clean run
 *   warn    it can, but a person should know
 *   info    what the job does, one line a stage; nothing per item
 *   debug   one line a unit (rank's file only)
 *   trace   one line an item (rank's file only)
 *
 * Two scopes: LOG_JOB prints on rank 0 only, LOG_RANK on the rank that calls. All functions are Local and thread-safe.
 */
#pragma once

typedef enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE } log_level;

/* Set who writes. `level` is the highest level that stderr gets. */
void log_start(int rank, const char *host, log_level level);

/* Also append to this file, up to `level`; NULL closes it. ERR_IO. */
int log_open(const char *path, log_level level);

/* A progress line below the log on a terminal is erased before each log line; progress sets this to its width. */
void log_progress_width(int width);

void log_write(log_level level, int job_scope, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#define LOG_JOB(level, ...) log_write((level), 1, __FILE__, __LINE__, __VA_ARGS__)
#define LOG_RANK(level, ...) log_write((level), 0, __FILE__, __LINE__, __VA_ARGS__)
