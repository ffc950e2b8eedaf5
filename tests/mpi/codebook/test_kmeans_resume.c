/* k-means that is stopped, fails or is started again, with other numbers of ranks: the same bits as without. */
#include "stage.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <string.h>

static const training_set set = {TRAINING_CLOUD, 2600, 6, -1};
static const kmeans_options usual = {
    .size = 12, .seed = 3, .max_iterations = 40, .tolerance = 1e-3, .seed_vectors = 30, .held_out = 0.02};

/* When a run is to be stopped. */
typedef struct stopper {
    int64_t iterations; /* after so many of this run (on rank 0, which sees them); 0: never */
    int64_t calls;      /* at this question; 0: never */
    int64_t seen, asked;
} stopper;

static int should_stop(void *user)
{
    stopper *s = user;
    s->asked++;
    return (s->iterations && s->seen >= s->iterations) || (s->calls && s->asked >= s->calls);
}

static void count_iteration(void *user, int64_t iteration, double inertia, double changed)
{
    ((stopper *)user)->seen++;
    (void)iteration;
    (void)inertia;
    (void)changed;
}

static int run(par *p, const char *folder, const training_set *s, const kmeans_options *o, stopper *stop, codebook *out)
{
    kmeans_data data = training_share(s, p);
    *out = (codebook){0};
    return kmeans_fit(p, &data, o, folder, should_stop, count_iteration, stop, out);
}

/* Run on the first ranks until nothing stops it; `how` sets the stopper of a rank for each attempt. */
static int run_to_the_end(par *all, const char *folder, const training_set *s, const kmeans_options *o,
                          void (*how)(par *p, int attempt, stopper *s), const codebook *want)
{
    int attempt = 0;
    for (int64_t done = 0; !done; attempt++) {
        par group = training_group(all, attempt % all->size + 1);
        int rc = ERR_STOPPED;
        codebook c = {0};
        stopper stop = {0};
        CHECK(all, attempt < 500);
        if (group.size) {
            how(&group, attempt, &stop);
            rc = run(&group, folder, s, o, &stop, &c);
            CHECK(all, rc == OK || (rc == ERR_STOPPED && strstr(status_message(), "stopped") != NULL));
            CHECK(all, rc == OK || !c.centroids);
            if (rc == OK) CHECK(all, training_same(&c, want));
            training_clear(&c);
        }
        done = par_max_one(all, rc == OK);
    }
    return attempt;
}

static void after_each_iteration(par *p, int attempt, stopper *s)
{
    (void)attempt;
    s->iterations = p->rank == 0;
}

/* At later and later questions, of the last rank: in the survey, in seeding, in passes. Always far enough to get on. */
static void anywhere(par *p, int attempt, stopper *s) { s->calls = p->rank == p->size - 1 ? 1 + attempt : 0; }

static void stops_anywhere_change_nothing(par *all, const char *folder, const codebook *want)
{
    int attempts = run_to_the_end(all, folder, &set, &usual, after_each_iteration, want);
    CHECK(all, attempts >= want->n_history);
    CHECK(all, run_to_the_end(all, folder, &set, &usual, after_each_iteration, want) ==
                   1); /* complete: the last pass once more */
    par_barrier(all);
    if (all->rank == 0) CHECK(all, file_remove_tree(folder) == OK && file_make_folder(folder) == OK);
    par_barrier(all);
    CHECK(all, run_to_the_end(all, folder, &set, &usual, anywhere, want) > 5);
}

/* With no tolerance the training ends when no code changes, which a new start must find out as well. */
static void changes_are_counted_across_stops(par *all, const char *folder)
{
    static const training_set small = {TRAINING_CLOUD, 400, 2, -1};
    codebook want;
    kmeans_options o = usual;
    par self = training_alone(all);
    o.tolerance = 0;
    o.size = 4;
    CHECK(all, training_fit(&self, folder, &small, &o, &want) == OK);
    CHECK(all, strcmp(want.quality.stop, "converged") == 0);
    run_to_the_end(all, folder, &small, &o, after_each_iteration, &want);
    training_clear(&want);
}

