# verify finds what was done to a finished dataset, and names it.
. "$(dirname "$0")/job.sh"

shard=$(cd "$REFERENCE/dataset" && ls shards/*.h5 | head -n 1)
flip() { # flip FILE OFFSET
    "$PYTHON" -c '
import sys
f = open(sys.argv[1], "r+b")
f.seek(int(sys.argv[2]), 2 if sys.argv[2][0] == "-" else 0)
b = f.read(1)
f.seek(-1, 1)
f.write(bytes([b[0] ^ 16]))' "$1" "$2"
}
damaged() { # damaged MESSAGE COMMAND...: on a copy of the dataset
    local message=$1
    shift
    step "$*"
    rm -rf dataset
    cp -rp "$REFERENCE/dataset" dataset
    "$@" || fail "cannot plant the damage"
    run 0 verify dataset
    expect_exit 4
    expect_anywhere "$message"
}

step "a whole dataset passes on two ranks"
cp -rp "$REFERENCE/dataset" dataset
run 2 verify dataset
expect_exit 0

damaged "$(basename "$shard")" flip "dataset/$shard" 3000
damaged "$(basename "$shard")" flip "dataset/$shard" -100
damaged "$(basename "$shard")" truncate -s -512 "dataset/$shard"
damaged "$(basename "$shard")" rm "dataset/$shard"
damaged "codebooks/" flip "$(cd "$REFERENCE" && ls dataset/codebooks/*.h5 | head -n 1)" -2000
damaged "sequences/" flip "$(cd "$REFERENCE" && find dataset/sequences -name '*.h5' | sort | head -n 1)" -500
damaged "rejects" sed -i 1d dataset/rejects.jsonl
damaged "vocabulary" sed -i 's/image/imago/' dataset/vocabulary.json
plant() { "$PYTHON" "$SOURCE_DIR/tests/job/plant.py" "$1" dataset; }
damaged "0-" plant doubled-example
damaged "rows" plant lost-example
damaged "0-" plant id-out-of-range

# A flipped bit in the ids of an example: verify names the example.
example_ids() { # example_ids SHARD: id of an example with sound, and where in the file its second token lies
    "$PYTHON" -c '
import sys
import h5py
with h5py.File(sys.argv[1]) as f:
    ids, offsets, names = f["audio/ids"], f["audio/offsets"][:], f["examples/id_offsets"][:]
    i = max(range(len(offsets) - 1), key=lambda k: offsets[k + 1] - offsets[k])
    assert offsets[i + 1] - offsets[i] > 1
    print(f["examples/id"][names[i]:names[i + 1]].tobytes().decode())
    print(ids.id.get_offset() + int(offsets[i] + 1) * ids.dtype.itemsize)' "$1"
}
with_sound=$(cd "$REFERENCE/dataset" && "$PYTHON" -c '
import json
print(next(s["file"] for s in json.load(open("dataset.json"))["shards"] if s["tokens"].get("audio")))')
example_ids "$REFERENCE/dataset/$with_sound" >example.txt || fail "cannot find an example with sound"
{ read -r id; read -r at; } <example.txt
damaged "\\(id $id\\): its content was changed" flip "dataset/$with_sound" "$at"
