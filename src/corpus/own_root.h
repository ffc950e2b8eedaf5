/* Roots that a manifest has a say in. Local. */
#pragma once

#include "corpus/index.h"

/* *root is NULL where the usual rule holds (corpus_root). A fairseq TSV: the folder in its first line, when corpus.root
 * is not set, or is that folder or one above it; with another corpus.root the files have moved there, and the line does
 * not count. So paths stay below both. A Kaldi folder: corpus.root, where it is set. Caller: mem_free. ERR_CONFIG: the
 * folder of the line is not there; damaged gzip. */
int manifest_own_root(const corpus_options *o, char **root);
