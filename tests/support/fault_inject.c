/* Failures on purpose: the hook of base/fault.h in the test binary tessera-fault. Not in the shipped program.
 *
 *   TESSERA_FAULT      actions, separated by ";":  ACTION=POINT[:N][@RANK]
 *     kill             kill -9 of this process
 *     killall          kill -9 of all ranks of this host and of their launcher
 *     usr1, term       raise the signal and go on
 *     crash            a segmentation fault
 *     hold             wait until the file $TESSERA_FAULT_HOLD is gone; makes that file with ".reached" when it starts
 *     errno-NAME       the call at the point fails with this errno (errno-ENOSPC=part.write)
 *   N is the number of the hit, counted in each process from 1 (the default); "N+" means from then on. Without @RANK
 *   every rank does it.
 *   TESSERA_FAULT_LOG  each point is appended to this file when a process reaches it for the first time */
#include "base/fault.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ACTIONS = 16, MAX_SEEN = 512, MAX_NAME = 128, HOLD_LIMIT_MS = 60000 };

typedef enum action_kind { ACT_KILL, ACT_KILL_ALL, ACT_USR1, ACT_TERM, ACT_CRASH, ACT_HOLD, ACT_ERRNO } action_kind;

typedef struct action {
    action_kind kind;
    int err;
    char point[MAX_NAME];
    long at, hits;
    int onward; /* each hit from `at` on */
    int rank;   /* -1: any */
} action;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int parsed, my_rank;
static action actions[MAX_ACTIONS];
static size_t n_actions;
static char seen[MAX_SEEN][MAX_NAME];
static size_t n_seen;

static void refuse(const char *text)
{
    fprintf(stderr, "fault_inject: cannot read TESSERA_FAULT at \"%s\"\n", text);
    _exit(99);
}

static int rank_of_launcher(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return atoi(getenv(names[i]));
    return 0;
}

static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int err;
    } known[] = {{"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EIO", EIO}, {"ENOMEM", ENOMEM}, {"ESTALE", ESTALE}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name)) return known[i].err;
    return 0;
}

static void read_kind(action *a, const char *word)
{
    static const char *const words[] = {"kill", "killall", "usr1", "term", "crash", "hold"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i])) {
            a->kind = (action_kind)i;
            return;
        }
    a->kind = ACT_ERRNO;
    a->err = strncmp(word, "errno-", 6) ? 0 : errno_of(word + 6);
    if (!a->err) refuse(word);
}

/* Cut "SEPARATOR digits [+]" off the end of text and return the number; `otherwise` when it does not end so. */
static long read_tail(char *text, char separator, long otherwise, int *plus)
{
    char *tail = strrchr(text, separator), *end;
    if (!tail || !isdigit((unsigned char)tail[1])) return otherwise;
    long number = strtol(tail + 1, &end, 10);
    if (plus && *end == '+') {
        *plus = 1;
        end++;
    }
    if (*end) return otherwise;
    *tail = 0;
    return number;
}

static void read_action(char *text)
{
    char *point = strchr(text, '=');
    if (!point || n_actions == MAX_ACTIONS) refuse(text);
    *point++ = 0;
    action *a = &actions[n_actions++];
    read_kind(a, text);
    a->rank = (int)read_tail(point, '@', -1, NULL);
    a->at = read_tail(point, ':', 1, &a->onward);
    if (!*point || strlen(point) >= MAX_NAME) refuse(point);
    strcpy(a->point, point);
}

static void read_actions(void)
{
    parsed = 1;
    my_rank = rank_of_launcher();
    const char *text = getenv("TESSERA_FAULT");
    if (!text) return;
    char *copy = strdup(text), *rest = copy;
    for (char *one; copy && (one = strsep(&rest, ";"));)
        if (*one) read_action(one);
    free(copy);
}

static void note(const char *name)
{
    const char *path = getenv("TESSERA_FAULT_LOG");
    if (!path || strstr(name, ".row.")) return; /* a point per row: too many */
    for (size_t i = 0; i < n_seen; i++)
        if (!strcmp(seen[i], name)) return;
    if (n_seen == MAX_SEEN) return;
    snprintf(seen[n_seen++], MAX_NAME, "%s", name);
    char line[MAX_NAME + 1];
    int n = snprintf(line, sizeof line, "%s\n", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, line, (size_t)n) != n) perror(path);
    if (fd >= 0) close(fd);
}

static int parent_of(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    char *end = strrchr(text, ')'); /* of the command's name, which may hold anything */
    int parent = -1;
    if (end) sscanf(end + 1, " %*c %d", &parent);
    return parent;
}

static int is_launcher(pid_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    if (!fgets(name, sizeof name, f)) name[0] = 0;
    fclose(f);
    static const char *const names[] = {"mpirun", "mpiexec", "orterun", "prterun", "orted", "prted", "hydra_pmi_proxy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(name, names[i], strlen(names[i])) && name[strlen(names[i])] == '\n') return 1;
    return 0;
}

/* The launcher first, so that it cannot send the ranks a SIGTERM that they could obey. */
static void kill_all(void)
{
    pid_t me = getpid(), launcher = getppid();
    DIR *proc = is_launcher(launcher) ? opendir("/proc") : NULL;
    if (proc) {
        kill(launcher, SIGSTOP);
        for (struct dirent *e; (e = readdir(proc));) {
            pid_t pid = (pid_t)atoi(e->d_name);
            if (pid > 0 && pid != me && parent_of(pid) == launcher) kill(pid, SIGKILL);
        }
        kill(launcher, SIGKILL);
        closedir(proc);
    }
    kill(me, SIGKILL);
}

static void hold(void)
{
    const char *path = getenv("TESSERA_FAULT_HOLD");
    char reached[4096];
    if (!path) refuse("hold without TESSERA_FAULT_HOLD");
    snprintf(reached, sizeof reached, "%s.reached", path);
    int fd = open(reached, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0) close(fd);
    for (int ms = 0; ms < HOLD_LIMIT_MS && access(path, F_OK) == 0; ms += 10) usleep(10000);
}

static int act(const action *a)
{
    switch (a->kind) {
    case ACT_KILL: kill(getpid(), SIGKILL); break;
    case ACT_KILL_ALL: kill_all(); break;
    case ACT_USR1: raise(SIGUSR1); break;
    case ACT_TERM: raise(SIGTERM); break;
    case ACT_CRASH: signal(SIGSEGV, SIG_DFL), raise(SIGSEGV); break;
    case ACT_HOLD: hold(); break;
    case ACT_ERRNO: return a->err;
    }
    return 0;
}

static int on_point(const char *name)
{
    const action *due[MAX_ACTIONS];
    size_t n_due = 0;
    pthread_mutex_lock(&lock);
    if (!parsed) read_actions();
    note(name);
    for (size_t i = 0; i < n_actions; i++) {
        action *a = &actions[i];
        if (strcmp(a->point, name) || (a->rank >= 0 && a->rank != my_rank)) continue;
        a->hits++;
        if (a->hits == a->at || (a->onward && a->hits > a->at)) due[n_due++] = a;
    }
    pthread_mutex_unlock(&lock);
    int err = 0;
    for (size_t i = 0; i < n_due; i++) {
        int result = act(due[i]);
        if (result) err = result;
    }
    return err;
}

__attribute__((constructor)) static void install(void) { fault_set_hook(on_point); }
