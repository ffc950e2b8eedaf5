# Training without stored features (train.recompute): the same codebooks as with them, for any number of ranks and any
# restart, also when the key changes between two lives; and what a killed training does not do again.
. "$(dirname "$0")/job.sh"
copy_corpus
: >log

options=(--set run.keep_state=true --set train.iterations=6 --set train.tolerance=0)
pca=(--set image.projection=pca:8)
again=(--set train.recompute=true --set train.memory=8KiB) # a row or two are kept
kill_at=checkpoint.after-rename # :1 after the seeds, :N after N - 1 iterations

# train N DATASET OPTION...: train, with the points that were passed in the file `log`; FAULT is done on the way
train() {
    local n=$1 dataset=$2
    shift 2
    rm -f log
    TESSERA_FAULT_LOG=$PWD/log faulty "${FAULT:-}" "$n" train "$CONFIG" --output-dir "$dataset" "${options[@]}" "$@"
    touch log
}
expect_point() { grep -qx "$1" log || fail "the run did not pass $1"; }
expect_no_point() { ! grep -qx "$1" log || fail "the run passed $1"; }
expect_same_books() {
    local file
    for file in codebooks/audio.h5 codebooks/audio.npy codebooks/image.h5 codebooks/image.npy ${3:-}; do
        cmp "$1/$file" "$2/$file" || fail "$file of $1 and $2"
    done
}

# parts DATASET: "VALUES MISSING": how many parts there are with and without values, of those with vectors
parts() {
    "$PYTHON" - "$1" <<'PY' || fail "the parts of $1"
import pathlib, struct, sys
counts = [0, 0]
for path in pathlib.Path(sys.argv[1], "state/features").glob("*/*/*.f16"):
    with open(path, "rb") as f:
        magic, _, _, _, _, n, d, rows, stored = struct.unpack("<8s4Q4q", f.read(72))
    assert magic == b"TSFEAT02" and path.stat().st_size == 72 + 32 * rows + (2 * n * d if stored else 0), path
    if n:
        counts[not stored] += 1
print(*counts)
PY
}

step "with stored features, and how many parts that makes"
train 0 stored
expect_exit 0
train 2 stored-pca "${pca[@]}"
expect_exit 0
all=$(parts stored)
all=${all% 0}
[ "$all" -gt 8 ] || fail "only $all parts with features"

step "the same codebooks without, and nothing on disk"
for n in 0 2 3; do
    keep=8KiB
    [ "$n" -ne 3 ] || keep=0 # all
    train "$n" "again-$n" "${again[@]}" --set "train.memory=$keep"
    expect_exit 0
    expect_same_books "again-$n" stored
    expect_equal "$(parts "again-$n")" "0 $all" "parts"
    train "$n" "again-pca-$n" "${again[@]}" --set "train.memory=$keep" "${pca[@]}"
    expect_exit 0
    expect_same_books "again-pca-$n" stored-pca state/projection.bin
done
rm -rf again-*

step "while it runs too"
hold "$kill_at:3" 2 train "$CONFIG" --output-dir again "${options[@]}" "${again[@]}"
expect_equal "$(parts again)" "0 $all" "parts during training"
let_go
expect_exit 0
expect_same_books again stored
rm -rf again

step "a training with stored features that is killed goes on at its last iteration and needs no media"
FAULT="kill=$kill_at:4" train 2 killed
[ "$RC" -ne 0 ] || fail "the training that was to die ended well"
expect_point sample.row
for kind in sound picture; do mv "corpus/$kind" "away-$kind"; done
train 3 killed
for kind in sound picture; do mv "away-$kind" "corpus/$kind"; done
expect_exit 0
expect_no_point sample.row
expect_no_point media.read
expect_message "train audio [0-9.]+% iteration 4 of"
! grep -qE "train audio [0-9.]+% iteration 3 of" err.txt || fail "an iteration was done twice"
expect_same_books killed stored
rm -rf killed

step "killed and gone on, the key switched in between"
switch() { # switch FIRST SECOND OPTION...: "true" or "false" each
    local first=$1 second=$2
    shift 2
    rm -rf switched
    FAULT="kill=$kill_at:4" train 2 switched "${again[@]}" --set "train.recompute=$first" "$@"
    [ "$RC" -ne 0 ] || fail "the training that was to die ended well"
    train 3 switched "${again[@]}" --set "train.recompute=$second" "$@"
    expect_exit 0
    expect_message "train audio [0-9.]+% iteration 4 of"
}
for order in "true true" "true false" "false true"; do
    read -r first second <<<"$order"
    switch "$first" "$second"
    expect_same_books switched stored
    case $order in
    "true true") expect_equal "$(parts switched)" "0 $all" "parts" ;;
    *) expect_equal "$(parts switched)" "$all 0" "parts" ;; # filled in, or of use as they were
    esac
    [ "$order" != "false true" ] || expect_no_point sample.row
done
switch true false "${pca[@]}"
expect_same_books switched stored-pca state/projection.bin

step "killed while a row is computed again, and stopped there"
rm -rf switched
FAULT="kill=sample.row:40@0" train 2 switched "${again[@]}"
[ "$RC" -ne 0 ] || fail "the training that was to die ended well"
grep -q "train audio: " err.txt || fail "it died before training"
FAULT="usr1=sample.row:40@0" train 2 switched "${again[@]}"
expect_exit 75
grep -q "train audio: " err.txt || fail "it stopped before training"
train 3 switched "${again[@]}"
expect_exit 0
expect_same_books switched stored

step "a whole job: the dataset of the reference"
run 2 run "$CONFIG" "${again[@]}"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
expect_no_file dataset/state

step "a read that fails for once"
rm -rf switched
FAULT="errno-EIO=media.read:60" train 0 switched "${again[@]}" --set run.prefetch=false
expect_exit 0
expect_message "training sample cannot be read"
expect_same_books switched stored

step "rows that could not be read stay out, in either mode"
rm -rf switched stored-less
FAULT="errno-EIO=media.read:10+" train 0 stored-less
expect_exit 0
FAULT="errno-EIO=media.read:10+" train 0 switched "${again[@]}"
expect_exit 1 # in the passes nothing can be read
expect_message "training sample is left out"
train 2 switched "${again[@]}"
expect_exit 0
expect_same_books switched stored-less
cmp -s switched/codebooks/audio.npy stored/codebooks/audio.npy && fail "no row was left out"
grep -q unread switched/state/train/audio.hash || fail "there is no note of it"
rm -rf switched
FAULT="errno-EIO=media.read:10+" train 0 switched "${again[@]}"
expect_exit 1
train 2 switched # fills in the values
expect_exit 0
expect_same_books switched stored-less

step "media that change in between are noticed, and the row is named"
for second in true false; do
    rm -rf switched
    FAULT="kill=$kill_at:4" train 0 switched "${again[@]}"
    [ "$RC" -ne 0 ] || fail "the training that was to die ended well"
    mv corpus/sound/0-sound0.wav kept.wav
    cp corpus/sound/0-sound2.wav corpus/sound/0-sound0.wav
    train 2 switched "${again[@]}" --set "train.recompute=$second"
    mv kept.wav corpus/sound/0-sound0.wav
    expect_exit 2
    expect_message "row 0-sound0 of the audio training sample gives other features.*have changed"
done
train 2 switched
expect_exit 0
expect_same_books switched stored
