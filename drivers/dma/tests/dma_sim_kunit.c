// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dma-sim: does it behave as it was told to?
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device/driver.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/string.h>

#include "dma_sim_kunit.h"

#define MANY		16

struct context {
	const char *name;
	enum dma_sim_context completion;
};

static const struct context contexts[] = {
	{ "softirq", DMA_SIM_SOFTIRQ },
	{ "hardirq", DMA_SIM_HARDIRQ },
	{ "thread", DMA_SIM_THREAD },
};

static void context_desc(const struct context *context, char *desc)
{
	strscpy(desc, context->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(context, contexts, context_desc);

/* Change the configuration, then start. */
static struct rig *rig_of(struct kunit *test)
{
	const struct context *context = test->param_value;
	struct rig *rig = test->priv;

	if (context)
		rig->cfg.completion = context->completion;

	return rig;
}

/* An engine that takes about a millisecond for each 64 bytes */
static void rig_start_slow(struct rig *rig)
{
	rig->cfg.burst = 64;
	rig->cfg.burst_us = 1000;
	rig_start(rig);
}

static struct dma_sim_stats stats_of(struct rig *rig)
{
	struct dma_sim_stats stats;

	dma_sim_get_stats(rig->sim, &stats);
	return stats;
}

/* A copy from and to memory of its own, not issued. */
static struct xfer *copy_new(struct rig *rig, size_t len, unsigned long flags)
{
	struct area *src = area_get(rig, 0, len);
	struct area *dst = area_get(rig, 0, len);

	return copy_submit(rig, dst, src, flags);
}

static struct area *last_area(struct rig *rig)
{
	return list_last_entry(&rig->areas, struct area, list);
}

static void issue(struct rig *rig)
{
	dma_async_issue_pending(rig->chan);
}

static enum dma_status status_of(struct xfer *x, u32 *residue)
{
	struct dma_tx_state state = {};
	enum dma_status status;

	status = dmaengine_tx_status(x->rig->chan, x->cookie, &state);
	if (residue)
		*residue = state.residue;

	return status;
}

/* Wait until the transfer is somewhere between its beginning and its end. */
static void wait_for_middle(struct xfer *x, u32 len)
{
	unsigned long end = jiffies + RIG_TIMEOUT;
	u32 residue;

	do {
		status_of(x, &residue);
		if (residue && residue < len)
			return;
		usleep_range(100, 200);
	} while (time_before(jiffies, end));

	KUNIT_FAIL_AND_ABORT(x->rig->test, "never in the middle");
}

/* Contexts */

static void context_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	enum dma_sim_context want = rig->cfg.completion;
	struct xfer *x;

	rig_start(rig);
	x = copy_new(rig, 100, 0);
	issue(rig);
	xfer_wait(x);

	KUNIT_EXPECT_EQ(test, x->hardirq, want == DMA_SIM_HARDIRQ);
	KUNIT_EXPECT_EQ(test, x->softirq, want == DMA_SIM_SOFTIRQ);
	KUNIT_EXPECT_EQ(test, x->task, want == DMA_SIM_THREAD);
}

static void unmap_before_callback_test(struct kunit *test)
{
	static const enum dma_sim_fault_type faults[] = {
		DMA_SIM_FAULT_READ, DMA_SIM_FAULT_WRITE, DMA_SIM_FAULT_ABORT,
		DMA_SIM_NR_FAULTS
	};
	struct rig *rig = rig_of(test);
	unsigned int i;

	rig_start(rig);
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		struct xfer *x;

		if (faults[i] < DMA_SIM_NR_FAULTS)
			dma_sim_set_fault(rig->sim, faults[i], 1, 0);
		x = copy_new(rig, 100, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 0);
		issue(rig);
		xfer_wait(x);
		KUNIT_EXPECT_TRUE_MSG(test, x->gone_before, "fault %d",
				      faults[i]);
		KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
		KUNIT_EXPECT_EQ(test, x->calls, 1);
	}
}

/* Polling for the cookie, as unmap.rst tells a client to. */
static void poll_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct area *src, *dst;
	dma_addr_t s, d;
	struct xfer *x;

	rig_start(rig);
	src = area_get(rig, 3, 5000);
	dst = area_get(rig, 9, 5000);
	x = xfer_get_shared(rig, 2, 2);
	s = xfer_map(x, src, DMA_TO_DEVICE);
	d = xfer_map(x, dst, DMA_FROM_DEVICE);
	memcpy(dst->goal, src->goal, 5000);
	xfer_submit(x, dmaengine_prep_dma_memcpy(rig->chan, d, s, 5000, 0));
	KUNIT_EXPECT_EQ(test, (int)dma_sync_wait(rig->chan, x->cookie),
			(int)DMA_COMPLETE);
	dmaengine_unmap_reclaim(x->unmap);
	xfer_put(x);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	areas_check(rig, "polled copy");
	xfer_wait(x);
}

static void interrupt_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig_start(rig);
	x = xfer_get(rig, 0);
	xfer_run(x, rig->chan->device->device_prep_dma_interrupt(rig->chan, 0));
	KUNIT_EXPECT_TRUE(test, x->gone_before);
	KUNIT_EXPECT_EQ(test, stats_of(rig).ops[DMA_SIM_INTERRUPT], 1);
}

/* Random memory stays as it is, and counts as right. */
static void pretend_test(struct kunit *test)
{
	enum sum_check_flags found = SUM_CHECK_P_RESULT;
	struct rig *rig = rig_of(test);
	struct dma_sim_stats stats;
	struct dma_device *ddev;
	dma_addr_t mem[2];
	struct xfer *x;

	rig->cfg.pretend = 1;
	rig_start(rig);
	ddev = rig->chan->device;
	x = xfer_get_shared(rig, 2, 2);
	mem[0] = xfer_map(x, area_get(rig, 0, 1000), DMA_BIDIRECTIONAL);
	mem[1] = xfer_map(x, area_get(rig, 0, 1000), DMA_BIDIRECTIONAL);

	xfer_run(x, ddev->device_prep_dma_memcpy(rig->chan, mem[1], mem[0],
						 1000, 0));
	xfer_run(x, ddev->device_prep_dma_xor_val(rig->chan, mem, 2, 1000,
						  &found, 0));
	xfer_put(x);
	areas_check(rig, "what is not copied");
	KUNIT_EXPECT_EQ(test, (int)found, 0);

	stats = stats_of(rig);
	KUNIT_EXPECT_EQ(test, stats.ops[DMA_SIM_MEMCPY], 1);
	KUNIT_EXPECT_EQ(test, stats.ops[DMA_SIM_XOR_VAL], 1);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_MEMCPY], 0);
	KUNIT_EXPECT_EQ(test, stats.completed, 2);
}

