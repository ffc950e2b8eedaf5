/* A folder as a corpus: all media below it, sorted by the bytes of their paths. Files of one folder with the same stem
 * are one row: a picture, a sound and the .txt beside them. Where there are several of one kind (a.wav and a.flac) each
 * medium is a row of its own with the text, and its id keeps the ending. Links are followed, but not back into a folder
 * that leads to them. Memory: the names of the folders on the way to the current file. */
#include "corpus/manifest.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/folder_listing.h"
#include "corpus/row_codec.h"

#include <stdio.h>
#include <string.h>

typedef struct folder_level {
    folder_listing listing;
    size_t at;     /* next name */
    size_t path_n; /* bytes of the folder's path below the root, with a slash at the end */
} folder_level;

typedef struct folder_walk {
    const char *root;
    folder_level *levels;
    size_t depth, capacity;
    char *path; /* of the current folder or file, below the root */
    size_t path_capacity;
    int64_t n_hidden, n_other, n_cycles;
    char other[64];
} folder_walk;

typedef struct folder_state {
    folder_walk walk;
    size_t rest; /* of a stem with several rows: the next medium; SIZE_MAX: none */
    char *id;
    char *paths[3]; /* by media_type: what the row's views point to */
} folder_state;

static void walk_free(folder_walk *w)
{
    while (w->depth) folder_listing_free(&w->levels[--w->depth].listing);
    mem_free(&w->levels);
    mem_free(&w->path);
}

static folder_level *top(folder_walk *w) { return &w->levels[w->depth - 1]; }

/* Enter the folder w->path (path_n bytes, "" for the root). A folder that is among those above it is passed over. */
static int enter(folder_walk *w, size_t path_n)
{
    int rc = OK;
    char *full = NULL;
    folder_listing listing = {0};
    if (path_n)
        TRY(mem_format(&full, "%s/%.*s", w->root, (int)path_n - 1, w->path));
    else
        TRY(mem_string(&full, w->root));
    TRY(folder_list(full, &listing));
    for (size_t i = 0; i < w->depth; i++) {
        const struct stat *above = &w->levels[i].listing.here;
        if (above->st_dev != listing.here.st_dev || above->st_ino != listing.here.st_ino) continue;
        w->n_cycles++;
        goto done;
    }
    TRY(MEM_GROW(w->levels, &w->capacity, w->depth + 1));
    if (listing.n_other && !w->n_other) memcpy(w->other, listing.other, sizeof w->other);
    w->n_other += listing.n_other;
    w->n_hidden += listing.n_hidden;
    w->levels[w->depth++] = (folder_level){.listing = listing, .path_n = path_n};
    listing = (folder_listing){0};
done:
    folder_listing_free(&listing);
    mem_free(&full);
    return rc;
}

/* Put a name behind the path of the current folder; *n is the length. */
static int set_path(folder_walk *w, const folder_name *x, size_t *n)
{
    int rc = OK;
    const folder_level *l = top(w);
    TRY(MEM_GROW(w->path, &w->path_capacity, l->path_n + x->n + 2));
    memcpy(w->path + l->path_n, folder_name_text(&l->listing, x), x->n);
    *n = l->path_n + x->n;
    w->path[*n] = 0;
done:
    return rc;
}

/* Go to the next file: names[level->at - 1] of the top level; *got = 0 at the end. */
static int walk_next(folder_walk *w, int *got)
{
    int rc = OK;
    size_t n;
    *got = 0;
    while (w->depth) {
        folder_level *l = top(w);
        if (l->at == l->listing.n) {
            folder_listing_free(&l->listing);
            w->depth--;
            continue;
        }
        const folder_name *x = &l->listing.names[l->at++];
        TRY(set_path(w, x, &n));
        if (!x->is_folder) {
            *got = 1;
            break;
        }
        w->path[n++] = '/';
        w->path[n] = 0;
        TRY(enter(w, n));
    }
done:
    return rc;
}

static void report(const folder_walk *w)
{
    if (w->n_other)
        LOG_JOB(LOG_INFO, "%s: passed over %lld files with other endings (such as %s)", w->root, (long long)w->n_other,
                w->other);
    if (w->n_hidden) LOG_JOB(LOG_INFO, "%s: passed over %lld hidden names", w->root, (long long)w->n_hidden);
    if (w->n_cycles)
        LOG_JOB(LOG_WARN, "%s: passed over %lld links that lead back to a folder above them", w->root,
                (long long)w->n_cycles);
}

static int folder_detect(const char *path, int is_folder, const char *head, size_t n)
{
    return is_folder && !kaldi_manifest.detect(path, 1, head, n);
}

static void folder_close(void **state)
{
    folder_state *s = *state;
    if (!s) return;
    walk_free(&s->walk);
    mem_free(&s->id);
    for (int i = 0; i < 3; i++) mem_free(&s->paths[i]);
    mem_free(state);
}

