#!/usr/bin/env python3
"""What published processors make of documents, for tests/job/sequence_references.sh. Needs transformers, torch and
Pillow; nothing is downloaded, the tokenizer is trained here on the texts below.

    sequence_references.py tests/golden/sequences

Writes FOLDER/tokenizer.json and one JSON file for each reference, a list of sets. A set has

    config     keys of tessera: the templates that stand for the reference, sizes of pictures
    names      special tokens of the reference, and ours that stand for them
    documents  messages   rows as tessera gets them; `image`: with a picture, `sound`: with sound of so many vectors
               tokens     of the reference, in runs: ["ids", ...] of the tokenizer, ["special", NAME], ["codes" or
                          "vectors", m, first, n]: ids or vectors first .. of the m-th medium of the document
               loss       ranges of tokens that bear loss, where the reference says so
               ranges     of cross-attention, one for each medium, as the reference has them (-1: to the end)
               mask       of cross-attention: [rows, [[first, end], ...]], so many tokens that attend to these columns
"""
import json
import pathlib
import sys
import types

import numpy as np
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.chameleon import modeling_chameleon as chameleon
from transformers.models.emu3 import modeling_emu3 as emu3
from transformers.models.mllama import modeling_mllama, processing_mllama

SPECIALS = ["<s>", "</s>", "<pad>", "<|begin_of_text|>", "<|end_of_text|>", "<|image|>", "<|python_tag|>", "<image>",
            "<|im_start|>", "<|im_end|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>", "<racm3:break>", "<eoss>",
            "<reserved08706>", "<|image start|>", "<|image end|>", "<|image token|>", "<|extra_200|>", "<|extra_201|>"]
LEARNED = ["The cat sat on the mat and the dog ran to the shore.", "What is in the picture? A red bicycle, I think.",
           "USER: x ASSISTANT: x USER: x system user assistant",
           "Describe the sound that you hear. It is the sound of rain.",
           "You are a helpful assistant. Answer in one sentence.", "caption en answer fr caption de",
           "x The x The x Two x Two x Nothing. x Nothing. x Rain. x Rain. x What x What"]
TEXTS = ["A red bicycle.", "The cat and the dog on the shore, größer.", "What is this?", "日本 rain & snow 12345",
         "Two pictures: one of rain, one of the sea."]


def make_tokenizer(path):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(LEARNED, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False))
    t.add_special_tokens(SPECIALS)
    path.write_text(t.to_str(pretty=False) + "\n", encoding="utf-8")
    return path


def tokenizer(path, prefix=None, **tokens):
    """As transformers has it; `prefix`: a special token that it puts in front."""
    t = Tokenizer.from_file(str(path))
    if prefix:
        t.post_processor = processors.TemplateProcessing(single=f"{prefix} $A", special_tokens=[
            (prefix, t.token_to_id(prefix))])
    extra = {k: tokens.pop(k) for k in list(tokens) if k not in ("bos_token", "eos_token", "pad_token", "sep_token")}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=t, extra_special_tokens=extra, **tokens)