/* Order */

/* The turns of MANY copies that are issued at once, a letter each. */
static void many_copies(struct rig *rig, char *turns, u32 fences)
{
	struct xfer *x[MANY];
	int i;

	atomic_set(&rig->turns, 0);
	for (i = 0; i < MANY; i++)
		x[i] = copy_new(rig, 200, fences & BIT(i) ? DMA_PREP_FENCE : 0);
	issue(rig);
	for (i = 0; i < MANY; i++) {
		xfer_wait(x[i]);
		turns[i] = 'a' + x[i]->turn - 1;
		KUNIT_EXPECT_TRUE(rig->test, x[i]->gone_before);
	}
	turns[MANY] = 0;
	areas_check(rig, "many copies");
	areas_free(rig);
}

static const char in_order[] = "abcdefghijklmnop";

static void in_order_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	char turns[MANY + 1];

	rig_start(rig);
	KUNIT_EXPECT_FALSE(test, dma_has_cap(DMA_COMPLETION_NO_ORDER,
					     rig->chan->device->cap_mask));
	many_copies(rig, turns, 0);
	KUNIT_EXPECT_STREQ(test, turns, in_order);
}

static void out_of_order_test(struct kunit *test)
{
	char first[MANY + 1], again[MANY + 1], other[MANY + 1];
	struct rig *rig = rig_of(test);

	rig->cfg.order = DMA_SIM_OUT_OF_ORDER;
	rig_start(rig);
	KUNIT_EXPECT_TRUE(test, dma_has_cap(DMA_COMPLETION_NO_ORDER,
					    rig->chan->device->cap_mask));
	many_copies(rig, first, 0);
	rig_restart(rig);
	many_copies(rig, again, 0);
	rig->cfg.seed++;
	rig_restart(rig);
	many_copies(rig, other, 0);

	KUNIT_EXPECT_STRNEQ(test, first, in_order);
	KUNIT_EXPECT_STREQ(test, first, again);
	KUNIT_EXPECT_STRNEQ(test, first, other);
}

static void out_of_order_status_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig->cfg.order = DMA_SIM_OUT_OF_ORDER;
	rig_start(rig);
	x = copy_new(rig, 64, 0);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, NULL), (int)DMA_OUT_OF_ORDER);
	issue(rig);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, NULL), (int)DMA_OUT_OF_ORDER);
}

/* What comes after a fence runs after what has it. */
static void fence_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	char turns[MANY + 1];
	int seed, i, j;

	rig->cfg.order = DMA_SIM_OUT_OF_ORDER;
	rig_start(rig);
	many_copies(rig, turns, ~0);
	KUNIT_EXPECT_STREQ(test, turns, in_order);

	for (seed = 1; seed <= 6; seed++) {
		u32 fences = BIT(2) | BIT(9);

		rig->cfg.seed = seed;
		rig_restart(rig);
		many_copies(rig, turns, fences);
		for (i = 0; i < MANY; i++)
			for (j = i + 1; fences & BIT(i) && j < MANY; j++)
				KUNIT_EXPECT_GT_MSG(test, turns[j], turns[i],
						    "%d after %d, seed %d: %s",
						    j, i, seed, turns);
	}
}

static void channels_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x[RIG_CHANS];
	int i;

	rig->cfg.channels = RIG_CHANS;
	rig->cfg.burst_us = 1000;
	rig_start(rig);
	for (i = 0; i < RIG_CHANS; i++) {
		rig->chan = rig->chans[i];
		x[i] = copy_new(rig, 20000, 0);
		issue(rig);
	}
	for (i = 0; i < RIG_CHANS; i++)
		xfer_wait(x[i]);
	areas_check(rig, "four channels at once");
	KUNIT_EXPECT_EQ(test, stats_of(rig).completed, RIG_CHANS);
}

/* Time */

static void latency_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct area *src, *dst;
	ktime_t begin;
	struct xfer *x;
	bool early;

	rig->cfg.latency_us = 300000;
	rig_start(rig);
	src = area_get(rig, 0, 64);
	dst = area_get(rig, 0, 64);
	begin = ktime_get();
	x = copy_submit(rig, dst, src, 0);
	issue(rig);
	msleep(20);

	/* it has not read it yet; unless this took too long to tell */
	area_fill(rig, src);
	early = ktime_ms_delta(ktime_get(), begin) < 300;
	if (early)
		KUNIT_EXPECT_EQ(test, x->calls, 0);
	xfer_wait(x);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), 300);
	memcpy(dst->goal, src->goal, 64);
	if (early)
		areas_check(rig, "what is read late");
}

static void residue_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	u32 last = 64 * 30, residue;
	struct xfer *x, *next;
	int steps = 0;

	rig_start_slow(rig);
	x = copy_new(rig, 64 * 30, 0);
	next = copy_new(rig, 640, 0);
	issue(rig);

	while (status_of(x, &residue) == DMA_IN_PROGRESS) {
		KUNIT_ASSERT_LE(test, residue, last);
		KUNIT_ASSERT_EQ(test, residue % 64, 0);
		steps += residue < last;
		last = residue;
		status_of(next, &residue);
		if (status_of(x, NULL) == DMA_IN_PROGRESS)
			KUNIT_ASSERT_EQ(test, residue, 640);
		usleep_range(100, 200);
	}
	KUNIT_EXPECT_GE(test, steps, 2);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, &residue), (int)DMA_COMPLETE);
	KUNIT_EXPECT_EQ(test, residue, 0);
	xfer_wait(x);
	xfer_wait(next);
	KUNIT_EXPECT_EQ(test, x->residue, 0);
}

/* Pause */

static void wait_for_pause(struct xfer *x)
{
	unsigned long end = jiffies + RIG_TIMEOUT;

	while (status_of(x, NULL) != DMA_PAUSED) {
		if (time_after(jiffies, end))
			KUNIT_FAIL_AND_ABORT(x->rig->test, "never paused");
		usleep_range(100, 200);
	}
}

static void pause_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	u32 before, after, len = 64 * 40;
	struct area *dst;
	struct xfer *x;
	u8 *copy;

	rig_start_slow(rig);
	copy = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	x = copy_new(rig, len, 0);
	dst = last_area(rig);
	issue(rig);
	wait_for_middle(x, len);
	KUNIT_EXPECT_EQ(test, dmaengine_pause(rig->chan), 0);
	wait_for_pause(x);
	status_of(x, &before);
	memcpy(copy, dst->data, len);

	msleep(50);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, &after), (int)DMA_PAUSED);
	KUNIT_EXPECT_EQ(test, before, after);
	KUNIT_EXPECT_EQ(test, memcmp(copy, dst->data, len), 0);
	KUNIT_EXPECT_EQ(test, x->calls, 0);

	KUNIT_EXPECT_EQ(test, dmaengine_resume(rig->chan), 0);
	xfer_wait(x);
	areas_check(rig, "resumed copy");
}

