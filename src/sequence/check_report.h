/* Faults that a check finds: counted, and passed on up to a limit. Local. */
#pragma once

#include <stdint.h>

typedef struct check_report {
    void (*fault)(void *user, const char *text);
    void *user;
    int64_t n_faults;
    int64_t in_part; /* of them since check_report_part */
} check_report;

enum { CHECK_REPORT_LIMIT = 20 }; /* faults of one part that are passed on one by one */

/* Pass on, or only count, one fault. */
void check_report_add(check_report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* End a part (a file): says how many of its faults were left out, and starts the next one. */
void check_report_part(check_report *r, const char *name);