static int folder_open(const manifest_input *in, void **state)
{
    int rc = OK;
    folder_state *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->rest = SIZE_MAX;
    s->walk.root = in->root;
    TRY(enter(&s->walk, 0));
    *state = s;
    s = NULL;
done:
    folder_close((void **)&s);
    return rc;
}

static text_view view(const char *text) { return (text_view){text, strlen(text)}; }

/* Give the row a file. */
static int add_file(folder_state *s, const folder_name *x, corpus_row *row, uint32_t *flags)
{
    static const row_field fields[] = {
        [TYPE_AUDIO] = FIELD_AUDIO_PATH, [TYPE_IMAGE] = FIELD_IMAGE_PATH, [TYPE_TEXT] = FIELD_TEXT};
    int rc = OK;
    size_t n;
    TRY(set_path(&s->walk, x, &n));
    mem_free(&s->paths[x->type]);
    TRY(mem_copy(&s->paths[x->type], s->walk.path, n));
    row->field[fields[x->type]] = view(s->paths[x->type]);
    if (x->type == TYPE_TEXT) *flags |= ROW_CAPTION_FILE;
done:
    return rc;
}

/* The id: the path without ending, unless `whole` or another file of the folder has that very name. */
static int set_id(folder_state *s, const folder_name *x, int whole, corpus_row *row)
{
    int rc = OK;
    size_t n;
    const folder_listing *l = &top(&s->walk)->listing;
    TRY(set_path(&s->walk, x, &n));
    if (!whole && !folder_has_file(l, folder_name_text(l, x), x->stem_n)) n -= x->n - x->stem_n;
    mem_free(&s->id);
    TRY(utf8_escape(s->walk.path, n, &s->id));
    row->field[FIELD_ID] = view(s->id);
done:
    return rc;
}

/* How many files of each type have the stem of file i; *text is the first text among them. */
static void count_stem(const folder_listing *l, size_t i, int counts[3], size_t *text)
{
    *text = SIZE_MAX;
    for (i = l->names[i].first; i != SIZE_MAX; i = l->names[i].next) {
        counts[l->names[i].type]++;
        if (l->names[i].type == TYPE_TEXT && *text == SIZE_MAX) *text = i;
    }
}

static size_t next_medium(const folder_listing *l, size_t i)
{
    while (i != SIZE_MAX && l->names[i].type == TYPE_TEXT) i = l->names[i].next;
    return i;
}

/* A row for one medium of a stem that has several of a kind. */
static int lone_medium(folder_state *s, corpus_row *row, uint32_t *flags)
{
    int rc = OK, counts[3] = {0};
    const folder_listing *l = &top(&s->walk)->listing;
    size_t i = s->rest, text;
    count_stem(l, i, counts, &text);
    TRY(add_file(s, &l->names[i], row, flags));
    if (text != SIZE_MAX) TRY(add_file(s, &l->names[text], row, flags));
    TRY(set_id(s, &l->names[i], 1, row));
    s->rest = next_medium(l, l->names[i].next);
done:
    return rc;
}

static int folder_next(void *state, corpus_row *row, uint32_t *flags, int *got)
{
    int rc = OK, counts[3] = {0};
    folder_state *s = state;
    size_t i, text;
    *got = 1;
    if (s->rest != SIZE_MAX) return lone_medium(s, row, flags);
    do {
        TRY(walk_next(&s->walk, got));
        if (!*got) {
            report(&s->walk);
            goto done;
        }
        i = top(&s->walk)->at - 1;
    } while (top(&s->walk)->listing.names[i].first != i);
    const folder_listing *l = &top(&s->walk)->listing;
    count_stem(l, i, counts, &text);
    if (counts[TYPE_AUDIO] > 1 || counts[TYPE_IMAGE] > 1) {
        s->rest = next_medium(l, i);
        return lone_medium(s, row, flags);
    }
    TRY(set_id(s, &l->names[i], 0, row));
    for (size_t j = i; j != SIZE_MAX; j = l->names[j].next)
        if (l->names[j].type != TYPE_TEXT || j == text) TRY(add_file(s, &l->names[j], row, flags));
done:
    return rc;
}

static int folder_hash(const manifest_input *in, hash_stream *h)
{
    int rc = OK, got;
    folder_walk w = {.root = in->root};
    char *full = NULL;
    TRY(enter(&w, 0));
    for (;;) {
        struct stat st;
        TRY(walk_next(&w, &got));
        if (!got) break;
        mem_free(&full);
        TRY(mem_format(&full, "%s/%s", w.root, w.path));
        int64_t size = stat(full, &st) == 0 ? (int64_t)st.st_size : -1;
        hash_stream_add(h, w.path, strlen(w.path) + 1);
        hash_stream_add(h, &size, sizeof size);
    }
done:
    mem_free(&full);
    walk_free(&w);
    return rc;
}

const manifest_kind folder_manifest = {
    "folder", folder_detect, folder_open, folder_next, folder_close, folder_hash, IN_FOLDER,
};