static void pause_idle_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig_start(rig);
	dmaengine_pause(rig->chan);
	x = copy_new(rig, 64, 0);
	issue(rig);
	wait_for_pause(x);
	msleep(20);
	KUNIT_EXPECT_EQ(test, x->calls, 0);
	dmaengine_resume(rig->chan);
	xfer_wait(x);
	areas_check(rig, "resumed copy");
}

static void pause_terminate_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig_start_slow(rig);
	x = copy_new(rig, 64 * 40, 0);
	issue(rig);
	wait_for_middle(x, 64 * 40);
	dmaengine_pause(rig->chan);
	wait_for_pause(x);
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	areas_free(rig);

	/* it is not paused any more */
	copy_run(rig, 64);
}

/* Nobody is told that the engine is held, unless it is paused as well. */
static void hold_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig_start(rig);
	dma_sim_hold(rig->sim, true);
	x = copy_new(rig, 64, 0);
	issue(rig);
	msleep(20);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, NULL), (int)DMA_IN_PROGRESS);

	dmaengine_pause(rig->chan);
	wait_for_pause(x);
	dma_sim_hold(rig->sim, false);
	msleep(20);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, NULL), (int)DMA_PAUSED);
	dma_sim_hold(rig->sim, true);
	dmaengine_resume(rig->chan);
	msleep(20);
	KUNIT_EXPECT_EQ(test, (int)status_of(x, NULL), (int)DMA_IN_PROGRESS);
	KUNIT_EXPECT_EQ(test, x->calls, 0);

	dma_sim_hold(rig->sim, false);
	xfer_wait(x);
	areas_check(rig, "held copy");
}

static void hold_terminate_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x;

	rig_start(rig);
	dma_sim_hold(rig->sim, true);
	x = copy_new(rig, 64, 0);
	issue(rig);
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	areas_free(rig);

	dma_sim_hold(rig->sim, false);
	copy_run(rig, 64);
}

/* Termination */

static void terminate_running_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	size_t len = 64 * 200;
	struct xfer *x, *next;
	struct area *dst;

	rig_start_slow(rig);
	x = copy_new(rig, len, 0);
	dst = last_area(rig);
	next = copy_new(rig, 64, 0);
	issue(rig);
	wait_for_middle(x, len);

	KUNIT_EXPECT_EQ(test, dmaengine_terminate_async(rig->chan), 0);
	dmaengine_synchronize(rig->chan);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&next->gone), 1);

	/* the engine must not write any more, anywhere */
	area_fill(rig, dst);
	msleep(50);
	KUNIT_EXPECT_EQ(test, memcmp(dst->mem, dst->want, dst->size), 0);
	KUNIT_EXPECT_EQ(test, x->calls, 0);
	KUNIT_EXPECT_EQ(test, next->calls, 0);
	KUNIT_EXPECT_EQ(test, stats_of(rig).terminated, 2);
	KUNIT_EXPECT_EQ(test, stats_of(rig).completed, 0);
	areas_free(rig);
	copy_run(rig, 64);
}

/* What was only submitted goes, what was only prepared does not. */
static void terminate_prepared_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_async_tx_descriptor *tx;
	struct area *src, *dst;
	struct xfer *x, *p;
	dma_addr_t s, d;

	rig_start(rig);
	src = area_get(rig, 0, 64);
	dst = area_get(rig, 0, 64);
	p = xfer_get(rig, 2);
	s = xfer_map(p, src, DMA_TO_DEVICE);
	d = xfer_map(p, dst, DMA_FROM_DEVICE);
	tx = dmaengine_prep_dma_memcpy(rig->chan, d, s, 64, 0);
	x = copy_new(rig, 64, 0);

	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	KUNIT_EXPECT_EQ(test, stats_of(rig).terminated, 1);
	memcpy(last_area(rig)->goal, last_area(rig)->data, 64);

	memcpy(dst->goal, src->goal, 64);
	xfer_run(p, tx);
	areas_check(rig, "prepared before the termination");
}

struct stopper {
	struct dma_chan *chan;
	struct completion stopped;
};

static void stop_callback(void *arg)
{
	struct stopper *stopper = arg;

	dmaengine_terminate_async(stopper->chan);
	complete(&stopper->stopped);
}

static void terminate_in_callback_test(struct kunit *test)
{
	/* static: a callback that comes too late finds it */
	static struct stopper stopper;
	struct rig *rig = rig_of(test);
	struct dma_async_tx_descriptor *tx;
	struct dma_sim_stats stats;
	struct xfer *x[4];
	int i;

	rig_start_slow(rig);
	stopper.chan = rig->chan;
	init_completion(&stopper.stopped);
	tx = rig->chan->device->device_prep_dma_interrupt(rig->chan, 0);
	KUNIT_ASSERT_NOT_NULL(test, tx);
	tx->callback = stop_callback;
	tx->callback_param = &stopper;
	dmaengine_submit(tx);
	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = copy_new(rig, 64 * 20, 0);
	issue(rig);

	/* only a termination that has returned is synchronized with */
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&stopper.stopped,
							  10 * HZ), 0);
	dmaengine_synchronize(rig->chan);
	for (i = 0; i < ARRAY_SIZE(x); i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&x[i]->gone), 1);

	stats = stats_of(rig);
	KUNIT_EXPECT_EQ(test, stats.submitted, 5);
	KUNIT_EXPECT_EQ(test, stats.completed + stats.terminated, 5);
	KUNIT_EXPECT_GT(test, stats.terminated, 0);
}

/* Terminate at all possible times. */
static void terminate_race_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct area *src[5], *dst[5];
	struct dma_sim_stats stats;
	struct xfer *x[5];
	int round, i;

	rig->cfg.burst = 256;
	rig->cfg.order = DMA_SIM_OUT_OF_ORDER;
	rig_start(rig);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		src[i] = area_get(rig, 0, 2000);
		dst[i] = area_get(rig, 0, 2000);
	}

	for (round = 0; round < 150; round++) {
		for (i = 0; i < ARRAY_SIZE(x); i++)
			x[i] = copy_submit(rig, dst[i], src[i], 0);
		issue(rig);
		udelay(prandom_u32_state(&rig->rnd) % 500);
		dmaengine_terminate_async(rig->chan);
		dmaengine_synchronize(rig->chan);
		for (i = 0; i < ARRAY_SIZE(x); i++) {
			KUNIT_ASSERT_EQ_MSG(test, atomic_read(&x[i]->gone), 1,
					    "round %d, copy %d (seed %#x)",
					    round, i, RIG_SEED);
			KUNIT_ASSERT_LE(test, x[i]->calls, 1);
			kunit_kfree(test, x[i]);
		}
	}

	stats = stats_of(rig);
	KUNIT_EXPECT_EQ(test, stats.submitted, 150 * ARRAY_SIZE(x));
	KUNIT_EXPECT_EQ(test, stats.completed + stats.terminated,
			stats.submitted);
}

