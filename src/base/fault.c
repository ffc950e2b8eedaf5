#include "base/fault.h"

#include <stdio.h>

static fault_hook installed;

void fault_set_hook(fault_hook hook) { installed = hook; }

int fault_point(const char *name) { return installed ? installed(name) : 0; }

int fault_point_at(const char *what, const char *where)
{
    if (!installed) return 0;
    char name[128];
    snprintf(name, sizeof name, "%s.%s", what, where);
    return installed(name);
}
