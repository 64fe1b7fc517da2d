# SPDX-License-Identifier: GPL-2.0
"""What compose and refresh share: the series file, patch files, git, messages.

Words: an *entry* is one patch of the series with its whole files; a *whole
file* stands complete in this repository, at the path it has in the kernel.
"""

import email.errors
import email.header
import email.utils
import hashlib
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TOP, "build"))
TREE = os.path.join(BUILD, "linux")
BRANCH = "series"
NAME, EMAIL = "dmaengine-unmap authors", "dmaengine-unmap@localhost"
BASE_DATE = "1731801600 +0000"		# the day of v6.12: fixed, so ids repeat
VERSION = ("6", "12")

E_USAGE, E_DEPS, E_BASE, E_PATCH = 2, 10, 11, 12

# What this repository keeps for itself; every other file belongs to the series.
OWN = ("Makefile", "README.md", "COPYING", "base", "series", "patches/",
       "scripts/", "tests/", ".ci/", ".gitignore",
       ".shellcheckrc", "build/")
OWN_BUT = ("scripts/coccinelle/",)


class Fail(Exception):
    """One line for the user, and the exit code."""

    def __init__(self, message, code=E_PATCH):
        super().__init__(message)
        self.code = code


def say(message):
    print(message, file=sys.stderr, flush=True)


def warn(message):
    say(f"warning: {message}")


class Step:
    """Announce a long step; say how long it took."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.start = time.monotonic()
        say(f"{self.what} ...")

    def __exit__(self, kind, value, trace):
        if kind is None:
            say(f"{self.what}: {time.monotonic() - self.start:.0f} s")


def jobs():
    """How many compilers at once."""
    wanted = os.environ.get("JOBS") or str(os.cpu_count())
    if not re.fullmatch(r"[1-9][0-9]*", wanted):
        say(f"error: JOBS={wanted} is no number of jobs")
        sys.exit(E_USAGE)
    return int(wanted)


def run_main(main):
    """Exit with main's code; a failure is one line, never a trace."""
    try:
        sys.exit(main())
    except Fail as fail:
        say(f"error: {fail}")
        sys.exit(fail.code)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
    except FileNotFoundError as error:
        lacks = error.filename == "git"
        say("error: git is missing: install it" if lacks else f"error: {error}")
        sys.exit(E_DEPS if lacks else E_PATCH)
    except (OSError, UnicodeDecodeError) as error:
        say(f"error: {error}")
        sys.exit(E_PATCH)


# --- git -------------------------------------------------------------------

# Jump labels are no hunk headings: git's own pattern, kept here because it
# differs between versions of git and refresh must not.
XFUNCNAME = (r"!^[ \t]*[A-Za-z_][A-Za-z_0-9]*:[[:space:]]*($|/[/*])" "\n"
             r"^((::[[:space:]]*)?[A-Za-z_].*)$")

CONFIG = {
    "safe.directory": "*",
    "core.excludesFile": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "core.bigFileThreshold": "512m",
    "diff.cpp.xfuncname": XFUNCNAME,
    "advice.detachedHead": "false",
    "gc.auto": "0",
}


def git_env(extra=None):
    """An environment in which nobody's git settings change the outcome."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env.update(LC_ALL="C", TZ="UTC", GIT_CONFIG_GLOBAL="/dev/null",
               GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_COUNT=str(len(CONFIG)))
    for i, (key, value) in enumerate(CONFIG.items()):
        env[f"GIT_CONFIG_KEY_{i}"] = key
        env[f"GIT_CONFIG_VALUE_{i}"] = value
    env.update(extra or {})
    return env


class Git:
    """git in one directory, with further environment such as an index."""

    def __init__(self, where, **env):
        self.where = where
        self.env = git_env(env)

    def run(self, *args, data=None, env=None):
        if isinstance(data, str):
            data = data.encode(errors="surrogateescape")
        return subprocess.run(("git", "-C", self.where) + args, input=data,
                              stdin=None if data is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**self.env, **(env or {})}, check=False)

    def raw(self, *args, data=None, env=None):
        """stdout as bytes; failure is a bug or a broken repository."""
        result = self.run(*args, data=data, env=env)
        if result.returncode:
            line = result.stderr.decode(errors="replace").strip().split("\n")[0]
            raise Fail(f"git {args[0]} in {self.where}: {line}")
        return result.stdout

    def __call__(self, *args, data=None, env=None):
        return self.raw(*args, data=data, env=env).decode().strip()

    def ok(self, *args):
        return self.run(*args).returncode == 0

    def rev(self, name):
        """The object's id, or None."""
        result = self.run("rev-parse", "-q", "--verify", name)
        return result.stdout.decode().strip() if result.returncode == 0 else None

    def types(self, commit, paths):
        """Which of the paths exist in the commit."""
        if not paths:
            return set()
        asked = "".join(f"{commit}:{p}\n" for p in paths)
        answer = self("cat-file", "--batch-check=%(objecttype)", data=asked)
        return {p for p, a in zip(paths, answer.split("\n")) if a == "blob"}