/* fp32 vectors, and such as repeat, which stand once from the start; enough of them and codes for bounds. */
static void other_vectors_are_no_different(par *all, const char *folder)
{
    static const training_set sets[] = {
        {(training_kind)(TRAINING_CLOUD | TRAINING_FLOATS | TRAINING_REPEATS), 2000, 6, -1},
        {(training_kind)(TRAINING_DECAYING | TRAINING_REPEATS), 1500, 64, -1},
    };
    par self = training_alone(all);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        codebook want;
        kmeans_options o = usual;
        o.size = i ? 100 : 12;
        o.max_iterations = 6;
        o.tolerance = -1;
        CHECK(all, training_fit(&self, folder, &sets[i], &o, &want) == OK);
        CHECK(all, run_to_the_end(all, folder, &sets[i], &o, after_each_iteration, &want) >= want.n_history);
        training_clear(&want);
        par_barrier(all);
        if (all->rank == 0) CHECK(all, file_remove_tree(folder) == OK && file_make_folder(folder) == OK);
        par_barrier(all);
    }
}

/* Clusters that are filled when the training stops: the stop decision must not change. */
static void fills_are_remembered(par *all, const char *folder)
{
    float start[12 * 6];
    codebook want;
    kmeans_options o = usual;
    par self = training_alone(all);
    for (int i = 0; i < 12 * 6; i++) start[i] = i < 6 ? 0 : 3e4f;
    o.start = start;
    o.tolerance = 0.2;
    CHECK(all, training_fit(&self, folder, &set, &o, &want) == OK);
    CHECK(all, want.quality.codes_used == 12);
    run_to_the_end(all, folder, &set, &o, after_each_iteration, &want);
    training_clear(&want);
}

static const kmeans_options several = {
    .size = 12, .seed = 3, .max_iterations = 4, .tolerance = 1e-3, .seed_vectors = 30, .seedings = 3, .held_out = 0.02};

static void seedings_go_on(par *all, const char *folder, const codebook *want)
{
    CHECK(all, run_to_the_end(all, folder, &set, &several, anywhere, want) > 9);
}

/* What the checkpoint says. */
static void read_state(par *p, const char *folder, kmeans_state *s)
{
    stage stage;
    stage_open(&stage, p, &set, &several);
    CHECK(p, kmeans_state_create(s, several.size, set.d) == OK);
    CHECK(p, kmeans_state_load(&stage.job, folder, s) == OK);
    stage_close(&stage);
}

/* Rank 0 alone is stopped while it draws the second seeds, all ranks go on. */
static void the_second_seeding_is_kept(par *all, const char *folder, const codebook *want)
{
    par self = training_alone(all);
    int found = 0;
    codebook c;
    stopper never = {0};
    for (int64_t calls = 10; all->rank == 0 && !found; calls++) {
        kmeans_state s;
        stopper at = {.calls = calls};
        CHECK(all, file_remove_tree(folder) == OK && file_make_folder(folder) == OK);
        CHECK(all, run(&self, folder, &set, &several, &at, &c) == ERR_STOPPED);
        read_state(&self, folder, &s);
        found = s.seeding == 1 && s.n_seeds == 5;
        CHECK(all, !found || s.best > 0);
        kmeans_state_free(&s);
    }
    par_barrier(all);
    CHECK(all, run(all, folder, &set, &several, &never, &c) == OK);
    CHECK(all, training_same(&c, want));
    training_clear(&c);
}

static int failures_left;

static int fail_some_commits(const char *name)
{
    if (strcmp(name, "checkpoint.before-rename") != 0) return 0;
    return failures_left-- == 0 ? ENOSPC : 0;
}

