#include "work/schedule.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "work/stop.h"

#include <mpi.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_UP = 11, TAG_DOWN = 12, IDLE_US = 500 };

typedef enum message_kind { ASK, ASK_EARLY, DONE, STOP_ASKED, LEAVE, ASSIGN, END } message_kind;

typedef struct message {
    int64_t kind, task, final, status;
    progress_counts counts; /* of the task that is done */
    char text[512];         /* of an error, or why to stop */
} message;

typedef enum wait_state { WAIT_NOT, WAIT_EARLY, WAIT_IDLE } wait_state;

typedef struct peer {
    wait_state waiting;
    int left;
    int64_t assigned; /* tasks sent to it so far */
    double heard;
} peer;

typedef struct retry {
    int64_t task;
    int failed_on;
} retry;

struct schedule {
    par *p;
    const schedule_options *o;
    const schedule_tasks *tasks;
    /* rank 0 */
    peer *peers;
    retry *retries;
    size_t n_retries, retries_capacity;
    int64_t in_hand; /* tasks assigned and not reported */
    progress *shown;
    progress_counts now;
    int root_works, ending, stop_status;
    char stop_text[512];
    /* every rank */
    int64_t next_task, next_final; /* -1: not assigned yet */
    int64_t received;              /* assignments so far: says which ones a request knows of */
    int end, stop_sent;
    int end_status;
};

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void send_message(schedule *s, int to, int tag, const message *m)
{
    if (MPI_Send(m, sizeof *m, MPI_BYTE, to, tag, s->p->world) != MPI_SUCCESS)
        PAR_BUG(s->p, "a message could not be sent");
}

static int receive(schedule *s, int tag, message *m, int *from)
{
    MPI_Status st;
    int there = 0;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag, s->p->world, &there, &st) != MPI_SUCCESS) PAR_BUG(s->p, "probing failed");
    if (!there) return 0;
    if (MPI_Recv(m, sizeof *m, MPI_BYTE, st.MPI_SOURCE, tag, s->p->world, &st) != MPI_SUCCESS)
        PAR_BUG(s->p, "receiving failed");
    *from = st.MPI_SOURCE;
    return 1;
}

/* ---- rank 0 ---- */

static void begin_end(schedule *s, int status, const char *text)
{
    if (s->ending) {
        if (status < s->stop_status && status != ERR_STOPPED) s->stop_status = status;
        return;
    }
    s->ending = 1;
    s->stop_status = status;
    snprintf(s->stop_text, sizeof s->stop_text, "%s", text);
    message m = {.kind = END, .status = status};
    snprintf(m.text, sizeof m.text, "%s", text);
    for (int r = 1; r < s->p->size; r++) send_message(s, r, TAG_DOWN, &m);
}

/* A task that failed with ERR_ENVIRONMENT goes to another rank where there is one that works. */
static int take_retry(schedule *s, int rank, int64_t *task)
{
    int workers = s->p->size - !s->root_works;
    for (size_t i = 0; i < s->n_retries; i++) {
        if (s->retries[i].failed_on == rank && workers > 1) continue;
        *task = s->retries[i].task;
        s->retries[i] = s->retries[--s->n_retries];
        return 1;
    }
    return 0;
}

/* The next task for a rank, -1: none now. */
static int64_t choose(schedule *s, int rank, int64_t *final)
{
    int64_t task;
    *final = take_retry(s, rank, &task);
    if (*final) return task;
    return s->tasks->next(s->tasks->user, rank);
}

static void assign_waiting(schedule *s)
{
    for (int r = 1; r < s->p->size && !s->ending; r++) {
        if (s->peers[r].waiting == WAIT_NOT) continue;
        if (s->peers[r].waiting == WAIT_EARLY && s->tasks->left(s->tasks->user) < s->p->size) continue;
        message m = {.kind = ASSIGN};
        m.task = choose(s, r, &m.final);
        if (m.task < 0) continue;
        s->peers[r].waiting = WAIT_NOT;
        s->peers[r].assigned++;
        s->in_hand++;
        send_message(s, r, TAG_DOWN, &m);
    }
}

static int keep_retry(schedule *s, int64_t task, int rank)
{
    int rc = OK;
    TRY(MEM_GROW(s->retries, &s->retries_capacity, s->n_retries + 1));
    s->retries[s->n_retries++] = (retry){task, rank};
done:
    return rc;
}

static void report(schedule *s, int rank, const message *m)
{
    s->in_hand--;
    if (m->status == OK) {
        if (s->tasks->done) s->tasks->done(s->tasks->user, m->task);
        s->now.units += 1;
        s->now.rows += m->counts.rows;
        s->now.rejects += m->counts.rejects;
        s->now.images += m->counts.images;
        s->now.work += m->counts.work;
        s->now.hours += m->counts.hours;
        int rc = s->tasks->check ? s->tasks->check(s->tasks->user, &s->now) : OK;
        if (rc != OK) begin_end(s, rc, status_message());
    } else if (m->status == ERR_ENVIRONMENT && !m->final) {
        LOG_JOB(LOG_WARN, "task %lld failed on rank %d (%s); it will be tried again", (long long)m->task, rank,
                m->text);
        if (keep_retry(s, m->task, rank) != OK) begin_end(s, ERR_MEMORY, status_message());
    } else if (m->status != ERR_STOPPED) {
        begin_end(s, (int)m->status, m->text);
    }
}

static void show_progress(schedule *s)
{
    double t = seconds_now(), longest = 0;
    int slowest = -1;
    for (int r = 1; r < s->p->size; r++) {
        if (s->peers[r].waiting == WAIT_IDLE || t - s->peers[r].heard <= longest) continue;
        longest = t - s->peers[r].heard;
        slowest = r;
    }
    progress_update(s->shown, &s->now, &s->o->before, slowest, longest);
}

