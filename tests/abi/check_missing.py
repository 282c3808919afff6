#!/usr/bin/env python3
"""Check that abi/missing.list gives each function an answer of the kind that it returns.

    check_missing.py LIST
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"int": ["int"], "void": ["void"], "_Bool": ["bool"], "uintptr_t": ["handle", "error_pointer"],
         "__u32": ["count"], "unsigned long": ["count"]}

with open(os.path.join(HERE, "uadk-2.10.json")) as f:
    reference = json.load(f)
# name -> prototypes: the public headers', and those of functions that only drivers use.
prototypes = {}
for f in [f for h in reference["headers"] for f in h["functions"]] + [s for l in reference["libraries"] for s in l["symbols"]]:
    if "prototype" in f:
        prototypes.setdefault(f["name"], set()).add((f["prototype"], str(f.get("zero_args"))))

wrong = []
for line in open(sys.argv[1]):
    if line.startswith("#"):
        continue
    name, kind = line.split()
    for prototype, zero_args in prototypes[name]:
        returned = re.match(r"(.*?)\b%s\(" % name, prototype).group(1).strip()
        expected = KINDS.get(returned, ["pointer", "error_pointer"] if "*" in returned else [])
        # What answers an error pointer to nonsense has callers that look for one.
        if kind not in expected or ("error_pointer" in expected and (kind == "error_pointer") != (zero_args == "-22")):
            wrong.append("%s: %s, but its prototype is %s" % (name, kind, prototype))
print("\n".join(wrong))
sys.exit(bool(wrong))
