# Codebooks of matrices of any origin, and their nearest centroids.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import numpy, h5py' 2>/dev/null || skip "$PYTHON has no numpy and h5py"
CONFIG=$SOURCE_DIR/configs/embeddings.yaml

"$PYTHON" - <<'PY' || fail "cannot make the arrays"
import h5py, numpy as np, os, pickle
r = np.random.default_rng(11)
c = r.normal(0, 2, (24, 20))
x = (c[r.integers(0, 24, 5003)] + r.normal(0, 1.5, (5003, 20))).astype("f2")
full = x.astype("f4")
np.save("half.npy", x)
np.save("full.npy", full)
with h5py.File("plain.h5", "w") as f:
    f["vectors"] = x
    f["labels"] = np.arange(5003)
with h5py.File("packed.h5", "w") as f:
    f.create_dataset("deep/vectors", data=full, chunks=(100, 7), compression="gzip", shuffle=True)
    f["mean"] = full[:1]
os.mkdir("folder")
np.save("folder/a.npy", x[:1000])
with h5py.File("folder/b.h5", "w") as f:
    f.create_dataset("x", data=x[1000:3500], chunks=(64, 20), compression="gzip")
np.save("folder/c.npy", x[:0])
np.save("folder/d.npy", x[3500:])
np.save("start.npy", full[100:124])
np.save("start-half.npy", x[100:124])
np.save("start-few.npy", full[:5])
# rows of other lengths and the same directions: powers of two round nothing
scales = 2.0 ** r.integers(-9, 9, (5003, 1))
np.save("scaled.npy", (full * scales).astype("f4"))
# what must be refused
os.mkdir("bad")
np.save("bad/1.npy", full[:2000])
nan = full[2000:].copy()
nan[1500, 3], nan[2000, 0] = np.nan, np.inf
np.save("bad/2.npy", nan)
np.save("double.npy", full.astype("f8"))
np.save("swapped.npy", full.astype(">f4"))
np.save("fortran.npy", np.asfortranarray(full))
np.save("int.npy", full.astype("i4"))
np.save("flat.npy", full[0])
np.save("none.npy", full[:0])
with h5py.File("double.h5", "w") as f:
    f["x"] = full.astype("f8")
with h5py.File("swapped.h5", "w") as f:
    f["x"] = full.astype(">f4")
os.mkdir("mixed")
np.save("mixed/1.npy", full[:, :5])
np.save("mixed/2.npy", full[:, :6])
open("cut.npy", "wb").write(open("full.npy", "rb").read()[:-100])
pickle.dump(full, open("model.npy", "wb"))
PY

# train RANKS FOLDER ARGUMENT...: 24 codes of half.npy unless told otherwise
train() {
    local ranks=$1 folder=$2
    shift 2
    run "$ranks" train "$CONFIG" --output-dir "$folder" --set train.data=half.npy --set train.size=24 "$@"
}
expect_same_codebook() { # expect_same_codebook FOLDER FOLDER [centroids alone: .npy]
    local ending
    for ending in ${3:-h5 npy}; do
        cmp "$1/codebooks/matrix.$ending" "$2/codebooks/matrix.$ending" || fail "matrix.$ending of $1 and $2"
    done
}

step "the same codebook on any number of ranks"
train 0 one
expect_exit 0
expect_message "train matrix: .* of 24 codes used, .* of the variance"
expect_message "codebook: one/codebooks/matrix.h5"
for ranks in 1 2 3; do
    train $ranks "ranks-$ranks"
    expect_exit 0
    expect_same_codebook one "ranks-$ranks"
done
expect_equal "$(find one/state/train -name checkpoint.bin | wc -l)" 0 "checkpoints of a finished codebook"
run 0 status one
expect_exit 0
expect_output "codebooks +complete: 1"

step "and from every kind of matrix that has the same values"
for data in plain.h5 plain.h5:/vectors folder folder:/x; do
    rm -rf other
    train 3 other --set "train.data=$data"
    expect_exit 0
    expect_same_codebook one other
