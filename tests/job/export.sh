# tessera export: every format, read back by a reader of its own; the same bytes on any launch; nothing half-written.
. "$(dirname "$0")/job.sh"
copy_corpus
here=$(dirname "$0")
"$PYTHON" "$here/odd_texts.py" corpus/manifest.jsonl || fail "odd_texts.py"
both=(--set image.keep=both --set audio.keep=both)
speech=(--set sequence.name=speech --set 'sequence.specials=[sosp, eosp, eoh]' --set sequence.length=512
    --set 'sequence.row=["{-}[Human]: {text}<eoh>{+}<sosp>{audio:bare}<eosp>{image:newline}"]')
vectors=(--set sequence.name=vectors --set 'sequence.row=["{image:vectors}{audio:cross}{text}"]')
run 2 run "$CONFIG" "${both[@]}"
expect_exit 0
run 0 pack "$CONFIG" "${both[@]}" "${speech[@]}"
expect_exit 0
run 0 pack "$CONFIG" "${both[@]}" "${vectors[@]}"
expect_exit 0

refuse() { # STATUS MESSAGE ARGUMENT...
    local status=$1 message=$2
    shift 2
    run 0 export dataset "$@"
    expect_exit "$status" "$*"
    expect_message "$message"
}

step "what is not there is said, with what is"
refuse 2 'megatron, webdataset, jsonl or npy, not parquet' --format parquet --to out --sequences default
refuse 2 'needs --format' --to out --sequences default
refuse 2 'needs --to' --format npy --sequences default
refuse 2 'several sets of sequences; --sequences names one: default, speech, vectors' --format npy --to out
refuse 2 'no set of sequences "other", but: default, speech, vectors' --format npy --to out --sequences other
refuse 2 'no sequences of split "test", but of: train, valid' --format npy --to out --sequences default --split test
refuse 2 'audio-token needs a text with one %d' --format jsonl --to out --sequences default --audio-token '<%s>'
for format in megatron npy; do
    refuse 2 "set vectors have vectors, which --format $format cannot hold: webdataset" --format $format --to out \
        --sequences vectors
done
expect_no_file out
run 0 export corpus --format npy --to out
expect_exit 2
expect_message 'not a finished dataset'
run 0 export dataset --format npy --to out --sequences default --dry-run
expect_exit 0
expect_no_file out

step "the same bytes with and without mpirun"
declare -A sets=([megatron]=default [npy]=default [webdataset]=default [jsonl]=default [megatron-speech]=speech
    [jsonl-speech]=speech [webdataset-vectors]=vectors [jsonl-vectors]=vectors)
for name in "${!sets[@]}"; do
    more=()
    [[ $name == jsonl-speech ]] && more=(--audio-token '<%d>')
    [[ $name == webdataset ]] && more=(--per-tar 4)
    for ranks in 0 2; do
        run $ranks export dataset --format "${name%-*}" --to "$name.$ranks" --sequences "${sets[$name]}" "${more[@]}"
        expect_exit 0
        expect_message 'sequences, [0-9]+ documents, [0-9]+ tokens of split train'
    done
    diff -r "$name.0" "$name.2" || fail "$name: other bytes"
done
expect_file webdataset.0/train-000001.tar
expect_file webdataset-vectors.0/train-000000.tar
grep -qE '<sosp>(<[0-9]+>)+<eosp>' jsonl-speech.0/train.jsonl || fail "no units between <sosp> and <eosp>"

step "one split"
run 0 export dataset --format megatron --to valid --sequences default --split valid
expect_exit 0
expect_no_file valid/train.bin
cmp valid/valid.bin megatron.0/valid.bin && cmp valid/valid.idx megatron.0/valid.idx || fail "split valid"

step "a folder with an export is replaced when asked to, one with other files never"
refuse 2 'holds an export already; --overwrite' --format npy --to valid --sequences default
run 0 export dataset --format npy --to valid --sequences default --overwrite
expect_exit 0
diff -r valid npy.0 || fail "something is left of the export before"
echo mine >valid/notes.txt
refuse 2 'other files \(notes.txt\)' --format npy --to valid --sequences default --overwrite
mkdir full
echo mine >full/train.bin
refuse 2 'other files \(train.bin\)' --format megatron --to full --sequences default --overwrite
refuse 2 'cannot be used' --format megatron --to full/train.bin --sequences default
expect_equal "$(cat valid/notes.txt full/train.bin | sort -u)" mine "files of others"

step "the commands of the README"
ln -s "$REFERENCE/dataset" tokens
sed -n '/^## Export/,/^## Codebooks/s/^    build.tessera //p' "$SOURCE_DIR/README.md" >commands.txt
expect_equal "$(wc -l <commands.txt)" 4 "commands"
mkdir readme
while read -r line; do
    eval "run 0 ${line/--to /--to readme/}"
    expect_exit 0
done <commands.txt
expect_no_file readme/npy/valid.modality.npy

step "no space, a kill, a stop: nothing half-written under a final name, and the same command does it again"
export_again() { run 0 export dataset --format webdataset --to again --sequences default --per-tar 4; }
expect_whole() {
    local f
    for f in again/*.tar; do [ ! -e "$f" ] || cmp "$f" "webdataset.0/$(basename "$f")" || fail "$f is not whole"; done
    grep -q '"complete": false' again/export.json || fail "an export that has not ended is called complete"
}
for fault in errno-ENOSPC=export.write:4 kill=export.before-rename:3 term=export.before-rename:2; do
    rm -rf again
    faulty "$fault" 0 export dataset --format webdataset --to again --sequences default --per-tar 4
    case $fault in
        errno*) expect_exit 5 ;;
        kill*) [ "$RC" -ne 0 ] || fail "the kill did not happen" ;;
        term*) expect_exit 75 ;;
    esac
    expect_whole
    export_again
    expect_exit 0
    diff -r again webdataset.0 || fail "after $fault: other files"
done

step "readers of their own find every token, every vector and every text"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
read_back() {
    "$PYTHON" -B "$here/read_exports.py" dataset "$SOURCE_DIR/README.md" corpus/manifest.jsonl "$@" || fail "$*"
}
for name in "${!sets[@]}"; do
    more=()
    [[ $name == jsonl-speech ]] && more=('<%d>')
    read_back "${name%-*}" "$name.0" "${more[@]}"
done
