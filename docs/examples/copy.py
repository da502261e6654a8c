#!/usr/bin/python3
"""Copy a mailbox from Python, show how far it is, print the summary: copy.py NAME VALUE..., as docs/examples/copy.c.

Needs python3-cffi, and the headers and the library of libmigrate-dev: cffi reads the headers as they are, but for what
only a compiler understands. MIGRATE_INCLUDE and MIGRATE_LIBRARY name other places.
"""

import os
import re
import sys

import cffi

HEADERS = os.environ.get("MIGRATE_INCLUDE", "/usr/include")
LIBRARY = os.environ.get("MIGRATE_LIBRARY", "libmigrate.so.0")


def declarations(name, seen):
    """The declarations of a header and of those of ours that it includes, without comments, macros and conditions."""
    if name in seen:
        return ""
    seen.add(name)
    with open(os.path.join(HEADERS, name), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    others = "".join(declarations(each, seen) for each in re.findall(r"#include <(migrate/.*?)>", text))
    numbers = "".join(re.findall(r"^#define \w+ \d+$\n", text, flags=re.M))
    text = re.sub(r"^#ifdef __cplusplus$.*?^#endif$|\bMIG_PRINTF\([^)]*\)", "", text, flags=re.M | re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    return others + numbers + text


def open_library():
    ffi, seen = cffi.FFI(), set()
    ffi.cdef("".join(declarations("migrate/%s.h" % name, seen) for name in ("copy", "options", "report")))
    return ffi, ffi.dlopen(LIBRARY)


def main(words):
    ffi, lib = open_library()
    err = ffi.new("mig_error *")

    def check(good):
        if not good:
            line = ffi.new("char[]", lib.MIG_ERROR_TEXT + lib.MIG_ERROR_HINT)
            print(ffi.string(lib.mig_error_line(err, line, len(line))).decode(), file=sys.stderr)
            sys.exit(lib.mig_code_exit_status(err.code))

    @ffi.callback("mig_progress_fn")
    def show(now, _):
        print("\r%s: %d of %d messages" % (ffi.string(now.phase).decode(), now.messages_done, now.messages_total),
              end=" ", file=sys.stderr)

    @ffi.callback("mig_sink_fn")
    def write(text, length, _):
        sys.stdout.buffer.write(ffi.buffer(text, length))
        return 0

    settings = lib.mig_settings_new(lib.MIG_VERB_COPY, err)
    check(settings)
    for name, value in zip(words[::2], words[1::2]):
        check(lib.mig_option_set(settings, ffi.NULL, name.encode(), value.encode(), err) == 0)
    check(lib.mig_settings_finish(settings, lib.MIG_SETTINGS_WHOLE, ffi.NULL, ffi.NULL, err) == 0)
    check(lib.mig_settings_place(settings, b".", err) == 0)
    check(lib.mig_settings_prepare(settings, ffi.NULL, err) == 0)
    settings.copy.observer.progress = show
    result = lib.mig_copy_run(ffi.addressof(settings.copy), err)
    check(result)
    check(lib.mig_report_copy_text(result, write, ffi.NULL, err) == 0)
    return result.exit_status  # the process ends here: what is not released goes with it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
