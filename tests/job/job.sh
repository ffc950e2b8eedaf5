# Functions of the job tests. Each test is a script that sources this file; it runs in a folder of its own that is empty
# at the start, and ends at the first check that fails.
#
# From CTest: TESSERA, TESSERA_FAULTY (programs), SOURCE_DIR, WORK_DIR, REFERENCE (corpus and dataset of reference.sh),
# PYTHON, MPIRUN.
set -uo pipefail
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_btl_vader_single_copy_mechanism=none OPENBLAS_NUM_THREADS=1 LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0} # Open MPI leaks in parts that it has unloaded by the end
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
CONFIG=$SOURCE_DIR/configs/tiny.yaml
RC=0

rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
cd "$WORK_DIR" || exit 1

step() { printf -- '-- %s\n' "$*"; }
skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }
fail() {
    printf 'FAILED: %s\n' "$*"
    if [ -s out.txt ]; then echo "--- stdout of the last run"; tail -n 20 out.txt; fi
    if [ -s err.txt ]; then echo "--- stderr of the last run"; tail -n 40 err.txt; fi
    exit 1
}

# run N ARGUMENT...: tessera on N ranks; N = 0: without mpirun. Sets RC; output is in out.txt and err.txt. PROGRAM names
# another binary.
run() {
    local n=$1
    shift
    local launch=()
    [ "$n" -eq 0 ] || launch=("$MPIRUN" -n "$n")
    # the shell's own note about a process that was killed goes nowhere
    { timeout "${LIMIT:-120}" "${launch[@]}" "${PROGRAM:-$TESSERA}" "$@" >out.txt 2>err.txt </dev/null; } 2>/dev/null
    RC=$?
}

# The same with failures: faulty FAULTS N ARGUMENT... (tests/support/fault_inject.c).
faulty() {
    local faults=$1
    shift
    PROGRAM=$TESSERA_FAULTY TESSERA_FAULT=$faults run "$@"
}

expect_exit() { [ "$RC" -eq "$1" ] || fail "exit code $RC, expected $1 ${2:-}"; }
expect_message() { grep -qE -- "$1" err.txt || fail "no message like: $1"; }
expect_anywhere() { grep -qE -- "$1" out.txt err.txt || fail "neither output nor message like: $1"; }
expect_output() { grep -qE -- "$1" out.txt || fail "no output like: $1"; }
expect_file() { [ -e "$1" ] || fail "$1 is missing"; }
expect_no_file() { [ ! -e "$1" ] || fail "$1 is there"; }
expect_equal() { [ "$1" = "$2" ] || fail "${3:-value}: \"$1\", expected \"$2\""; }

# Checksums of what a dataset consists of: everything but report.html, logs/ and state/.
dataset_sums() {
    (cd "$1" && find . -type f ! -path ./report.html ! -path './logs/*' ! -path './state/*' | sort |
        xargs -d '\n' sha256sum)
}
dataset_hash() { dataset_sums "$1" | sha256sum | cut -c 1-64; }
expect_same_dataset() {
    dataset_sums "$1" >sums-1.txt
    dataset_sums "$2" >sums-2.txt
    [ -s sums-1.txt ] || fail "$1 is empty"
    diff sums-1.txt sums-2.txt >sums.diff || { cat sums.diff; fail "$1 and $2 differ"; }
}

# Value of a key in a JSON file: json FILE a.b.c
json() {
    "$PYTHON" -c '
import json, sys
value = json.load(open(sys.argv[1], encoding="utf-8"))
for key in sys.argv[2].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(json.dumps(value) if isinstance(value, (dict, list, bool)) else value)' "$1" "$2"
}

make_corpus() { "$PYTHON" "$SOURCE_DIR/tests/support/make_corpus.py" "$@" || fail "make_corpus.py $*"; }

# A corpus of one's own to change: the reference's, with real copies of the files.
copy_corpus() { cp -rp "$REFERENCE/corpus" "${1:-corpus}"; }

# The finished dataset counts what make_corpus.py planted.
expect_accounting() {
    local dataset=$1 corpus=$2 key
    for key in rows examples rejects; do
        expect_equal "$(json "$dataset/dataset.json" "accounting.$key")" "$(json "$corpus/expect.json" "$key")" "$key"
    done
    expect_equal "$(wc -l <"$dataset/rejects.jsonl")" "$(json "$corpus/expect.json" rejects)" "lines of rejects.jsonl"
}

# Wait until a file is there, at most 60 s; with a second argument while that process lives.
wait_for() {
    local i
    for i in $(seq 600); do
        [ ! -e "$1" ] || return 0
        [ $# -eq 1 ] || kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    fail "waited in vain for $1"
}

# Start tessera in the background, held at a point: hold POINT N ARGUMENT... (N as for run). Sets LAUNCHED to its pid
# once a process is at the point; `let_go` ends the waiting and sets RC.
hold() {
    local point=$1 n=$2
    shift 2
    rm -f held held.reached
    : >held
    local launch=()
    [ "$n" -eq 0 ] || launch=("$MPIRUN" -n "$n")
    TESSERA_FAULT="hold=$point" TESSERA_FAULT_HOLD=$PWD/held "${launch[@]}" "$TESSERA_FAULTY" "$@" >out-held.txt \
        2>err-held.txt </dev/null &
    LAUNCHED=$!
    wait_for held.reached "$LAUNCHED"
}
let_go() {
    rm -f held
    wait "$LAUNCHED"
    RC=$?
    mv out-held.txt out.txt
    mv err-held.txt err.txt
}