done
for data in full.npy packed.h5:/deep/vectors; do
    rm -rf other
    train 2 other --set "train.data=$data"
    expect_exit 0
    expect_same_codebook one other npy
done

step "it is what its numbers say"
train 2 all --set train.held_out=0
expect_exit 0
run 3 assign all/codebooks/matrix.h5 folder --to all/nearest
expect_exit 0
for data in half.npy full.npy plain.h5 packed.h5:/deep/vectors; do
    run 1 assign all/codebooks/matrix.npy "$data" --to other
    expect_exit 0
    for part in labels distances; do cmp "all/nearest.$part.npy" "other.$part.npy" || fail "$part of $data"; done
done
run 0 codebook show all/codebooks/matrix.h5
expect_exit 0
"$PYTHON" - <<'PY' || fail "the numbers of the codebook"
import h5py, numpy as np
x = np.load("half.npy").astype("f8")
labels, distances = np.load("all/nearest.labels.npy"), np.load("all/nearest.distances.npy")
with h5py.File("all/codebooks/matrix.h5") as f:
    a, counts, c = dict(f.attrs), f["counts"][:], f["centroids"][:]
n, k = len(x), len(c)
assert a["metric"] in ("l2", b"l2") and a["n_train"] == n and a["n_held_out"] == 0
assert np.array_equal(np.bincount(labels, minlength=k), counts)
near = lambda name, value: np.isclose(a[name], value, rtol=1e-6) or print(name, a[name], value)
p = counts[counts > 0] / n
variance = ((x - x.mean(0)) ** 2).sum()
entropy = -(p * np.log2(p)).sum()
assert all([near("inertia", distances.sum()), near("inertia_per_vector", distances.mean()), near("variance", variance),
            near("variance_explained", 1 - distances.sum() / variance), near("entropy_bits", entropy),
            near("entropy_share", entropy / np.log2(k)), near("perplexity", 2 ** entropy),
            near("imbalance", k * (counts / n) @ (counts / n)), near("count_min", counts.min()),
            near("count_median", np.median(counts)), near("count_max", counts.max()),
            near("dead_codes", (counts == 0).sum()), near("codes_used", (counts > 0).sum())])
shown = open("out.txt", encoding="utf-8").read().split()
at = shown.index("imbalance")
assert np.isclose(float(shown[at + 2]), a["imbalance"]), shown[at:at + 3]
PY

step "a finished codebook is not trained again, unless something changed"
when() { stat -c %y one/codebooks/matrix.h5; }
before=$(when)
train 2 one
expect_exit 0
expect_message "trained and current"
expect_equal "$(when)" "$before" "time of the codebook"
train 2 one --set run.time_limit=1h --set train.memory=1MiB
expect_exit 0
expect_equal "$(when)" "$before" "time of the codebook"
for change in "train.iterations=3" "train.seed=7" "train.data=start-half.npy"; do
    before=$(when)
    train 2 one --set "$change"
    expect_exit 0
    [ "$(when)" != "$before" ] || fail "not trained again: $change"
done
before=$(when)
train 2 one --limit 4000
expect_exit 0
[ "$(when)" != "$before" ] || fail "not trained again: --limit"
"$PYTHON" -c 'import h5py
a = h5py.File("one/codebooks/matrix.h5", "r").attrs
assert a["n_train"] + a["n_held_out"] == 4000' || fail "vectors of --limit 4000"
train 0 one --set train.name=second
expect_exit 0
expect_file one/codebooks/second.h5
expect_file one/codebooks/matrix.h5