# --- patch files -----------------------------------------------------------

def unfold(lines):
    """Mail header lines as a dict; a line that starts with space continues."""
    headers, key = {}, None
    for line in lines:
        if line[:1] in " \t" and key:
            headers[key] += " " + line.strip()
        elif re.match(r"[A-Za-z][A-Za-z-]*:", line):
            key, value = line.split(":", 1)
            key = key.lower()
            headers[key] = value.strip()
    return headers


def decode(text):
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, UnicodeError, email.errors.HeaderParseError) as error:
        raise Fail(f"a patch's header, {text!a}: {error}") from None


def stripspace(text):
    """As git am does to a message."""
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


class Patch:
    """A patch file: who, when, subject, message, diff."""

    def __init__(self, subject, body, author, date, diff):
        self.subject, self.body = subject, body
        self.author, self.date = author, date	# (name, mail), "epoch zone"
        self.diff = diff

    @classmethod
    def parse(cls, data, name):
        # The diff may be of an old file in another encoding; the message not.
        head, _, rest = data.decode(errors="surrogateescape").partition("\n\n")
        headers = unfold(head.split("\n"))
        for key in ("From", "Date", "Subject"):
            if not headers.get(key.lower()):
                raise Fail(f"{name}: has no {key}: header, add one")
        who = email.utils.parseaddr(decode(headers["from"]))
        if not all(who):
            raise Fail(f"{name}: From: must read Name <address>")
        try:
            when = email.utils.parsedate_to_datetime(headers["date"])
            date = f"{int(when.timestamp())} {when.strftime('%z') or '+0000'}"
        except (TypeError, ValueError):
            raise Fail(f"{name}: Date: is not a mail date "
                       "such as Mon, 1 Jan 2024 10:00:00 +0000") from None
        subject = re.sub(r"^(\[[^]]*\]\s*)+", "", decode(headers["subject"]))
        if not rest:
            raise Fail(f"{name}: has no blank line after the headers")
        body, mark, diff = ("\n" + rest).partition("\n---\n")
        if not mark and re.search(r"^(diff --git|--- )", body, re.M):
            raise Fail(f"{name}: has no line --- between message and diff")
        if diff.strip() and not diff.lstrip("\n").startswith("diff --git "):
            raise Fail(f"{name}: has text between --- and the diff, which "
                       "would be lost: move it into the message")
        return cls(subject, stripspace(body), who, date, diff.lstrip("\n"))

    def message(self):
        return self.subject + ("\n\n" + self.body if self.body else "") + "\n"

    def render(self):
        epoch, zone = self.date.split()
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        local = int(epoch) + (-60 if zone[0] == "-" else 60) * minutes
        date = time.strftime("%a, %-d %b %Y %H:%M:%S ", time.gmtime(local)) + zone
        body = self.body + "\n" if self.body else ""
        return (f"From: {self.author[0]} <{self.author[1]}>\n"
                f"Date: {date}\nSubject: {self.subject}\n\n"
                f"{body}---\n{self.diff}").encode(errors="surrogateescape")

    def file_name(self, number):
        """As git format-patch would call it."""
        slug = re.sub(r"[^A-Za-z0-9._]+", "-", self.subject).strip("-")
        slug = re.sub(r"\.\.+", ".", slug)
        return f"{number:04d}-{slug}"[:58].rstrip(".-") + ".patch"


# --- the series file -------------------------------------------------------

class Entry:
    """One patch of the series and the whole files it brings."""

    def __init__(self, name, comments=()):
        self.name = name
        self.comments = list(comments)	# lines above it, blank ones included
        self.claims = []		# (sign, path) as written
        self.adds, self.replaces, self.drops = [], [], []

    def lines(self):
        return self.comments + [self.name] + [f"\t{s} {p}" for s, p in self.claims]


def own(path):
    if path.startswith(OWN_BUT):
        return False
    return any(path == o or (o.endswith("/") and path.startswith(o)) for o in OWN)


def read(path, mode="rb"):
    try:
        with open(os.path.join(TOP, path), mode) as file:
            return file.read()
    except FileNotFoundError:
        raise Fail(f"{path} is missing") from None
    except UnicodeDecodeError as error:
        raise Fail(f"{path}: {error}: it is to be UTF-8") from None


