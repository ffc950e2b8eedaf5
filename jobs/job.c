#include "jobs/job.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/sound_hint.h"
#include "jobs/coded_stream.h"
#include "tensor/isa.h"
#include "work/stop.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SETS = 256 };

typedef struct command_line {
    const verb *verb;
    const char *sets[MAX_SETS];
    int n_sets;
    const char *output_dir, *limit, *iters, *per_tar, *isa;
    int help;
} command_line;

int job_exit_code(int status)
{
    switch (status) {
    case OK: return 0;
    case ERR_USAGE:
    case ERR_CONFIG:
    case ERR_MISMATCH:
    case ERR_BUSY: return 2;
    case ERR_REJECTS: return 3;
    case ERR_VERIFY: return 4;
    case ERR_SPACE: return 5;
    case ERR_STOPPED: return 75;
    default: return 1;
    }
}

int job_path(const job *j, char **out, const char *format, ...)
{
    char name[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return file_join(out, j->out, name);
}

static void usage(FILE *out, const verb *verbs, size_t n)
{
    fprintf(out, "usage: tessera VERB ... [options]\n\n");
    for (size_t i = 0; i < n; i++) {
        char call[64];
        if (verbs[i].name[0] == '_') continue; /* for the program itself */
        snprintf(call, sizeof call, "%s %s", verbs[i].name, verbs[i].operands);
        fprintf(out, "  tessera %-28s %s\n", call, verbs[i].help);
    }
    fprintf(out,
            "\n"
            "  --set a.b=c       set a key of the config (repeatable; beats the file)\n"
            "  --output-dir DIR  output.path\n"
            "  --limit N         first N rows of the corpus\n"
            "  --dry-run         say what would be done, write nothing\n"
            "  --overwrite       remove what is in the output folder first\n"
            "  --retry-environment  do rows again that failed for reasons outside their bytes\n"
            "  --isa NAME        run.isa, the instruction set of the kernels, for any verb: auto, plain, avx2, avx512\n"
            "  -v, --verbose     more of the log on stderr\n"
            "  --help            this; with `run --help` also every key of the config\n"
            "\nexit codes: 0 complete, 1 internal error, 2 usage or config, 3 too many rejects, 4 verification "
            "failed, 5 no space,\n"
            "75 stopped cleanly: run the same command again\n");
}

/* A whole number from 1 on. */
static int read_count(const char *name, const char *text, int64_t *out)
{
    int rc = OK;
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || end == text || *end || n < 1)
        FAIL(ERR_USAGE, "%s needs a whole number from 1 on, not \"%s\"", name, text);
    *out = n;
done:
    return rc;
}

static int read_options(job *j, command_line *c, int argc, char **argv)
{
    int rc = OK, opt;
    enum { FIRST = 256 }; /* beyond the short options */
    const struct {
        const char *name;
        int *flag;
        const char **text;
    } table[] = {{"set", NULL, NULL},
                 {"output-dir", NULL, &c->output_dir},
                 {"limit", NULL, &c->limit},
                 {"dry-run", &j->dry_run, NULL},
                 {"overwrite", &j->overwrite, NULL},
                 {"retry-environment", &j->retry_environment, NULL},
                 {"help", &c->help, NULL},
                 {"verbose", &j->verbose, NULL},
                 {"materialise", &j->materialise, NULL},
                 {"corpus", NULL, &j->corpus_root},
                 {"wav", NULL, &j->write_wav},
                 {"png", NULL, &j->write_png},
                 {"npy", NULL, &j->npy},
                 {"what", NULL, &j->what},
                 {"to", NULL, &j->to},
                 {"feature", NULL, &j->feature},
                 {"json", &j->json, NULL},
                 {"data", NULL, &j->data},
                 {"start", NULL, &j->start},
                 {"iters", NULL, &c->iters},
                 {"format", NULL, &j->format},
                 {"sequences", NULL, &j->sequences},
                 {"split", NULL, &j->split},
                 {"per-tar", NULL, &c->per_tar},
                 {"audio-token", NULL, &j->audio_token},
                 {"image-token", NULL, &j->image_token},
                 {"isa", NULL, &c->isa}};
    struct option options[sizeof table / sizeof *table + 1];
    memset(options, 0, sizeof options);
    for (int i = 0; i < (int)(sizeof table / sizeof *table); i++)
        options[i] = (struct option){table[i].name, table[i].flag ? no_argument : required_argument, NULL, FIRST + i};
    opterr = 0;
    while ((opt = getopt_long(argc, argv, "vh", options, NULL)) != -1) {
        if (opt == '?') FAIL(ERR_USAGE, "unknown or incomplete option %s; see tessera --help", argv[optind - 1]);
        if (opt == 'v') j->verbose = 1;
        if (opt == 'h') c->help = 1;
        if (opt < FIRST) continue;
        if (table[opt - FIRST].flag) {
            *table[opt - FIRST].flag = 1;
        } else if (table[opt - FIRST].text) {
            *table[opt - FIRST].text = optarg;
        } else {
            if (c->n_sets == MAX_SETS) FAIL(ERR_USAGE, "more than %d --set", MAX_SETS);
            c->sets[c->n_sets++] = optarg;
        }
    }
    if (c->iters) TRY(read_count("--iters", c->iters, &j->iters));
    if (c->per_tar) TRY(read_count("--per-tar", c->per_tar, &j->per_tar));
done:
    return rc;
}