/* The commit of rank 0 fails at the n-th time: all ranks say so, and the next start goes on. */
static void failed_commits_stop_all_ranks(par *all, const char *folder, const codebook *want)
{
    for (int n = 0; n < 3; n++) {
        codebook c;
        stopper s = {0};
        failures_left = n;
        fault_set_hook(fail_some_commits);
        CHECK(all, run(all, folder, &set, &usual, &s, &c) == ERR_SPACE);
        fault_set_hook(NULL);
        CHECK(all, run(all, folder, &set, &usual, &s, &c) == OK);
        CHECK(all, training_same(&c, want));
        training_clear(&c);
        par_barrier(all);
        if (all->rank == 0) CHECK(all, file_remove_tree(folder) == OK && file_make_folder(folder) == OK);
        par_barrier(all);
    }
}

static void change_file(par *all, const char *path, size_t from, size_t cut)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    par_barrier(all);
    if (all->rank == 0) {
        CHECK(all, file_read(path, 1 << 20, &bytes, &n) == OK && n > 400);
        bytes[from ? from : n - 20] ^= 1;
        CHECK(all, file_commit(path, bytes, n - cut, "test") == OK);
        mem_free(&bytes);
    }
    par_barrier(all);
}

static void foreign_and_damaged_checkpoints_are_refused(par *all, const char *folder)
{
    codebook c;
    stopper s = {0};
    kmeans_options o = usual;
    training_set other = set;
    char *path = NULL;
    CHECK(all, file_join(&path, folder, "checkpoint.bin") == OK);
    CHECK(all, run(all, folder, &set, &usual, &s, &c) == OK);
    training_clear(&c);
    o.seed = 4;
    CHECK(all, run(all, folder, &set, &o, &s, &c) == ERR_MISMATCH);
    o = usual;
    o.seedings = 2;
    CHECK(all, run(all, folder, &set, &o, &s, &c) == ERR_MISMATCH);
    o = usual;
    o.metric = KMEANS_INNER; /* the same sums */
    CHECK(all, run(all, folder, &set, &o, &s, &c) == ERR_MISMATCH);
    other.kind = TRAINING_WIDE;
    CHECK(all, run(all, folder, &other, &usual, &s, &c) == ERR_MISMATCH);
    change_file(all, path, 0, 0);
    CHECK(all, run(all, folder, &set, &usual, &s, &c) == ERR_CORRUPT);
    change_file(all, path, 0, 0);
    CHECK(all, run(all, folder, &set, &usual, &s, &c) == OK);
    training_clear(&c);
    change_file(all, path, 0, 9);
    CHECK(all, run(all, folder, &set, &usual, &s, &c) == ERR_CORRUPT);
    change_file(all, path, 1, 0);
    CHECK(all, run(all, folder, &set, &usual, &s, &c) == ERR_CORRUPT);
    mem_free(&path);
}

static void fresh_folder(par *all, char *folder, int first)
{
    if (!first) training_folder_remove(all, folder);
    training_folder(all, folder);
}

int main(int argc, char **argv)
{
    par all;
    char folder[64];
    codebook want, best;
    par_start(&all, &argc, &argv);
    par self = training_alone(&all);
    fresh_folder(&all, folder, 1);
    CHECK(&all, training_fit(&self, folder, &set, &usual, &want) == OK);
    CHECK(&all, want.n_history > 8 && strcmp(want.quality.stop, "converged") == 0);
    stops_anywhere_change_nothing(&all, folder, &want);
    fresh_folder(&all, folder, 0);
    CHECK(&all, training_fit(&self, folder, &set, &several, &best) == OK);
    seedings_go_on(&all, folder, &best);
    fresh_folder(&all, folder, 0);
    the_second_seeding_is_kept(&all, folder, &best);
    training_clear(&best);
    fresh_folder(&all, folder, 0);
    changes_are_counted_across_stops(&all, folder);
    fresh_folder(&all, folder, 0);
    other_vectors_are_no_different(&all, folder);
    fills_are_remembered(&all, folder);
    fresh_folder(&all, folder, 0);
    failed_commits_stop_all_ranks(&all, folder, &want);
    fresh_folder(&all, folder, 0);
    foreign_and_damaged_checkpoints_are_refused(&all, folder);
    training_folder_remove(&all, folder);
    training_clear(&want);
    return par_finish(&all, 0);
}
