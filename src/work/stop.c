#include "work/stop.h"

#include <signal.h>
#include <string.h>
#include <time.h>

/* A signal handler can reach nothing but globals. */
static volatile sig_atomic_t asked;
static double deadline;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void on_signal(int number) { asked = number; }

void stop_start(double time_limit_s)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    deadline = time_limit_s > 0 ? seconds_now() + time_limit_s : 0;
}

int stop_asked(void) { return asked != 0 || (deadline > 0 && seconds_now() >= deadline); }

const char *stop_reason(void)
{
    if (asked) return asked == SIGTERM ? "SIGTERM" : "SIGUSR1";
    return stop_asked() ? "time limit" : "";
}
