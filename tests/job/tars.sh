# WebDataset tars: the same ids and tokens as the same files in a folder, on any number of ranks, through kills, crashes
# and changes of the tars.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
make_corpus media --clean
"$PYTHON" "$SOURCE_DIR/tests/support/make_tars.py" media files tars || fail "make_tars.py"
n_tars=$(find tars -name '*.tar' | wc -l)
last=tars/$(printf 's-%02d.tar' $((n_tars - 1)))
[ "$n_tars" -ge 3 ] || fail "only $n_tars tars"
pattern="tars/s-{00..$(printf %02d $((n_tars - 1)))}.tar"

step "a folder, and tars on one and on three ranks"
run 0 run "$CONFIG" --set corpus.path=files --output-dir of-files
expect_exit 0
run 0 run "$CONFIG" --set corpus.path=tars --output-dir of-tars
expect_exit 0
expect_equal "$(json of-tars/dataset.json accounting.rejects)" 0 rejects
"$PYTHON" "$SOURCE_DIR/tests/support/compare_tokens.py" of-files of-tars || fail "other tokens"
run 3 run "$CONFIG" --set "corpus.path=$pattern"
expect_exit 0
expect_same_dataset dataset of-tars
run 0 run "$CONFIG" --set "corpus.path=$pattern"
expect_message "nothing to do|is complete"

step "verify, also where the tars have moved; show"
run 0 verify dataset
expect_exit 0
expect_message "canary rows were encoded again"
mkdir moved
cp -p tars/*.tar moved
run 0 verify dataset --corpus moved
expect_exit 0
expect_message "canary rows were encoded again"
run 0 show dataset media/0-sound1 --wav heard.wav
expect_exit 0
expect_file heard.wav

step "kills in between"
rm -rf dataset
for point in index.after-rename part.after-rename:3 shard.before-rename; do
    faulty "killall=$point" 2 run "$CONFIG" --set corpus.path=tars
    [ "$RC" -ne 0 ] || fail "the launch that was to die at $point ended well"
done
run 3 run "$CONFIG" --set corpus.path=tars
expect_exit 0
expect_same_dataset dataset of-tars

step "a crash while a member is looked at: it is tried on its own, and is harmless"
rm -rf dataset
faulty "crash=probe.row.media/0-sound2" 2 run "$CONFIG" --set corpus.path=tars
[ "$RC" -ne 0 ] || fail "no life died"
run 2 run "$CONFIG" --set corpus.path=tars
expect_exit 0
expect_same_dataset dataset of-tars

step "a tar that changes between index and read"
rm -rf dataset
run 2 index "$CONFIG" --set corpus.path=moved
expect_exit 0
touch -d '2001-01-01' moved/s-01.tar
run 2 run "$CONFIG" --set corpus.path=moved --set run.max_reject_rate=1
expect_exit 0
expect_equal "$(json dataset/dataset.json accounting.rejects)" 7 rejects
expect_equal "$(grep -c 's-01.tar!./media/.*changed-file\|changed-file.*s-01.tar!./media/' dataset/rejects.jsonl)" 7 \
    "rejects that name tar and member"

step "a tar that is cut: its last member is rejected, the rest is used"
rm -rf dataset
cp -p "$last" moved/cut.tar
"$PYTHON" - moved/cut.tar <<'PY'
import sys, tarfile
last = tarfile.open(sys.argv[1]).getmembers()[-1]
open(sys.argv[1], "r+b").truncate(last.offset_data + last.size // 2)
PY
mv moved/cut.tar "moved/$(basename "$last")"
run 2 run "$CONFIG" --set corpus.path=moved --set run.max_reject_rate=1
expect_exit 0
expect_equal "$(json dataset/dataset.json accounting.rejects)" 1 rejects
grep -q 'the tar ends before its end' dataset/rejects.jsonl || fail "another reason"

step "refused"
refused() { # refused MESSAGE PATH
    run 0 run "$CONFIG" --set "corpus.path=$2" --output-dir refused
    expect_exit 2
    expect_message "$1"
}
gzip -c tars/s-00.tar >moved/x.tar.gz
cp moved/x.tar.gz moved/y.tar
refused "x.tar.gz is compressed" moved/x.tar.gz
refused "y.tar is compressed .gzip." moved/y.tar
refused "s-99.tar: No such file" "tars/s-{00,99}.tar"
refused "no file matches" "tars/t-*.tar"
