#!/usr/bin/env bash
# pack_scale.sh TESSERA WORK: a million texts of log-normal length packed into sequences of 4,096 tokens: seconds, the
# padding, the same bytes on 1, 2, 3 and 7 ranks in blocks of two sizes, and after kills in the middle.
#
#   tests/peers/pack_scale.sh build/tessera /tmp/pack-scale
set -euo pipefail
tessera=$(realpath "$1") work=$2
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$work"
cd "$work"
python3 - <<'PY'
import random
draw = random.Random(1)
with open("rows.jsonl", "w") as f:
    for i in range(1000000):
        f.write('{"id": "r%d", "text": "%s"}\n' % (i, "x" * min(4000, int(draw.lognormvariate(3.3, 0.8)) + 1)))
PY
printf '%s\n' 'corpus: {path: rows.jsonl}' 'output: {path: base}' 'sequence: {length: 4096}' >rows.yaml
mpirun -n 2 "$tessera" run rows.yaml 2>run.log

# pack_again RANKS BLOCK: another set of the dataset without it, in `again`.
pack_again() {
    mpirun -n "$1" "$tessera" pack rows.yaml --set sequence.name=more --set "sequence.block=$2" --output-dir again \
        2>pack.log
}
sum_of() { cat again/sequences/more/*.h5 | sha256sum | cut -c 1-16; }

for block in 65536 1048576; do
    first=
    for ranks in 1 2 3 7; do
        rm -rf again
        cp -r base again
        start=$(date +%s%N)
        pack_again $ranks $block
        echo "blocks of $block, $ranks ranks: $((($(date +%s%N) - start) / 1000000)) ms, $(sum_of)"
        first=${first:-$(sum_of)}
        [ "$(sum_of)" = "$first" ] || { echo "other bytes"; exit 1; }
    done
    python3 - $block <<'PY'
import json, sys
s = json.load(open("again/dataset.json"))["sequences"]["more"]
padding = 1 - s["tokens"] / s["sequences"] / s["length"]
print(f"blocks of {sys.argv[1]}: {s['documents']} documents, {s['sequences']} sequences, {100 * padding:.3f} % padding")
assert padding < 0.001
PY
done

rm -rf again
cp -r base again
pack_again 1 65536
whole=$(sum_of)
blocks_done() { find again -path '*more*' -name '*.h5' | wc -l; }
for wanted in 1 5 9; do
    rm -rf again
    cp -r base again
    pack_again 2 65536 &
    while [ "$(blocks_done)" -lt $wanted ]; do sleep 0.01; done
    pkill -9 -f "^$tessera pack rows.yaml .*" # the ranks; the launcher ends with them
    wait || true
    there=$(blocks_done)
    [ "$there" -lt 16 ] || { echo "all was done before the kill"; exit 1; }
    pack_again 3 65536
    [ "$(sum_of)" = "$whole" ] || { echo "other bytes after a kill"; exit 1; }
    echo "killed with $there of 16 blocks done, packed on: the same bytes"
done
