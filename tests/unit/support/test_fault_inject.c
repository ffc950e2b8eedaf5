#include "base/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Reach part.write three times and part.rename once in a child with these settings. Returns the wait status; the exit
 * code has bit i set when hit i of part.write failed with ENOSPC. */
static int run_child(const char *fault, const char *rank)
{
    pid_t pid = fork();
    if (pid == 0) {
        setenv("TESSERA_FAULT", fault, 1);
        if (rank) setenv("OMPI_COMM_WORLD_RANK", rank, 1);
        int bits = 0;
        for (int i = 0; i < 3; i++)
            if (fault_point_at("part", "write") == ENOSPC) bits |= 1 << i;
        fault_point("part.rename");
        _exit(bits);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void acts_at_the_hit_that_is_named(void **state)
{
    assert_int_equal(WEXITSTATUS(run_child("", NULL)), 0);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write", NULL)), 1);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write:2", NULL)), 2);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write:2+", NULL)), 6);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=other;errno-ENOSPC=part.write:3", NULL)), 4);
}

static void acts_on_the_rank_that_is_named(void **state)
{
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write@1", "1")), 1);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write@1", "0")), 0);
    assert_int_equal(WEXITSTATUS(run_child("errno-ENOSPC=part.write:2@1", "1")), 2);
}

static void kills_and_crashes(void **state)
{
    assert_int_equal(WTERMSIG(run_child("kill=part.rename", NULL)), SIGKILL);
    assert_int_equal(WTERMSIG(run_child("killall=part.write:3", NULL)), SIGKILL);
    assert_int_equal(WTERMSIG(run_child("crash=part.write", NULL)), SIGSEGV);
    assert_int_equal(WTERMSIG(run_child("usr1=part.write", NULL)), SIGUSR1);
    assert_int_equal(WEXITSTATUS(run_child("nonsense=part.write", NULL)), 99);
}

static void writes_down_each_point_once(void **state)
{
    char path[] = "/tmp/test_fault_inject.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    setenv("TESSERA_FAULT_LOG", path, 1);
    run_child("", NULL);
    unsetenv("TESSERA_FAULT_LOG");
    char text[256] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    unlink(path);
    text[n] = 0;
    assert_string_equal(text, "part.write\npart.rename\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_at_the_hit_that_is_named),
        cmocka_unit_test(acts_on_the_rank_that_is_named),
        cmocka_unit_test(kills_and_crashes),
        cmocka_unit_test(writes_down_each_point_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