step "stopped or killed, and going on with another number of ranks"
train 1 undisturbed
expect_exit 0
i=0
for fault in usr1=checkpoint.after-rename usr1=checkpoint.after-rename:3 kill=checkpoint.before-rename:2 \
    kill=codebook.before-rename kill=codebook.after-rename:2 kill=trained.before-rename:2; do
    rm -rf other
    faulty "$fault" $((i++ % 3 + 1)) train "$CONFIG" --output-dir other --set train.data=half.npy --set train.size=24
    case $fault in usr1*) expect_exit 75 "$fault" ;; *) [ "$RC" -ne 0 ] || fail "$fault ended well" ;; esac
    train $((i % 3 + 1)) other
    expect_exit 0
    expect_same_codebook undisturbed other
done
rm -rf other
faulty usr1=checkpoint.after-rename 2 train "$CONFIG" --output-dir other --set train.data=half.npy --set train.size=24
run 0 status other
expect_output "not complete"
train 2 other --set train.iterations=2
expect_exit 0
train 0 fresh --set train.iterations=2
expect_same_codebook fresh other

step "one training at a time, and not among other files"
hold checkpoint.before-rename 0 train "$CONFIG" --output-dir held-out --set train.data=half.npy --set train.size=24
train 0 held-out
expect_exit 2
expect_message "pid $LAUNCHED"
let_go
expect_exit 0
train 0 folder
expect_exit 2
expect_message "folder holds other files"
cp -r "$REFERENCE/dataset" dataset
train 0 dataset
expect_exit 2
expect_message "dataset holds a dataset"
run 0 run "$CONFIG" --output-dir new --set train.data=half.npy
expect_exit 2
expect_message "train.data is for .tessera train. alone"
expect_no_file new

step "--dry-run writes nothing"
train 2 new --dry-run
expect_exit 0
expect_output "5003 rows of 20 values, fp16"
expect_output "to be trained"
expect_no_file new

step "what is refused, with file and row"
refuse() { # refuse RANKS DATA MESSAGE
    rm -rf new
    train "$1" new --set "train.data=$2"
    expect_exit 2 "$2"
    expect_message "$3"
    expect_no_file new/codebooks
    run 0 assign start.npy "$2" --to new
    expect_exit 2 "assign of $2"
    expect_message "$3"
    expect_equal "$(find . -name 'new*' -type f ! -path './new/*' | wc -l)" 0 "files of a refused assign"
}
for ranks in 0 3; do
    refuse $ranks bad "bad/2.npy: row 1500 has a value that is not finite"
done
refuse 2 missing.npy "missing.npy"
refuse 0 double.npy "double.npy: .*<f8.*float32"
refuse 0 swapped.npy "swapped.npy: .*>f4.*float32"
refuse 0 fortran.npy "fortran.npy: .*Fortran order.*ascontiguousarray"
refuse 0 int.npy "int.npy: .*<i4"
refuse 0 flat.npy "flat.npy is no matrix"
refuse 0 double.h5 "double.h5:/x: .*float64.*astype"
refuse 0 swapped.h5 "swapped.h5:/x: .*big-endian float32"
refuse 2 packed.h5 "packed.h5 has several matrices: /deep/vectors .*, /mean"
refuse 2 packed.h5:/vectors "no /vectors"
refuse 0 mixed "mixed/2.npy has rows of 6 values"
refuse 0 cut.npy "cut.npy: .* bytes are there"
refuse 0 model.npy "model.npy is a pickle"
rm -rf new
train 0 new --set train.data=none.npy
expect_exit 2
expect_message "none.npy has no rows"
train 2 new --set train.start=start-few.npy
expect_exit 2
expect_message "start-few.npy has 5 centroids of 20 values; train.size is 24"
train 0 new --set train.name=../matrix
expect_exit 2
expect_message "train.name"
run 0 train "$CONFIG" --output-dir new --set 'train.data=""'
expect_exit 2
expect_message "corpus.path is not set"
expect_no_file new

step "first centroids of one's own"
train 2 start --set train.start=start.npy --set train.iterations=0
expect_exit 0
cmp start.npy start/codebooks/matrix.npy || fail "no iteration, and other centroids than those given"
train 1 started --set train.start=start.npy
for start in start-half.npy start/codebooks/matrix.h5; do
    rm -rf other
    train 3 other --set "train.start=$start"
    expect_exit 0
    expect_same_codebook started other
