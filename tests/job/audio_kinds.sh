# Sound files of all kinds in one corpus: what is read, what is rejected and why, and the settings that decide.
. "$(dirname "$0")/job.sh"

mkdir corpus
"$PYTHON" - "$SOURCE_DIR/tests/golden/audio-formats" <<'PY' || fail "making the corpus"
import struct, sys
import numpy as np
golden, rng = sys.argv[1], np.random.default_rng(1)

def sound(channels, n=20000):
    t = np.arange(n)[:, None] + 0 * np.arange(channels)[None]
    x = 9000 * np.sin(0.03 * t * (1 + np.arange(channels)) + 1e-6 * t * t) + 500 * rng.standard_normal((n, channels))
    return x.astype("<i2")

def wav(x, rate=16000):
    data = x.tobytes()
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, x.shape[1], rate,
                       rate * 2 * x.shape[1], 2 * x.shape[1], 16, b"data", len(data)) + data

def put(name, data):
    open("corpus/" + name, "wb").write(data)

put("stereo.wav", wav(sound(2)))
put("mono.wav", wav(sound(1)))
put("cut.wav", wav(sound(2))[:50000])
put("phone.gsm", open(golden + "/gsm.raw", "rb").read() * 30)
put("wide.g722", open(golden + "/g722.raw", "rb").read() * 30)
put("really.gsm", wav(sound(1)))
put("broken.gsm", open(golden + "/gsm.raw", "rb").read() * 30 + b"\0" * 33)
put("page.g722", b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>" * 20)
put("plain.raw", sound(1).tobytes())
put("song.m4a", b"\0\0\0\x20ftypM4A \0\0\2\0" + bytes(500))
put("short.wav", wav(sound(1)))
rows = [(n, "") for n in ("stereo.wav", "mono.wav", "cut.wav", "phone.gsm", "wide.g722", "really.gsm", "broken.gsm",
                          "page.g722", "plain.raw", "song.m4a")] + [("short.wav", "2.5")]
with open("corpus/manifest.tsv", "w") as f:
    f.write("id\taudio_filepath\tduration\n" + "".join(f"{n}\t{n}\t{d}\n" if d else f"{n}\t{n}\t\n" for n, d in rows))
PY

# encode OUT [--set ...]: the whole job on the corpus; the rejects, one "id reason" a line, are in rejects.txt
encode() {
    local out=$1
    shift
    run 0 run "$CONFIG" --set corpus.path=corpus/manifest.tsv --set corpus.splits='{train: 1}' --output-dir "$out" \
        --set audio.codebook.size=8 --set image.use=false --set run.max_reject_rate=1 "$@"
    expect_exit 0
    "$PYTHON" -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)
    print(r["id"], r["reason"], r["message"])' "$out/rejects.jsonl" | sort >rejects.txt
}
rejected() { grep -qE "^$1 $2" rejects.txt || { cat rejects.txt; fail "$1 is not rejected: $2"; }; }
expect_rejects() { expect_equal "$(wc -l <rejects.txt)" "$1" "rejects"; }

step "as it comes: .gsm and .g722 are read, the rest says what it is"
encode plain
rejected cut.wav "damaged truncated: [0-9]+ of 20000 frames"
rejected broken.gsm "damaged damaged sound data: byte [0-9]+ begins no frame of GSM"
rejected page.g722 "damaged not a known sound format: a web page"
rejected plain.raw "damaged not a known sound format"
rejected song.m4a "unsupported-format AAC or ALAC in MP4 .M4A. is not supported; convert it to FLAC"
rejected short.wav "invalid the manifest has sound from 0.000 to 2.500 s, the file has 1.250 s"
expect_rejects 6

step "samples without a header, where the config says what they are"
encode samples --set audio.raw.format=s16le --set audio.raw.rate=16000
expect_rejects 5
encode none --set audio.raw.format=none
rejected phone.gsm "damaged not a known sound format"
rejected wide.g722 "damaged not a known sound format"
expect_rejects 8

step "sound that is shorter than said is kept where the config says so"
encode keep --set audio.length_policy=keep
expect_rejects 4

step "one channel; files without it are rejected"
encode right --set audio.channels=right
rejected mono.wav "invalid channel 1 .counted from 0. is wanted, but the file has 1 channel"
grep -q "^stereo.wav" rejects.txt && fail "the stereo file is rejected"
encode left --set audio.channels=left
expect_rejects 6
[ "$(dataset_hash left)" != "$(dataset_hash plain)" ] || fail "the left channel gives the dataset of the mean"
encode zero --set audio.channels=0
for d in left zero; do sha256sum <"$d/codebooks/audio.npy"; done >sums.txt
expect_equal "$(sort -u sums.txt | wc -l)" 1 "codebooks of left and 0"

step "settings that make no sense"
for wrong in "audio.raw.rate=8000" "audio.raw.format=s16le" "audio.channels=middle" "audio.raw.endings=[raw]"; do
    run 0 run "$CONFIG" --set corpus.path=corpus/manifest.tsv --output-dir wrong --set "$wrong"
    expect_exit 2
    expect_message "${wrong%%=*}|audio.raw.rate"
done
expect_no_file wrong/dataset.json
