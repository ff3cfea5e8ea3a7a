# SPDX-License-Identifier: MIT
# The few commands one needs; Meson does the building. All of them install what is missing on Debian.

PYTHON := /usr/bin/python3
BUILD  := build
WINDOWS := build-windows

.PHONY: all build build-windows demo test bench bench-linux bench-windows fuzz format lint docs install clean

all: build

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) $(NINJA_QUIET)

$(BUILD)/build.ninja:
	@scripts/install-dependencies build
	@meson setup $(BUILD) --buildtype=debugoptimized >/dev/null

# The program for Windows and its installer, cross-built.
build-windows: $(WINDOWS)/build.ninja
	@ninja -C $(WINDOWS) $(NINJA_QUIET)

$(WINDOWS)/build.ninja:
	@scripts/install-dependencies build windows
	@meson setup $(WINDOWS) --cross-file packaging/windows/mingw-w64.ini --buildtype=release >/dev/null

demo:
	@scripts/install-dependencies build demo
	@$(MAKE) --no-print-directory build NINJA_QUIET=--quiet
	@demo/demo

test:
	@scripts/install-dependencies build windows test wine
	@$(PYTHON) tests/run

bench: bench-linux bench-windows

bench-linux:
	@scripts/install-dependencies build bench
	@$(MAKE) --no-print-directory build NINJA_QUIET=--quiet
	@bench/run

# The program for Windows, under Wine.
bench-windows:
	@scripts/install-dependencies build windows wine
	@$(MAKE) --no-print-directory build-windows NINJA_QUIET=--quiet
	@bench/windows.py

# An hour of fuzzing in four targets: make fuzz FUZZ_SECONDS=900
FUZZ_SECONDS ?= 60
fuzz:
	@scripts/install-dependencies build test
	@$(PYTHON) tests/run fuzz --fuzz-seconds $(FUZZ_SECONDS)

lint:
	@scripts/install-dependencies build windows test
	@$(PYTHON) tests/run lint

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

# The parts of README.md that come from the tables in the source.
docs: build
	@$(PYTHON) scripts/generated-docs --write

install: build
	@meson install -C $(BUILD)

clean:
	@rm -rf $(BUILD) $(WINDOWS) build-asan build-fuzz
