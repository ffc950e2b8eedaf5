#include "jobs/suspects.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

typedef enum verdict { UNKNOWN, HARMLESS, CRASHES } verdict;

typedef struct suspect {
    int64_t row, verdict;
} suspect;

struct suspects {
    suspect *list; /* ascending rows */
    size_t n, capacity;
};

static int by_row(const void *a, const void *b)
{
    const suspect *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

static suspect *find(const job *j, int64_t row)
{
    suspect key = {.row = row};
    if (!j->suspects || !j->suspects->n) return NULL;
    return bsearch(&key, j->suspects->list, j->suspects->n, sizeof key, by_row);
}

static int add(struct suspects *s, int64_t row, verdict v)
{
    int rc = OK;
    TRY(MEM_GROW(s->list, &s->capacity, s->n + 1));
    s->list[s->n++] = (suspect){row, v};
done:
    return rc;
}

/* state/poison/ROW holds "crashes", "harmless" or, before it was tried, "suspect". */
static int write_verdict(const job *j, int64_t row, const char *text)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(j, &path, "state/poison"));
    TRY(file_make_folder(path));
    mem_free(&path);
    TRY(job_path(j, &path, "state/poison/%lld", (long long)row));
    TRY(file_commit(path, text, strlen(text), "poison"));
done:
    mem_free(&path);
    return rc;
}

static int read_verdicts(job *j)
{
    int rc = OK;
    char *folder = NULL, *path = NULL;
    uint8_t *bytes = NULL;
    file_list names = {0};
    size_t n;
    TRY(job_path(j, &folder, "state/poison"));
    if (!file_exists(folder)) goto done;
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        if (file_is_temporary(names.names[i])) continue;
        mem_free(&path);
        mem_free(&bytes);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(file_read(path, 64, &bytes, &n));
        verdict v = !strcmp((char *)bytes, "crashes")    ? CRASHES
                    : !strcmp((char *)bytes, "harmless") ? HARMLESS
                                                         : UNKNOWN;
        TRY(add(j->suspects, strtoll(names.names[i], NULL, 10), v));
    }
    if (j->suspects->n) qsort(j->suspects->list, j->suspects->n, sizeof(suspect), by_row);
done:
    mem_free(&folder);
    mem_free(&path);
    mem_free(&bytes);
    file_list_free(&names);
    return rc;
}

int suspects_collect(job *j)
{
    int rc = OK;
    char *folder = NULL;
    int64_t *rows = NULL;
    size_t n = 0;
    TRY(MEM_ALLOC(j->suspects, 1));
    TRY(read_verdicts(j));
    TRY(job_path(j, &folder, "state/inhand"));
    TRY(inhand_collect(folder, &rows, &n));
    size_t known = j->suspects->n;
    for (size_t i = 0; i < n; i++) {
        suspect key = {.row = rows[i]}, *s = known ? bsearch(&key, j->suspects->list, known, sizeof key, by_row) : NULL;
        if (s && s->verdict == CRASHES) continue;
        TRY(write_verdict(j, rows[i], "suspect")); /* the note is gone now; the question stays */
        if (s)
            s->verdict = UNKNOWN; /* a header that can be read says little about the rest */
        else
            TRY(add(j->suspects, rows[i], UNKNOWN));
    }
    if (j->suspects->n) qsort(j->suspects->list, j->suspects->n, sizeof(suspect), by_row);
    if (n) LOG_JOB(LOG_INFO, "%zu rows were in hand when an earlier life ended; they are tried on their own first", n);
done:
    mem_free(&rows);
    mem_free(&folder);
    return rc;
}

int suspects_share(job *j)
{
    int rc = OK;
    char *bytes = NULL;
    size_t n = 0;
    if (j->p.rank == 0) {
        n = j->suspects->n * sizeof(suspect);
        rc = mem_copy(&bytes, j->suspects->list, n);
    }
    TRY(par_agree(&j->p, rc));
    TRY(par_share(&j->p, &bytes, &n));
    if (j->p.rank != 0) {
        rc = MEM_ALLOC(j->suspects, 1);
        if (rc == OK) {
            j->suspects->list = (suspect *)(void *)bytes;
            j->suspects->n = n / sizeof(suspect);
            bytes = NULL;
        }
    }
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&bytes);
    return rc;
}

void suspects_free(job *j)
{
    if (!j->suspects) return;
    mem_free(&j->suspects->list);
    mem_free(&j->suspects);
}

int suspects_asks(const job *j, int64_t row)
{
    const suspect *s = find(j, row);
    return s && s->verdict == UNKNOWN;
}

/* The environment without what would make the child believe that it is a rank. */
static int child_environment(char ***out)
{
    int rc = OK;
    size_t n = 0, kept = 0;
    while (environ[n]) n++;
    TRY(MEM_ALLOC(*out, n + 1));
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "OMPI_", 5) && strncmp(environ[i], "PMIX_", 5) && strncmp(environ[i], "PMI_", 4))
            (*out)[kept++] = environ[i];
done:
    return rc;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Whether the child ended by its own fault: by such a signal, or by a sanitizer that reports and exits (not with an
 * exit code of ours). Other signals come from outside: a stop, a kill, no memory. */
static int is_crash(int state)
{
    if (WIFEXITED(state)) return WEXITSTATUS(state) > 75;
    if (!WIFSIGNALED(state)) return 0;
    int number = WTERMSIG(state);
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGABRT ||
           number == SIGTRAP || number == SIGSYS;
}

/* Run the child to its end; *crashed when it ended by its own fault. */
static int run_child(const job *j, char *const *arguments, int (*tick)(void *user), void *user, int *crashed)
{
    int rc = OK, state = 0;
    char **environment = NULL, *argv[16] = {(char *)"tessera"};
    pid_t pid = -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (size_t i = 0; arguments[i] && i < 14; i++) argv[i + 1] = arguments[i];
    TRY(child_environment(&environment));
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int err = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environment);
    if (err) FAIL(ERR_ENVIRONMENT, "cannot start a child: %s", strerror(err));
    double deadline = seconds_now() + j->run.row_timeout;
    for (;;) {
        pid_t got = waitpid(pid, &state, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR)) break;
        if (tick && (rc = tick(user)) != OK) break;
        if (seconds_now() > deadline) {
            rc = status_set(ERR_ENVIRONMENT, __FILE__, __LINE__,
                            "the row took more than run.row_timeout (%g s) on its own", j->run.row_timeout);
            break;
        }
        usleep(2000);
    }
    if (rc != OK) {
        kill(pid, SIGKILL);
        waitpid(pid, &state, 0);
    }
    *crashed = is_crash(state);
    if (rc == OK && WIFSIGNALED(state) && !*crashed)
        FAIL(ERR_ENVIRONMENT, "the child that tried the row was ended by signal %d", WTERMSIG(state));
done:
    posix_spawn_file_actions_destroy(&actions);
    mem_free(&environment);
    return rc;
}

int suspects_check(job *j, int64_t row, char *const *arguments, int (*tick)(void *user), void *user)
{
    int rc = OK, crashed;
    suspect *s = find(j, row);
    if (!s || s->verdict == HARMLESS) goto done;
    if (s->verdict == UNKNOWN) {
        TRY(run_child(j, arguments, tick, user, &crashed));
        TRY(write_verdict(j, row, crashed ? "crashes" : "harmless"));
        s->verdict = crashed ? CRASHES : HARMLESS;
    }
    if (s->verdict == CRASHES) FAIL(ERR_CRASHED, "the row crashed a decoder");
done:
    return rc;
}