def noise(height, width, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def row(content=None, role=None, **media):
    return {k: v for k, v in {"role": role, "content": content, **media}.items() if v is not None}


def ranges_of(mask):
    """Ranges of ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask, np.int8), [0]])))
    return edges.reshape(-1, 2).tolist()


def in_runs(items):
    """Token by token: an id, the name of a special, or (kind, medium, number)."""
    runs = []
    for x in items:
        last = runs[-1] if runs else [None]
        if isinstance(x, int) and last[0] == "ids":
            last.append(x)
        elif isinstance(x, int):
            runs.append(["ids", x])
        elif isinstance(x, str):
            runs.append(["special", x])
        elif last[:2] == list(x[:2]) and last[2] + last[3] == x[2]:
            last[3] += 1
        else:
            runs.append([*x, 1])
    return runs


def named(ids, words, names, places=()):
    """in_runs of ids of the reference; `places`: what takes the place of each placeholder, as {position: item}."""
    places = dict(places)
    by_id = {words.convert_tokens_to_ids(n): n for n in names}
    return in_runs([places.get(i) or by_id.get(int(t), int(t)) for i, t in enumerate(ids)])


# Mllama: one marker a picture, and the range of tokens that attends to it.

def mllama(path):
    words = tokenizer(path, bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>", pad_token="<pad>")
    pictures = transformers.MllamaImageProcessor(size={"height": 32, "width": 32}, max_image_tiles=1)
    processor = transformers.MllamaProcessor(pictures, words)
    names = {"<|begin_of_text|>": "<bos>", "<|end_of_text|>": "<eos>", "<|image|>": "<image>"}
    vectors = 4  # of a picture: 32 x 32 pixels in patches of 16

    def document(name, messages, prompt):
        n = sum("image" in m for m in messages)
        out = processor(images=[noise(32, 32, i) for i in range(n)] or None, text=prompt)
        ids = out["input_ids"][0]
        sparse = processing_mllama.get_cross_attention_token_mask(ids, processor.image_token_id)
        attends = np.zeros((len(ids), 0), bool)
        if n:
            mask, rows = modeling_mllama._prepare_cross_attention_mask(
                torch.tensor(np.asarray(out["cross_attention_mask"])), vectors, torch.float32)
            attends = ((mask == 0) & (rows == 1))[0, 0].numpy()
        lines = []
        for line in [ranges_of(r) for r in attends]:
            if lines and lines[-1][1] == line:
                lines[-1][0] += 1
            else:
                lines.append([1, line])
        return {"id": name, "messages": messages, "tokens": named(ids, words, names), "ranges": sparse, "mask": lines}

    def told(name, *rows):
        """With the begin token in the prompt, which the processor then leaves where it is."""
        parts = "".join("<|image|>" * ("image" in r) + r.get("content", "") for r in rows)
        return document(name, list(rows), f"<|begin_of_text|>{parts}<|end_of_text|>")

    def bare(name, *rows):
        """Without: the processor puts it behind the pictures at the start."""
        parts = "".join("<|image|>" * ("image" in r) + r.get("content", "") for r in rows)
        return document(name, list(rows), f"{parts}<|end_of_text|>")

    a, b, c, d, e = TEXTS
    config = {"image": {"keep": "vectors", "width": 32, "height": 32, "patch": 16}}
    usual = [told("none", row(a)), told("leading", row(b, image=1)), told("trailing", row(c), row(image=1)),
             told("two", row(a, image=1), row(d, image=1)), told("three", row(e), row(b, image=1), row(c, image=1),
                                                                  row(d, image=1)),
             told("pair", row(image=1), row(a, image=1)), told("pair-within", row(b), row(image=1), row(c, image=1)),
             told("pair-at-end", row(d, image=1), row(image=1), row(image=1)),
             told("two-pairs", row(image=1), row(e, image=1), row(image=1), row(a, image=1)),
             told("four-in-a-row", row(image=1), row(image=1), row(image=1), row(b, image=1)),
             told("only", row(a), row(image=1), row(image=1), row(image=1), row(image=1))]
    first = [bare("text", row(a, "first")), bare("one", row(b, "first-picture", image=1)),
             bare("several", row(image=1), row(image=1), row(c, "first-picture", image=1), row(d, image=1)),
             bare("later", row(e, "first"), row(a, image=1))]
    return "MllamaProcessor, get_cross_attention_token_mask, _prepare_cross_attention_mask", [
        {"name": "mllama", "names": names, "documents": usual, "config": {**config, "sequence": {
            "document": ["<bos>{rows}<eos>"], "row": ["{image:cross}{text}"], "separator": ""}}},
        {"name": "mllama-first", "names": names, "documents": first, "config": {**config, "sequence": {
            "document": ["{rows}<eos>"], "row": ["{image:cross}{text}"], "separator": "",
            "roles": {"first": "<bos>{text}", "first-picture": "{image:cross}<bos>{text}"}}}}]


# LLaVA: a placeholder for each vector. Its own chat template.

LLAVA_CHAT = (
    "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% if message['role'] != 'assistant' %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}"
    "{% endfor %}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}")


def vectors_of_llava(ids, image_token, n_images, n_vectors):
    """{position: vector} of what LlavaModel puts into the embeddings: its vectors are numbered here."""
    text = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, vocab_size=512)
    vision = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=32,
                  patch_size=16)
    model = transformers.LlavaModel(transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**vision), text_config=transformers.LlamaConfig(**text),
        image_token_id=image_token))
    numbers = torch.zeros(n_images, n_vectors, 8)
    numbers[..., 0] = 1000  # no embedding is that large
    numbers[..., 1] = torch.arange(n_images)[:, None]
    numbers[..., 2] = torch.arange(n_vectors)
    seen = []
    model.language_model.register_forward_pre_hook(lambda m, a, k: seen.append(k["inputs_embeds"]), with_kwargs=True)
    images = {"image": BaseModelOutputWithPooling(pooler_output=list(numbers))} if n_images else None
    model(input_ids=torch.tensor([ids]), mm_encoder_outputs=images)
    return {i: ("vectors", int(e[1]), int(e[2])) for i, e in enumerate(seen[0][0]) if e[0] == 1000}


def llava(path):
    words = tokenizer(path, bos_token="<s>", eos_token="</s>", pad_token="<pad>", image_token="<image>")
    pictures = transformers.CLIPImageProcessor(size={"height": 32, "width": 48}, crop_size={"height": 32, "width": 48})
    processor = transformers.LlavaProcessor(pictures, words, patch_size=16, num_additional_image_tokens=1,
                                            vision_feature_select_strategy="default", chat_template=LLAVA_CHAT)

    def document(name, *turns):
        """A turn: role, text, whether with a picture. The blank in front of a word belongs to its token, so that the
        row of tessera begins with it where no picture stands before the text; and the blank that ends an answer is
        that of " USER", whose loss the reference therefore counts."""
        talk, messages, n = [], [], 0
        for role, text, picture in turns:
            image = [{"type": "image", "image": noise(32, 48, n)}] if picture else []
            n += len(image)
            talk.append({"role": role, "content": image + [{"type": "text", "text": text}]})
            messages.append(row(text if picture else " " + text, "next-user" if role == "user" and messages else role,
                                image=picture or None))
        out = processor.apply_chat_template(talk, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        ids, mask = np.ravel(out["input_ids"]).tolist(), np.ravel(out["assistant_masks"])
        places = vectors_of_llava(ids, processor.image_token_id, n, 6)
        return {"id": name, "messages": messages, "tokens": named(ids, words, {}, places), "loss": ranges_of(mask)}

    a, b, c, d, e = TEXTS
    documents = [document("one", ("user", c, 1), ("assistant", a, 0)),
                 document("two-turns", ("user", e, 1), ("assistant", b, 0), ("user", c, 0), ("assistant", "Rain.", 0)),
                 document("two-pictures", ("user", c, 1), ("assistant", a, 0), ("user", b, 1), ("assistant", e, 0)),
                 document("none", ("user", c, 0), ("assistant", "Nothing.", 0))]
    user = ":{?image} {image:vectors,bare}\n{/}{text}"
    return "LlavaProcessor with the chat template of llava-1.5-7b-hf, LlavaModel", [
        {"name": "llava", "names": {}, "documents": documents, "config": {
            "image": {"keep": "vectors", "width": 48, "height": 32, "patch": 16},
            "sequence": {"document": ["{rows} "], "separator": "", "row": ["{image:vectors}{text}"], "roles": {
                "user": "{-}USER" + user, "next-user": " USER{-}" + user,
                "assistant": "{-} ASSISTANT:{+}{text}"}}}}]


# PaliGemma: labels for the suffix alone.

def paligemma(path):
    words = tokenizer(path, bos_token="<s>", eos_token="</s>", pad_token="<pad>", image_token="<image>")
    pictures = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    pictures.image_seq_length = 4
    processor = transformers.PaliGemmaProcessor(pictures, words)
    names = {"<s>": "<bos>", "</s>": "<eos>"}

    def document(name, prefix, suffix):
        out = processor(images=noise(32, 32), text="<image>" + prefix, suffix=suffix, return_tensors="pt")
        ids, labels = out["input_ids"][0].tolist(), out["labels"][0].numpy()
        at = [i for i, t in enumerate(ids) if t == processor.image_token_id]
        places = {i: ("vectors", 0, k) for k, i in enumerate(at)}
        return {"id": name, "messages": [row(prefix, "prefix", image=1), row(suffix, "suffix")],
                "tokens": named(ids, words, names, places), "loss": ranges_of(labels != -100)}

    return "PaliGemmaProcessor", [
        {"name": "paligemma", "names": names, "documents": [
            document("caption", "caption en", TEXTS[0]), document("answer", "answer fr " + TEXTS[2], "C'est la mer."),
            document("long", "caption de", TEXTS[1])],
         "config": {"image": {"keep": "vectors", "width": 32, "height": 32, "patch": 16}, "sequence": {
             "document": ["{rows}<eos>"], "separator": "", "row": ["{image:vectors}{text}"], "roles": {
                 "prefix": "{-}{image:vectors,bare}<bos>{text}\n", "suffix": "{text}"}}}}]


# Qwen2-Audio: sound between marks in a chat.

QWEN_CHAT = (
    "{% set count = namespace(value=0) %}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% for content in message['content'] %}{% if content['type'] == 'audio' %}{% set count.value = count.value + 1 %}"
    "Audio {{ count.value }}: <|audio_bos|><|AUDIO|><|audio_eos|>\n{% endif %}{% endfor %}"
    "{% for content in message['content'] %}{% if content['type'] == 'text' %}{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ content['text'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ content['text'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endif %}{% endfor %}{% endfor %}")


def qwen2_audio(path):
    words = tokenizer(path, pad_token="<pad>", eos_token="<|im_end|>")
    sounds = transformers.WhisperFeatureExtractor(feature_size=8, chunk_length=2, return_attention_mask=True)
    processor = transformers.Qwen2AudioProcessor(sounds, words, chat_template=QWEN_CHAT)
    names = {n: n for n in ("<|im_start|>", "<|im_end|>", "<|audio_bos|>", "<|audio_eos|>")}

    def document(name, *turns):
        """A turn: role, text, samples of its sound."""
        talk, messages, sound = [], [], []
        for role, text, samples in turns:
            content = [{"type": "text", "text": text}]
            if samples:
                sound.append(np.random.default_rng(samples).normal(size=samples).astype(np.float32))
                content.insert(0, {"type": "audio", "audio": sound[-1]})
            talk.append({"role": role, "content": content})
            messages.append(row(text, role + (str(len(sound)) if samples and len(sound) > 1 else "")))
        out = processor.apply_chat_template(talk, tokenize=True, return_dict=True, return_assistant_tokens_mask=True,
                                            sampling_rate=16000)
        ids, mask = np.ravel(out["input_ids"]).tolist(), np.ravel(out["assistant_masks"])
        places, medium, spoken = {}, -1, iter([m for m, t in zip(messages, turns) if t[2]])
        for i, t in enumerate(ids):
            if t != processor.audio_token_id:
                continue
            if ids[i - 1] != t:
                medium, first, at = medium + 1, i, next(spoken)
            places[i] = ("vectors", medium, i - first)
            at["sound"] = i - first + 1
        return {"id": name, "messages": messages, "tokens": named(ids, words, names, places), "loss": ranges_of(mask)}

    a, b, c, d, e = TEXTS
    documents = [document("one", ("system", "You are a helpful assistant.", 0), ("user", c, 4000), ("assistant", a, 0)),
                 document("none", ("user", c, 0), ("assistant", b, 0)),
                 document("two", ("system", d, 0), ("user", c, 9000), ("assistant", "Rain.", 0), ("user", e, 1600),
                          ("assistant", b, 0))]
    user = ("{-}<|im_start|>user\n{?audio}Audio %d: <|audio_bos|>{audio:vectors,bare}<|audio_eos|>\n{/}"
            "{text}<|im_end|>\n")
    return "Qwen2AudioProcessor", [
        {"name": "qwen2-audio", "names": names, "documents": documents, "config": {
            "audio": {"keep": "vectors"}, "sequence": {
                "document": ["{rows}"], "separator": "", "specials": [n[1:-1] for n in names],
                "row": ["{audio:vectors}{text}"], "roles": {
                    "system": "{-}<|im_start|>system\n{text}<|im_end|>\n", "user": user % 1, "user2": user % 2,
                    "assistant": "{-}<|im_start|>assistant\n{+}{text}<|im_end|>{-}\n"}}}}]


# Chat without media: once with tokens of our own, once with those of the tokenizer, whose ids are then the same.

CHAT = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
        "{% if message['role'] == 'assistant' %}"
        "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
        "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}")


def chat(path):
    words = tokenizer(path, pad_token="<pad>", eos_token="<|im_end|>")
    own = {n: n for n in ("<|im_start|>", "<|im_end|>")}

    def documents(names):
        a, b, c, d, e = TEXTS
        talks = {"short": [("user", c), ("assistant", a)],
                 "system": [("system", "Answer in one sentence."), ("user", b), ("assistant", d)],
                 "long": [("system", e), ("user", c), ("assistant", a), ("user", d), ("assistant", b), ("user", a),
                          ("assistant", "One line.\nAnother line.\n\nAnd {one} <more>.")],
                 "no-answer": [("user", e)]}
        for name, talk in talks.items():
            messages = [row(text, role) for role, text in talk]
            out = words.apply_chat_template(messages, chat_template=CHAT, tokenize=True, return_dict=True,
                                            return_assistant_tokens_mask=True)
            yield {"id": name, "messages": messages, "tokens": named(out["input_ids"], words, names),
                   "loss": ranges_of(out["assistant_masks"])}

    def roles(mark):
        turn = "{-}" + mark + "|im_start|>%s\n%s{text}" + mark + "|im_end|>%s\n"
        return {"system": turn % ("system", "", ""), "user": turn % ("user", "", ""),
                "assistant": turn % ("assistant", "{+}", "{-}")}

    usual = {"document": ["{rows}"], "separator": ""}
    return "apply_chat_template of PreTrainedTokenizerFast", [
        {"name": "chat", "names": own, "documents": list(documents(own)), "config": {
            "sequence": {**usual, "specials": [n[1:-1] for n in own], "roles": roles("<")}}},
        {"name": "chat-own-ids", "names": {}, "documents": list(documents({})), "config": {
            "text": {"special_tokens": "parse"}, "sequence": {**usual, "roles": roles("<<")}}}]


# Pictures as ids: the codes that the model's own functions put into the places are numbered, picture by picture.

def stand_in(codes, mapping):
    """What get_image_tokens needs of a model, with a quantiser that gives these codes."""
    encode = types.SimpleNamespace(encode=lambda *_, **__: types.SimpleNamespace(image_tokens=codes))
    return types.SimpleNamespace(vqmodel=encode, vocabulary_mapping=mapping)


CODES = 1 << 20  # first id of a code: above the tokenizer's


def filled(ids, placeholder, tokens, names, words, per_picture):
    """named() of ids whose placeholders are the model's tokens, one after the other."""
    tokens = iter(tokens.flatten().tolist())
    ids = [next(tokens) if t == placeholder else int(t) for t in ids]
    assert next(tokens, None) is None
    places = {i: ("codes", (t - CODES) // per_picture, (t - CODES) % per_picture) for i, t in enumerate(ids)
              if t >= CODES}
    return named(ids, words, names, places)


def told(rows):
    return "".join("<image>" * ("image" in r) + r.get("content", "") for r in rows)


def chameleon_sets(path):
    words = tokenizer(path, prefix="<s>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
                      sep_token="<reserved08706>", image_token="<image>", boi_token="<racm3:break>", eoi_token="<eoss>")
    pictures = transformers.ChameleonImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64})
    processor = transformers.ChameleonProcessor(pictures, words)  # 1024 tokens a picture: a grid of 32 x 32
    names = {"<s>": "<bos>", "<reserved08706>": "<reserved08706>", "<racm3:break>": "<boi>", "<eoss>": "<eoi>"}
    letters = str.maketrans("0123456789", "ABCDEFGHIJ")

    def document(name, *rows):
        n, side = sum("image" in r for r in rows), 32
        out = processor(images=[noise(64, 64, i) for i in range(n)] or None, text=told(rows))
        codes = torch.arange(n * side * side).reshape(n, side, side)
        mapping = chameleon.ChameleonImageVocabularyMapping(
            {f"IMGIMG{str(c).translate(letters)}Z": CODES + c for c in range(max(1, n * side * side))})
        tokens = codes if not n else chameleon.ChameleonModel.get_image_tokens(
            stand_in(codes, mapping), out["pixel_values"])
        return {"id": name, "messages": list(rows), "tokens": filled(
            np.ravel(out["input_ids"]), processor.image_token_id, tokens, names, words, side * side)}

    a, b, c, d, e = TEXTS
    return "ChameleonProcessor, ChameleonModel.get_image_tokens", [
        {"name": "chameleon", "names": names, "documents": [
            document("text", row(a)), document("one", row(c, image=1)), document("last", row(b), row(image=1)),
            document("two", row(e, image=1), row(d, image=1))],
         "config": {"image": {"width": 64, "height": 64, "patch": 2, "codebook": {"size": 16}}, "sequence": {
             "document": ["<bos>{rows}<reserved08706>"], "row": ["{image}{text}"], "separator": "", "length": 2304,
             "specials": ["reserved08706"]}}}]


