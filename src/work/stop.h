/* Being asked to stop: SIGUSR1, SIGTERM, and a time limit. The handler sets a flag; the flag travels with requests and
 * reductions. Local. */
#pragma once

/* Catch the signals; `time_limit_s` counts from now, 0: none. */
void stop_start(double time_limit_s);

/* Whether this process was asked to stop, and by what ("SIGUSR1", "SIGTERM", "time limit"; "" when not). */
int stop_asked(void);
const char *stop_reason(void);
