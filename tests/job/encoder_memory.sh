# What `tessera plan` says of memory with an encoder, against what a run takes: per rank, and per node for the weights.
. "$(dirname "$0")/job.sh"
[ -r /proc/self/status ] && grep -q RssAnon /proc/self/status || skip "no /proc with RssAnon"
if [ -n "$(nm -D "$TESSERA" 2>/dev/null | grep -m 1 -E '__asan_init')" ]; then
    skip "a sanitizer's memory is its own"
fi
tensors() { "$PYTHON" "$SOURCE_DIR/tests/support/tensor_files.py" "$@" || fail "tensor_files.py $*"; }
cat >config.json <<'JSON'
{"model_type": "hubert", "conv_bias": false, "conv_dim": [512, 512, 512, 512, 512, 512, 512],
 "conv_kernel": [10, 3, 3, 3, 3, 2, 2], "conv_stride": [5, 2, 2, 2, 2, 2, 2], "feat_extract_norm": "group",
 "hidden_size": 512, "num_hidden_layers": 6, "num_attention_heads": 8, "intermediate_size": 2048,
 "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16, "do_stable_layer_norm": false,
 "layer_norm_eps": 1e-5, "feat_proj_layer_norm": true, "conv_pos_batch_norm": false}
JSON
tensors model config.json model
mkdir media
for i in 1 2; do tensors tone "media/$i.wav" 240000 "$i"; done
cat >memory.yaml <<YAML
corpus: {path: media, splits: {all: 1}}
output: {path: dataset}
audio: {feature: encoder, encoder: {path: model, layer: 6}, keep: vectors}
image: {use: false}
YAML

# Most private and shared memory of any process that has our config as an argument, in kB.
watch() {
    while [ ! -e done.txt ]; do
        for p in /proc/[0-9]*; do
            [ "$(readlink "$p/exe" 2>/dev/null)" = "$TESSERA" ] || continue
            if grep -qz "^$PWD/memory.yaml$" "$p/cmdline" 2>/dev/null; then
                awk '/^RssAnon/ {a = $2} /^RssShmem/ {s = $2} END {print a + 0, s + 0}' "$p/status" 2>/dev/null
            fi
        done
        sleep 0.02
    done | sort -n | awk '{if ($1 > a) a = $1; if ($2 > s) s = $2} END {print a + 0, s + 0}' >most.txt
}
near() { # near NAME MEASURED-KB PREDICTED-MB
    awk -v m="$2" -v p="$3" 'BEGIN {r = m * 1024 / (p * 1e6); print "   '"$1"': predicted " p " MB, measured " \
        m * 1024e-6 " MB"; exit !(r > 0.9 && r < 1.1)}' || fail "$1: not right to 10 %"
}
measure() { # measure RANKS ARGUMENT...: sets ANON and SHARED
    local n=$1
    shift
    rm -rf done.txt dataset
    watch &
    run "$n" run "$PWD/memory.yaml" "$@"
    touch done.txt
    wait
    expect_exit 0
    read -r ANON SHARED <most.txt
}
predict() { # sets RANK and NODE, in MB
    run 0 plan memory.yaml "$@"
    expect_exit 0
    read -r RANK NODE < <(sed -n \
        's/^memory *about \([0-9]*\) MB per rank, and \([0-9]*\) MB per node.*/\1 \2/p' out.txt)
    [ -n "$NODE" ] || fail "plan says nothing of the node"
}

step "one rank: the weights are its own"
for seconds in 0 12; do
    set -- --set audio.window=12s --set run.batch_seconds=$seconds
    predict "$@"
    measure 0 "$@"
    near "$seconds s together" "$ANON" $((RANK + NODE))
done

step "a recording of 40 minutes takes no more than one of 40 seconds"
small=(--set audio.encoder.path="$SOURCE_DIR/tests/golden/hubert-base" --set audio.encoder.layer=1
    --set audio.keep=tokens)
small+=(--set audio.codebook.size=8 --set train.hours=1 --set train.iterations=1 --set audio.window=5s)
mv media kept
mkdir media
tensors tone media/tone.wav 640000
measure 0 "${small[@]}"
short=$ANON
tensors tone media/tone.wav 38400000
measure 0 "${small[@]}"
echo "   $short kB and $ANON kB"
[ "$ANON" -lt $((short + 16000)) ] || fail "memory grows with the length of a recording: $short kB, $ANON kB"
rm -r media
mv kept media

step "two ranks share the weights"
set -- --set audio.window=12s --set run.batch_seconds=12
predict "$@"
measure 2 "$@"
near "a rank" "$ANON" "$RANK"
near "the node" "$SHARED" "$NODE"
