# Codebooks of other programs: import, use in a job, export, show; and the nearest centroids of a matrix, against NumPy.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import numpy, h5py' 2>/dev/null || skip "$PYTHON has no numpy and h5py"
ln -s "$REFERENCE/corpus" corpus
trained=$REFERENCE/dataset/codebooks/audio.h5

"$PYTHON" - <<'PY' || fail "cannot make the arrays"
import numpy as np, pickle
r = np.random.default_rng(7)
c = r.normal(0, 20, (24, 39)).astype("f4")
c[17] = c[3]  # a tie: the lowest index wins
np.save("hubert.npy", c)
np.save("half.npy", c.astype("f2"))
np.save("wide.npy", r.normal(0, 1, (24, 40)).astype("f4"))
np.save("double.npy", c.astype("f8"))
np.savez("arrays.npz", c)
pickle.dump({"cluster_centers_": c}, open("model.pkl", "wb"))
x = r.normal(0, 20, (4099, 39)).astype("f4")
x[5] = c[17]
np.save("x.npy", x)
np.save("x-half.npy", x.astype("f2"))
np.save("x-flat.npy", x[0])
np.save("x-none.npy", x[:0])
np.save("x-int.npy", x.astype("i4"))
x[4000, 3], x[4090, 0] = np.nan, np.inf
np.save("x-nan.npy", x)
PY

step "import: NAME.h5 and NAME.npy"
run 0 codebook import hubert.npy --to books/frozen.h5
expect_exit 0
run 2 codebook import half.npy --to books --feature "some other features"
expect_exit 0
cmp hubert.npy books/frozen.npy || fail "books/frozen.npy is not hubert.npy"
"$PYTHON" - <<'PY' || fail "the imported codebooks"
import h5py, numpy as np
c = np.load("hubert.npy")
with h5py.File("books/frozen.h5") as f:
    assert np.array_equal(f["centroids"][:], c) and f["counts"][:].sum() == 0
    assert f.attrs["feature"] in ("", b"") and f.attrs["name"] in ("frozen", b"frozen")
with h5py.File("books/half.h5") as f:
    assert np.array_equal(f["centroids"][:], c.astype("f2").astype("f4"))
    assert f.attrs["feature"] in ("some other features", b"some other features")
PY
run 0 codebook import half.npy --to books/frozen.h5
expect_exit 2
expect_message 'books/frozen.h5 is there already; --overwrite'
run 0 codebook import half.npy --to books/new.h5 --dry-run
expect_exit 0
expect_no_file books/new.h5

step "HDF5 of other programs"
"$PYTHON" - <<'PY' || fail "cannot make the HDF5 files"
import h5py, numpy as np
c = np.load("hubert.npy")
with h5py.File("foreign.h5", "w") as f:
    f["means"] = c
with h5py.File("several.h5", "w") as f:
    f.create_dataset("kmeans/centers", data=c.astype("f2"), chunks=(5, 39), compression="gzip")
    f["kmeans/variances"] = c
PY
run 0 codebook import foreign.h5 --to foreign/book.h5
expect_exit 0
cmp hubert.npy foreign/book.npy || fail "foreign/book.npy is not hubert.npy"
run 2 codebook import several.h5:/kmeans/centers --to foreign
expect_exit 0
cmp books/half.npy foreign/centers.npy || fail "foreign/centers.npy is not half.npy"
run 0 codebook import several.h5 --to foreign
expect_exit 2
expect_message "several matrices: /kmeans/centers .*float16.*, /kmeans/variances"
run 0 codebook import several.h5:/kmeans/means --to foreign
expect_exit 2
expect_message "no /kmeans/means"
"$PYTHON" - <<'PY' || fail "cannot damage a codebook"
with open("books/frozen.h5", "rb") as f:
    bytes = bytearray(f.read())
at = bytes.index(open("hubert.npy", "rb").read()[128:])
bytes[at + 5] ^= 1
open("damaged.h5", "wb").write(bytes)
PY
run 0 codebook import damaged.h5 --to foreign/damaged.h5
expect_exit 2
expect_message "hash"

