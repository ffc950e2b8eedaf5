#!/usr/bin/env bash
# whole_corpus.sh TESSERA FOLDER WORK [RANKS...]: one config over a whole folder of real media, whatever is in it, with
# 1, 2 and 4 ranks: every dataset is verified, all are the same bytes, no rank takes more than 600 MB, and the rejects
# are listed by reason. WORK needs a few GB.
#
#   tests/peers/whole_corpus.sh build/tessera CORPUS /tmp/whole
set -euo pipefail
tessera=$(realpath "$1") corpus=$(realpath "$2") work=$3
shift 3
[ $# -gt 0 ] || set -- 2 1 4
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$work"
cd "$work"
cat >whole.yaml <<YAML
corpus: {path: $corpus}
output: {shard_bytes: 4MiB}
audio: {max_seconds: 2h}
image: {max_pixels: 200000000, scale_on_decode: true}
train: {hours: 1, images: 500, vectors_per_code: 200, iterations: 10}
run: {max_reject_rate: 1}
YAML

# Most private memory of a rank, in kB.
watch() {
    while [ ! -e done.txt ]; do
        for p in /proc/[0-9]*; do
            if [ "$(readlink "$p/exe" 2>/dev/null)" = "$tessera" ]; then
                awk '/^RssAnon/ {print $2}' "$p/status" 2>/dev/null || true
            fi
        done
        sleep 0.1
    done | sort -n | tail -n 1 >most.txt
}
sums() { (cd "$1" && find . -type f ! -path './logs/*' ! -path './state/*' | sort | xargs -d '\n' sha256sum); }

first=
for n in "$@"; do
    rm -rf done.txt "ranks-$n"
    start=$SECONDS
    watch &
    mpirun -n "$n" "$tessera" run whole.yaml --output-dir "ranks-$n" >"run-$n.log" 2>&1 ||
        { tail "run-$n.log"; exit 1; }
    touch done.txt
    wait
    echo "$n ranks: $((SECONDS - start)) s, $(($(cat most.txt) / 1024)) MB for a rank at most"
    [ "$(cat most.txt)" -lt 614400 ] || { echo "more than 600 MB"; exit 1; }
    "$tessera" verify "ranks-$n"
    sums "ranks-$n" >"sums-$n.txt"
    if [ -n "$first" ]; then cmp "sums-$first.txt" "sums-$n.txt"; fi
    first=${first:-$n}
done
echo "the same bytes for $* ranks"
python3 - "ranks-$first/rejects.jsonl" <<'PY'
import collections, json, re, sys
kinds = collections.defaultdict(list)
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)
    kinds[r["reason"], re.sub(r"\d+(\.\d+)?", "N", r["message"].split(": ", 1)[-1])].append(r["id"])
for (reason, message), ids in sorted(kinds.items(), key=lambda x: -len(x[1])):
    print(f"{len(ids):6} {reason}: {message} ({ids[0]})")
PY