done
train 2 steps --set train.start=start.npy --set train.held_out=0 --set train.iterations=3 --set train.tolerance=0
expect_exit 0
"$PYTHON" - <<'PY' || fail "not the steps of Lloyd"
import h5py, numpy as np
x, c = np.load("half.npy").astype("f8"), np.load("start.npy").astype("f8")
inertia = []
for _ in range(4):
    d = ((x[:, None] - c) ** 2).sum(2)
    labels, inertia = d.argmin(1), inertia + [d.min(1).sum()]
    last, c = c, np.array([x[labels == j].mean(0) for j in range(len(c))])
with h5py.File("steps/codebooks/matrix.h5") as f:
    assert np.allclose(f["centroids"][:], last, atol=1e-5) and np.allclose(f["history"][:], inertia[:3], rtol=1e-5)
    assert np.isclose(f.attrs["inertia"], inertia[3], rtol=1e-5) and f.attrs["iterations"] == 3
PY

step "several seedings: the same on any number of ranks, and not worse"
train 1 seedings --set train.seedings=3
expect_exit 0
train 3 other-seedings --set train.seedings=3
expect_exit 0
expect_same_codebook seedings other-seedings

step "cosine: the lengths of rows count for nothing"
for data in full scaled; do
    train 2 "cosine-$data" --set train.metric=cosine --set "train.data=$data.npy"
    expect_exit 0
done
expect_same_codebook cosine-full cosine-scaled
for data in full scaled; do
    run 2 assign cosine-full/codebooks/matrix.h5 "$data.npy" --to "$data"
    expect_exit 0
done
for part in labels distances; do cmp "full.$part.npy" "scaled.$part.npy" || fail "$part of scaled rows"; done
run 0 codebook show cosine-full/codebooks/matrix.h5
expect_output "^metric +cosine"
"$PYTHON" - <<'PY' || fail "not the nearest by cosine"
import h5py, numpy as np
x, labels, distances = np.load("full.npy").astype("f8"), np.load("full.labels.npy"), np.load("full.distances.npy")
with h5py.File("cosine-full/codebooks/matrix.h5") as f:
    c, metric = f["centroids"][:].astype("f8"), f.attrs["metric"]
assert metric in ("cosine", b"cosine")
assert np.allclose(np.linalg.norm(c, axis=1), 1, atol=1e-6)
cosine = x / np.linalg.norm(x, axis=1, keepdims=True) @ c.T
best = cosine.max(1)
assert np.all(cosine[np.arange(len(x)), labels] > best - 1e-6)
assert np.allclose(distances, 2 - 2 * best, atol=1e-6)
PY
ln -s "$REFERENCE/corpus" corpus
run 0 codebook import cosine-full/codebooks/matrix.h5 --to books/cosine.h5
expect_exit 0
cmp cosine-full/codebooks/matrix.npy books/cosine.npy || fail "the imported centroids"
run 0 run "$SOURCE_DIR/configs/tiny.yaml" --output-dir new --set audio.codebook.path=books/cosine.h5
expect_exit 2
expect_message "compares by cosine"

step "inner product: centroids of length 1"
train 3 inner --set train.metric=inner
expect_exit 0
train 1 other-inner --set train.metric=inner
expect_same_codebook inner other-inner
run 2 assign inner/codebooks/matrix.h5 half.npy --to inner
expect_exit 0
"$PYTHON" - <<'PY' || fail "not the largest inner product"
import numpy as np
x, c = np.load("half.npy").astype("f8"), np.load("inner/codebooks/matrix.npy").astype("f8")
labels = np.load("inner.labels.npy")
assert np.allclose(np.linalg.norm(c, axis=1), 1, atol=1e-6)
inner = x @ c.T
assert np.all(inner[np.arange(len(x)), labels] > inner.max(1) - 1e-4)
PY