/* Let go of the channel in the middle of everything. */
static void release_running_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x[4];
	int i;

	rig_start_slow(rig);
	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = copy_new(rig, 64 * 40, 0);
	issue(rig);
	wait_for_middle(x[0], 64 * 40);
	rig_release(rig);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&x[i]->gone), 1);
		KUNIT_EXPECT_EQ(test, x[i]->calls, 0);
	}
	KUNIT_EXPECT_EQ(test, stats_of(rig).terminated, 4);

	rig->chan = rig_request(rig, NULL);
	rig->chans[0] = rig->chan;
	KUNIT_ASSERT_NOT_NULL(test, rig->chan);
	areas_free(rig);
	copy_run(rig, 640);
}

/* Descriptors */

static void desc_max_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_device *ddev;
	int i;

	rig->cfg.desc_max = 3;
	rig_start(rig);
	ddev = rig->chan->device;
	for (i = 0; i < 3; i++)
		copy_new(rig, 64, 0);
	KUNIT_EXPECT_NULL(test, ddev->device_prep_dma_memcpy(rig->chan, 0, 0,
							     64, 0));
	KUNIT_EXPECT_EQ(test, stats_of(rig).prep_failed, 1);

	/* they come back, however they end */
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	areas_free(rig);
	for (i = 0; i < 5; i++)
		copy_run(rig, 64);
	dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_SUBMIT, 0, 1);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_LT(test, copy_new(rig, 64, 0)->cookie, 0);
	KUNIT_EXPECT_EQ(test, stats_of(rig).prep_failed, 1);
}

static void reuse_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_async_tx_descriptor *tx;
	struct area *src, *dst;
	dma_addr_t s, d;
	struct xfer *x;
	int i;

	rig_start_slow(rig);
	src = area_get(rig, 0, 640);
	dst = area_get(rig, 0, 640);
	x = xfer_get(rig, 2);
	s = xfer_map(x, src, DMA_TO_DEVICE);
	d = xfer_map(x, dst, DMA_FROM_DEVICE);
	tx = dmaengine_prep_dma_memcpy(rig->chan, d, s, 640, DMA_CTRL_REUSE);
	memcpy(dst->goal, src->goal, 640);
	xfer_run(x, tx);

	for (i = 2; i <= 4; i++) {
		/* virt-dma is through with it when its tasklet is */
		dmaengine_synchronize(rig->chan);
		memset(dst->data, 0, 640);
		reinit_completion(&x->called);
		KUNIT_ASSERT_GT(test, dmaengine_submit(tx), 0);
		issue(rig);
		if (i == 3) {
			KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan),
					0);
			continue;
		}
		xfer_wait(x);
		KUNIT_EXPECT_EQ(test, memcmp(dst->data, dst->goal, 640), 0);
	}
	dmaengine_synchronize(rig->chan);
	KUNIT_EXPECT_EQ(test, x->calls, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 0);
	KUNIT_EXPECT_EQ(test, dmaengine_desc_free(tx), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	KUNIT_EXPECT_EQ(test, stats_of(rig).submitted, 4);
	KUNIT_EXPECT_EQ(test, stats_of(rig).terminated, 1);
	areas_check(rig, "reused copy");
}

/* Faults */

/* Try one copy, and tell by a letter what became of it; '.' is success. */
static char try_copy(struct rig *rig)
{
	u64 lost = stats_of(rig).lost;
	struct area *src = area_get(rig, 0, 640);
	struct area *dst = area_get(rig, 0, 640);
	struct dma_async_tx_descriptor *tx;
	struct xfer *x = xfer_get(rig, 2);
	unsigned long end = jiffies + RIG_TIMEOUT;
	dma_addr_t s, d;

	s = xfer_map(x, src, DMA_TO_DEVICE);
	d = xfer_map(x, dst, DMA_FROM_DEVICE);
	tx = dmaengine_prep_dma_memcpy(rig->chan, d, s, 640, 0);
	if (!tx) {
		xfer_put(x);
		return 'p';
	}

	xfer_submit(x, tx);
	if (x->cookie < 0) {
		KUNIT_EXPECT_EQ(rig->test, atomic_read(&x->gone), 1);
		return 's';
	}

	issue(rig);
	while (!x->calls && stats_of(rig).lost == lost &&
	       time_before(jiffies, end))
		usleep_range(50, 100);
	if (!x->calls) {
		dmaengine_terminate_sync(rig->chan);
		KUNIT_EXPECT_EQ(rig->test, atomic_read(&x->gone), 1);
		KUNIT_EXPECT_EQ(rig->test, x->calls, 0);
		return 'l';
	}

	xfer_wait(x);
	KUNIT_EXPECT_EQ(rig->test, atomic_read(&x->gone), 1);
	return ".rwa"[x->result];
}

static void expect_tries(struct rig *rig, enum dma_sim_fault_type type,
			 unsigned int nth, unsigned int every, char letter)
{
	char got[11], want[11];
	int i;

	KUNIT_EXPECT_EQ(rig->test,
			dma_sim_set_fault(rig->sim, type, nth, every), 0);
	for (i = 0; i < 10; i++) {
		bool hit = i + 1 == nth || (every && (i + 1) % every == 0);

		want[i] = hit ? letter : '.';
		got[i] = try_copy(rig);
		areas_free(rig);
	}
	want[10] = 0;
	got[10] = 0;
	KUNIT_EXPECT_STREQ_MSG(rig->test, got, want,
			       "fault %d, nth %u, every %u", type, nth, every);
	dma_sim_set_fault(rig->sim, type, 0, 0);
}

