#!/bin/bash
# quickstart.sh: from nothing to a token dataset of real pictures and recordings, in the folder quickstart/.
# Installs what is missing, builds, gets the corpus, runs the job on all cores. Run again, it does only what is left.
set -euo pipefail
cd "$(dirname "$0")/.."
out=quickstart/dataset
cores=$(nproc)

say() { printf '\n== %s\n' "$*" >&2; }
say "packages"
.ci/setup build
say "build"
.ci/build tessera
say "corpus"
configs/quickstart-corpus.sh quickstart/corpus
say "tessera run, on $cores ranks"
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
# nproc counts hardware threads, mpirun would count cores; and in a container memory of other ranks cannot be read
export OMPI_MCA_btl_vader_single_copy_mechanism=none
mpirun --use-hwthread-cpus --bind-to none -n "$cores" build/tessera run configs/quickstart.yaml
say "the dataset is in $PWD/$out"
build/tessera status "$out"
echo "rejected, with the reason:"
sed -n 's/.*"source":"\([^"]*\)".*"message":"\(.*\)".*/  \1: \2/p' "$out/rejects.jsonl"
