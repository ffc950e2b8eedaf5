# A recording of ten hours takes no more memory than one of a minute, and its parts are those of shorter recordings.
. "$(dirname "$0")/job.sh"
[ -r /proc/self/status ] && grep -q RssAnon /proc/self/status || skip "no /proc with RssAnon"
if [ -n "$(nm -D "$TESSERA" 2>/dev/null | grep -m 1 -E '__asan_init')" ]; then
    skip "a sanitizer's memory is its own"
fi
mkdir short long
"$PYTHON" - <<'PY' || fail "no recordings"
import random, struct
RATE = 8000
minute = random.Random(1).randbytes(2 * 60 * RATE)
def write(path, minutes, noisy):
    size = 2 * 60 * RATE * minutes
    with open(path, "wb") as f:  # a hole in the file is silence
        form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
        f.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size))
        for at in noisy:
            f.seek(44 + 2 * 60 * RATE * at)
            f.write(minute)
        f.truncate(44 + size)
write("short/one.wav", 1, [0])
write("long/one.wav", 600, [0, 300, 599])
PY
cat >long.yaml <<YAML
output: {path: dataset, unit_max: 600}
audio: {codebook: {path: $REFERENCE/dataset/codebooks/audio.h5}}
image: {use: false}
run: {canaries: 0}
YAML

# Most private memory of a process with our config, in kB.
watch() {
    while [ ! -e done.txt ]; do
        for p in /proc/[0-9]*; do
            [ "$(readlink "$p/exe" 2>/dev/null)" = "$TESSERA" ] || continue
            if grep -qz "^$PWD/long.yaml$" "$p/cmdline" 2>/dev/null; then
                awk '/^RssAnon/ {print $2}' "$p/status" 2>/dev/null
            fi
        done
        sleep 0.02
    done | sort -n | tail -n 1 >most.txt
}
measure() { # measure CORPUS OUT: sets MOST
    rm -f done.txt
    watch &
    LIMIT=300 run 0 run "$PWD/long.yaml" --set "corpus.path=$1" --output-dir "$2"
    touch done.txt
    wait
    expect_exit 0
    MOST=$(cat most.txt)
}
step "one minute, ten hours"
measure short one
short=$MOST
measure long ten
echo "   $short kB and $MOST kB"
[ "$MOST" -lt $((short + 16384)) ] || fail "ten hours take $MOST kB, one minute $short kB"

step "in pieces on several ranks: the same bytes"
LIMIT=300 run 3 run "$PWD/long.yaml" --set corpus.path=long --output-dir again
expect_exit 0
expect_same_dataset ten again

step "each minute of sound has the tokens that it has alone"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
"$PYTHON" - <<'PY' || fail "the tokens are not those of the short recording"
import glob, h5py, numpy as np
def ids(folder):
    return np.concatenate([h5py.File(p)["audio/ids"][:] for p in sorted(glob.glob(f"{folder}/shards/*.h5"))])
one, ten = ids("one"), ids("ten")
assert len(ten) in range(600 * 6000 - 3, 600 * 6000), len(ten)
for minute in (0, 300, 599):  # but for the frames that see the silence beside it
    assert np.array_equal(ten[6000 * minute + 8:6000 * minute + 5980], one[8:5980]), minute
assert len(np.unique(ten[6000 * 10:6000 * 290])) == 1
PY
