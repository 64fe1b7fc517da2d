# SPDX-License-Identifier: GPL-2.0
"""What the checks of the composed tree share that are written in Python: KTAP,
and which files of the tree are what.

Words: a *provider* is a C file that registers a DMA device; *touched* is what
the series changes or adds.
"""

import os

import seriestree as st
from seriestree import BUILD, Git, TREE

CHECK = os.path.join(BUILD, "check")

# What registers a DMA device, but is no provider: the core, and tests.
REGISTERS = r"dma(enginem)?_async_device_register\("
NO_PROVIDER = ("drivers/dma/dmaengine.c", "drivers/dma/tests/", "crypto/async_tx/tests/")

# C files that are no part of a kernel.
NO_KERNEL = ("tools/", "samples/", "scripts/", "Documentation/")


class Ktap:
    """Results on stdout: a plan, then one line each."""

    def __init__(self):
        self.number = self.bad = 0

    def plan(self, count):
        print("KTAP version 1", f"1..{count}", sep="\n", flush=True)

    def result(self, good, name, details=()):
        """One result; the details say what is wrong."""
        for line in details:
            print(f"# {line}")
        self.number += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.number} {name}", flush=True)


class Tree:
    """The composed tree, which is only read."""

    def __init__(self, where=TREE):
        self.git = Git(where)
        self.where = where
        self.base = self.git.rev("refs/tags/base^{commit}")
        self.tip = self.git.rev("HEAD^{commit}")
        if not self.base or not self.tip:
            raise st.Fail(f"{where} is not composed: make tree")

    def commits(self):
        return self.git("rev-list", "--reverse", f"{self.base}..{self.tip}").split()

    def title(self, commit):
        return self.git("log", "-1", "--format=%s", commit)

    def changed(self, old, new, *patterns):
        """Paths that differ, those that are gone included."""
        out = self.git("diff", "--no-renames", "--name-only", old, new, "--", *patterns)
        return set(out.split("\n")) - {""}

    def blobs(self, commit, paths):
        """The object ids of those paths that the commit has."""
        paths = sorted(paths)
        if not paths:
            return {}
        asked = "".join(f"{commit}:{p}\n" for p in paths)
        answer = self.git("cat-file", "--batch-check=%(objectname) %(objecttype)",
                          data=asked).split("\n")
        return {p: a.split()[0] for p, a in zip(paths, answer) if a.endswith(" blob")}

    def text(self, path, commit=None):
        raw = self.git.raw("show", f"{commit or self.tip}:{path}")
        return raw.decode(errors="replace")

    def providers(self):
        """The C files that register a DMA device."""
        out = self.git.run("grep", "-lE", REGISTERS, self.tip, "--", "*.c").stdout.decode()
        paths = (line.partition(":")[2] for line in out.split("\n") if line)
        return sorted(p for p in paths if not p.startswith(NO_PROVIDER + NO_KERNEL))