step "a frozen codebook in a job"
run 2 run "$CONFIG" --output-dir frozen --set audio.codebook.path=books/frozen.h5
expect_exit 0
cmp hubert.npy frozen/codebooks/audio.npy || fail "the job used another codebook"
run 0 verify frozen
expect_exit 0
"$PYTHON" - <<'PY' || fail "the audio ids are not of the frozen codebook"
import glob, h5py, numpy as np
ids = []
for path in glob.glob("frozen/shards/*.h5"):
    with h5py.File(path) as f:
        if "audio" in f:
            assert f["audio"].attrs["vocab_size"] == 24, dict(f["audio"].attrs)
            ids.append(f["audio/ids"][:])
ids = np.concatenate(ids)
assert len(ids) and ids.max() < 24 and not (ids == 17).any(), ids
PY
run 0 run "$CONFIG" --output-dir refused --set audio.codebook.path=books/half.h5
expect_exit 2
expect_message 'trained on other features: "some other features"'

step "a codebook that was trained here keeps what is known of it"
run 0 codebook import "$trained" --to copies/audio.h5
expect_exit 0
cmp "$trained" copies/audio.h5 || fail "copies/audio.h5 is not the trained codebook"
run 0 codebook import "$trained" --to copies/other.h5 --feature other
expect_exit 0

step "export: the same array"
run 0 codebook export books/frozen.h5 --to exported/frozen.npy
expect_exit 0
cmp hubert.npy exported/frozen.npy || fail "the exported array differs"
run 0 codebook export "$trained" --to audio.npy
expect_exit 0
cmp "${trained%.h5}.npy" audio.npy || fail "the exported array of a trained codebook differs"

run 0 codebook export books/frozen.h5 --to exported/plain.h5
expect_exit 0
"$PYTHON" -c 'import h5py, numpy as np
with h5py.File("exported/plain.h5") as f:
    assert list(f) == ["centroids"] and not f.attrs and np.array_equal(f["centroids"][:], np.load("hubert.npy"))' ||
    fail "the exported HDF5 file"
run 0 codebook import exported/plain.h5 --to exported/again.h5
expect_exit 0
cmp hubert.npy exported/again.npy || fail "the array that was exported and imported"
run 0 codebook export books/frozen.h5 --to exported/frozen.txt
expect_exit 2
expect_message "NAME.npy or NAME.h5"

step "show: the numbers"
run 2 codebook show books/frozen.h5
expect_exit 0
expect_output '^name +frozen$'
expect_output '^quality +not known'
run 0 codebook show "$trained"
expect_exit 0
"$PYTHON" - "$trained" <<'PY' || fail "codebook show"
import h5py, sys, numpy as np
lines = [l.split() for l in open("out.txt", encoding="utf-8")]
text = open("out.txt", encoding="utf-8").read()
def value(*words, nth=0):
    found = [l[len(words):] for l in lines if l[:len(words)] == list(words)]
    return found[nth]
def near(a, b):
    assert abs(float(a) - b) <= 1e-8 * abs(b), (a, b)
with h5py.File(sys.argv[1]) as f:
    a, counts, history = dict(f.attrs), f["counts"][:], f["history"][:]
    changed, filled = f["history_changed"][:], f["history_filled"][:]
    k, d = f["centroids"].shape
plain = lambda v: v.decode() if isinstance(v, bytes) else str(v)
assert value("K") == [str(k)] and value("D") == [str(d)] and value("name") == ["audio"]
assert value("sha256") == [plain(a["sha256"])] and plain(a["feature"]) in text
assert value("training", "vectors") == [str(a["n_train"])] and value("held-out", "vectors") == [str(a["n_held_out"])]
near(value("inertia", "per", "vector")[0], a["inertia"] / a["n_train"])
near(value("inertia", "per", "vector", nth=1)[0], a["inertia_held_out"] / a["n_held_out"])
near(value("variance", "explained")[0], 1 - a["inertia"] / a["variance"])
near(value("perplexity")[0], a["perplexity"])
p = counts[counts > 0] / counts.sum()
near(value("entropy")[0], -(p * np.log2(p)).sum())
near(value("imbalance", "factor")[0], k * (p @ p))
assert value("metric") == ["l2"]
assert value("codes", "used") == [str(a["codes_used"]), "of", str(k)]
assert value("iterations") == [str(a["iterations"])] and value("stop") == [plain(a["stop"])]
assert " ".join(value("start")) == plain(a["start"]) == "greedy k-means++, 1 seeding, 8 vectors per code"
table = lines[lines.index(["min", "median", "max", "dead", "codes"]) + 1]
assert [float(v) for v in table] == [counts.min(), np.median(counts), counts.max(), (counts == 0).sum()], table
rows = lines[lines.index(["iteration", "sum", "per", "vector", "changed", "%", "filled"]) + 1:]
assert len(rows) == len(history) == len(changed) == len(filled) > 0 and changed[0] == 1
for i, (row, h) in enumerate(zip(rows, history)):
    assert row[0] == str(i + 1)
    near(row[1], h)
    near(row[2], h / a["n_train"])
    assert row[3:] == [f"{100 * changed[i]:.4f}", str(filled[i])]