static void fault_test(struct kunit *test)
{
	static const char letters[] = {
		[DMA_SIM_FAULT_PREP] = 'p',
		[DMA_SIM_FAULT_SUBMIT] = 's',
		[DMA_SIM_FAULT_READ] = 'r',
		[DMA_SIM_FAULT_WRITE] = 'w',
		[DMA_SIM_FAULT_ABORT] = 'a',
		[DMA_SIM_FAULT_LOST] = 'l',
	};
	enum dma_sim_fault_type type;
	struct rig *rig = rig_of(test);
	struct dma_sim_stats stats;

	rig_start(rig);
	for (type = 0; type <= DMA_SIM_FAULT_LOST; type++) {
		expect_tries(rig, type, 1, 0, letters[type]);
		expect_tries(rig, type, 4, 0, letters[type]);
		expect_tries(rig, type, 0, 3, letters[type]);
		expect_tries(rig, type, 2, 5, letters[type]);
	}

	/* 1 + 1 + 3 + 3 of each */
	stats = stats_of(rig);
	KUNIT_EXPECT_EQ(test, stats.prep_failed, 8);
	KUNIT_EXPECT_EQ(test, stats.submit_failed, 8);
	KUNIT_EXPECT_EQ(test, stats.errors, 24);
	KUNIT_EXPECT_EQ(test, stats.lost, 8);
	KUNIT_EXPECT_EQ(test, stats.terminated, 8);
	KUNIT_EXPECT_EQ(test, stats.submitted, 240 - 16);
	KUNIT_EXPECT_EQ(test, stats.completed, 240 - 16 - 24 - 8);
	KUNIT_EXPECT_EQ(test, stats.ops[DMA_SIM_MEMCPY], stats.completed);
}

static void expect_partial(struct rig *rig, enum dma_sim_fault_type type,
			   enum dmaengine_tx_result result, size_t done)
{
	struct area *src = area_get(rig, 0, 1024);
	struct area *dst = area_get(rig, 0, 1024);
	u8 *rest = kunit_kmalloc(rig->test, 1024, GFP_KERNEL);
	struct xfer *x;

	KUNIT_ASSERT_NOT_NULL(rig->test, rest);
	memcpy(rest, dst->data, 1024);
	dma_sim_set_fault(rig->sim, type, 1, 0);
	x = copy_submit(rig, dst, src, 0);
	memcpy(dst->goal + done, rest + done, 1024 - done);
	issue(rig);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(rig->test, (int)x->result, (int)result);
	KUNIT_EXPECT_EQ(rig->test, x->residue, 1024 - done);
	areas_check(rig, "partial copy");
	areas_free(rig);
	kunit_kfree(rig->test, rest);
}

/* What memory looks like after an error */
static void partial_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig->cfg.burst = 200;
	rig_start(rig);

	/* the burst from 400 to 600 has the middle */
	expect_partial(rig, DMA_SIM_FAULT_READ, DMA_TRANS_READ_FAILED, 400);
	expect_partial(rig, DMA_SIM_FAULT_WRITE, DMA_TRANS_WRITE_FAILED, 500);
	expect_partial(rig, DMA_SIM_FAULT_ABORT, DMA_TRANS_ABORTED, 0);
}

/* Nothing is said of a validation that failed. */
static void validation_error_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	enum sum_check_flags found = 0x55;
	struct dma_chan *chan;
	dma_addr_t src[2];
	struct xfer *x;

	rig_start(rig);
	chan = rig->chan;
	x = xfer_get(rig, 2);
	src[0] = xfer_map(x, area_get(rig, 0, 64), DMA_TO_DEVICE);
	src[1] = xfer_map(x, area_get(rig, 0, 64), DMA_TO_DEVICE);
	dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_READ, 1, 0);
	xfer_submit(x, chan->device->device_prep_dma_xor_val(chan, src, 2, 64,
							     &found, 0));
	issue(rig);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(test, (int)x->result, (int)DMA_TRANS_READ_FAILED);
	KUNIT_EXPECT_EQ(test, (int)found, 0x55);
}

static void wait_for_lost(struct rig *rig)
{
	int i;

	for (i = 0; i < 5000 && !stats_of(rig).lost; i++)
		usleep_range(500, 1000);
	KUNIT_ASSERT_EQ(rig->test, stats_of(rig).lost, 1);
}

/* An engine in order does nothing more before it is terminated. */
static void lost_in_order_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x[3];
	int i;

	rig_start(rig);
	dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_LOST, 2, 0);
	for (i = 0; i < 3; i++)
		x[i] = copy_new(rig, 64, 0);
	issue(rig);
	xfer_wait(x[0]);
	wait_for_lost(rig);
	msleep(20);
	KUNIT_EXPECT_EQ(test, x[1]->calls, 0);
	KUNIT_EXPECT_EQ(test, x[2]->calls, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x[1]->gone), 0);
	KUNIT_EXPECT_EQ(test, (int)status_of(x[1], NULL),
			(int)DMA_IN_PROGRESS);
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x[1]->gone), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&x[2]->gone), 1);
	KUNIT_EXPECT_EQ(test, stats_of(rig).terminated, 2);
	areas_free(rig);
	copy_run(rig, 64);
}

static void lost_out_of_order_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct xfer *x[8];
	int i, calls = 0;

	rig->cfg.order = DMA_SIM_OUT_OF_ORDER;
	rig_start(rig);
	dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_LOST, 2, 0);
	for (i = 0; i < 8; i++)
		x[i] = copy_new(rig, 64, 0);
	issue(rig);
	for (i = 0; i < 5000 && stats_of(rig).completed < 7; i++)
		usleep_range(500, 1000);
	dmaengine_synchronize(rig->chan);
	for (i = 0; i < 8; i++)
		calls += x[i]->calls;
	KUNIT_EXPECT_EQ(test, calls, 7);
	KUNIT_EXPECT_EQ(test, stats_of(rig).lost, 1);
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&x[i]->gone), 1);
}

/* The counters */