def emu3_sets(path):
    words = tokenizer(path, bos_token="<s>", eos_token="</s>", pad_token="<pad>", image_token="<image>",
                      boi_token="<|image start|>", eoi_token="<|image end|>", image_wrapper_token="<|image token|>",
                      eof_token="<|extra_201|>")
    names = {"<s>": "<bos>", "</s>": "<eos>", "<|image start|>": "<boi>", "<|image end|>": "<eoi>",
             "<|image token|>": "<img>", "<|extra_200|>": "<image_newline>", "<|extra_201|>": "<eof>"}

    def one_set(height, width):
        pictures = transformers.Emu3ImageProcessor(min_pixels=64, spatial_factor=8)
        processor = transformers.Emu3Processor(pictures, words)

        def document(name, *rows):
            n = sum("image" in r for r in rows)
            out = processor(images=[noise(8 * height, 8 * width, i) for i in range(n)] or None,
                            text=told(rows) + "</s>")
            codes = torch.arange(n * height * width).reshape(n, height, width)
            mapping = emu3.Emu3ImageVocabularyMapping({
                "<|extra_200|>": words.convert_tokens_to_ids("<|extra_200|>"),
                **{f"<|visual token {c:06d}|>": CODES + c for c in range(max(1, n * height * width))}})
            tokens = codes if not n else emu3.Emu3Model.get_image_tokens(
                stand_in(list(codes), mapping), out["pixel_values"], out["image_sizes"])
            return {"id": name, "messages": list(rows), "tokens": filled(
                np.ravel(out["input_ids"]), processor.image_token_id, tokens, names, words, height * width)}

        a, b, c, d, e = TEXTS
        return {"name": f"emu3-{height}x{width}", "names": names, "documents": [
            document("text", row(a)), document("one", row(c, image=1)), document("last", row(d), row(image=1)),
            document("two", row(b, image=1), row(e, image=1)), document("pair", row(image=1), row(a, image=1))],
            "config": {"image": {"width": 16 * width, "height": 16 * height, "codebook": {"size": 8}}, "sequence": {
                "document": ["<bos>{rows}<eos>"], "separator": "", "specials": ["img", "eof"],
                "row": ["{?image}<boi>{grid}<img>{image:bare,newline}<eof><eoi>{/}{text}"]}}}

    return "Emu3Processor, Emu3Model.get_image_tokens", [one_set(2, 3), one_set(11, 4)]


def main():
    out = pathlib.Path(sys.argv[1])
    path = make_tokenizer(out / "tokenizer.json")
    made = {"mllama": mllama, "llava": llava, "paligemma": paligemma, "qwen2_audio": qwen2_audio,
            "chat": chat, "chameleon": chameleon_sets, "emu3": emu3_sets}
    for name, make in made.items():
        reference, sets = make(path)
        with open(out / f"{name}.json", "w", encoding="utf-8") as f:
            json.dump({"reference": f"transformers {transformers.__version__}: {reference}", "sets": sets}, f,
                      ensure_ascii=False, indent=None)
            f.write("\n")


main()
