#!/usr/bin/env bash
# three_sets.sh TESSERA CORPUS WORK: three sets of sequences (one stream of ids, cross-attention, both: the configs
# sequences-*.yaml) from the shards of a whole folder of real media. Every set is verified, read with the Python of the
# README, compared with the shards, and read to its end by the training loop that is stopped and goes on. WORK needs
# about 10 GB per 10,000 pictures. Needs python3 (PYTHON) with torch and h5py.
#
#   tests/peers/three_sets.sh build/tessera CORPUS /tmp/three
set -euo pipefail
tessera=$(realpath "$1") corpus=$(realpath "$2") work=$3
source=$(realpath "$(dirname "$0")/../..")
python=${PYTHON:-python3}
export OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$work"
cp "$source"/configs/sequences-*.yaml "$work"
cd "$work"
cat >base.yaml <<YAML
corpus: {path: $corpus, splits: {train: 0.95, valid: 0.05}}
output: {path: dataset, shard_bytes: 64MiB}
audio: {max_seconds: 2h, keep: both}
image: {max_pixels: 200000000, scale_on_decode: true, keep: both}
train: {hours: 1, images: 500, vectors_per_code: 200, iterations: 10}
run: {max_reject_rate: 1}
YAML
verb=run
for set in unified cross hybrid; do
    echo "preset: [base, sequences-$set]" >"$set.yaml"
    start=$SECONDS
    mpirun -n 2 "$tessera" $verb "$set.yaml" >"$set.log" 2>&1 || { tail "$set.log"; exit 1; }
    echo "$verb $set: $((SECONDS - start)) s"
    verb=pack
done
"$tessera" verify dataset
"$python" -B "$source/tests/job/sequence_sets.py" dataset "$source/README.md" unified cross hybrid
for set in unified cross hybrid; do
    "$python" -B "$source/tests/job/readme_snippets.py" --loop "$set" "$source/README.md" dataset
    "$python" -B "$source/tests/peers/read_rates.py" "$source/README.md" dataset --name "$set" --seconds 1
done
