#include "work/owner.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BEAT_S = 10, DEAD_S = 60, LIMIT = 4096 };

struct owner {
    char *path;
    int64_t attempt;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int running, stopping;
};

typedef struct record {
    char job[64], host[64];
    long long pid, start, attempt,
        boot; /* boot: start time of the process in clock ticks, so that a reused pid is not taken for it */
    int active;
} record;

/* Field 22 of /proc/PID/stat; 0 when there is no such process. */
static long long process_start(long long pid)
{
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%lld/stat", pid);
    FILE *f = fopen(name, "re");
    if (!f) return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    char *p = strrchr(text, ')');
    if (!p || p[1] != ' ' || p[2] == 'Z') return 0; /* a zombie works no more */
    for (int field = 2; field < 22 && p; field++) p = strchr(p + 1, ' ');
    return p ? atoll(p + 1) : 0;
}

static int read_record(const char *path, record *r, int64_t *mtime_ns)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    *r = (record){0};
    TRY(file_read(path, LIMIT, &bytes, &n));
    TRY(file_stat(path, NULL, mtime_ns));
    if (sscanf((char *)bytes, "active %d\njob %63s\nhost %63s\npid %lld\nboot %lld\nstart %lld\nattempt %lld",
               &r->active, r->job, r->host, &r->pid, &r->boot, &r->start, &r->attempt) != 7)
        *r = (record){0}; /* unreadable: nobody's */
done:
    mem_free(&bytes);
    return rc;
}

/* Now by the clock of the file server: the modification time of a file made just now. */
static int server_now(const char *beside, int64_t *ns)
{
    int rc = OK;
    char *name = NULL;
    TRY(file_temporary(&name, beside));
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) FAIL(status_from_errno(errno), "cannot create %s: %s", name, strerror(errno));
    close(fd);
    rc = file_stat(name, NULL, ns);
    unlink(name);
done:
    mem_free(&name);
    return rc;
}

static int same_slurm_job(const record *r)
{
    const char *job = getenv("SLURM_JOB_ID");
    return job && *job && !strcmp(job, r->job);
}

static int is_alive(const char *path, const record *r, int64_t mtime_ns, int *alive)
{
    int rc = OK;
    char host[64] = "";
    int64_t now;
    *alive = 0;
    if (!r->active) goto done;
    gethostname(host, sizeof host - 1);
    if (!strcmp(host, r->host)) {
        *alive = process_start(r->pid) == r->boot && r->boot != 0;
        goto done;
    }
    if (same_slurm_job(r)) goto done; /* queued again on another node: its earlier life is over */
    TRY(server_now(path, &now));
    *alive = now - mtime_ns < (int64_t)DEAD_S * 1000000000;
done:
    return rc;
}

static int write_record(const owner *o, int active)
{
    int rc = OK;
    char *text = NULL, host[64] = "";
    const char *job = getenv("SLURM_JOB_ID");
    gethostname(host, sizeof host - 1);
    TRY(mem_format(&text, "active %d\njob %.63s\nhost %.63s\npid %lld\nboot %lld\nstart %lld\nattempt %lld\n", active,
                   job && *job ? job : "-", host, (long long)getpid(), process_start(getpid()), (long long)time(NULL),
                   (long long)o->attempt));
    TRY(file_commit(o->path, text, strlen(text), "owner"));
done:
    mem_free(&text);
    return rc;
}

static void *beat(void *user)
{
    owner *o = user;
    pthread_mutex_lock(&o->lock);
    while (!o->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += BEAT_S;
        pthread_cond_timedwait(&o->wake, &o->lock, &until);
        if (!o->stopping && utimensat(AT_FDCWD, o->path, NULL, 0) != 0)
            LOG_RANK(LOG_WARN, "the owner file %s is gone: %s", o->path, strerror(errno));
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

int owner_take(owner **out, const char *path, int64_t *attempt)
{
    int rc = OK, alive = 0;
    owner *o = NULL;
    record r = {0};
    int64_t mtime_ns = 0;
    *out = NULL;
    if (file_exists(path)) TRY(read_record(path, &r, &mtime_ns));
    TRY(is_alive(path, &r, mtime_ns, &alive));
    if (alive)
        FAIL(
            ERR_BUSY,
            "another job works on this output: job %s, host %s, pid %lld; stop it first, or choose another output.path",
            r.job, r.host, r.pid);
    TRY(MEM_ALLOC(o, 1));
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wake, NULL);
    o->attempt = r.attempt + 1;
    TRY(mem_string(&o->path, path));
    TRY(write_record(o, 1));
    if (pthread_create(&o->thread, NULL, beat, o) != 0) FAIL(ERR_MEMORY, "cannot start the heartbeat thread");
    o->running = 1;
    *attempt = o->attempt;
    *out = o;
    o = NULL;
done:
    owner_release(&o);
    return rc;
}

static void stop_beating(owner *o)
{
    if (!o->running) return;
    pthread_mutex_lock(&o->lock);
    o->stopping = 1;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    o->running = 0;
}

void owner_finish(owner **po)
{
    owner *o = *po;
    char *folder = NULL;
    if (!o) return;
    stop_beating(o);
    if (mem_string(&folder, o->path) == OK) {
        *strrchr(folder, '/') = 0;
        if (file_remove_tree(folder) != OK) LOG_RANK(LOG_WARN, "%s", status_message());
    }
    mem_free(&folder);
    owner_release(po);
}

void owner_release(owner **po)
{
    owner *o = *po;
    if (!o) return;
    if (o->running) {
        stop_beating(o);
        if (file_exists(o->path) && write_record(o, 0) != OK) LOG_RANK(LOG_WARN, "%s", status_message());
    }
    if (o->path) {
        pthread_mutex_destroy(&o->lock);
        pthread_cond_destroy(&o->wake);
    }
    mem_free(&o->path);
    mem_free(po);
}

int owner_describe(const char *path, char **text, int *alive)
{
    int rc = OK;
    record r;
    int64_t mtime_ns;
    *alive = 0;
    *text = NULL;
    if (!file_exists(path)) return mem_string(text, "");
    TRY(read_record(path, &r, &mtime_ns));
    TRY(is_alive(path, &r, mtime_ns, alive));
    char stamp[32];
    time_t start = (time_t)r.start;
    struct tm utc;
    gmtime_r(&start, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    TRY(mem_format(text, "life %lld, job %s on %s, pid %lld, since %s: %s", r.attempt, r.job, r.host, r.pid, stamp,
                   *alive     ? "running"
                   : r.active ? "died"
                              : "ended"));
done:
    return rc;
}
