# tessera pack --materialise: the joint ids that the index describes, the same bytes for any number of ranks.
. "$(dirname "$0")/job.sh"
cp -r "$REFERENCE/dataset" dataset
ln -s "$REFERENCE/corpus" corpus

step "on a finished dataset, which stays as it is"
run 3 pack "$CONFIG" --materialise
expect_exit 0
mkdir tokens
mv dataset/sequences/default/tokens-*.h5 tokens/
expect_same_dataset dataset "$REFERENCE/dataset"

step "the same bytes on one rank"
run 0 pack "$CONFIG" --materialise
expect_exit 0
for f in tokens/*.h5; do
    cmp "$f" "dataset/sequences/default/$(basename "$f")" || fail "$f differs"
done

step "every token of every stream, and the padding that is left"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
"$PYTHON" - <<'PY' || fail "the materialised ids are not those of the dataset"
import glob, json, h5py, numpy as np
d = json.load(open("dataset/dataset.json"))
v = {r["modality"]: r for r in json.load(open("dataset/vocabulary.json"))["ranges"]}
ids = np.concatenate([h5py.File(p)["input_ids"][:].ravel() for p in sorted(glob.glob("tokens/*.h5"))])
for stream, n in d["accounting"]["tokens"].items():
    first, size = v[stream]["offset"], v[stream]["size"]
    found = int(((ids >= first) & (ids < first + size)).sum())
    assert found == n, (stream, found, n)
sequences = d["sequences"]["default"]
assert ids.size == sequences["sequences"] * sequences["length"]
PY