def list_lines(path):
    """Number and text of the lines of a list that are neither empty nor comments."""
    for number, line in enumerate(read(path, "r").split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def repo_files():
    """Every file of the repository, tracked or not, that git does not ignore."""
    if os.path.exists(os.path.join(TOP, ".git")):
        listed = Git(TOP).raw("ls-files", "-co", "--exclude-standard", "-z")
        names = listed.decode().split("\0")[:-1]
    else:			# unpacked from an archive
        names = [os.path.relpath(os.path.join(d, f), TOP)
                 for d, _, files in os.walk(TOP) for f in files]
    made = ("build/", os.path.relpath(BUILD, TOP) + "/")
    return sorted(n for n in set(names) if os.path.lexists(os.path.join(TOP, n))
                  and not n.startswith(made))


class Series:
    """The series file, checked against the files of the repository."""

    def __init__(self):
        self.entries, self.header, self.tail = [], [], []
        self._parse()
        self.files = repo_files()
        self._expand()

    def _parse(self):
        lines = read("series", "r").splitlines()
        # Comments up to the first blank line are about the whole file.
        while len(self.header) < len(lines) and lines[len(self.header)].startswith("#"):
            self.header.append(lines[len(self.header)])
        comments = []
        for number, line in enumerate(lines[len(self.header):], len(self.header) + 1):
            text = line.split("#")[0].rstrip() if not line.startswith("#") else ""
            where = f"series line {number}"
            if not text:
                comments.append(line)
            elif not text[0].isspace():
                self._patch_line(text, comments, where)
                comments = []
            else:
                if comments:
                    raise Fail(f"{where}: a comment or blank line stands between "
                               "a patch and its files: move it above the patch")
                self._file_line(text.split(), where)
        self.tail = comments

    def _patch_line(self, name, comments, where):
        if not re.fullmatch(r"[0-9]{4}-[A-Za-z0-9._-]+\.patch", name):
            raise Fail(f"{where}: {name!r} is not a patch name NNNN-subject.patch")
        if name in (e.name for e in self.entries):
            raise Fail(f"{where}: {name} is listed twice")
        self.entries.append(Entry(name, comments))

    def _file_line(self, words, where):
        if len(words) != 2 or words[0] not in ("+", "=", "-"):
            raise Fail(f"{where}: expected + path, = path or - path")
        if not self.entries:
            raise Fail(f"{where}: a file stands before the first patch")
        path = words[1]
        if own(path):
            raise Fail(f"{where}: {path} belongs to this repository's tooling")
        if path.startswith(("/", "..", ".git/")) or os.path.normpath(path) != path.rstrip("/"):
            raise Fail(f"{where}: {path} is not a plain path inside the kernel")
        self.entries[-1].claims.append((words[0], path))

    def _expand(self):
        """Give each claim its files; every file has exactly one claim."""
        owner = {}
        for entry in self.entries:
            for sign, path in entry.claims:
                if path.endswith("/"):
                    continue
                if path in owner:
                    raise Fail(f"series: {path} is claimed by {owner[path].name} "
                               f"and {entry.name}")
                owner[path] = entry
                self._one_file(entry, sign, path)
        folders = [(p, e) for e in self.entries for s, p in e.claims if p.endswith("/")]
        for path, entry in sorted(folders, key=lambda f: -len(f[0])):
            found = [f for f in self.files if f.startswith(path) and f not in owner]
            if not found:
                raise Fail(f"series: {entry.name} adds {path}, where no file is left")
            for name in found:
                owner[name] = entry
                self._one_file(entry, "+", name)
        for name in self.files:
            if name not in owner and not own(name):
                raise Fail(f"{name} is not used: claim it in series (+ {name}), "
                           "remove it, or ignore it")

    def _one_file(self, entry, sign, path):
        if sign == "-":
            if os.path.lexists(os.path.join(TOP, path)):
                raise Fail(f"series: {entry.name} drops {path}, but the "
                           "repository has it: use = to replace it")
            entry.drops.append(path)
            return
        full = os.path.join(TOP, path)
        if not os.path.lexists(full):
            raise Fail(f"series: {entry.name} names {path}, which is missing")
        if os.path.islink(full) or not os.path.isfile(full):
            raise Fail(f"series: {path} is not a regular file")
        (entry.adds if sign == "+" else entry.replaces).append(path)

    def whole(self):
        """Path -> entry, of every whole file."""
        return {p: e for e in self.entries for p in e.adds + e.replaces}

    def patches(self):
        """The patch files, in order; none is missing, none is left over."""
        listed = {e.name for e in self.entries}
        for entry in self.entries:
            if not os.path.exists(os.path.join(TOP, "patches", entry.name)):
                raise Fail(f"series: patches/{entry.name} is missing")
        for name in self.files:
            if name.startswith("patches/") and name[8:] not in listed:
                raise Fail(f"{name} is not used: name it in series or remove it")
        return [Patch.parse(read(f"patches/{e.name}"), f"patches/{e.name}")
                for e in self.entries]

    def fingerprint(self):
        """File -> hash, of all that composing depends on."""
        names = ["series"] + [f"patches/{e.name}" for e in self.entries]
        names += sorted(self.whole())
        return {n: hashlib.sha256(mode_of(n).encode() + read(n)).hexdigest()
                for n in names}


def mode_of(path):
    return "100755" if os.access(os.path.join(TOP, path), os.X_OK) else "100644"


# --- state of build/linux --------------------------------------------------

def tree_state(git):
    """A line that says why the tree must not be touched now, or None."""
    for path in ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD"):
        if os.path.exists(os.path.join(git.where, git("rev-parse", "--git-path", path))):
            return "is in the middle of a rebase, merge or git am"
    return None


def edited(git):
    """Tracked files with uncommitted edits."""
    out = git.raw("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
    return [line[3:] for line in out.decode().split("\0") if line]
