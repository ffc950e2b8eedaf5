# configs/patch-256-to-768.yaml as it stands, and a principal component analysis, both against NumPy.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import numpy, h5py' 2>/dev/null || skip "$PYTHON has no numpy and h5py"
CONFIG=$SOURCE_DIR/configs/patch-256-to-768.yaml
mkdir pictures
find "$REFERENCE/corpus" -name '*.png' ! -path '*bad*' -exec cp {} pictures/ \;
picture=$(find pictures -name '*.png' | sort | head -n 1)

step "a given matrix: 196 vectors of 768 values"
"$PYTHON" -c "
import numpy as n
n.save('projection.npy', n.random.default_rng(0).normal(0, 1/16, (768, 256)).astype('f4'))"
run 2 run "$CONFIG"
expect_exit 0
run 0 encode "$CONFIG" "$picture" --set 'image.projection=""' --npy raw.npy
expect_exit 0
run 0 encode "$CONFIG" "$picture" --npy mapped.npy
expect_exit 0
"$PYTHON" - "$picture" <<'PY' || fail "the projection is not that of NumPy"
import glob, sys, h5py, numpy as np
w, raw, mapped = np.load("projection.npy"), np.load("raw.npy"), np.load("mapped.npy")
assert raw.shape == (196, 256) and mapped.shape == (196, 768), (raw.shape, mapped.shape)
assert 0 <= raw.min() and raw.max() <= 1 and raw.std() > 0
exact = raw.astype(np.float64) @ w.T.astype(np.float64)
assert np.abs(mapped - exact).max() <= 2e-6 * np.abs(exact).max(), np.abs(mapped - exact).max()
name, found = sys.argv[1].split("/")[-1].encode(), 0
for path in glob.glob("patches/shards/*.h5"):
    with h5py.File(path) as f:
        if "image" not in f:
            continue
        ids, offsets = f["examples/id"][:].tobytes(), f["examples/id_offsets"][:]
        for i in range(f.attrs["n_examples"]):
            if ids[offsets[i]:offsets[i + 1]] in (name, name[:-4]):
                at = f["image/vector_offsets"][i]
                vectors = f["image/vectors"][at:at + 196]
                assert vectors.dtype == np.float16 and np.array_equal(vectors, mapped.astype(np.float16))
                found += 1
assert found == 1, found
PY

pca=(--output-dir pca --set image.projection=pca:8 --set image.keep=both --set image.codebook.size=16
    --set train.vectors_per_code=100000 --set 'corpus.splits={all: 1.0}')
step "principal components: those of the sample's covariance"
run 3 run "$CONFIG" "${pca[@]}"
expect_exit 0
for p in pictures/*.png; do
    run 0 encode "$CONFIG" "$p" --set 'image.projection=""' --npy "raw-$(basename "$p").npy"
    expect_exit 0
done
"$PYTHON" - <<'PY' || fail "the principal components are not those of NumPy"
import glob, struct, numpy as np
x = np.concatenate([np.load(p) for p in sorted(glob.glob("raw-*.npy"))]).astype(np.float16).astype(np.float64)
b = open("pca/codebooks/image-projection.bin", "rb").read()
outputs, inputs = struct.unpack_from("<qq", b, 8)
assert (outputs, inputs) == (8, 256)
bias = np.frombuffer(b, "<f4", outputs, 32).astype(np.float64)
w = np.frombuffer(b, "<f4", outputs * inputs, 32 + 4 * outputs).reshape(outputs, inputs).astype(np.float64)
values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
assert np.allclose(w @ w.T, np.eye(8), atol=1e-5)
assert np.allclose(-w @ x.mean(0), bias, atol=1e-4 * np.abs(bias).max())
found = np.var((x - x.mean(0)) @ w.T, axis=0, ddof=1)
assert np.allclose(found, values[:8], rtol=1e-3), (found, values[:8])
PY
run 0 verify pca
expect_exit 0
mv pca pca-3
run 1 run "$CONFIG" "${pca[@]}"
expect_exit 0
expect_same_dataset pca pca-3
