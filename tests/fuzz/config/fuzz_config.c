/* Configuration texts from anywhere. The first byte chooses the reader: '=' an assignment, '~' an old resolved text,
 * else (and it is then part of the text) a file. What is read must dump to a text that reads back to equal values. */
#include "base/memory.h"
#include "base/status.h"
#include "config_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

static void check_round_trip(const sample *s)
{
    sample back;
    char *text = NULL, *again = NULL;
    sample_create(&back);
    check(config_dump(s->config, &text) == OK, "dump");
    check(config_load(back.config, "dump", text, strlen(text)) == OK, text);
    check(sample_equal(s, &back), "values differ after a round trip");
    check(config_dump(back.config, &again) == OK && !strcmp(text, again), "the dump is not canonical");
    mem_free(&text);
    mem_free(&again);
    sample_free(&back);
}

static void check_compare(const sample *s, const char *text)
{
    option_scope first;
    char *differences = NULL, *own = NULL;
    if (config_compare(s->config, text, &first, &differences) == OK)
        check((*differences != 0) == (first != SCOPE_RUN), "scope without a difference");
    mem_free(&differences);
    check(config_resolved(s->config, &own) == OK, "resolved");
    check(config_compare(s->config, own, &first, &differences) == OK && !*differences, "differs from itself");
    mem_free(&differences);
    mem_free(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sample s;
    char *text = NULL;
    sample_create(&s);
    check(mem_copy(&text, bytes, n) == OK, "copy");
    int rc = ERR_CONFIG;
    if (*text == '=')
        rc = config_set(s.config, text + 1);
    else if (*text == '~')
        check_compare(&s, text + 1);
    else
        rc = config_load(s.config, "input", text, n);
    check(rc == OK || (rc == ERR_CONFIG && *status_message()), "status");
    if (rc == OK) {
        check_round_trip(&s);
        check_compare(&s, "{}");
    }
    mem_free(&text);
    sample_free(&s);
    return 0;
}
