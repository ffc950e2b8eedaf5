# Sequences are those of published processors: tests/golden/sequences has what transformers makes of the same documents
# (tests/peers/sequence_references.py).
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
golden=$SOURCE_DIR/tests/golden/sequences
references() { "$PYTHON" -B "$(dirname "$0")/sequence_references.py" "$@"; }

step "a corpus and a config for each set of templates"
references make "$golden" . || fail "cannot make the corpora"
ranks=0
for config in */config.yaml; do
    set=${config%/config.yaml}
    step "$set"
    run $ranks run "$config"
    expect_exit 0
    run 0 verify "$set/dataset"
    expect_exit 0
    references compare "$golden" "$set" "$SOURCE_DIR/README.md" || fail "$set differs from the reference"
    ranks=$(((ranks + 2) % 4))
done

# planted SET DATASET CODE: the comparison sees what Python code does to a dataset of the first index file, which is f.
planted() {
    rm -rf planted
    cp -r "$1" planted
    "$PYTHON" - "$2" <<'PY' || fail "cannot plant"
import glob, sys
import h5py
with h5py.File(sorted(glob.glob("planted/dataset/sequences/default/train-*.h5"))[0], "r+") as f:
    path, _, amount = sys.argv[1].partition(" ")
    f[path][0] += int(amount)
PY
    references compare "$golden" planted "$SOURCE_DIR/README.md" >out.txt && fail "$1: $2 was not seen"
    grep -q "$3" out.txt || fail "$1: no message like: $3"
}

step "and faults in an index are seen"
planted chat "spans/start 1" "token"
planted mllama "vectors/end -1" "end of the vectors"
planted llava "vectors/start 1" "vectors"
planted paligemma "spans/loss 1" "loss"
