# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/providers on a driver and a page of our own, and how scripts/matrix judges.

PAGE=Documentation/driver-api/dmaengine/provider-status.rst
RULER='=========  ==  =============  ====  =====  ====  ====  ======  ======'

# page ROW... : a page with one table of these rows
page() {
	mkdir -p "$(dirname "$PAGE")"
	{
		echo "$RULER"
		echo 'Driver     By  Ends in        None  Error  Stop  Free  Remove  Series'
		printf '%s\n' "$RULER" "$@" "$RULER"
		echo
		printf '%s\n' Notes ===== '' "\`\`engine.c\`\`" '	It is not real.'
	} >"$PAGE"
}

GOOD='engine.c   v   engine_irq()   H     P      S     S     S       yes'

# engine LINE-OF-THE-IRQ-HANDLER: a driver, in the series with its page
engine() {
	printf '%s\n' 'static int engine_stop(int a)' '{' '}' '' \
		'static void' 'engine_irq(int a,' '	int b)' '{' "	$1" '}' '' \
		'static int probe(void)' '{' '	vchan_init(vc);' \
		'	d->device_terminate_all = engine_stop;' \
		'	return dma_async_device_register(d);' '}' >drivers/dma/engine.c
	printf '\t+ %s\n' drivers/dma/engine.c "$PAGE" >>series
}

# judged NUMBER TEXT: only that check fails, and says so
judged() {
	local got=0
	scripts/check-series providers >out 2>&1 || got=$?
	cat out
	[ "$got" = 12 ]
	grep -qF -- "$2" out
	grep -q "^not ok $1 " out
	[ "$(grep -c '^not ok' out)" = 1 ]
}

good_page() {
	engine 'vchan_cookie_complete(vd);'
	page "$GOOD"
	scripts/check-series providers >out
	[ "$(grep -c '^ok' out)" = 7 ]
}

row_in_two_lines() {
	engine 'vchan_cookie_complete(vd);'
	page 'engine.c   v   engine_irq(),  H     P      S     S     S       yes' \
		'               engine_stop()'
	judged 3 'engine.c: engine_stop() calls no helper of the hook'
}

row_missing() {
	engine 'vchan_cookie_complete(vd);'
	page "$GOOD" "${GOOD/engine.c/nobody.c}"
	scripts/check-series providers >out 2>&1 || true
	cat out
	grep -qF '# drivers/dma/nobody.c has a row and registers no DMA device' out
	page
	scripts/compose
	scripts/check-series providers >out 2>&1 || true
	grep -qF '# drivers/dma/engine.c registers a DMA device and has no row' out
}

hook_not_called() {
	engine 'tx->callback(tx->callback_param);'
	page "$GOOD"
	judged 3 'engine.c: engine_irq() calls no helper of the hook'
}

no_such_function() {
	engine 'vchan_cookie_complete(vd);'
	page "${GOOD/engine_irq() /engine_bh()  }"
	judged 3 'drivers/dma/engine.c has no function engine_bh()'
}

code_unknown() {
	engine 'vchan_cookie_complete(vd);'
	page "${GOOD/  H /  ? }"
	judged 2 "engine.c: '?' is no code"
}

note_missing() {
	engine 'vchan_cookie_complete(vd);'
	page "$GOOD"
	sed -i '/^``engine/d' "$PAGE"
	judged 2 'engine.c has a P and no note'
}

series_wrong() {
	engine 'vchan_cookie_complete(vd);'
	page "${GOOD/yes/-}"
	judged 6 'engine.c: Series is yes'
}

lists_wrong() {
	engine 'vchan_cookie_complete(vd);'
	page "${GOOD/  v /  o }"
	judged 4 'engine.c: By is v'
}

stop_wrong() {
	engine 'vchan_cookie_complete(vd);'
	page "${GOOD/P      S /P      \\-}"
	judged 5 'engine.c: Stop is -'
}

