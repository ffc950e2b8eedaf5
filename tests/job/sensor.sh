# configs/sensor.yaml on a small corpus: recordings of sensors in every format, alone and with text.
. "$(dirname "$0")/job.sh"
"$PYTHON" -c 'import numpy, h5py' 2>/dev/null || skip "$PYTHON has no numpy and h5py"
CONFIG=$SOURCE_DIR/configs/sensor.yaml
small=(--set sensor.codebook.size=16 --set sensor.dataset=samples --set sensor.max_seconds=60 --set train.iterations=4
    --set output.unit_min=0.1 --set output.unit_max=0.5 --set output.shard_bytes=4KiB --set run.max_reject_rate=0.5
    --set sequence.length=256)
"$PYTHON" "$SOURCE_DIR/tests/support/make_sensors.py" motion || fail make_sensors.py

step "a serial run, and its accounting"
run 0 run "$CONFIG" "${small[@]}"
expect_exit 0
expect_message "mean and deviation of 6 channels"
mv motion-tokens alone
expect_accounting alone motion
[ "$(find alone/shards -name '*.h5' | wc -l)" -ge 2 ] || fail "one shard only"

step "every wrong recording is rejected for its reason"
"$PYTHON" - <<'PY' || fail "rejects.jsonl"
import json
expected = json.load(open("motion/expect.json"))["rejected"]
for line in open("alone/rejects.jsonl", encoding="utf-8"):
    r = json.loads(line)
    reason, message = expected.pop(r["id"])
    assert r["stage"] == "sensor" and r["reason"] == reason and message in r["message"], r
    assert r["source"] == r["id"], r
assert not expected, expected
PY

step "one recording has the same tokens in every format; the tokens are those of NumPy"
"$PYTHON" - <<'PY' || fail "the tokens"
import glob, json, h5py, numpy as np
ids, words = {}, json.load(open("alone/vocabulary.json"))
for path in sorted(glob.glob("alone/shards/*.h5")):
    with h5py.File(path) as f:
        names, at = f["examples/id"][:].tobytes().decode(), f["examples/id_offsets"][:]
        offsets = f["sensor/offsets"][:]
        assert f["sensor"].attrs["rate_hz"] == 5 and f["sensor"].attrs["vocab_size"] == 16
        for i in range(f.attrs["n_examples"]):
            ids[names[at[i]:at[i + 1]]] = f["sensor/ids"][offsets[i]:offsets[i + 1]]
with h5py.File("alone/codebooks/sensor.h5") as f:
    centroids, mean, deviation = f["centroids"][:].astype("f8"), f["channel_mean"][:], f["channel_deviation"][:]
