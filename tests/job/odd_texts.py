#!/usr/bin/env python3
"""usage: odd_texts.py MANIFEST: add rows whose texts look like what they are not, and one that no sequence holds."""
import json
import sys

TEXTS = [
    "{text} {{braces}} {rows} <boi><eos> <<x>> <img_17> <17> </s>",
    "line one\nline two\r\n\n\ttab, \"quotes\", a back\\slash and \u0001 control \u007f",
    "\U0001F469\u200D\U0001F680 rockets \U0001F6B2, e\u0301, \ufeff, \uffff, \ufffd, \U0010ffff",
    "%d %s %% [Human]: <reserved_40> \\n \\u0041 &lt;boi&gt;",
    "\U0001F6B2\u00e9\u99c5x" * 70,
    " ",
]
with open(sys.argv[1], "a", encoding="utf-8") as f:
    for i, text in enumerate(TEXTS):
        f.write(json.dumps({"id": f"odd <boi> {i}", "text": text}, ensure_ascii=i % 2 == 0) + "\n")
