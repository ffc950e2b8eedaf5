#include "jobs/tokenizer_files.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { FILE_LIMIT = 256 << 20, NAME = 64 };

static const char added_name[] = "tokenizer/added_tokens.json", map_name[] = "tokenizer/special_tokens_map.json";
static const char specials_name[] = "tokenizer/specials.json";

/* A name per kind of tokenizer file, as programs that load such a folder expect. */
static const struct {
    const char *kind, *name;
} copies[] = {{"bpe", "tokenizer/tokenizer.json"},
              {"tiktoken", "tokenizer/ranks.tiktoken"},
              {"sentencepiece", "tokenizer/tokenizer.model"}};
enum { N_COPIES = sizeof copies / sizeof *copies };

const char *const tokenizer_file_names[] = {"tokenizer/tokenizer.json",
                                            "tokenizer/ranks.tiktoken",
                                            "tokenizer/tokenizer.model",
                                            "tokenizer/specials.json",
                                            "tokenizer/added_tokens.json",
                                            "tokenizer/special_tokens_map.json",
                                            NULL};

/* ---- copies ---- */

static int copy_file(const job *j, const char *from, const char *name)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    TRY(job_path(j, &path, "%s", name));
    TRY(file_read(from, FILE_LIMIT, &bytes, &n));
    TRY(file_commit(path, bytes, n, "tokenizer"));
done:
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}

/* The files may have changed under a job that ran for long: then the copies are not what the tokens were made with. */
static int check_copies(const job *j, const char *name)
{
    int rc = OK;
    text_options o = j->text;
    text_tokenizer *t = NULL;
    char *path = NULL, *specials = NULL;
    TRY(job_path(j, &path, "%s", name));
    TRY(job_path(j, &specials, "%s", specials_name));
    o.path = path;
    o.specials = *j->text.specials ? specials : NULL;
    TRY(text_tokenizer_create(&t, &o));
    if (strcmp(text_tokenizer_sha256(t), text_tokenizer_sha256(j->models.text)))
        FAIL(ERR_CONFIG, "text.path: %s has changed while the job ran", j->text.path);
done:
    text_tokenizer_free(&t);
    mem_free(&path);
    mem_free(&specials);
    return rc;
}

static int write_copies(const job *j)
{
    int rc = OK;
    const char *name = NULL;
    for (int i = 0; i < N_COPIES; i++)
        if (!strcmp(copies[i].kind, text_tokenizer_name(j->models.text))) name = copies[i].name;
    if (!name) goto done; /* bytes */
    TRY(copy_file(j, j->text.path, name));
    if (*j->text.specials) TRY(copy_file(j, j->text.specials, specials_name));
    TRY(check_copies(j, name));
done:
    return rc;
}

/* ---- names ---- */

/* Name of a joint id; with `mm` in a form that no text token has. */
static void token_name(const vocabulary *v, int64_t id, int mm, char out[NAME])
{
    char plain[NAME - 3];
    vocabulary_name(v, id, plain, sizeof plain);
    snprintf(out, NAME, "%s%s", mm ? "<mm_" : "<", plain + 1);
}

/* Whether a piece of the text tokenizer looks like one of our names: none of them has others of its kind. */
static int is_taken(const vocabulary *v, const char *piece, size_t n)
{
    static const char *const beginnings[] = {"<img_", "<aud_", "<sen_", "<reserved_"};
    char name[NAME];
    if (n < 3 || n >= NAME || piece[0] != '<' || piece[n - 1] != '>') return 0;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (n > strlen(beginnings[i]) && !memcmp(piece, beginnings[i], strlen(beginnings[i]))) return 1;
    for (int s = 0; s < N_SPECIALS_NAMED; s++) {
        vocabulary_name(v, vocabulary_special(v, (special_id)s), name, sizeof name);
        if (strlen(name) == n && !memcmp(name, piece, n)) return 1;
    }
    return 0;
}

static int are_taken(const job *j, const vocabulary *v)
{
    for (int64_t id = 0; id < v->text_size; id++) {
        size_t n;
        const char *piece = text_tokenizer_piece(j->models.text, (uint32_t)id, &n);
        if (is_taken(v, piece, n)) return 1;
    }
    return 0;
}

/* ---- what a trainer adds ---- */

static int write_added(const job *j, const vocabulary *v, int mm)
{
    int rc = OK;
    char *path = NULL, *line = NULL, name[NAME];
    file_writer *w = NULL;
    const vocabulary_range *last = &v->ranges[v->n_ranges - 1];
    TRY(job_path(j, &path, "%s", added_name));
    TRY(file_writer_open(&w, path, "tokenizer"));
    for (int64_t id = v->text_size; id < last->offset + last->size; id++) {
        token_name(v, id, mm, name);
        mem_free(&line);
        TRY(mem_format(&line, "%s  \"%s\": %lld", id == v->text_size ? "{\n" : ",\n", name, (long long)id));
        TRY(file_writer_add(w, line, strlen(line)));
    }
    TRY(file_writer_add(w, "\n}\n", 3));
    TRY(file_writer_commit(&w));
done:
    file_writer_abandon(&w);
    mem_free(&path);
    mem_free(&line);
    return rc;
}

static int write_map(const job *j, const vocabulary *v, int mm)
{
    static const struct {
        const char *key;
        special_id id;
    } roles[] = {
        {"bos_token", SPECIAL_BOS}, {"eos_token", SPECIAL_EOS}, {"pad_token", SPECIAL_PAD}, {"sep_token", SPECIAL_SEP}};
    int rc = OK;
    char *path = NULL, name[NAME], text[1024] = "{\n";
    size_t n = 2;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        token_name(v, vocabulary_special(v, roles[i].id), mm, name);
        n += (size_t)snprintf(text + n, sizeof text - n, "  \"%s\": \"%s\",\n", roles[i].key, name);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "  \"additional_special_tokens\": [");
    for (int s = SPECIAL_BOI; s < N_SPECIALS_NAMED; s++) {
        token_name(v, vocabulary_special(v, (special_id)s), mm, name);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"%s\"", s == SPECIAL_BOI ? "" : ", ", name);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "]\n}\n");
    TRY(job_path(j, &path, "%s", map_name));
    TRY(file_commit(path, text, n, "tokenizer"));
done:
    mem_free(&path);
    return rc;
}

int tokenizer_files_write(const job *j, const vocabulary *v)
{
    int rc = OK, mm = are_taken(j, v);
    char *folder = NULL;
    TRY(job_path(j, &folder, "tokenizer"));
    TRY(file_remove_tree(folder)); /* of other settings */
    TRY(file_make_folder(folder));
    TRY(write_copies(j));
    TRY(write_added(j, v, mm));
    TRY(write_map(j, v, mm));
done:
    mem_free(&folder);
    return rc;
}

/* ---- a finished dataset ---- */

static int use(const char *dataset, const char *name, char **path)
{
    int rc = OK;
    char *copy = NULL;
    TRY(file_join(&copy, dataset, name));
    if (!file_exists(copy)) goto done;
    mem_free(path);
    *path = copy;
    copy = NULL;
done:
    mem_free(&copy);
    return rc;
}

int tokenizer_files_use(const char *dataset, text_options *o)
{
    int rc = OK;
    if (o->tokenizer == TOKENIZER_BYTES) goto done;
    for (int i = 0; i < N_COPIES; i++) TRY(use(dataset, copies[i].name, &o->path));
    TRY(use(dataset, specials_name, &o->specials));
done:
    return rc;
}
