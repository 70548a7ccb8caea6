"""A clock that the tests may set, for programs that they start.

The kernel's clock is everybody's. A small library that is loaded before the C library adds an
offset, read from a file whenever the time is asked for: by Python, by SQLite and by all others.
Clocks that only measure durations stay as they are, as they do when a real clock is set.
"""

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void open_offset(void) {
    int file = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) abort();
    offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *offset;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec precise;
    (void) zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    if (now) *now = precise.tv_sec;
    return precise.tv_sec;
}
"""


class Clock:
    """The clock of all programs that are started with its environment."""

    def __init__(self, library: Path, offset: Path) -> None:
        self.environ: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "CLOCK_OFFSET": str(offset),
        }
        self._offset = offset
        self.seconds = 0
        self.jump(0)

    @classmethod
    def build(cls, folder: Path) -> Self:
        """Compile the library; skips the test where there is no compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("a clock that can be set needs a C compiler")
        source, library = folder / "clock.c", folder / "clock.so"
        source.write_text(_SOURCE)
        options = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]
        subprocess.run([compiler, *options, "-o", library, source, "-ldl"], check=True)
        return cls(library, folder / "offset")

    def jump(self, seconds: int) -> None:
        """Set the clock forward by so much, or back; running programs see it at once."""
        self.seconds += seconds
        with self._offset.open("r+b" if self._offset.exists() else "w+b") as file:
            file.write(struct.pack("=q", self.seconds))
