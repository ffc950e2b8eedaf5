#include "text/split_rule.h"

#include "text/unicode_class.h"

#include <string.h>

/* ---- which rule ---- */

static const char *const names[N_SPLIT_RULES] = {[SPLIT_GPT2] = "gpt2",
                                                 [SPLIT_LLAMA3] = "llama3",
                                                 [SPLIT_QWEN] = "qwen",
                                                 [SPLIT_CL100K] = "cl100k",
                                                 [SPLIT_O200K] = "o200k"};

static const struct {
    split_rule rule;
    const char *pattern;
} patterns[] = {
    {SPLIT_GPT2, "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
    {SPLIT_GPT2, "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
    {SPLIT_GPT2, "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s"},
    {SPLIT_LLAMA3,
     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
     "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
    {SPLIT_QWEN, "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
                 "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
    {SPLIT_CL100K,
     "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|"
     "\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"},
    {SPLIT_LLAMA3, "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
                   "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"},
    {SPLIT_O200K, "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                  "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
                  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                  "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
                  "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
};

int split_rule_of_pattern(const char *pattern)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (!strcmp(pattern, patterns[i].pattern)) return (int)patterns[i].rule;
    return -1;
}

int split_rule_of_name(const char *name)
{
    for (int i = 0; i < N_SPLIT_RULES; i++)
        if (!strcmp(name, names[i])) return i;
    return -1;
}

/* ---- characters ---- */

typedef struct cursor {
    const char *text;
    size_t n;
    const uint8_t *ascii;
} cursor;

/* Class of the character at `at`, and its length; past the end a class of its own. */
enum { CLASS_END = 15 };
static inline unsigned look(const cursor *c, size_t at, size_t *length)
{
    if (at >= c->n) return *length = 0, CLASS_END;
    unsigned char first = (unsigned char)c->text[at];
    if (first < 0x80) return *length = 1, c->ascii[first] & CLASS_MASK;
    return unicode_class(utf8_code(c->text + at, length)) & CLASS_MASK;
}

#define BIT(x) (1u << (x))
enum {
    LETTERS = BIT(CLASS_UPPER) | BIT(CLASS_LOWER) | BIT(CLASS_TITLE) | BIT(CLASS_MODIFIER) | BIT(CLASS_LETTER),
    NUMBERS = BIT(CLASS_NUMBER),
    SPACES = BIT(CLASS_SPACE),
    OTHERS = BIT(CLASS_OTHER) | BIT(CLASS_MARK), /* neither letter nor number nor space */
    HIGH = BIT(CLASS_UPPER) | BIT(CLASS_TITLE) | BIT(CLASS_MODIFIER) | BIT(CLASS_LETTER) | BIT(CLASS_MARK),
    LOW = BIT(CLASS_LOWER) | BIT(CLASS_MODIFIER) | BIT(CLASS_LETTER) | BIT(CLASS_MARK)
};

/* End of the run of characters of these classes from `at`, of at most `most` characters. */
static inline size_t run_of(const cursor *c, size_t at, unsigned classes, size_t most)
{
    size_t length;
    for (; most && classes & BIT(look(c, at, &length)); most--) at += length;
    return at;
}

static int is_line_end(const cursor *c, size_t at) { return at < c->n && (c->text[at] == '\r' || c->text[at] == '\n'); }

/* ---- parts of the patterns ---- */

/* Whether a character, in any case, is this letter; U+017F is an s. Its length. */
static size_t same_letter(const cursor *c, size_t at, char letter, int any_case)
{
    if (at >= c->n) return 0;
    if (c->text[at] == letter || (any_case && (c->text[at] | 32) == letter)) return 1;
    return any_case && letter == 's' && at + 1 < c->n && !memcmp(c->text + at, "\xC5\xBF", 2) ? 2 : 0;
}

/* End of 's 't 're 've 'm 'll 'd at `at`, or `at`. */
static size_t contraction(const cursor *c, size_t at, int any_case)
{
    static const char endings[][3] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (at >= c->n || c->text[at] != '\'') return at;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t to = at + 1, step = 1;
        for (const char *p = endings[i]; *p && step; p++) to += step = same_letter(c, to, *p, any_case);
        if (step) return to;
    }
    return at;
}

/* \s+(?!\S)|\s+ : white space but for its last character, which goes with what follows. */
static size_t blanks(const cursor *c, size_t end)
{
    size_t last = end;
    if (end == c->n) return end;
    do last--;
    while (((unsigned char)c->text[last] & 0xC0) == 0x80);
    return last ? last : end;
}

/* The same after \s*[\r\n]+ : up to the last line end of the run, if it has one. */
static size_t lines_or_blanks(const cursor *c, int whole_at_end)
{
    size_t end = run_of(c, 0, SPACES, SIZE_MAX);
    if (whole_at_end && end == c->n) return end;
    for (size_t at = end; at; at--)
        if (is_line_end(c, at - 1)) return at;
    return blanks(c, end);
}

/* " ?" and a run of marks, signs and the like, then line ends; 0: none. */
static size_t signs(const cursor *c, int slash)
{
    size_t start = c->text[0] == ' ', end = run_of(c, start, OTHERS, SIZE_MAX);
    if (end == start) return 0;
    while (is_line_end(c, end) || (slash && end < c->n && c->text[end] == '/')) end++;
    return end;
}

/* ---- the rules ---- */

static size_t next_gpt2(const cursor *c)
{
    size_t length, end = contraction(c, 0, 0), start = c->text[0] == ' ';
    if (end) return end;
    unsigned class = look(c, start, &length);
    unsigned run = LETTERS & BIT(class) ? LETTERS : NUMBERS & BIT(class) ? NUMBERS : OTHERS & BIT(class) ? OTHERS : 0;
    if (run) return run_of(c, start + length, run, SIZE_MAX);
    return blanks(c, run_of(c, 0, SPACES, SIZE_MAX));
}

static size_t next_llama(const cursor *c, size_t numbers, int whole_at_end)
{
    size_t first, second, end = contraction(c, 0, 1);
    if (end) return end;
    unsigned class = look(c, 0, &first);
    if (LETTERS & BIT(class)) return run_of(c, first, LETTERS, SIZE_MAX);
    if (class == CLASS_NUMBER) return run_of(c, 0, NUMBERS, numbers);
    if (!is_line_end(c, 0) && LETTERS & BIT(look(c, first, &second)))
        return run_of(c, first + second, LETTERS, SIZE_MAX);
    end = signs(c, 0);
    return end ? end : lines_or_blanks(c, whole_at_end);
}

/* End of a word from `at`: [HIGH]*[LOW]+ or else [HIGH]+[LOW]* ; `at`: none. *first: whether it was the first form. */
static size_t word_of(const cursor *c, size_t at, int *first)
{
    size_t length, end = at, low_end = 0;
    for (unsigned class; HIGH & BIT(class = look(c, end, &length));) {
        end += length;
        if (LOW & BIT(class)) low_end = end; /* the last place where the greedy part can give back */
    }
    *first = 1;
    if (look(c, end, &length) == CLASS_LOWER) return run_of(c, end, LOW, SIZE_MAX);
    if (low_end) return low_end;
    *first = 0;
    return end;
}

static size_t next_word(const cursor *c)
{
    int first = 0, plain_first = 0;
    size_t length;
    unsigned class = look(c, 0, &length);
    int may_lead = !is_line_end(c, 0) && !((LETTERS | NUMBERS) & BIT(class));
    size_t led = may_lead ? word_of(c, length, &first) : 0, plain = 0;
    if (led <= length) led = 0;
    if (!led || !first) plain = (LETTERS & BIT(class)) || class == CLASS_MARK ? word_of(c, 0, &plain_first) : 0;
    /* the first form with a leading character, the first form, then the second form in the same order */
    size_t end = led && first ? led : plain && plain_first ? plain : led ? led : plain;
    return end ? contraction(c, end, 1) : 0;
}

static size_t next_o200k(const cursor *c)
{
    size_t end = next_word(c), length;
    if (end) return end;
    if (look(c, 0, &length) == CLASS_NUMBER) return run_of(c, 0, NUMBERS, 3);
    end = signs(c, 1);
    return end ? end : lines_or_blanks(c, 0);
}

size_t split_rule_next(split_rule rule, const char *text, size_t n)
{
    const cursor c = {text, n, unicode_ascii()};
    switch (rule) {
    case SPLIT_GPT2: return next_gpt2(&c);
    case SPLIT_QWEN: return next_llama(&c, 1, 0);
    case SPLIT_CL100K: return next_llama(&c, 3, 1);
    case SPLIT_O200K: return next_o200k(&c);
    default: return next_llama(&c, 3, 0);
    }
}