static int parse(job *j, command_line *c, int argc, char **argv, const verb *verbs, size_t n_verbs)
{
    int rc = OK;
    TRY(read_options(j, c, argc, argv));
    if (optind < argc) {
        for (size_t i = 0; i < n_verbs; i++)
            if (!strcmp(verbs[i].name, argv[optind])) c->verb = &verbs[i];
        if (!c->verb) FAIL(ERR_USAGE, "unknown verb \"%s\"; see tessera --help", argv[optind]);
        j->verb = c->verb->name;
        optind++;
    }
    if (c->help) goto done;
    if (!c->verb) FAIL(ERR_USAGE, "no verb; see tessera --help");
    if (optind == argc) FAIL(ERR_USAGE, "tessera %s needs %s", j->verb, c->verb->operands);
    j->target = argv[optind++];
    j->args = argv + optind;
    j->n_args = argc - optind;
done:
    return rc;
}

int job_make_config(job *j)
{
    const config_section sections[] = {
        {&corpus_options_table, &j->corpus},     {&output_options_table, &j->output}, {&audio_options_table, &j->audio},
        {&image_options_table, &j->image},       {&sensor_options_table, &j->sensor}, {&text_options_table, &j->text},
        {&sequence_options_table, &j->sequence}, {&filter_options_table, &j->filter}, {&train_options_table, &j->train},
        {&run_options_table, &j->run},
    };
    return config_create(&j->config, sections, sizeof sections / sizeof *sections);
}

static int set_pair(config *c, const char *key, const char *value)
{
    int rc = OK;
    char *assignment = NULL;
    TRY(mem_format(&assignment, "%s=%s", key, value));
    TRY(config_set(c, assignment));
done:
    mem_free(&assignment);
    return rc;
}

/* The value as a YAML text, whatever is in it. */
static int quoted(char **out, const char *text)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, 2 * strlen(text) + 3, 1));
    char *q = *out;
    *q++ = '\'';
    for (const char *p = text; *p; p++) {
        if (*p == '\'') *q++ = '\'';
        *q++ = *p;
    }
    *q++ = '\'';
done:
    return rc;
}

/* Rules between keys that no table can state. */
static int check_config(job *j)
{
    int rc = OK;
    int64_t components;
    TRY(sound_check_options(&j->audio));
    TRY(image_pca_components(&j->image, &components));
    TRY(sensor_options_check(&j->sensor));
    TRY(sequence_options_check(&j->sequence));
    TRY(filter_options_check(&j->filter));
    if (*j->train.data && strcmp(j->verb, "train"))
        FAIL(ERR_CONFIG, "train.data is for `tessera train` alone; a corpus job takes the codebook that it gives "
                         "(audio.codebook.path, image.codebook.path, sensor.codebook.path)");
    if (!*j->corpus.path && !*j->train.data) FAIL(ERR_CONFIG, "corpus.path is not set: a folder or a manifest file");
    if (!*j->output.path) FAIL(ERR_CONFIG, "output.path is not set: the folder of the dataset (or --output-dir)");
    if (j->output.unit_max < j->output.unit_min) FAIL(ERR_CONFIG, "output.unit_max is less than output.unit_min");
    if (j->image.patch > j->image.width || j->image.patch > j->image.height)
        FAIL(ERR_CONFIG, "image.patch is larger than image.width or image.height");
done:
    return rc;
}