static void stats_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	dma_addr_t src[3], pq[2];
	struct dma_device *ddev;
	struct dma_sim_stats stats;
	struct dma_chan *chan;
	u8 scf[3] = { 1, 2, 4 };
	enum sum_check_flags found;
	struct xfer *x;
	int i;

	rig->cfg.max_pq = 6;
	rig->cfg.pq_continue = 0;
	rig->cfg.burst = 100;
	rig_start(rig);
	chan = rig->chan;
	ddev = chan->device;
	x = xfer_get_shared(rig, 5, 10);
	for (i = 0; i < 3; i++)
		src[i] = xfer_map(x, area_get(rig, 0, 1000), DMA_TO_DEVICE);
	for (i = 0; i < 2; i++)
		pq[i] = xfer_map(x, area_get(rig, 0, 1000), DMA_BIDIRECTIONAL);

	xfer_run(x, ddev->device_prep_dma_memcpy(chan, pq[0], src[0], 1000, 0));
	xfer_run(x, ddev->device_prep_dma_memset(chan, pq[0], 1, 1000, 0));
	xfer_run(x, ddev->device_prep_dma_xor(chan, pq[0], src, 3, 1000, 0));
	xfer_run(x, ddev->device_prep_dma_xor_val(chan, src, 3, 1000, &found,
						  0));
	xfer_run(x, ddev->device_prep_dma_pq(chan, pq, src, 3, scf, 1000, 0));
	xfer_run(x, ddev->device_prep_dma_pq(chan, pq, src, 3, scf, 1000,
					     DMA_PREP_CONTINUE));
	xfer_run(x, ddev->device_prep_dma_pq_val(chan, pq, src, 3, scf, 1000,
						 &found, 0));
	xfer_run(x, ddev->device_prep_dma_interrupt(chan, 0));
	xfer_put(x);

	stats = stats_of(rig);
	for (i = 0; i < DMA_SIM_NR_OPS; i++)
		KUNIT_EXPECT_EQ_MSG(test, stats.ops[i], 1 + (i == DMA_SIM_PQ),
				    "operation %d", i);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_MEMCPY], 2000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_MEMSET], 1000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_XOR], 4000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_XOR_VAL], 3000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_PQ], 5000 + 8000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_PQ_VAL], 5000);
	KUNIT_EXPECT_EQ(test, stats.bytes[DMA_SIM_INTERRUPT], 0);
	KUNIT_EXPECT_EQ(test, stats.submitted, 8);
	KUNIT_EXPECT_EQ(test, stats.completed, 8);
	KUNIT_EXPECT_EQ(test, stats.errors, 0);
	KUNIT_EXPECT_EQ(test, stats.terminated, 0);
	KUNIT_EXPECT_EQ(test, stats.lost, 0);
	KUNIT_EXPECT_EQ(test, stats.prep_failed, 0);
	KUNIT_EXPECT_EQ(test, stats.submit_failed, 0);
}

/* Several devices */

static void split_test(struct kunit *test)
{
	static const enum dma_transaction_type caps[] = {
		DMA_MEMCPY, DMA_XOR, DMA_PQ, DMA_MEMSET, DMA_XOR_VAL, DMA_PQ_VAL
	};
	struct rig *rig = rig_of(test);
	struct dma_chan *chans[3] = {};
	unsigned int i, j;

	rig->cfg.split = 1;
	rig->cfg.channels = 1;
	rig->cfg.ops = BIT(DMA_SIM_MEMCPY) | BIT(DMA_SIM_XOR) |
		       BIT(DMA_SIM_PQ) | BIT(DMA_SIM_INTERRUPT);
	rig_start(rig);
	rig_release(rig);

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		dma_cap_mask_t mask;
		struct dma_chan *chan;

		dma_cap_zero(mask);
		dma_cap_set(caps[i], mask);
		chan = rig_request(rig, &mask);
		KUNIT_EXPECT_EQ_MSG(test, !!chan, i < ARRAY_SIZE(chans),
				    "operation %d", caps[i]);
		if (i >= ARRAY_SIZE(chans) || !chan)
			continue;
		chans[i] = chan;
		rig->chans[i] = chan;
		KUNIT_EXPECT_PTR_EQ(test, dmaengine_get_dma_device(chan),
				    rig->dev);
		KUNIT_EXPECT_TRUE(test, dma_has_cap(DMA_INTERRUPT,
						    chan->device->cap_mask));
		for (j = 0; j < ARRAY_SIZE(caps); j++)
			KUNIT_EXPECT_EQ(test, i == j,
					dma_has_cap(caps[j],
						    chan->device->cap_mask));
		KUNIT_EXPECT_EQ(test, i == 0,
				!!chan->device->device_prep_dma_memcpy);
	}
	rig->chan = chans[0];
	copy_run(rig, 100);
}

static void capabilities_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_device *ddev;

	rig->cfg.ops = BIT(DMA_SIM_MEMCPY) | BIT(DMA_SIM_PQ);
	rig->cfg.channels = 3;
	rig->cfg.max_pq = 7;
	/* public channels are taken, if there are users of them */
	rig->cfg.private = IS_ENABLED(CONFIG_ASYNC_TX_DMA);
	rig->cfg.dma_mask = 32;
	rig_start(rig);
	ddev = rig->chan->device;
	KUNIT_EXPECT_EQ(test, ddev->chancnt, 3);
	KUNIT_EXPECT_EQ(test, dma_maxpq(ddev, 0), 7);
	KUNIT_EXPECT_TRUE(test, dma_has_cap(DMA_MEMCPY, ddev->cap_mask));
	KUNIT_EXPECT_TRUE(test, dma_has_cap(DMA_PQ, ddev->cap_mask));
	KUNIT_EXPECT_FALSE(test, dma_has_cap(DMA_XOR, ddev->cap_mask));
	KUNIT_EXPECT_NULL(test, ddev->device_prep_dma_xor);
	KUNIT_EXPECT_EQ(test, dma_get_mask(rig->dev), DMA_BIT_MASK(32));

	/* a public device is private only while somebody has a channel */
	rig_release(rig);
	KUNIT_EXPECT_EQ(test, !!dma_has_cap(DMA_PRIVATE, ddev->cap_mask),
			!!rig->cfg.private);
}

/* Removal */

static void remove_idle_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_async_tx_descriptor *tx;
	struct area *src, *dst;
	struct xfer *x;
	dma_addr_t s, d;

	rig->cfg.channels = RIG_CHANS + 1;
	rig_start(rig);
	src = area_get(rig, 0, 64);
	dst = area_get(rig, 0, 64);
	x = xfer_get(rig, 2);
	s = xfer_map(x, src, DMA_TO_DEVICE);
	d = xfer_map(x, dst, DMA_FROM_DEVICE);
	tx = dmaengine_prep_dma_memcpy(rig->chan, d, s, 64, 0);
	KUNIT_ASSERT_NOT_NULL(test, tx);

	dma_sim_destroy(rig->sim);
	rig->sim = NULL;

	/* what a client has stays usable, what it has not it does not get */
	KUNIT_EXPECT_PTR_EQ(test, dmaengine_get_dma_device(rig->chan),
			    rig->dev);
	KUNIT_EXPECT_NULL(test, rig_request(rig, NULL));

	xfer_submit(x, tx);
	KUNIT_EXPECT_LT(test, x->cookie, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	issue(rig);
	KUNIT_EXPECT_NULL(test, dmaengine_prep_dma_memcpy(rig->chan, d, s, 64,
							  0));
	KUNIT_EXPECT_EQ(test, dmaengine_terminate_sync(rig->chan), 0);
	KUNIT_EXPECT_EQ(test, x->calls, 0);
	areas_check(rig, "nothing was copied");
}

