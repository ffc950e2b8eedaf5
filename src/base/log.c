#include "base/log.h"

#include "base/status.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct {
    pthread_mutex_t lock;
    int rank;
    char host[64];
    log_level level, file_level;
    FILE *file;
    int progress_width;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO};

static const char *const level_names[] = {"ERROR", "WARN", "INFO", "DEBUG", "TRACE"};

void log_start(int rank, const char *host, log_level level)
{
    sink.rank = rank;
    sink.level = level;
    snprintf(sink.host, sizeof sink.host, "%s", host);
}

int log_open(const char *path, log_level level)
{
    int rc = OK;
    pthread_mutex_lock(&sink.lock);
    if (sink.file) fclose(sink.file);
    sink.file = NULL;
    if (path) {
        sink.file = fopen(path, "ae");
        if (!sink.file) FAIL(ERR_IO, "%s: %s", path, strerror(errno));
        setvbuf(sink.file, NULL, _IOLBF, 0);
        sink.file_level = level;
    }
done:
    pthread_mutex_unlock(&sink.lock);
    return rc;
}

void log_progress_width(int width) { sink.progress_width = width; }

void log_write(log_level level, int job_scope, const char *file, int line, const char *format, ...)
{
    if (job_scope && sink.rank != 0) return;
    int to_stderr = level <= sink.level, to_file = sink.file && level <= sink.file_level;
    if (!to_stderr && !to_file) return;

    char text[2048], stamp[32];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    char where[160] = "";
    const char *base = strrchr(file, '/');
    if (level <= LOG_WARN) snprintf(where, sizeof where, " (%s:%d)", base ? base + 1 : file, line);

    pthread_mutex_lock(&sink.lock);
    if (to_stderr) {
        if (sink.progress_width) fprintf(stderr, "\r%*s\r", sink.progress_width, "");
        fprintf(stderr, "%s %-5s [%d@%s] %s%s\n", stamp, level_names[level], sink.rank, sink.host, text, where);
    }
    if (to_file)
        fprintf(sink.file, "%s %-5s [%d@%s] %s%s\n", stamp, level_names[level], sink.rank, sink.host, text, where);
    pthread_mutex_unlock(&sink.lock);
}
