#include "text/split_pattern.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/unicode_class.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string.h>

enum { MATCH_LIMIT = 10000000, HEAP_LIMIT_KIB = 65536, STACK_LEAST = 32 << 10, STACK_MOST = 16 << 20 };

struct split_pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

int split_pattern_create(split_pattern **out, const char *pattern)
{
    int rc = OK, error;
    PCRE2_SIZE place;
    split_pattern *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    p->code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), PCRE2_UTF | PCRE2_UCP, &error, &place, NULL);
    if (!p->code) {
        char message[128] = "";
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
        FAIL(ERR_CONFIG, "the pattern \"%.200s\" is not valid at character %zu: %s", pattern, (size_t)place, message);
    }
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->context = pcre2_match_context_create(NULL);
    if (!p->match || !p->context) FAIL(ERR_MEMORY, "no memory for a pattern");
    pcre2_set_match_limit(p->context, MATCH_LIMIT);
    pcre2_set_heap_limit(p->context, HEAP_LIMIT_KIB);
    if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0) { /* without it the interpreter does the same */
        p->stack = pcre2_jit_stack_create(STACK_LEAST, STACK_MOST, NULL);
        if (!p->stack) FAIL(ERR_MEMORY, "no memory for a pattern");
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
    }
    *out = p;
    p = NULL;
done:
    split_pattern_free(&p);
    return rc;
}

void split_pattern_free(split_pattern **pp)
{
    split_pattern *p = *pp;
    if (!p) return;
    pcre2_jit_stack_free(p->stack);
    pcre2_match_context_free(p->context);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    mem_free(pp);
}

int split_pattern_find(const split_pattern *p, const char *text, size_t n, size_t at, size_t *start, size_t *end)
{
    int rc = OK;
    *start = *end = 0;
    while (at < n) {
        int found = pcre2_match(p->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK, p->match, p->context);
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found < 0) FAIL(ERR_LIMIT, "splitting the text takes too long, or too much memory (PCRE2 error %d)", found);
        const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
        if (ends[1] > ends[0] && ends[0] >= at) {
            *start = ends[0];
            *end = ends[1];
            break;
        }
        size_t step;
        at = ends[1] > at ? ends[1] : at;
        if (at >= n) break;
        utf8_code(text + at, &step);
        at += step;
    }
done:
    return rc;
}
