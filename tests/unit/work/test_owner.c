#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "work/inhand.h"
#include "work/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-owner-XXXXXX", path[64];

static void a_living_owner_keeps_others_out(void **state)
{
    (void)state;
    owner *a = NULL, *b = NULL;
    int64_t attempt;
    char *text = NULL;
    int alive;
    assert_int_equal(owner_take(&a, path, &attempt), OK);
    assert_int_equal(attempt, 1);
    assert_int_equal(owner_take(&b, path, &attempt), ERR_BUSY);
    assert_null(b);
    assert_int_equal(owner_describe(path, &text, &alive), OK);
    assert_true(alive);
    mem_free(&text);
    owner_release(&a);
    assert_int_equal(owner_take(&b, path, &attempt), OK);
    assert_int_equal(attempt, 2);
    owner_release(&b);
}

static void a_killed_owner_is_replaced(void **state)
{
    (void)state;
    owner *a = NULL;
    int64_t attempt;
    int end;
    pid_t child = fork();
    if (child == 0) { /* dies without a word */
        owner *mine = NULL;
        int64_t n;
        _exit(owner_take(&mine, path, &n) == OK ? 9 : 1);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_int_equal(WEXITSTATUS(end), 9);
    assert_int_equal(owner_take(&a, path, &attempt), OK);
    assert_int_equal(attempt, 4);
    owner_release(&a);
}

/* Of another host only the heartbeat is known. */
static void another_host_is_alive_for_a_minute(void **state)
{
    (void)state;
    static const char text[] = "active 1\njob 7\nhost elsewhere\npid 1\nboot 1\nstart 0\nattempt 9\n";
    owner *a = NULL;
    int64_t attempt;
    char command[128];
    assert_int_equal(file_commit(path, text, strlen(text), "test"), OK);
    assert_int_equal(owner_take(&a, path, &attempt), ERR_BUSY);
    assert_non_null(strstr(status_message(), "host elsewhere"));
    snprintf(command, sizeof command, "touch -d '2 minutes ago' %s", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(owner_take(&a, path, &attempt), OK);
    assert_int_equal(attempt, 10);
    owner_release(&a);
}

/* Slurm ends a job before it starts it again. */
static void an_earlier_life_of_the_same_slurm_job_is_over(void **state)
{
    (void)state;
    static const char text[] = "active 1\njob 7\nhost elsewhere\npid 1\nboot 1\nstart 0\nattempt 9\n";
    owner *a = NULL;
    int64_t attempt;
    assert_int_equal(file_commit(path, text, strlen(text), "test"), OK);
    assert_int_equal(setenv("SLURM_JOB_ID", "8", 1), 0);
    assert_int_equal(owner_take(&a, path, &attempt), ERR_BUSY);
    assert_int_equal(setenv("SLURM_JOB_ID", "7", 1), 0);
    assert_int_equal(owner_take(&a, path, &attempt), OK);
    assert_int_equal(attempt, 10);
    assert_int_equal(unsetenv("SLURM_JOB_ID"), 0);
    owner_release(&a);
}

static void rows_in_hand_outlive_a_crash(void **state)
{
    (void)state;
    char notes[64];
    int64_t *rows = NULL;
    size_t n;
    snprintf(notes, sizeof notes, "%s/inhand", folder);
    for (int rank = 0; rank < 3; rank++) {
        pid_t child = fork();
        if (child == 0) {
            inhand *h = NULL;
            if (inhand_open(&h, notes, 1, rank) != OK) _exit(1);
            inhand_note(h, 41);
            inhand_note(h, rank == 2 ? -1 : 40 + rank); /* rank 2 had finished its row */
            abort();
        }
        waitpid(child, NULL, 0);
    }
    assert_int_equal(inhand_collect(notes, &rows, &n), OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0], 40);
    assert_int_equal(rows[1], 41);
    mem_free(&rows);
    assert_int_equal(inhand_collect(notes, &rows, &n), OK);
    assert_int_equal(n, 0);
    mem_free(&rows);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/owner");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_living_owner_keeps_others_out),
        cmocka_unit_test(a_killed_owner_is_replaced),
        cmocka_unit_test(another_host_is_alive_for_a_minute),
        cmocka_unit_test(an_earlier_life_of_the_same_slurm_job_is_over),
        cmocka_unit_test(rows_in_hand_outlive_a_crash),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
