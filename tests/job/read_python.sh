# The Python of the README reads a real dataset, and its sequences are those that pack --materialise writes.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
ln -s "$REFERENCE/corpus" corpus
cp -rp "$REFERENCE/dataset" dataset
run 2 pack "$CONFIG" --materialise
expect_exit 0
"$PYTHON" "$SOURCE_DIR/tests/job/readme_snippets.py" "$SOURCE_DIR/README.md" dataset || fail "a snippet"

step "the codebook that the README makes from one of scikit-learn"
run 2 run "$CONFIG" --output-dir other --set audio.codebook.path=codebook.npy
expect_exit 0
cmp codebook.npy other/codebooks/audio.npy || fail "another codebook"