driver_unmaps() {
	engine 'vchan_cookie_complete(vd); dma_descriptor_unmap(tx);'
	page "$GOOD"
	judged 7 'engine.c calls dma_descriptor_unmap()'
}

# matrix_says SCRIPT: with the module as m
matrix_says() {
	python3 - "$@" <<-'END'
		import importlib.machinery, importlib.util, sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, "scripts")
		loader = importlib.machinery.SourceFileLoader("matrix", "scripts/matrix")
		m = importlib.util.module_from_spec(importlib.util.spec_from_loader("matrix", loader))
		loader.exec_module(m)

		class Fake(m.Matrix):
		    def __init__(self):
		        self.tree = type("T", (), {"base": "b", "tip": "t"})
		        self.outcomes = {}

		    def says(self, tip, base=None, status=0):
		        unit = m.Unit(type("C", (), {"name": "arm"}), "x.c")
		        self.outcomes = {(unit, "t"): {"status": status, "text": tip}}
		        if base is not None:
		            self.outcomes[unit, "b"] = {"status": 0, "text": base}
		        return self.complaints(unit, "t")

		fake = Fake()
		exec(sys.argv[1])
	END
}

warnings_of_the_base_pass() {
	matrix_says 'assert fake.says("") == []'
	matrix_says 'assert fake.says("x.c:9:1: warning: a", "x.c:3:7: warning: a") == []'
	matrix_says 'assert fake.says("x.c: In function f:", "") == []'
}

new_warnings_fail() {
	matrix_says 'assert fake.says("x.c:9:1: warning: a") == ["arm: x.c:9:1: warning: a"]'
	matrix_says 'assert fake.says("x.c:9:1: warning: a", "x.c:9:1: warning: b")'
	matrix_says 'assert fake.says("x.c:9:1: warning: a\nx.c:8:1: warning: a", "x.c:1:1: warning: a")'
}

symbols_that_went() {
	matrix_says 'assert m.removed_symbols("CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_D=y\n",
		"CONFIG_A=y\n# CONFIG_C is not set\n") == " -DCONFIG_B_MODULE=1 -DCONFIG_D=1"'
	matrix_says 'assert m.removed_symbols("# CONFIG_A is not set\n", "") == ""'
}

errors_fail() {
	matrix_says 'assert fake.says("x.c:9:1: error: a", status=1)'
	matrix_says 'assert fake.says("cc1: out of memory", status=1) == ["arm: cc1: out of memory"]'
	matrix_says 'assert fake.says("", status=1)'
}

bad_matrix_is_refused() {
	echo 'arm | test | arm | ARCH=arm' >scripts/matrix.list
	refused 2 "scripts/matrix.list line 1: not understood" scripts/matrix test
	echo 'arm | test | arm | ARCH | -' >scripts/matrix.list
	refused 2 "scripts/matrix.list line 1: not understood" scripts/matrix test
	cp "$REPO/scripts/matrix.list" scripts/
	echo 'drivers/dma/x.c sometimes why' >scripts/unbuilt
	refused 2 "scripts/unbuilt line 1: want path, all or never, and why" scripts/matrix test
}

it "providers: a page that is right" good_page
it "providers: a row goes on in a second line" row_in_two_lines
it "providers: a row is missing, or one too many" row_missing
it "providers: a function that does not reach the hook" hook_not_called
it "providers: a function that is not there" no_such_function
it "providers: an unknown code" code_unknown
it "providers: a problem without a note" note_missing
it "providers: changed by the series, and not said so" series_wrong
it "providers: virt-dma taken for own lists" lists_wrong
it "providers: a stop that is not said" stop_wrong
it "providers: a driver that unmaps" driver_unmaps
it "matrix: what the base warns of, too, is passed over" warnings_of_the_base_pass
it "matrix: new warnings, and more of the old ones" new_warnings_fail
it "matrix: errors, with a message or without" errors_fail
it "matrix: symbols that only the base has" symbols_that_went
it "matrix: lists that are not understood" bad_matrix_is_refused
