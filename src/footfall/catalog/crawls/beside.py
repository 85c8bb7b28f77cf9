"""What people and programs leave beside data: by its name, or by how it reads, it is no rows.

Only what is plain is left out, and each is named in the report: a file that is data after all is
taken in once it has another name.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

_HIDDEN: Final = "hidden, as their names begin with _ or ."
_LOGS: Final = {"_delta_log": "Delta", ".hoodie": "Hudi"}
"""Folders that say which files of a table count; whoever does not read them sees removed rows."""
_KINDS: Final = {
    "text about the data, not rows of it": re.compile(
        r"(read.?me|licen[cs]e|copying|notice|changelog|authors|contribut\w+|install|todo)"
        r"(\.(txt|text))?|.+\.(md|markdown|rst|adoc|rtf|pdf|docx?|odt|pptx?)"
    ),
    "checksums or signatures": re.compile(
        r"(md5|sha\d{0,3}|b2|b3|ck)sums?(\.txt)?|checksums?(\.\w+)?"
        r"|.+\.(crc|crc32|md5|sha\d{1,3}|md5sum|sha\d{1,3}sum|sfv|sig|asc)"
    ),
    "what a file manager keeps for itself": re.compile(r"(eh)?thumbs\.db|desktop\.ini|icon\r"),
    "programs or settings": re.compile(
        r".+\.(py|ipynb|sql|sh|bat|ps1|js|ts|css|scala|java|ya?ml|toml|ini|cfg|conf)"
    ),
    "not finished, or the copy of an editor": re.compile(
        r".+(~|\.(tmp|temp|part|partial|crdownload|filepart|lock|swp|bak|orig))"
    ),
}
_NAMED_MAX: Final = 10
_PROSE_WORDS_MIN: Final = 3
_LINES_MAX: Final = 100


def why_left_out(path: str) -> str:
    """Why a file, by its name, is no data; empty if it may be."""
    for part in path.split("/"):
        if part.startswith(("_", ".")):
            return why_hidden(part)
    name = path.rpartition("/")[2].lower()
    return next((why for why, names in _KINDS.items() if names.fullmatch(name)), "")


def why_hidden(name: str) -> str:
    """Why a file or folder is left out whose name begins with `_` or `.`."""
    if name in _LOGS:
        return f"the log of a {_LOGS[name]} table, so rows that it removed are shown as well"
    return _HIDDEN


def left_out_note(paths: list[str], why: str) -> str:
    """One line of a report on files that were left out for one reason."""
    shown = ", ".join(sorted(paths)[:_NAMED_MAX])
    more = len(paths) - _NAMED_MAX
    rest = f" and {more:,} more" if more > 0 else ""
    return f"{len(paths):,} left out as {why}: {shown}{rest}"


def is_prose(text: str) -> bool:
    """Whether lines are sentences: several words each, few digits, nothing that makes columns."""
    lines = [line for line in text.splitlines() if line.strip()][:_LINES_MAX]
    if not lines or any(_is_table(lines, sign) for sign in (",", "\t", ";", "|", "\x01", "  ")):
        return False
    long = sum(len(line.split()) >= _PROSE_WORDS_MIN for line in lines)
    whole = "".join(lines)
    return 2 * long >= len(lines) and 10 * sum(map(str.isdigit, whole)) < len(whole)


def _is_table(lines: list[str], sign: str) -> bool:
    """Whether most lines have the same number of a sign."""
    number, often = Counter(line.strip().count(sign) for line in lines).most_common(1)[0]
    return number > 0 and len(lines) > 1 and 2 * often > len(lines)