PY

step "what is no codebook"
for file in model.pkl arrays.npz; do
    run 0 codebook import "$file" --to books
    expect_exit 2
    expect_message "$file is a pickle.*numpy.save"
done
run 2 assign model.pkl x.npy --to out
expect_exit 2
expect_message "model.pkl is a pickle"
run 0 codebook import double.npy --to books
expect_exit 2
expect_message "double.npy: values of type <f8.*float32"
run 0 codebook import missing.npy --to books
expect_exit 2
run 0 codebook import hubert.npy
expect_exit 2
expect_message "needs --to"
run 0 codebook erase hubert.npy
expect_exit 2
expect_message "import, export or show"
expect_equal "$(find books -type f | wc -l)" 4 "files in books"

step "assign: the same bytes on any number of ranks, and those of NumPy"
for data in x x-half x-none; do
    run 0 assign books/frozen.h5 "$data.npy" --to "$data-1"
    expect_exit 0
    run 3 assign hubert.npy "$data.npy" --to "many/$data-3"
    expect_exit 0
    for part in labels distances; do
        cmp "$data-1.$part.npy" "many/$data-3.$part.npy" || fail "$part of $data on 1 and 3 ranks"
    done
done
"$PYTHON" - <<'PY' || fail "assign is not what NumPy does"
import numpy as np
c = np.load("hubert.npy").astype("f8")
for name in ("x", "x-half", "x-none"):
    x = np.load(name + ".npy").astype("f8")
    d = ((x[:, None] - c[None]) ** 2).sum(2)
    labels, distances = np.load(name + "-1.labels.npy"), np.load(name + "-1.distances.npy")
    assert labels.dtype == np.uint32 and distances.dtype == np.float64
    assert labels.shape == distances.shape == (len(x),)
    assert np.array_equal(labels, d.argmin(1)) and np.allclose(distances, d.min(1), rtol=1e-13, atol=0)
    if name == "x":
        assert labels[5] == 3 and distances[5] == 0
PY
expect_equal "$(find . -name '*.tmp-*' | wc -l)" 0 "temporary files"

step "assign: what it refuses"
refuse() {
    run "$1" assign "$2" "$3" --to bad
    expect_exit 2
    expect_message "$4"
}
refuse 3 wide.npy x.npy "x.npy has rows of 39 values, the codebook has 40"
refuse 0 hubert.npy x-nan.npy "x-nan.npy: row 4000 has a value that is not finite"
refuse 3 hubert.npy x-nan.npy "x-nan.npy: row 4000 has a value that is not finite"
refuse 0 hubert.npy x-flat.npy "is no matrix"
refuse 0 hubert.npy x-int.npy "values of type <i4"
refuse 0 hubert.npy missing.npy "missing.npy"
run 0 assign hubert.npy x.npy
expect_exit 2
expect_message "needs --to"

step "assign: a full disk on one rank, in any step; labels are there only with their distances"
: >bad.labels.npy
for point in labels.write:2@2 distances.write@0 labels.before-rename@0; do
    expect_file "bad.labels.npy"
    faulty "errno-ENOSPC=$point" 3 assign hubert.npy x.npy --to bad
    expect_exit 5 "$point"
    expect_equal "$(find . -name '*.tmp-*' | wc -l)" 0 "temporary files"
done
expect_no_file bad.labels.npy