enum busy { BUSY, BUSY_LOST, BUSY_PAUSED, BUSY_HELD };

/* All that is in flight is aborted, and said to be so. */
static void remove_busy(struct rig *rig, enum busy how)
{
	int i, aborted = 0;
	struct xfer *x[9];

	if (how == BUSY_LOST)
		dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_LOST, 1, 0);
	for (i = 0; i < 8; i++)
		x[i] = copy_new(rig, i ? 64 * 300 : 64, 0);
	issue(rig);
	if (how == BUSY_LOST)
		wait_for_lost(rig);
	else
		wait_for_middle(x[1], 64 * 300);
	if (how == BUSY_PAUSED)
		dmaengine_pause(rig->chan);
	if (how == BUSY_HELD)
		dma_sim_hold(rig->sim, true);
	x[8] = copy_new(rig, 64, 0);	/* submitted only */

	dma_sim_destroy(rig->sim);
	rig->sim = NULL;

	for (i = 0; i < 9; i++) {
		xfer_wait(x[i]);
		KUNIT_EXPECT_EQ(rig->test, x[i]->calls, 1);
		KUNIT_EXPECT_EQ(rig->test, atomic_read(&x[i]->gone), 1);
		aborted += x[i]->result == DMA_TRANS_ABORTED;
	}
	for (i = 0; i < 9; i++)
		KUNIT_EXPECT_EQ(rig->test, (int)status_of(x[i], NULL),
				(int)DMA_COMPLETE);
	KUNIT_EXPECT_EQ(rig->test, aborted, how == BUSY_LOST ? 9 : 8);
	rig_release(rig);
}

static void remove_busy_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig_start_slow(rig);
	remove_busy(rig, BUSY);
}

static void remove_lost_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig_start_slow(rig);
	remove_busy(rig, BUSY_LOST);
}

static void remove_paused_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig_start_slow(rig);
	remove_busy(rig, BUSY_PAUSED);
}

static void remove_held_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig_start_slow(rig);
	remove_busy(rig, BUSY_HELD);
}

#define PUSH_SLOTS	64

/* A thread that submits one copy after the other, until it is stopped. */
struct pusher {
	struct rig *rig;
	struct area *src[PUSH_SLOTS];
	struct area *dst[PUSH_SLOTS];
	int records;
	int submitted;
	atomic_t ended;
	atomic_t gone;
};

static void pusher_ended(void *arg)
{
	struct pusher *p = arg;

	atomic_inc(&p->ended);
}

static void pusher_gone(void *arg)
{
	struct pusher *p = arg;

	atomic_inc(&p->gone);
}

static struct dma_async_tx_descriptor *
push_prep(struct pusher *p, struct dmaengine_unmap_data *unmap)
{
	/* there are not as many descriptors as slots */
	int slot = p->submitted % PUSH_SLOTS;
	struct device *dev = p->rig->dev;
	dma_addr_t src, dst;

	if (dmaengine_map_page(unmap, dev, virt_to_page(p->src[slot]->data), 0,
			       64, DMA_TO_DEVICE, &src) ||
	    dmaengine_map_page(unmap, dev, virt_to_page(p->dst[slot]->data), 0,
			       64, DMA_FROM_DEVICE, &dst))
		return NULL;

	return dmaengine_prep_dma_memcpy(p->rig->chan, dst, src, 64, 0);
}

static void push(struct pusher *p)
{
	struct dma_async_tx_descriptor *tx;
	struct dmaengine_unmap_data *unmap;

	unmap = dmaengine_get_unmap_data(p->rig->dev, 2, GFP_KERNEL);
	if (!unmap)
		return;

	p->records++;
	dmaengine_unmap_set_done(unmap, pusher_gone, p);
	tx = push_prep(p, unmap);
	if (!tx) {
		dmaengine_unmap_put(unmap);
		return;
	}

	tx->callback = pusher_ended;
	tx->callback_param = p;
	dma_set_unmap(tx, unmap);
	dmaengine_unmap_put(unmap);
	if (dmaengine_submit(tx) > 0)
		p->submitted++;
	dma_async_issue_pending(p->rig->chan);
}

static int pusher_thread(void *arg)
{
	while (!kthread_should_stop()) {
		push(arg);
		cond_resched();
	}

	return 0;
}

static struct pusher *pusher_get(struct rig *rig)
{
	struct pusher *p = kunit_kzalloc(rig->test, sizeof(*p), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(rig->test, p);
	p->rig = rig;
	for (i = 0; i < PUSH_SLOTS; i++) {
		p->src[i] = area_get(rig, 0, 64);
		p->dst[i] = area_get(rig, 0, 64);
	}

	return p;
}

static int wait_for_push(struct pusher *p)
{
	int pushed;

	return read_poll_timeout(READ_ONCE, pushed, pushed > 0, 1000, 30000000,
				 false, p->submitted);
}

/* Each transfer ends once: with its callback, whatever its result. */
static void pusher_check(struct pusher *p)
{
	struct kunit *test = p->rig->test;

	KUNIT_EXPECT_GT(test, p->submitted, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->gone), p->records);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->ended), p->submitted);
}

/* Whole rounds of: submit without a pause, remove in the middle of it. */
static void remove_load_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct task_struct *thread;
	struct pusher *p;
	int round;

	rig->cfg.desc_max = 32;
	for (round = 0; round < 5; round++) {
		rig_start(rig);
		p = pusher_get(rig);
		thread = kthread_run(pusher_thread, p, "dma-sim-pusher");
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
		msleep(5 + 10 * round);
		/* a busy machine may not have come to the thread yet */
		KUNIT_EXPECT_EQ(test, wait_for_push(p), 0);

		dma_sim_destroy(rig->sim);
		rig->sim = NULL;
		usleep_range(5000, 10000);
		kthread_stop(thread);
		pusher_check(p);
		rig_release(rig);
		areas_free(rig);
	}
}

/* Unbind the driver, as through sysfs, and bind it again. */
static void unbind_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);
	struct dma_chan *old;
	struct xfer *x;

	rig_start_slow(rig);
	x = copy_new(rig, 64 * 300, 0);
	issue(rig);
	wait_for_middle(x, 64 * 300);
	device_release_driver(rig->dev);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(test, (int)x->result, (int)DMA_TRANS_ABORTED);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->gone), 1);
	KUNIT_EXPECT_EQ(test, stats_of(rig).errors, 1);
	areas_free(rig);

	KUNIT_ASSERT_EQ(test, device_attach(rig->dev), 1);
	old = rig->chan;
	rig->chan = rig_request(rig, NULL);
	KUNIT_ASSERT_NOT_NULL(test, rig->chan);
	rig->chans[1] = rig->chan;
	KUNIT_EXPECT_PTR_NE(test, rig->chan, old);
	copy_run(rig, 100);
	KUNIT_EXPECT_EQ(test, stats_of(rig).completed, 1);
}

