# The front door: everything else is meson's (meson.build) or a script in tools/.
#
#   make            build build/borealis
#   make run        get what is missing, build, serve a cluster (DEMO=1: a guided throw-away demo)
#   make test       get what is missing, build, run all tests
#   make check      what make test does without servers: build, style checks, unit tests
#   make asan tsan  the same tests on sanitizer builds
#   make bench      the endpoint against the engine alone and HAProxy; the binlog tools against
#                   mariadb-binlog; the log; the relay against the servers' own replication
#                   (bench-endpoint, bench-codec, bench-log, bench-relay: one of them)
#   make soak fuzz  long runs; their logs go to doc/soak/

BUILD  ?= build
PYTHON ?= /usr/bin/python3
PYTEST  = $(PYTHON) -B -m pytest -q -p no:cacheprovider

export BOREALIS_BINARY ?= $(CURDIR)/$(BUILD)/borealis

.DEFAULT_GOAL := build
.PHONY: build build-tests deps deps-test engine servers run test check unit style scenario asan tsan bench \
        bench-deps bench-endpoint bench-codec bench-log bench-relay soak fuzz fresh-root install clean

deps:
	@tools/install-deps build

deps-test:
	@tools/install-deps build test

# The client library is unpacked, too: installing it may upgrade a server of the system.
$(BUILD)/build.ninja: | deps
	@tools/fetch-server connector
	@meson setup $(BUILD) -Dconnector="$$(tools/fetch-server --path connector)" >$(BUILD).log || { cat $(BUILD).log; exit 1; }

build: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

# A build directory made for `make run` does not know of the tests yet.
$(BUILD)/with-tests: $(BUILD)/build.ninja | deps-test
	@meson configure $(BUILD) -Dtests=true
	@touch $@

build-tests: deps-test $(BUILD)/with-tests
	@ninja -C $(BUILD) --quiet

engine:
	@tools/fetch-server mariadb-10.11

servers:
	@tools/fetch-server mariadb-10.11 mariadb-11.8 mysql-5.6 mysql-9.7

ifdef DEMO
run: deps-test build servers
	@$(PYTHON) -B demo/demo.py
else
run: build engine
	@$(BUILD)/borealis serve $(ARGS)
endif

test: build-tests servers
	@tools/run-tests

style:
	@tools/check-layers
	@tools/check-banned
	@tools/check-format

unit: build-tests
	@meson test -C $(BUILD) --no-rebuild --quiet --suite unit

check: deps-test style unit

scenario: build-tests servers
	@$(PYTEST) tests/servers tests/scenario

asan tsan: deps-test servers
	@tools/run-sanitizer $@

bench: bench-endpoint bench-codec bench-log bench-relay

bench-deps: deps-test build engine
	@tools/fetch-server bench

bench-endpoint: bench-deps
	@$(PYTHON) -B bench/ratios.py

bench-codec: bench-deps
	@$(PYTHON) -B bench/codec.py

bench-log: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet log-bench
	@$(BUILD)/log-bench $(BUILD)

bench-relay: bench-deps
	@tools/fetch-server mysql-9.7
	@ninja -C $(BUILD) --quiet drain-bench
	@$(PYTHON) -B bench/relay.py

fuzz: deps-test
	@tools/run-fuzz

soak: deps-test build servers
	@tools/run-soak

# The two commands above, typed in an empty Debian 12 beside a MySQL-family server of its own. Root.
fresh-root:
	@tools/install-deps fresh-root
	@tools/test-fresh-root --with-tests

install: build
	@meson install -C $(BUILD)

clean:
	@rm -rf build build-asan build-tsan build-clang build-fuzz
