/* Codebooks as files: from matrices of other programs, to them, and what is known of one. */
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/given.h"
#include "store/h5.h"
#include "store/npy.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

static int need_to(const job *j)
{
    int rc = OK;
    if (!j->to || !*j->to) FAIL(ERR_USAGE, "tessera codebook %s needs --to", j->target);
done:
    return rc;
}

/* The last part of a path up to its last dot. */
static int stem(char **out, const char *path)
{
    int rc = OK;
    char *copy = NULL;
    TRY(mem_string(&copy, path));
    char *name = basename(copy), *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0;
    TRY(mem_string(out, name));
done:
    mem_free(&copy);
    return rc;
}

/* --to DIR/NAME.h5, or a folder, where the name is that of the file (or of the dataset in it). */
static int place(const char *to, const char *from, char **folder, char **name)
{
    int rc = OK;
    char *copy = NULL;
    int file = given_ends_with(to, ".h5");
    TRY(mem_string(&copy, to));
    if (!file && (given_ends_with(to, ".npy") || !strcmp(basename(copy), ".h5")))
        FAIL(ERR_USAGE, "--to names a folder or a file NAME.h5, not %s", to);
    mem_free(&copy);
    TRY(mem_string(&copy, to));
    TRY(mem_string(folder, file ? dirname(copy) : to));
    TRY(stem(name, file ? to : from));
done:
    mem_free(&copy);
    return rc;
}

/* Importing writes two files, of which the user named one at most: nothing that is there is replaced unasked. */
static int check_free(const char *folder, const char *name)
{
    static const char *const endings[] = {"h5", "npy"};
    int rc = OK;
    char *path = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        mem_free(&path);
        TRY(mem_format(&path, "%s/%s.%s", folder, name, endings[i]));
        if (file_exists(path)) FAIL(ERR_CONFIG, "%s is there already; --overwrite replaces it", path);
    }
done:
    mem_free(&path);
    return rc;
}

static int import_book(const job *j, const char *from)
{
    int rc = OK;
    char *folder = NULL, *name = NULL;
    codebook book = {0};
    TRY(need_to(j));
    TRY(place(j->to, from, &folder, &name));
    TRY(given_codebook(from, &book));
    mem_free(&book.name);
    TRY(mem_string(&book.name, name));
    if (j->feature) {
        mem_free(&book.feature);
        TRY(mem_string(&book.feature, j->feature));
    }
    TRY(codebook_hash(&book));
    if (!j->overwrite) TRY(check_free(folder, name));
    if (!j->dry_run) {
        TRY(file_make_folder(folder));
        TRY(codebook_save(&book, folder));
    }
    LOG_JOB(LOG_INFO, "codebook: %s/%s.h5 and .npy: %lld codes of %lld values, sha256 %s%s", folder, name,
            (long long)book.k, (long long)book.d, book.sha256, j->dry_run ? " (not written: --dry-run)" : "");
done:
    codebook_free(&book);
    mem_free(&folder);
    mem_free(&name);
    return rc;
}

/* Plain HDF5 for other programs: the centroids alone. */
static int write_h5(const char *path, const codebook *book)
{
    int rc = OK;
    h5_file *f = NULL;
    const int64_t dims[] = {book->k, book->d};
    TRY(h5_create(&f, path, "codebook"));
    TRY(h5_dataset(f, "/centroids", H5_F32, 2, dims, 0));
    TRY(h5_write(f, "/centroids", 0, book->k, book->centroids));
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    return rc;
}

static int export_book(const job *j, const char *from)
{
    int rc = OK, h5;
    codebook book = {0};
    TRY(need_to(j));
    h5 = given_ends_with(j->to, ".h5");
    if (!h5 && !given_ends_with(j->to, ".npy")) FAIL(ERR_USAGE, "--to names a file NAME.npy or NAME.h5, not %s", j->to);
    TRY(given_codebook(from, &book));
    const int64_t dims[] = {book.k, book.d};
    if (!j->dry_run) {
        TRY(given_make_folder_of(j->to));
        TRY(h5 ? write_h5(j->to, &book) : npy_write(j->to, "<f4", 2, dims, book.centroids, "codebook"));
    }
    LOG_JOB(LOG_INFO, "codebook: %s: %lld codes of %lld values%s", j->to, (long long)book.k, (long long)book.d,
            j->dry_run ? " (not written: --dry-run)" : "");
done:
    codebook_free(&book);
    return rc;
}