/* Configuration */

static void config_text_test(struct kunit *test)
{
	struct dma_sim_config cfg, before;

	dma_sim_get_defaults(&cfg);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "ops", "xor,pq\n"), 0);
	KUNIT_EXPECT_EQ(test, cfg.ops, BIT(DMA_SIM_XOR) | BIT(DMA_SIM_PQ));
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "ops", " pq_val  memset"),
			0);
	KUNIT_EXPECT_EQ(test, cfg.ops,
			BIT(DMA_SIM_PQ_VAL) | BIT(DMA_SIM_MEMSET));
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "order",
						 "out-of-order\n"), 0);
	KUNIT_EXPECT_EQ(test, cfg.order, DMA_SIM_OUT_OF_ORDER);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "completion", "hardirq"),
			0);
	KUNIT_EXPECT_EQ(test, cfg.completion, DMA_SIM_HARDIRQ);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "max_xor", "0x10\n"), 0);
	KUNIT_EXPECT_EQ(test, cfg.max_xor, 16);

	before = cfg;
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "ops", "xor,sum"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "ops", ""), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "order", "random"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "max_xor", "1"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "channels", "65"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "burst", "-1"), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_config_set(&cfg, "max", "1"), -EINVAL);
	KUNIT_EXPECT_EQ(test, memcmp(&cfg, &before, sizeof(cfg)), 0);
}

static void expect_no_engine(struct kunit *test, struct dma_sim_config *cfg,
			     int err)
{
	struct dma_sim *sim = dma_sim_create(cfg);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(sim), err);
	if (!IS_ERR(sim))
		dma_sim_destroy(sim);
}

static void config_bad_test(struct kunit *test)
{
	struct dma_sim_config cfg;
	unsigned int *fields[] = {
		&cfg.ops, &cfg.channels, &cfg.max_xor, &cfg.max_pq, &cfg.burst,
		&cfg.dma_mask,
	};
	unsigned int *more[] = {
		&cfg.ops, &cfg.split, &cfg.channels, &cfg.private,
		&cfg.max_xor, &cfg.max_pq, &cfg.pq_continue, &cfg.align,
		&cfg.desc_max, &cfg.order, &cfg.latency_us, &cfg.burst,
		&cfg.burst_us, &cfg.completion, &cfg.dma_mask, &cfg.shadow,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		dma_sim_get_defaults(&cfg);
		*fields[i] = 0;
		expect_no_engine(test, &cfg, -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		dma_sim_get_defaults(&cfg);
		*more[i] = 0x7fffffff;
		expect_no_engine(test, &cfg, -EINVAL);
	}
}

static void fault_bad_test(struct kunit *test)
{
	struct rig *rig = rig_of(test);

	rig_start(rig);
	KUNIT_EXPECT_EQ(test, dma_sim_set_fault(rig->sim, DMA_SIM_NR_FAULTS, 1,
						0), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_MAP, 1,
						0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, dma_sim_set_fault(rig->sim, DMA_SIM_FAULT_MAP, 0,
						0), 0);
}

static struct kunit_case dma_sim_cases[] = {
	KUNIT_CASE_PARAM(context_test, context_gen_params),
	KUNIT_CASE_PARAM(unmap_before_callback_test, context_gen_params),
	KUNIT_CASE_PARAM(poll_test, context_gen_params),
	KUNIT_CASE_PARAM(interrupt_test, context_gen_params),
	KUNIT_CASE_PARAM(pretend_test, context_gen_params),
	KUNIT_CASE_PARAM(in_order_test, context_gen_params),
	KUNIT_CASE_PARAM(out_of_order_test, context_gen_params),
	KUNIT_CASE(out_of_order_status_test),
	KUNIT_CASE_PARAM(fence_test, context_gen_params),
	KUNIT_CASE_PARAM(channels_test, context_gen_params),
	KUNIT_CASE_PARAM(latency_test, context_gen_params),
	KUNIT_CASE_PARAM(residue_test, context_gen_params),
	KUNIT_CASE_PARAM(pause_test, context_gen_params),
	KUNIT_CASE_PARAM(pause_idle_test, context_gen_params),
	KUNIT_CASE_PARAM(pause_terminate_test, context_gen_params),
	KUNIT_CASE_PARAM(hold_test, context_gen_params),
	KUNIT_CASE_PARAM(hold_terminate_test, context_gen_params),
	KUNIT_CASE_PARAM(terminate_running_test, context_gen_params),
	KUNIT_CASE_PARAM(terminate_prepared_test, context_gen_params),
	KUNIT_CASE_PARAM(terminate_in_callback_test, context_gen_params),
	KUNIT_CASE_PARAM(terminate_race_test, context_gen_params),
	KUNIT_CASE_PARAM(release_running_test, context_gen_params),
	KUNIT_CASE_PARAM(desc_max_test, context_gen_params),
	KUNIT_CASE_PARAM(reuse_test, context_gen_params),
	KUNIT_CASE_PARAM(fault_test, context_gen_params),
	KUNIT_CASE_PARAM(partial_test, context_gen_params),
	KUNIT_CASE_PARAM(validation_error_test, context_gen_params),
	KUNIT_CASE_PARAM(lost_in_order_test, context_gen_params),
	KUNIT_CASE_PARAM(lost_out_of_order_test, context_gen_params),
	KUNIT_CASE_PARAM(stats_test, context_gen_params),
	KUNIT_CASE(split_test),
	KUNIT_CASE(capabilities_test),
	KUNIT_CASE_PARAM(remove_idle_test, context_gen_params),
	KUNIT_CASE_PARAM(remove_busy_test, context_gen_params),
	KUNIT_CASE_PARAM(remove_lost_test, context_gen_params),
	KUNIT_CASE_PARAM(remove_paused_test, context_gen_params),
	KUNIT_CASE_PARAM(remove_held_test, context_gen_params),
	KUNIT_CASE_PARAM(remove_load_test, context_gen_params),
	KUNIT_CASE_PARAM(unbind_test, context_gen_params),
	KUNIT_CASE(config_text_test),
	KUNIT_CASE(config_bad_test),
	KUNIT_CASE(fault_bad_test),
	{}
};

static struct kunit_suite dma_sim_suite = {
	.name = "dma_sim",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = dma_sim_cases,
};

kunit_test_suite(dma_sim_suite);

MODULE_DESCRIPTION("KUnit tests of the simulated DMA engine");
MODULE_LICENSE("GPL");
