# One corpus in every kind of manifest gives the same tokens for the same ids; unknown keys are kept; rows of a group
# are documents.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import h5py' 2>/dev/null || skip "python3-h5py is not installed"
python() { "$PYTHON" "$SOURCE_DIR/tests/job/manifests.py" "$@" || fail "manifests.py $*"; }
python make "$REFERENCE/corpus"

# dataset NAME PATH ARGUMENT...: NAME is the dataset of this corpus. All but the first use the codebooks of the first.
books=()
dataset() {
    local name=$1 path=$2
    shift 2
    step "$name"
    run 2 run "$CONFIG" --output-dir "$name" --set corpus.path="$path" --set corpus.root="" "${books[@]}" "$@"
    expect_exit 0
    expect_equal "$(json "$name/dataset.json" accounting.rejects)" 0 "rejects"
    run 0 verify "$name"
    expect_exit 0
}
root=(--set corpus.root=media)
dataset folder media
books=(--set audio.codebook.path=folder/codebooks/audio.h5 --set image.codebook.path=folder/codebooks/image.h5)

# Another kind is one more line: its dataset, and whether all rows can be in it.
for kind in jsonl jsonl.gz tsv tsv.gz; do
    dataset "$kind" "m.$kind" "${root[@]}"
    python same folder "$kind"
done
dataset list m.lst "${root[@]}"
python same folder list
dataset fairseq fairseq.tsv
python same folder fairseq --part
dataset recordings kaldi "${root[@]}"
python same folder recordings --part
dataset wav-scp kaldi/wav.scp "${root[@]}"
python same folder wav-scp --part
dataset segments kaldi-segments "${root[@]}"
python same folder segments --part

step "unknown keys and columns are kept"
for kind in jsonl jsonl.gz tsv tsv.gz; do
    python extra "$kind" speaker 10 10
    python extra "$kind" "take two" 10 1
done
python extra recordings speaker 5 5
python extra segments speaker 5 5

dataset documents documents.jsonl "${root[@]}"
python documents documents 5
dataset pairs pairs.jsonl "${root[@]}"
python documents pairs 3
dataset pairs-tsv pairs.tsv "${root[@]}"
python documents pairs-tsv 3
python same pairs pairs-tsv

step "a manifest that is cut is refused, and once it is whole it is read"
head -c -12 m.jsonl.gz >cut.jsonl.gz
run 2 run "$CONFIG" --output-dir cut --set corpus.path=cut.jsonl.gz "${root[@]}" "${books[@]}"
expect_exit 2
expect_message "cut.jsonl.gz"
cp m.jsonl.gz cut.jsonl.gz
dataset cut cut.jsonl.gz "${root[@]}"
python same jsonl cut

step "commands in wav.scp are not run"
printf 'z touch ran |\n' >>kaldi/wav.scp
printf 'zz | touch ran\n' >>kaldi/wav.scp
run 2 run "$CONFIG" --output-dir pipes --set corpus.path=kaldi "${root[@]}" "${books[@]}"
expect_exit 0
expect_equal "$(json pipes/dataset.json accounting.rejects)" 2 "rejects"
grep -q "commands are not run" pipes/rejects.jsonl || fail "the reason is not told"
expect_no_file ran

step "a changed file of a Kaldi folder is seen"
printf 'b/sound.0 other words\n' >kaldi-segments/text
run 2 run "$CONFIG" --output-dir segments --set corpus.path=kaldi-segments "${root[@]}" "${books[@]}"
expect_exit 2
expect_message "manifest|corpus"
