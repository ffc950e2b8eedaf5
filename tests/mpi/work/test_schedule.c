/* Every task once, on any number of ranks; failures, retries and stops reach everybody. */
#include "base/log.h"
#include "base/status.h"
#include "work/schedule.h"
#include "work/stop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TASKS = 200, GATHERS = 10, PER_GATHER = TASKS / GATHERS };

static int failures;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: rank %d: %s\n", __FILE__, __LINE__, p->rank, #condition);                          \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

/* Tasks 0..TASKS-1, and a gather for each PER_GATHER of them that comes only when they are done. */
typedef struct fixture {
    par *p;
    int64_t next, gathers_given, reported[TASKS + GATHERS], performed[TASKS + GATHERS], missing[GATHERS];
    int64_t fail_task; /* gives this status on the first attempt */
    int fail_status, stop_at;
    int64_t gathers_on_root;
} fixture;

static int64_t next(void *user, int rank)
{
    fixture *f = user;
    for (int g = 0; g < GATHERS && (rank != 0 || f->p->size == 1); g++)
        if (f->missing[g] == 0) {
            f->missing[g] = -1;
            f->gathers_given++;
            return TASKS + g;
        }
    return f->next < TASKS ? f->next++ : -1;
}

static void done(void *user, int64_t task)
{
    fixture *f = user;
    f->reported[task]++;
    if (task < TASKS) f->missing[task / PER_GATHER]--;
}

static int64_t left(void *user)
{
    const fixture *f = user;
    return TASKS - f->next + GATHERS - f->gathers_given;
}

static int perform(void *user, schedule *s, int64_t task, int final, progress_counts *counts)
{
    int rc = OK;
    fixture *f = user;
    TRY(schedule_tick(s));
    counts->work = 1;
    if (task == f->stop_at && f->p->rank == f->p->size - 1) raise(SIGUSR1);
    if (task == f->fail_task && !final) FAIL(f->fail_status, "task %lld fails", (long long)task);
    if (task >= TASKS && f->p->rank == 0) f->gathers_on_root++;
    if (task % 17 == 0) usleep(500);
    f->performed[task]++;
done:
    return rc;
}

static int run(par *p, fixture *f, int64_t root_works_below)
{
    schedule_options o = {.root_works_below = root_works_below,
                          .phase = "test",
                          .total = {.units = TASKS + GATHERS, .work = TASKS + GATHERS}};
    schedule_tasks tasks = {.next = next, .done = done, .left = left, .perform = perform, .user = f};
    for (int g = 0; g < GATHERS; g++) f->missing[g] = PER_GATHER;
    return schedule_run(p, &o, &tasks);
}

static void every_task_is_done_once(par *p, int64_t root_works_below)
{
    fixture f = {.p = p, .fail_task = -1, .stop_at = -1};
    EXPECT(run(p, &f, root_works_below) == OK);
    par_sum(p, f.performed, TASKS + GATHERS);
    for (int t = 0; t < TASKS + GATHERS; t++) {
        EXPECT(f.performed[t] == 1);
        if (p->rank == 0) EXPECT(f.reported[t] == 1);
    }
    EXPECT(p->size == 1 || f.gathers_on_root == 0);
}

static void failure_of_one_stops_all(par *p)
{
    fixture f = {.p = p, .fail_task = 57, .fail_status = ERR_SPACE, .stop_at = -1};
    EXPECT(run(p, &f, 64) == ERR_SPACE);
    EXPECT(!strcmp(status_message(), "task 57 fails"));
    par_sum(p, f.performed, TASKS + GATHERS);
    EXPECT(f.performed[57] == 0);
}

static void environment_is_tried_again(par *p, int64_t root_works_below)
{
    fixture f = {.p = p, .fail_task = 23, .fail_status = ERR_ENVIRONMENT, .stop_at = -1};
    EXPECT(run(p, &f, root_works_below) == OK);
    par_sum(p, f.performed, TASKS + GATHERS);
    EXPECT(f.performed[23] == 1);
}

static void signal_to_one_stops_all(par *p)
{
    /* with several ranks the last one may not get task 5: then all is done without a stop */
    fixture f = {.p = p, .fail_task = -1, .stop_at = p->size == 1 ? 5 : -1};
    if (p->size > 1 && p->rank == p->size - 1) raise(SIGUSR1);
    EXPECT(run(p, &f, 64) == ERR_STOPPED);
    par_sum(p, f.performed, TASKS + GATHERS);
    int64_t n = 0;
    for (int t = 0; t < TASKS + GATHERS; t++) n += f.performed[t];
    EXPECT(n < TASKS + GATHERS);
}

int main(int argc, char **argv)
{
    par p_, *p = &p_;
    par_start(p, &argc, &argv);
    log_start(p->rank, p->host, LOG_ERROR);
    stop_start(0);
    every_task_is_done_once(p, 64);
    every_task_is_done_once(p, 2); /* with more ranks rank 0 only hands out */
    failure_of_one_stops_all(p);
    environment_is_tried_again(p, 64);
    environment_is_tried_again(p, 1); /* with two ranks there is no other rank that works */
    signal_to_one_stops_all(p);       /* last: a stop is for good */
    int64_t all = par_sum_one(p, failures);
    return par_finish(p, all != 0);
}
