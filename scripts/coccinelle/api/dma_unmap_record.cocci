// SPDX-License-Identifier: GPL-2.0-only
///
/// Find DMA engine drivers that unmap for their clients, or that end a
/// descriptor past its unmap record.  The helpers of drivers/dma/dmaengine.h and
/// of virt-dma release the record before they call the client back, see
/// Documentation/driver-api/dmaengine/unmap.rst.  A driver is wrong that
///
///  - ends the hold of a descriptor itself;
///  - calls the client back itself;
///  - asks for a callback, or for DMA_PREP_INTERRUPT, before it calls a helper:
///    a record without a callback is then left behind;
///  - gives a helper a struct dmaengine_desc_callback that nothing has filled.
///
/// The patch mode removes the calls that end a hold.  Check that a helper is
/// reached on the same paths.
///
// Confidence: Moderate
// Comments: A struct dmaengine_desc_callback may be filled on one condition and
//	used on another that is true with it: that is a false positive.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

// --- a hold that the driver ends ---------------------------------------------

@unmap depends on patch@
expression E;
struct dma_async_tx_descriptor *tx;
struct dma_async_tx_descriptor txs;
@@

(
-dma_descriptor_unmap(E);
|
-dmaengine_unmap_put(tx->unmap);
|
-dmaengine_unmap_put(txs.unmap);
)

// KUnit tests of the core play a driver that does everything wrong.
@kunit@
@@

#include <kunit/test.h>

@unmap_r depends on !patch && !kunit@
expression E;
struct dma_async_tx_descriptor *tx;
struct dma_async_tx_descriptor txs;
position p;
@@

(
dma_descriptor_unmap@p(E)
|
dmaengine_unmap_put@p(tx->unmap)
|
dmaengine_unmap_put@p(txs.unmap)
)

// --- a client that the driver calls back -------------------------------------

// The helper that it should have called does just that.
@core@
expression E;
identifier f = {callback, callback_result};
position p;
@@

dmaengine_desc_callback_invoke(...)
{
<+...
E->f@p(...)
...+>
}

@direct_r depends on !patch@
expression E;
identifier f = {callback, callback_result};
position p != core.p;
@@

(
E->f@p(E->callback_param, ...)
|
E.f@p(E.callback_param, ...)
)

// A call through a copy.  The type tells, or the parameter that goes with it.
@copied_r depends on !patch exists@
typedef dma_async_tx_callback, dma_async_tx_callback_result;
expression E;
identifier fn = {callback, callback_result};
local idexpression dma_async_tx_callback f;
local idexpression dma_async_tx_callback_result g;
position p;
@@

(
f = \(E->fn\|E.fn\)
|
g = \(E->fn\|E.fn\)
)
... when any
(
f@p(...)
|
g@p(...)
)

@with_param_r depends on !patch exists@
expression E;
identifier fn = {callback, callback_result};
local idexpression f, arg;
position p != copied_r.p;
@@

f = \(E->fn\|E.fn\)
... when any
arg = \(E->callback_param\|E.callback_param\)
... when any
f@p(arg, ...)

@param_first_r depends on !patch exists@
expression E;
identifier fn = {callback, callback_result};
local idexpression f, arg;
position p != copied_r.p;
@@

arg = \(E->callback_param\|E.callback_param\)
... when any
f = \(E->fn\|E.fn\)
... when any
f@p(arg, ...)

// --- a helper that is not reached without a callback -------------------------

@helped@
identifier helper = {dmaengine_desc_get_callback,
		     dmaengine_desc_get_last_callback,
		     dmaengine_desc_get_callback_invoke,
		     dmaengine_desc_callback_invoke,
		     vchan_cookie_complete};
@@

helper(...)

@asked_r depends on helped && !patch exists@
expression E;
identifier fn = {callback, callback_result};
identifier helped.helper;
position p;
@@

if (<+... \(E->fn\|E.fn\|E->flags & DMA_PREP_INTERRUPT\|
	    E.flags & DMA_PREP_INTERRUPT\) ...+>) {
	... when any
	helper@p(...)
	... when any
}

@returned_r depends on helped && !patch exists@
expression E;
identifier fn = {callback, callback_result};
identifier helped.helper;
position p;
@@

if (\(!E->fn\|!E.fn\|!(E->flags & DMA_PREP_INTERRUPT)\|
      !(E.flags & DMA_PREP_INTERRUPT)\)) {
	...
	\(return ...;\|break;\|continue;\)
}
... when any
helper@p(...)

// --- a helper that is given what nothing has filled --------------------------

@filled@
identifier cb;
initializer i;
position q;
@@

struct dmaengine_desc_callback cb@q = i;

// It may be filled and used on the same condition.
@same depends on !patch exists@
identifier cb, c;
identifier fill = {dmaengine_desc_get_callback,
		   dmaengine_desc_get_last_callback};
identifier helper = {dmaengine_desc_callback_invoke,
		     dmaengine_desc_callback_valid};
expression E;
position p;
@@

if (c) {
	... when any
	fill(..., &cb)
	... when any
}
... when any
    when != c = E
if (c) {
	... when any
	helper@p(&cb, ...)
	... when any
}

@unfilled_r depends on !patch exists@
identifier cb;
identifier helper = {dmaengine_desc_callback_invoke,
		     dmaengine_desc_callback_valid};
expression E;
position p != same.p, q != filled.q;
@@

struct dmaengine_desc_callback cb@q;
... when != &cb
    when != cb = E
helper@p(&cb, ...)

// --- context ----------------------------------------------------------------

@depends on context@
expression E;
position unmap_r.p;
@@

* E@p(...)

@depends on context@
expression E;
identifier f;
position direct_r.p;
@@

(
* E->f@p(...)
|
* E.f@p(...)
)

@depends on context@
expression E;
position copied_r.p;
@@

* E@p(...)

@depends on context@
expression E;
position with_param_r.p;
@@

* E@p(...)

@depends on context@
expression E;
position param_first_r.p;
@@

* E@p(...)

@depends on context@
expression E;
position asked_r.p;
@@

* E@p(...)

@depends on context@
expression E;
position returned_r.p;
@@

* E@p(...)

@depends on context@
expression E;
position unfilled_r.p;
@@

* E@p(...)

// --- org --------------------------------------------------------------------

@script:python depends on org@
p << unmap_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: ends the hold on an unmap record itself")

@script:python depends on org@
p << direct_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on org@
p << copied_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on org@
p << with_param_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on org@
p << param_first_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on org@
p << asked_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: asks for a callback first, a record without one is left behind")

@script:python depends on org@
p << returned_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: asks for a callback first, a record without one is left behind")

@script:python depends on org@
p << unfilled_r.p;
@@

coccilib.org.print_todo(p[0], "WARNING: struct dmaengine_desc_callback that nothing has filled")

// --- report -----------------------------------------------------------------

@script:python depends on report@
p << unmap_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: ends the hold on an unmap record itself")

@script:python depends on report@
p << direct_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on report@
p << copied_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on report@
p << with_param_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on report@
p << param_first_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: calls the client back itself, past the unmap record")

@script:python depends on report@
p << asked_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: asks for a callback first, a record without one is left behind")

@script:python depends on report@
p << returned_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: asks for a callback first, a record without one is left behind")

@script:python depends on report@
p << unfilled_r.p;
@@

coccilib.report.print_report(p[0], "WARNING: struct dmaengine_desc_callback that nothing has filled")
