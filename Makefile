# The front door: everything else is meson's (meson.build) or a script in tools/.
#
#   make            build build/borealis
#   make run        get what is missing, build, serve a cluster (DEMO=1: a guided throw-away demo; DEMO=5.6: from a MySQL 5.6)
#   make test       get what is missing, build, run all tests
#   make check      what make test does without servers: build, style checks, unit tests
#   make asan tsan  the same tests on sanitizer builds
#   make bench      the endpoint against the engine alone and HAProxy; the binlog tools against
#                   mariadb-binlog; the log; the relay and a cluster against the servers' own replication
#                   (bench-endpoint, bench-codec, bench-log, bench-relay, bench-translate, bench-apply,
#                   bench-main: one of them)
#   make soak fuzz  long runs; their logs go to doc/soak/

BUILD  ?= build
PYTHON ?= /usr/bin/python3
PYTEST  = $(PYTHON) -B -m pytest -q -p no:cacheprovider

export BOREALIS_BINARY ?= $(CURDIR)/$(BUILD)/borealis

.DEFAULT_GOAL := build
.PHONY: build build-tests deps deps-test engine servers clients run test check unit style scenario asan tsan bench \
        bench-deps bench-endpoint bench-codec bench-log bench-relay bench-translate bench-apply bench-main \
        soak fuzz fresh-root install clean

deps:
	@tools/install-deps build

deps-test:
	@tools/install-deps build test

# The client library is unpacked, too: installing it may upgrade a server of the system.
$(BUILD)/build.ninja: | deps
	@tools/fetch-server connector
	@meson setup $(BUILD) -Dconnector="$$(tools/fetch-server --path connector)" >$(BUILD).log || { cat $(BUILD).log; exit 1; }

# Headers alone; what is built with them is loaded into the engine, not linked here.
$(BUILD)/with-plugin: $(BUILD)/build.ninja | deps
	@tools/fetch-server engine-headers
	@meson setup --reconfigure $(BUILD) -Dengine_headers="$$(tools/fetch-server --path engine-headers)" >$(BUILD).log || { cat $(BUILD).log; exit 1; }
	@touch $@

build: deps $(BUILD)/with-plugin
	@ninja -C $(BUILD) --quiet

# A build directory made for `make run` does not know of the tests yet.
$(BUILD)/with-tests: $(BUILD)/build.ninja | deps-test
	@meson configure $(BUILD) -Dtests=true
	@touch $@

build-tests: deps-test $(BUILD)/with-plugin $(BUILD)/with-tests
	@ninja -C $(BUILD) --quiet

engine:
	@tools/fetch-server mariadb-10.11

servers:
	@tools/fetch-server mariadb-10.11 mariadb-11.8 mysql-5.6 mysql-9.7

clients:
	@tools/fetch-server mysql2 java odbc bench mydumper mariadb-test

ifdef DEMO
run: deps-test build servers
	@$(PYTHON) -B demo/demo.py $(filter-out 1,$(DEMO))
else
run: build engine
	@$(BUILD)/borealis serve $(ARGS)
endif

test: build-tests servers clients
	@tools/run-tests

style:
	@tools/check-layers
	@tools/check-banned
	@tools/check-format

unit: build-tests
	@meson test -C $(BUILD) --no-rebuild --quiet --suite unit

check: deps-test style unit

scenario: build-tests servers clients
	@$(PYTEST) tests/servers tests/scenario tests/seeds

asan tsan: deps-test servers
	@tools/run-sanitizer $@

bench: bench-endpoint bench-codec bench-log bench-relay bench-translate bench-apply bench-main

bench-deps: deps-test build engine
	@tools/fetch-server bench

bench-endpoint: bench-deps
	@$(PYTHON) -B bench/ratios.py
	@$(PYTHON) -B bench/sessions.py

bench-codec: bench-deps
	@$(PYTHON) -B bench/codec.py

bench-log: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet log-bench
	@$(BUILD)/log-bench $(BUILD)

bench-relay: bench-deps
	@tools/fetch-server mysql-9.7
	@ninja -C $(BUILD) --quiet drain-bench
	@$(PYTHON) -B bench/relay.py

bench-translate: bench-deps
	@tools/fetch-server mysql-9.7
	@ninja -C $(BUILD) --quiet translate-bench
	@$(PYTHON) -B bench/translate.py

bench-apply: bench-deps
	@tools/fetch-server mysql-9.7
	@tools/fetch-server mysql-5.6
	@tools/fetch-server mariadb-11.8
	@$(PYTHON) -B bench/apply.py

bench-main: bench-deps
	@tools/fetch-server mysql-9.7
	@ninja -C $(BUILD) --quiet drain-bench
	@$(PYTHON) -B bench/main_job.py

fuzz: deps-test
	@tools/run-fuzz

soak: deps-test build servers clients
	@tools/run-soak

# The two commands above, typed in an empty Debian 12 beside a MySQL-family server of its own. Root.
fresh-root:
	@tools/install-deps fresh-root
	@tools/test-fresh-root --with-tests

install: build
	@meson install -C $(BUILD)

clean:
	@rm -rf build build-asan build-tsan build-clang build-fuzz
