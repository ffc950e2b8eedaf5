#include "sequence/check_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void check_report_add(check_report *r, const char *format, ...)
{
    char text[1024];
    va_list args;
    r->n_faults++;
    if (r->in_part++ >= CHECK_REPORT_LIMIT) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->fault(r->user, text);
}

void check_report_part(check_report *r, const char *name)
{
    char text[1024];
    if (r->in_part > CHECK_REPORT_LIMIT) {
        snprintf(text, sizeof text, "%s: %" PRId64 " more faults", name, r->in_part - CHECK_REPORT_LIMIT);
        r->fault(r->user, text);
    }
    r->in_part = 0;
}