static int read_config(job *j, const command_line *c)
{
    int rc = OK;
    char *value = NULL;
    TRY(config_read(j->config, j->target));
    for (int i = 0; i < c->n_sets; i++) TRY(config_set(j->config, c->sets[i]));
    if (c->limit) TRY(set_pair(j->config, "corpus.limit", c->limit));
    if (c->isa) TRY(set_pair(j->config, "run.isa", c->isa));
    if (c->output_dir) {
        TRY(quoted(&value, c->output_dir));
        TRY(set_pair(j->config, "output.path", value));
    }
    TRY(coded_complete(j));
    TRY(check_config(j));
done:
    mem_free(&value);
    return rc;
}

/* Rank 0 reads the file; the others load what it found. */
static int share_config(job *j, const command_line *c)
{
    int rc = OK;
    char *text = NULL;
    size_t n = 0;
    TRY(par_agree(&j->p, job_make_config(j)));
    if (j->p.rank == 0) {
        rc = read_config(j, c);
        if (rc == OK) rc = config_dump(j->config, &text);
        if (rc == OK) n = strlen(text);
    }
    TRY(par_agree(&j->p, rc));
    TRY(par_share(&j->p, &text, &n));
    if (j->p.rank != 0) rc = config_load(j->config, "the config of rank 0", text, n);
    TRY(par_agree(&j->p, rc));
    TRY(mem_string(&j->out, j->output.path));
    for (size_t l = strlen(j->out); l > 1 && j->out[l - 1] == '/'; l--) j->out[l - 1] = 0;
done:
    mem_free(&text);
    return rc;
}

static int run_verb(job *j, const command_line *c)
{
    int rc = OK;
    const char *isa = c->isa ? c->isa : "auto";
    if (c->verb->needs_config) {
        TRY(share_config(j, c));
        isa = isa_names[j->run.isa];
    }
    TRY(par_agree(&j->p, isa_force(isa)));
    if (c->verb->needs_config && !*j->train.data) TRY(models_open(j));
    if (!c->verb->needs_config && (c->n_sets || c->limit))
        FAIL(ERR_USAGE, "tessera %s takes no --set and no --limit", j->verb);
    stop_start(c->verb->needs_config ? j->run.time_limit : 0);
    TRY(c->verb->run(j));
done:
    return rc;
}

static void say_failure(int status)
{
    if (status == ERR_STOPPED)
        LOG_JOB(LOG_INFO, "stopped (%s); run the same command again to go on", status_message());
    else
        log_write(LOG_ERROR, 1, status_file(), status_line(), "%s", status_message());
}

static int help(const verb *verbs, size_t n_verbs, const command_line *c)
{
    job j = {0};
    usage(stdout, verbs, n_verbs);
    if (c->verb && c->verb->needs_config && job_make_config(&j) == OK) {
        fprintf(stdout, "\nkeys of the config:\n\n");
        config_help(j.config, stdout);
        config_free(&j.config);
    }
    return 0;
}

int job_main(int argc, char **argv, const verb *verbs, size_t n_verbs)
{
    job j = {0};
    command_line c = {0};
    int rc = parse(&j, &c, argc, argv, verbs, n_verbs);
    if (rc == OK && c.help) return help(verbs, n_verbs, &c);
    if (rc == OK && c.verb->name[0] == '_') { /* a child of ours: never MPI */
        rc = c.verb->run(&j);
        if (rc != OK) fprintf(stderr, "tessera: %s\n", status_message());
        return job_exit_code(rc);
    }
    par_start(&j.p, &argc, &argv);
    log_start(j.p.rank, j.p.host, j.verbose ? LOG_DEBUG : LOG_INFO);
    char tag[96];
    snprintf(tag, sizeof tag, "%.60s-%d-r%d", j.p.host, (int)getpid(), j.p.rank);
    file_set_tag(tag);
    if (rc == OK) rc = run_verb(&j, &c);
    rc = par_agree(&j.p, rc);
    if (rc != OK) say_failure(rc);
    models_close(&j);
    config_free(&j.config);
    mem_free(&j.out);
    log_open(NULL, LOG_INFO);
    return par_finish(&j.p, job_exit_code(rc));
}
