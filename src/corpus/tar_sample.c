#include "corpus/tar_sample.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/caption.h"
#include "corpus/media_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CLASS_MAX_BYTES = 4096 };

void tar_sample_free(tar_sample *s)
{
    mem_free(&s->key);
    for (size_t i = 0; i < s->n; i++) mem_free(&s->parts[i].name);
    for (int r = 0; r < N_TAR_ROLES; r++) mem_free(&s->content[r]);
    s->n = 0;
    s->status = OK;
}

int tar_sample_count(const tar_sample *s, tar_role role)
{
    int n = 0;
    for (size_t i = 0; i < s->n; i++) n += s->parts[i].role == role;
    return n;
}

static void problem(tar_sample *s, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void problem(tar_sample *s, int code, const char *format, ...)
{
    va_list args;
    if (s->status != OK) return;
    va_start(args, format);
    vsnprintf(s->message, sizeof s->message, format, args);
    va_end(args);
    s->status = code;
}

/* Key and suffix of a name; the suffix is NULL where the last name has no dot, or is hidden. */
static void split_name(const char *name, const char **key, size_t *key_n, const char **suffix)
{
    while (*name == '/' || (name[0] == '.' && name[1] == '/')) name++;
    const char *last = strrchr(name, '/'), *dot = strchr(last ? last + 1 : name, '.');
    *key = name;
    *key_n = dot ? (size_t)(dot - name) : 0;
    *suffix = dot && *key_n && dot[-1] != '/' ? dot + 1 : NULL;
}

static tar_role role_of(const char *suffix)
{
    size_t stem;
    const char *dot = strrchr(suffix, '.');
    if (!strcasecmp(suffix, "txt")) return TAR_TEXT;
    if (!strcasecmp(suffix, "json")) return TAR_JSON;
    if (!strcasecmp(suffix, "cls")) return TAR_CLASS;
    if (!strcasecmp(dot ? dot + 1 : suffix, "npy")) return TAR_SENSOR;
    /* the dot before the suffix belongs to the name that is asked for */
    media_type type = media_type_of(suffix - 2, strlen(suffix) + 2, &stem);
    if (type == TYPE_AUDIO) return TAR_AUDIO;
    return type == TYPE_IMAGE ? TAR_IMAGE : TAR_OTHER;
}

/* A part that is a text is read at once. */
static int read_text(tar_reader *t, tar_sample *s, tar_role role, const tar_member *m, const char *suffix)
{
    int rc = OK;
    const int64_t limit = role == TAR_CLASS ? CLASS_MAX_BYTES : CAPTION_MAX_BYTES;
    if (m->size > limit) {
        problem(s, ERR_LIMIT, "%s: more than %lld bytes of text", suffix, (long long)limit);
        goto done;
    }
    if (s->content[role] || s->status != OK) goto done;
    TRY(tar_reader_content(t, m, &s->content[role]));
    s->content_n[role] = (size_t)m->size;
done:
    return rc;
}

static void check_part(tar_sample *s, const tar_member *m, const char *suffix)
{
    if (m->type == TAR_LINK) problem(s, ERR_UNSUPPORTED, "%s: a link, which is not followed", suffix);
    if (m->type == TAR_SPARSE) problem(s, ERR_UNSUPPORTED, "%s: a sparse file, which is not read", suffix);
    if (m->type == TAR_SPECIAL) problem(s, ERR_UNSUPPORTED, "%s: not a regular file", suffix);
    if (m->cut) problem(s, ERR_FORMAT, "%s: the tar ends before its end", suffix);
    for (size_t i = 0; i < s->n; i++)
        if (!strcasecmp(s->parts[i].suffix, suffix)) problem(s, ERR_INVALID, "%s is there twice", suffix);
}

static int add_part(tar_reader *t, tar_sample *s, tar_role role, const tar_member *m, const char *suffix)
{
    int rc = OK;
    if (s->n == TAR_PARTS) {
        problem(s, ERR_LIMIT, "more than %d members", (int)TAR_PARTS);
        goto done;
    }
    check_part(s, m, suffix);
    tar_part *p = &s->parts[s->n];
    *p = (tar_part){.role = role, .offset = m->offset, .size = m->size};
    if ((role == TAR_TEXT || role == TAR_JSON || role == TAR_CLASS) && s->status == OK)
        TRY(read_text(t, s, role, m, suffix));
    TRY(mem_string(&p->name, m->name));
    p->suffix = p->name + (suffix - m->name);
    s->n++;
done:
    return rc;
}

static void pass_over(tar_counts *counts, const tar_member *m)
{
    if (!counts->n_other++) snprintf(counts->other, sizeof counts->other, "%s", m->name);
    counts->n_links += m->type == TAR_LINK;
}

/* Several captions, or keys with dots: which text belongs to what cannot be told. */
static int is_stray_text(const char *suffix)
{
    const char *dot = strrchr(suffix, '.');
    return dot && !strcasecmp(dot, ".txt");
}

int tar_sample_next(tar_reader *t, tar_sample *s, tar_counts *counts, int *got)
{
    int rc = OK, more, stray = 0;
    tar_member m;
    tar_sample_free(s);
    for (;;) {
        const char *key, *suffix;
        size_t key_n;
        rc = tar_reader_next(t, &m, &more);
        if (rc == ERR_FORMAT && s->n) { /* it comes again after this sample */
            rc = OK;
            break;
        }
        TRY(rc);
        if (!more) break;
        if (m.type == TAR_FOLDER) continue;
        split_name(m.name, &key, &key_n, &suffix);
        tar_role role = suffix ? role_of(suffix) : TAR_OTHER;
        int same = s->key && strlen(s->key) == key_n && !memcmp(s->key, key, key_n);
        if (role == TAR_OTHER) {
            stray |= same && suffix && is_stray_text(suffix);
            pass_over(counts, &m);
            continue;
        }
        if (s->key && !same) {
            tar_reader_back(t);
            break;
        }
        if (!s->key) TRY(mem_copy(&s->key, key, key_n));
        TRY(add_part(t, s, role, &m, suffix));
    }
    if (stray && !tar_sample_count(s, TAR_TEXT))
        problem(s, ERR_INVALID, "a caption is called KEY.txt, and a key has no dots");
    *got = s->n > 0;
done:
    return rc;
}