for k in range(12):
    x = np.load(f"motion/{k}.npy")
    for ending in ("npy", "h5", "csv", "wav"):
        assert len(ids[f"{k}.{ending}"]) == len(x) // 20, (k, ending)
        assert (ids[f"{k}.{ending}"] == ids[f"{k}.npy"]).all(), (k, ending)
    v = ((x - mean) / deviation).astype("f4")[:len(x) // 20 * 20]
    v = v.reshape(-1, 20, 6).transpose(0, 2, 1).reshape(-1, 120).astype("f8")
    assert (((v[:, None] - centroids) ** 2).sum(2).argmin(1) == ids[f"{k}.npy"]).all(), k
for name in ("segment.csv", "doubles.npy"):
    assert len(ids[name]) == 15 and (ids[name] == ids["whole.npy"]).all(), name
assert len(ids["slow.npy"]) == 40, len(ids["slow.npy"])
assert len(set(np.concatenate(list(ids.values())))) > 8
last = words["ranges"][-1]
assert last["modality"] == "sensor" and last["size"] == 16 and last["offset"] == 320, last
PY

step "mean and deviation are those of the sample"
"$PYTHON" - <<'PY' || fail "mean and deviation"
import glob, h5py, numpy as np, json
x = []
for path in glob.glob("alone/shards/train-*.h5"):
    with h5py.File(path) as f:
        names, at = f["examples/id"][:].tobytes().decode(), f["examples/id_offsets"][:]
        x += [names[at[i]:at[i + 1]] for i in range(f.attrs["n_examples"])]
parts = {"segment.csv": "whole.npy", "doubles.npy": "whole.npy"}
x = [n for n in x if n != "slow.npy"]
x = np.concatenate([np.load("motion/" + parts.get(n, n.split(".")[0] + ".npy")).astype("f8") for n in x])
with h5py.File("alone/codebooks/sensor.h5") as f:
    # but for one recording that is resampled
    assert np.allclose(f["channel_mean"][:], x.mean(0), rtol=0.03, atol=0.03 * x.std(0)), f["channel_mean"][:]
    assert np.allclose(f["channel_deviation"][:], x.std(0), rtol=0.03)
PY

step "joint ids of sequences lie in the ranges; verify encodes canary rows again"
run 2 verify alone
expect_exit 0
expect_message "4 canary rows were encoded again"
cp -r alone broken
"$PYTHON" -c 'import glob, h5py
with h5py.File(sorted(glob.glob("broken/shards/train-*.h5"))[0], "r+") as f:
    f["sensor/ids"][0] = 16'
run 0 verify broken
expect_exit 4
expect_output "sensor/ids: 16"
run 0 pack "$CONFIG" "${small[@]}" --output-dir alone --materialise
expect_exit 0
"$PYTHON" - <<'PY' || fail "joint ids"
import glob, h5py
found = set()
for path in glob.glob("alone/sequences/default/tokens-*.h5"):
    with h5py.File(path) as f:
        ids, modality = f["input_ids"][:], f["modality"][:]
        found |= set(modality.ravel())
        assert ((ids >= 320) & (ids < 336) == (modality == 3)).all()
assert {0, 3, 4} <= found, found
PY

for n in 1 2 3; do
    step "the same bytes on $n ranks"
    rm -rf motion-tokens
    run "$n" run "$CONFIG" "${small[@]}" --set "run.prefetch=$([ "$n" -eq 2 ] && echo false || echo true)"
    expect_exit 0
    mv motion-tokens "on-$n"
    [ ! -e alone/sequences/default/tokens-train-00000-of-00001.h5 ] || rm alone/sequences/default/tokens-*.h5
    expect_same_dataset "on-$n" alone
done

step "killed while it measures, samples, trains and tokenises"
i=0
for point in feature.after-rename:3 feature.before-rename:20 codebook.before-rename part.after-rename \
    shard.before-rename; do
    faulty "kill=$point" $((2 + i++ % 2)) run "$CONFIG" "${small[@]}"
    [ "$RC" -ne 0 ] || fail "the launch that was to die at $point ended well"
done
run 3 run "$CONFIG" "${small[@]}"
expect_exit 0
expect_same_dataset motion-tokens alone

step "recordings that crash their reader cost a reject each"
rm -rf motion-tokens
for life in 1 2 3 4; do
    faulty "crash=decode.row.3.h5;crash=decode.row.5.csv" 2 run "$CONFIG" "${small[@]}"
    [ "$RC" -ne 0 ] || break
done
expect_exit 0
[ "$life" -gt 1 ] || fail "no life died"
for id in 3.h5 5.csv; do
    grep "\"$id\"" motion-tokens/rejects.jsonl | grep -q crashed || fail "$id is not a crashed reject"
done
expect_equal "$(json motion-tokens/dataset.json accounting.rejects)" 20 rejects

step "computed again instead of stored: the same codebook"
run 2 run "$CONFIG" "${small[@]}" --set train.recompute=true --output-dir again
expect_exit 0
expect_same_dataset again alone

step "a frozen codebook gives its channels, mean and deviation"
cp alone/codebooks/sensor.h5 frozen.h5
run 2 run "$CONFIG" "${small[@]}" --set sensor.channels=0 --set sensor.codebook.path=frozen.h5 --output-dir frozen
expect_exit 0
grep -q 'channels: 6' frozen/config.resolved.yaml || fail "the channels of the codebook are not in the settings"
for shard in alone/shards/*.h5; do
    "$PYTHON" -c 'import sys, h5py
a, b = (h5py.File(p)["sensor/ids"][:] for p in sys.argv[1:])
assert (a == b).all()' "$shard" "frozen/shards/$(basename "$shard")" || fail "other tokens with the same codebook"
done
run 0 run "$CONFIG" "${small[@]}" --set sensor.normalize=row --set sensor.codebook.path=frozen.h5 --output-dir other
expect_exit 2
expect_message "was trained on other features"
run 0 run "$CONFIG" "${small[@]}" --set sensor.codebook.path=alone/codebooks/sensor.npy --output-dir other
expect_exit 2
expect_message "needs one that was trained with it"

step "row by row, with vectors and reduced ids"
run 2 run "$CONFIG" "${small[@]}" --set sensor.normalize=row --set sensor.keep=both --set sensor.reduce=true \
    --set sensor.hop=10 --output-dir rows
expect_exit 0
run 0 verify rows
expect_exit 0
run 0 encode "$CONFIG" motion/3.csv --set sensor.normalize=row --set sensor.hop=10 --npy encoded.npy
expect_exit 0
"$PYTHON" - <<'PY' || fail "the vectors"
import glob, h5py, numpy as np
x = np.load("motion/3.npy").astype("f8")
x = ((x - x.mean(0)) / x.std(0)).astype("f4")
frames = np.stack([x[t:t + 20].T.ravel() for t in range(0, len(x) - 19, 10)])
encoded = np.load("encoded.npy")
assert encoded.shape == frames.shape and np.abs(encoded - frames).max() <= 1e-6, np.abs(encoded - frames).max()
found = 0
for path in glob.glob("rows/shards/*.h5"):
    with h5py.File(path) as f:
        names, at = f["examples/id"][:].tobytes().decode(), f["examples/id_offsets"][:]
        for i in range(f.attrs["n_examples"]):
            if names[at[i]:at[i + 1]] not in ("3.npy", "3.h5", "3.csv", "3.wav"):
                continue
            v, o = f["sensor/vector_offsets"][i:i + 2], f["sensor/offsets"][i:i + 2]
            assert (f["sensor/vectors"][v[0]:v[1]] == encoded.astype("f2")).all()
            assert f["sensor/durations"][o[0]:o[1]].sum() == len(frames)
            found += 1
assert found == 4, found
PY
run 0 encode "$CONFIG" motion/3.h5 --what tokens --set audio.use=false --set sensor.codebook.path=frozen.h5
expect_exit 0
run 0 show alone 3.wav
expect_output "sensor  [0-9]+ tokens at up to 5 per second"
expect_output "<sen_[0-9]+>"
run 0 plan "$CONFIG" "${small[@]}"
expect_output "sensors +70 recordings"

step "filters: segments of one file are no duplicates, the same values in another format are"
printf '%s\n' '{"id": "a", "sensor_filepath": "3.npy", "offset": 0, "duration": 1, "license": "CC0"}' \
    '{"id": "b", "sensor_filepath": "3.npy", "offset": 1, "duration": 1, "license": "CC0"}' \
    '{"id": "c", "sensor_filepath": "3.h5", "offset": 0, "duration": 1, "license": "CC0"}' \
    '{"id": "d", "sensor_filepath": "3.npy", "license": "other"}' >motion/some.jsonl
run 2 run "$CONFIG" "${small[@]}" --set corpus.path=motion/some.jsonl --set sensor.codebook.path=frozen.h5 \
    --set "filter.licenses=[CC0]" --set filter.duplicates=media --output-dir some
expect_exit 0
expect_message "4 rows = 2 examples . 0 rejects . 2 filtered"
expect_equal "$(sort some/filtered.jsonl | grep -o '"rule":"[a-z]*"' | tr '\n' ' ')" \
    '"rule":"duplicate" "rule":"license" ' "rules"
run 0 verify some
expect_exit 0

step "keys that are missing or contradict each other"
run 0 run "$CONFIG" "${small[@]}" --set sensor.channels=0 --output-dir none
expect_exit 2
expect_message "sensor.channels is not set"
run 0 run "$CONFIG" "${small[@]}" --set sensor.keep=vectors --output-dir none
expect_exit 2
expect_message "sensor.normalize: sample needs a codebook"
run 0 run "$CONFIG" "${small[@]}" --set sensor.use=false --output-dir none
expect_exit 0
expect_equal "$(json none/dataset.json accounting.rejects)" 0 "rejects without sensors"
