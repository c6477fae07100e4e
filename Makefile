# SPDX-License-Identifier: GPL-2.0
#
# The module alone needs a kernel build tree: make KDIR=... Everything else runs in a toolchain sandbox
# in ~/.cache/rust_buddy that is made when it is first needed.

KDIR ?= /lib/modules/$(shell uname -r)/build
S := scripts
export SOAK ROWS_RIGS

# Kbuild reads this file too, when it finds no other; it has Kbuild.
module: ## build the module against KDIR (default: the running kernel) to out/rust_buddy.ko
	@[ -f "$(KDIR)/Makefile" ] || { echo "no kernel build tree in $(KDIR): run make doctor" >&2; exit 2; }
	@mkdir -p out/kernel
	$(MAKE) -C $(KDIR) M=$(CURDIR) MO=$(CURDIR)/out/kernel modules
	@cmp -s out/kernel/rust_buddy.ko out/rust_buddy.ko || cp out/kernel/rust_buddy.ko out/rust_buddy.ko

modules_install: module ## install what was built into /lib/modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) MO=$(CURDIR)/out/kernel modules_install

clean: ## remove everything that was built; rigs and toolchain in the cache stay
	rm -rf out

doctor: ## say line by line why KDIR will or will not do (JSON=1: as JSON)
	@$(S)/doctor.sh $(if $(JSON),--json) "$(KDIR)"

demo: ## set up what is missing, show the module at work on the stock kernel, leave out/map.svg
	@$(S)/demo.sh

check: ## set up what is missing, run all checks and tests (V=1: show all output; LANES=1: one after another)
	@$(S)/check.sh

soak: ## the same with long tests; goes on where it was stopped
	@SOAK=1 $(S)/check.sh

host: ## tests of the allocator on this machine, without a kernel
	@$(S)/check.sh host

fuzz: ## fuzz the allocator on this machine, guided by coverage (FUZZ_SECONDS=60)
	@$(S)/fuzz.sh

loom: ## try all orders in which a few threads can use its locks, on this machine
	@$(S)/check.sh loom

miri: ## interpret its tests on this machine, where the toolchain has miri
	@$(S)/miri.sh

kselftest-a: ## tests in the stock kernel
	@$(S)/check.sh kselftest-a

kselftest-b: ## tests in the debug kernel (KASAN, lockdep, kmemleak)
	@$(S)/check.sh kselftest-b

kunit: ## KUnit suites in the debug kernel and in User-Mode Linux
	@$(S)/check.sh kunit-b kunit-c

parity: ## compare with the stock kernel's own allocator: 10,000,000 operations, 20 seeds, six machines
	@$(S)/parity.sh

parity-short: ## the same in two minutes: 100,000 operations
	@$(S)/parity.sh short

parity-self-test: ## break rules in a copy and see that the comparison notices
	@$(S)/parity-self-test.sh $(ROWS)

checklist: ## which tests cover each behaviour, and how they ended (JSON=1; ROWS_RIGS=1: run all)
	@$(S)/checklist.sh $(if $(JSON),--json)

mutants: ## break each rule in a copy and see that its test fails (ROWS="52 53", SAMPLE=5; default all)
	@$(S)/mutants.sh $(if $(SAMPLE),--sample $(SAMPLE)) $(ROWS)

bench-c: ## time it at the CPU's own speed, in User-Mode Linux
	@$(S)/bench-c.sh

rbctl: ## build the command-line tool, one static binary: out/bin/rbctl
	@$(S)/rbctl.sh

fmt: ## format all Rust code
	@$(S)/fmt.sh

fmtcheck: ## check the format of all Rust code
	@$(S)/fmt.sh --check

clippy: ## lint the module, the tools and the host tests
	@$(S)/clippy.sh module
	@$(S)/clippy.sh host
	@$(S)/clippy.sh tools

shellcheck: ## check all shell scripts
	@$(S)/shellcheck.sh

loc: ## count lines by layer
	@$(S)/loc.sh

sandbox: ## make the toolchain sandbox
	@$(S)/sandbox.sh

rig-a: ## make rig A: the stock kernel
	@$(S)/rig-a.sh

rig-b: ## make rig B: the debug kernel
	@$(S)/rig-b.sh

rig-c: ## make rig C: User-Mode Linux
	@$(S)/rig-c.sh

clean-cache: ## remove from the cache what something newer has replaced
	@$(S)/clean-cache.sh

distclean-cache: ## remove the cache: sandbox, kernels, crates
	@$(S)/distclean-cache.sh

help: ## this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: module modules_install clean doctor demo check soak host fuzz loom miri kselftest-a kselftest-b kunit parity parity-short parity-self-test \
	checklist mutants bench-c rbctl fmt fmtcheck clippy shellcheck loc sandbox rig-a rig-b rig-c clean-cache distclean-cache help