static void serve(schedule *s)
{
    message m;
    int from;
    while (receive(s, TAG_UP, &m, &from)) {
        peer *w = &s->peers[from];
        if (m.kind == DONE) w->heard = seconds_now();
        switch ((message_kind)m.kind) {
        case ASK:
        case ASK_EARLY:
            /* a request that crossed with an assignment is answered already */
            if (m.task == w->assigned) w->waiting = m.kind == ASK ? WAIT_IDLE : WAIT_EARLY;
            break;
        case DONE: report(s, from, &m); break;
        case STOP_ASKED: begin_end(s, ERR_STOPPED, m.text); break;
        case LEAVE: w->left = 1; break;
        default: PAR_BUG(s->p, "unknown message");
        }
    }
    if (stop_asked() && !s->ending) begin_end(s, ERR_STOPPED, stop_reason());
    assign_waiting(s);
    show_progress(s);
}

static int everybody_left(const schedule *s)
{
    for (int r = 1; r < s->p->size; r++)
        if (!s->peers[r].left) return 0;
    return 1;
}

static void perform_own(schedule *s, int64_t task, int64_t final)
{
    message m = {.kind = DONE, .task = task, .final = final};
    s->in_hand++;
    if (s->tasks->upcoming) s->tasks->upcoming(s->tasks->user, task);
    m.status = s->tasks->perform(s->tasks->user, s, task, (int) final, &m.counts);
    if (m.status != OK) snprintf(m.text, sizeof m.text, "%s", status_message());
    report(s, 0, &m);
}

static void run_root(schedule *s)
{
    s->root_works = s->p->size == 1 || s->p->size < s->o->root_works_below;
    while (!s->ending || !everybody_left(s)) {
        serve(s);
        if (s->ending) {
            if (!everybody_left(s)) usleep(IDLE_US);
            continue;
        }
        int64_t final = 0, task = s->root_works ? choose(s, 0, &final) : -1;
        if (task >= 0) {
            perform_own(s, task, final);
            continue;
        }
        /* only next() knows that nothing is left; with no task in hand and no retry nothing can come any more */
        if (s->in_hand == 0 && s->n_retries == 0 && s->tasks->left(s->tasks->user) == 0)
            begin_end(s, OK, "");
        else
            usleep(IDLE_US);
    }
}

/* ---- the other ranks ---- */

static void listen(schedule *s)
{
    message m;
    int from;
    while (receive(s, TAG_DOWN, &m, &from)) {
        if (m.kind == ASSIGN) {
            s->next_task = m.task;
            s->next_final = m.final;
            s->received++;
            if (s->tasks->upcoming) s->tasks->upcoming(s->tasks->user, m.task);
        } else {
            s->end = 1;
            s->end_status = (int)m.status;
            if (m.status != OK) status_set((int)m.status, __FILE__, __LINE__, "%s", m.text);
        }
    }
    if (stop_asked() && !s->stop_sent && !s->end) {
        message ask = {.kind = STOP_ASKED};
        snprintf(ask.text, sizeof ask.text, "%s", stop_reason());
        send_message(s, 0, TAG_UP, &ask);
        s->stop_sent = 1;
    }
}

static void send_request(schedule *s, message_kind kind)
{
    message m = {.kind = kind, .task = s->received};
    send_message(s, 0, TAG_UP, &m);
}

static void run_worker(schedule *s)
{
    send_request(s, ASK);
    while (!s->end) {
        if (s->next_task < 0) {
            usleep(IDLE_US);
            listen(s);
            continue;
        }
        message m = {.kind = DONE, .task = s->next_task, .final = s->next_final};
        s->next_task = -1;
        send_request(s, ASK_EARLY);
        m.status = s->tasks->perform(s->tasks->user, s, m.task, (int)m.final, &m.counts);
        if (m.status != OK) snprintf(m.text, sizeof m.text, "%s", status_message());
        send_message(s, 0, TAG_UP, &m);
        listen(s);
        if (s->next_task < 0 && !s->end) send_request(s, ASK); /* the early request waits: now it is urgent */
    }
    message leave = {.kind = LEAVE};
    send_message(s, 0, TAG_UP, &leave);
}

int schedule_tick(schedule *s)
{
    if (s->p->rank == 0) {
        serve(s);
        return s->ending ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", s->stop_text) : OK;
    }
    listen(s);
    return s->end ? status_set(ERR_STOPPED, __FILE__, __LINE__, "the job stops") : OK;
}

int schedule_run(par *p, const schedule_options *o, const schedule_tasks *tasks)
{
    int rc = OK;
    schedule s = {.p = p, .o = o, .tasks = tasks, .next_task = -1, .now = o->before};
    if (p->rank == 0) {
        TRY(MEM_ALLOC(s.peers, (size_t)p->size));
        TRY(progress_create(&s.shown, o->phase, &o->total, o->metrics));
        for (int r = 0; r < p->size; r++) s.peers[r].heard = seconds_now();
    }
done:
    rc = par_agree(p, rc);
    if (rc == OK && p->rank == 0) {
        run_root(&s);
        if (s.stop_status == OK) progress_finish(s.shown);
        rc = s.stop_status == OK ? OK : status_set(s.stop_status, __FILE__, __LINE__, "%s", s.stop_text);
    } else if (rc == OK) {
        run_worker(&s);
    }
    progress_free(&s.shown);
    mem_free(&s.peers);
    mem_free(&s.retries);
    return par_agree(p, rc);
}