static void print_inertia(const char *title, int64_t n, double inertia)
{
    printf("  %-20s %lld\n", title, (long long)n);
    if (n) printf("  %-20s %.9g\n", "  inertia", inertia);
    if (n) printf("  %-20s %.9g\n", "  inertia per vector", inertia / (double)n);
}

static void print_quality(const codebook *c)
{
    const codebook_quality *q = &c->quality;
    printf("quality\n");
    print_inertia("training vectors", q->n_train, q->inertia);
    print_inertia("held-out vectors", q->n_held_out, q->inertia_held_out);
    if (q->variance > 0) printf("  %-20s %.9g\n", "variance explained", 1 - q->inertia / q->variance);
    printf("  %-20s %lld of %lld\n", "codes used", (long long)q->codes_used, (long long)c->k);
    printf("  %-20s %.9g\n", "perplexity", q->perplexity);
}

static int print_counts(const codebook *c)
{
    int rc = OK;
    codebook_spread s;
    TRY(codebook_spread_of(c, &s));
    printf("  %-20s %.9g bits, %.4f of log2 K\n", "entropy", s.entropy_bits, s.entropy_share);
    printf("  %-20s %.9g\n", "imbalance factor", s.imbalance);
    if (*c->quality.start) printf("  %-20s %s\n", "start", c->quality.start);
    printf("  %-20s %lld\n", "iterations", (long long)c->quality.iterations);
    printf("  %-20s %s\n", "stop", c->quality.stop);
    printf("training vectors per code\n");
    printf("  %12s %12s %12s %12s\n", "min", "median", "max", "dead codes");
    printf("  %12lld %12.1f %12lld %12lld\n", (long long)s.least, s.median, (long long)s.most, (long long)s.dead);
done:
    return rc;
}

static void print_history(const codebook *c)
{
    double n = (double)c->quality.n_train;
    printf("inertia before each update\n");
    printf("  %9s %18s %18s", "iteration", "sum", "per vector");
    if (c->changed && c->filled) printf(" %12s %8s", "changed %", "filled");
    printf("\n");
    for (int64_t i = 0; i < c->n_history; i++) {
        printf("  %9lld %18.9g %18.9g", (long long)i + 1, c->history[i], c->history[i] / n);
        if (c->changed && c->filled) printf(" %12.4f %8lld", 100 * c->changed[i], (long long)c->filled[i]);
        printf("\n");
    }
}

static int show_book(const char *path)
{
    int rc = OK;
    codebook c = {0};
    TRY(given_codebook(path, &c));
    printf("%-10s %s\n", "name", c.name);
    printf("%-10s %lld\n", "K", (long long)c.k);
    printf("%-10s %lld\n", "D", (long long)c.d);
    printf("%-10s %s\n", "feature", c.feature);
    printf("%-10s %s\n", "encoder", c.encoder);
    if (c.layer >= 0) printf("%-10s %lld\n", "layer", (long long)c.layer);
    printf("%-10s %s\n", "metric", kmeans_metric_names[c.metric]);
    printf("%-10s %s\n", "sha256", c.sha256);
    if (!c.quality.n_train) {
        printf("quality    not known: not trained by tessera\n");
        goto done;
    }
    print_quality(&c);
    TRY(print_counts(&c));
    print_history(&c);
done:
    codebook_free(&c);
    return rc;
}

int verb_codebook(job *j)
{
    int rc = OK;
    const char *action = j->target;
    if (j->p.rank != 0) return OK;
    if (strcmp(action, "import") && strcmp(action, "export") && strcmp(action, "show"))
        FAIL(ERR_USAGE, "tessera codebook does import, export or show, not \"%s\"", action);
    if (j->n_args != 1) FAIL(ERR_USAGE, "tessera codebook %s needs one file", action);
    if (!strcmp(action, "import"))
        TRY(import_book(j, j->args[0]));
    else if (!strcmp(action, "export"))
        TRY(export_book(j, j->args[0]));
    else
        TRY(show_book(j->args[0]));
done:
    return rc;
}
