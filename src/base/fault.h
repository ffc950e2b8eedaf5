/* Named points where tests make a process die or a call fail. Without a hook (the shipped program) they do nothing. */
#pragma once

/* Called at each point with its name ("part.before-rename"); may kill the process; returns 0 or an errno to pretend. */
typedef int (*fault_hook)(const char *name);

/* Install the hook before main does anything; only tests/support/fault_inject.c calls it. Local. */
void fault_set_hook(fault_hook hook);

/* 0, or the errno that the call at this point is to fail with. Local. */
int fault_point(const char *name);

/* The same for a name of two parts, joined by a dot ("part", "before-fsync"). Local. */
int fault_point_at(const char *what, const char *where);
