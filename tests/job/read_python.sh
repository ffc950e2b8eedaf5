# The Python snippets of the README read a real dataset.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
"$PYTHON" "$SOURCE_DIR/tests/job/readme_snippets.py" "$SOURCE_DIR/README.md" "$REFERENCE/dataset" || fail "a snippet"
