# configs/parquet_to_tars.py: Parquet tables to tars to a dataset. Needs a Python with pyarrow: TESSERA_PYARROW, or the
# first of python3 that has it.
. "$(dirname "$0")/job.sh"
script=$SOURCE_DIR/configs/parquet_to_tars.py
for python in "${TESSERA_PYARROW:-$PYTHON}" python3 none; do
    "$python" -c 'import pyarrow.parquet' 2>/dev/null && break
done
if [ "$python" = none ]; then
    "$PYTHON" "$script" out x.parquet 2>err.txt && fail "it runs without pyarrow"
    expect_message "needs pyarrow"
    skip "no Python with pyarrow (TESSERA_PYARROW names one)"
fi
convert() {
    "$python" "$script" "$@" >out.txt 2>err.txt
    RC=$?
}
make_corpus media --clean
"$python" "$SOURCE_DIR/tests/support/make_parquet.py" media tables || fail "make_parquet.py"
n_pictures=$(find media/picture -name '*.png' | wc -l)
n_sounds=$(find media/sound -name '*.wav' | wc -l)

step "the same input gives the same bytes, in tars of the size that is asked for"
for out in one other; do
    convert "$out" tables/pictures-0.parquet tables/pictures-1.parquet --tar-bytes 40000 --prefix p
    expect_exit 0
done
expect_output "$n_pictures rows in [1-9]"
expect_output "left out .* tags"
diff -r one other || fail "other bytes"
[ "$(find one -name 'p-*.tar' | wc -l)" -ge 2 ] || fail "one tar"
[ -z "$(find one -name '*.tar' -size +50k)" ] || fail "a tar that is too large"

step "what is missing is named"
convert new tables/sound.parquet --text nothing
expect_exit 1
expect_message "no column nothing for text; there are: audio, text, id, speaker"
convert new tables/sound.parquet --image nothing
expect_message "no column nothing for pictures"
convert new tables/paths.parquet
expect_message "row 0: the image holds no bytes but only a path"
convert new tables/dotted.parquet --id id
expect_message "cannot be a key"
convert one tables/sound.parquet
expect_message "one is not empty"
convert new nowhere.parquet
expect_message "no such file: nowhere.parquet"
convert new "$CONFIG"
expect_message "tiny.yaml: "

step "a dataset of them"
convert sounds tables/sound.parquet --id id
expect_exit 0
mkdir tars
cp one/*.tar sounds/*.tar tars
run 2 run "$CONFIG" --set corpus.path=tars
expect_exit 0
expect_equal "$(json dataset/dataset.json accounting.examples)" $((n_pictures + n_sounds)) examples
expect_equal "$(json dataset/dataset.json accounting.rejects)" 0 rejects
run 0 show dataset 000000001
expect_output "größer"
run 0 show dataset 0-sound1
expect_output "0-sound1"
