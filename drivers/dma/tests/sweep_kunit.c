// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the DMA engine: let everything go wrong, one thing at a time.
 *
 * A client does what unmap.rst tells a client to do: it allocates a record, maps
 * its memory, prepares a descriptor, attaches the record, submits, waits; and
 * if any of this fails it does the work on the CPU. It does so again and again,
 * and the first, then the second, then the third step of a kind fails, until
 * none does. Whatever has failed the data are right in the end, nothing stays
 * mapped, and no record and no descriptor is left over.
 *
 * The engine is dma-sim. dma-shadow lets mappings fail, and watches them.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-shadow.h>
#include <linux/dmaengine.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/radix-tree.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../dma-sim/dma-sim.h"

#define SWEEP_SEED	0x73776570
#define SWEEP_LEN	3000
#define SWEEP_SRCS	3
#define SWEEP_MAX	100

/**
 * struct sweep - a client
 * @test: the test
 * @sim: its engine
 * @dev: device to map for
 * @chan: its channel
 * @src: pages with the sources
 * @tmp: page that is the sum of the first two when all is done
 * @dst: page that is the sum of all when all is done
 * @done: a descriptor has ended
 * @patience: how long to wait for that, in jiffies
 * @result: the last error of one, or none
 * @none_failed: fewer allocations were tried than should succeed
 * @records: records that were allocated
 * @gone: records that went
 */
struct sweep {
	struct kunit *test;
	struct dma_sim *sim;
	struct device *dev;
	struct dma_chan *chan;
	struct page *src[SWEEP_SRCS];
	struct page *tmp;
	struct page *dst;
	struct completion done;
	unsigned long patience;
	enum dmaengine_tx_result result;
	bool none_failed;
	int records;
	atomic_t gone;
};

/* The client */

static void sweep_gone(void *arg)
{
	struct sweep *s = arg;

	atomic_inc(&s->gone);
}

static void sweep_done(void *arg, const struct dmaengine_result *result)
{
	struct sweep *s = arg;

	if (result->result != DMA_TRANS_NOERROR)
		s->result = result->result;
	complete(&s->done);
}

static struct dmaengine_unmap_data *sweep_record(struct sweep *s, int nr,
						 int nr_descs)
{
	struct dmaengine_unmap_data *unmap;

	unmap = dmaengine_get_shared_unmap(s->dev, nr, nr_descs, GFP_NOWAIT);
	if (unmap) {
		s->records++;
		dmaengine_unmap_set_done(unmap, sweep_gone, s);
	}

	return unmap;
}

static bool sweep_map(struct sweep *s, struct dmaengine_unmap_data *unmap,
		      struct page *page, enum dma_data_direction dir,
		      dma_addr_t *addr)
{
	return !dmaengine_map_page(unmap, s->dev, page, 0, SWEEP_LEN, dir,
				   addr);
}

/* Submit one sum; false if it cannot be had. Takes @unmap over if @last. */
static bool sweep_submit(struct sweep *s, struct dmaengine_unmap_data *unmap,
			 dma_addr_t dst, dma_addr_t *src, bool last)
{
	struct dma_async_tx_descriptor *tx;
	dma_cookie_t cookie;

	tx = s->chan->device->device_prep_dma_xor(s->chan, dst, src, 2,
						  SWEEP_LEN, DMA_PREP_FENCE);
	if (!tx) {
		if (last)
			dmaengine_unmap_put(unmap);
		return false;
	}

	tx->callback_result = sweep_done;
	tx->callback_param = s;
	dma_set_unmap(tx, unmap);
	if (last)
		dmaengine_unmap_put(unmap);
	cookie = dmaengine_submit(tx);
	dma_async_issue_pending(s->chan);

	return !dma_submit_error(cookie);
}

/* Wait for one sum; false if the data are not to be trusted. */
static bool sweep_wait(struct sweep *s)
{
	if (!wait_for_completion_timeout(&s->done, s->patience)) {
		KUNIT_EXPECT_EQ(s->test, dmaengine_terminate_sync(s->chan), 0);
		return false;
	}

	return s->result == DMA_TRANS_NOERROR;
}

/* tmp = src 0 + src 1, with a record of its own; then dst = tmp + src 2. */
static bool sweep_one(struct sweep *s, struct page *dst, struct page *a,
		      struct page *b)
{
	struct dmaengine_unmap_data *unmap = sweep_record(s, 3, 1);
	dma_addr_t src[2], to;

	if (!unmap)
		return false;

	if (!sweep_map(s, unmap, a, DMA_TO_DEVICE, &src[0]) ||
	    !sweep_map(s, unmap, b, DMA_TO_DEVICE, &src[1]) ||
	    !sweep_map(s, unmap, dst, DMA_FROM_DEVICE, &to)) {
		dmaengine_unmap_put(unmap);
		return false;
	}

	return sweep_submit(s, unmap, to, src, true) && sweep_wait(s);
}

static bool sweep_separate(struct sweep *s)
{
	return sweep_one(s, s->tmp, s->src[0], s->src[1]) &&
	       sweep_one(s, s->dst, s->tmp, s->src[2]);
}

/* The same, but each page is mapped once, for both descriptors. */
static bool sweep_two(struct sweep *s, struct dmaengine_unmap_data *unmap,
		      dma_addr_t *src, dma_addr_t tmp, dma_addr_t dst)
{
	dma_addr_t second[2] = { tmp, src[2] };
	bool ok;

	if (!sweep_submit(s, unmap, tmp, src, false)) {
		dmaengine_unmap_put(unmap);
		return false;
	}

	/* what is in flight keeps the memory mapped, so wait for it anyway */
	ok = sweep_submit(s, unmap, dst, second, true);
	if (!sweep_wait(s)) {
		/* the second, if there is one, has computed from nothing */
		KUNIT_EXPECT_EQ(s->test, dmaengine_terminate_sync(s->chan), 0);
		return false;
	}

	return ok && sweep_wait(s);
}

static bool sweep_shared(struct sweep *s)
{
	struct dmaengine_unmap_data *unmap = sweep_record(s, 5, 2);
	dma_addr_t src[SWEEP_SRCS], tmp, dst;
	int i;

	if (!unmap)
		return false;

	for (i = 0; i < SWEEP_SRCS; i++)
		if (!sweep_map(s, unmap, s->src[i], DMA_TO_DEVICE, &src[i]))
			goto put;
	if (!sweep_map(s, unmap, s->tmp, DMA_BIDIRECTIONAL, &tmp) ||
	    !sweep_map(s, unmap, s->dst, DMA_FROM_DEVICE, &dst))
		goto put;

	return sweep_two(s, unmap, src, tmp, dst);
put:
	dmaengine_unmap_put(unmap);
	return false;
}

static void sweep_cpu(struct sweep *s)
{
	u8 *src[SWEEP_SRCS], *tmp = page_address(s->tmp);
	u8 *dst = page_address(s->dst);
	int i;

	for (i = 0; i < SWEEP_SRCS; i++)
		src[i] = page_address(s->src[i]);
	for (i = 0; i < SWEEP_LEN; i++) {
		tmp[i] = src[0][i] ^ src[1][i];
		dst[i] = tmp[i] ^ src[2][i];
	}
}

/* What a test sweeps: a client, and where its callbacks are called. */
struct flow {
	const char *name;
	bool (*run)(struct sweep *s);
	int mappings;
	enum dma_sim_context completion;
};

static const struct flow flows[] = {
	{ "separate, softirq", sweep_separate, 6, DMA_SIM_SOFTIRQ },
	{ "separate, hardirq", sweep_separate, 6, DMA_SIM_HARDIRQ },
	{ "separate, thread", sweep_separate, 6, DMA_SIM_THREAD },
	{ "shared, softirq", sweep_shared, 5, DMA_SIM_SOFTIRQ },
	{ "shared, hardirq", sweep_shared, 5, DMA_SIM_HARDIRQ },
	{ "shared, thread", sweep_shared, 5, DMA_SIM_THREAD },
};

static void flow_desc(const struct flow *flow, char *desc)
{
	strscpy(desc, flow->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flow, flows, flow_desc);

/* The checks */

static void sweep_fill(struct sweep *s, int n)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, SWEEP_SEED + n);
	for (i = 0; i < SWEEP_SRCS; i++)
		prandom_bytes_state(&rnd, page_address(s->src[i]), PAGE_SIZE);
	prandom_bytes_state(&rnd, page_address(s->tmp), PAGE_SIZE);
	prandom_bytes_state(&rnd, page_address(s->dst), PAGE_SIZE);
	reinit_completion(&s->done);
	s->result = DMA_TRANS_NOERROR;
}

static size_t sweep_wrong(struct sweep *s)
{
	u8 *src[SWEEP_SRCS], *tmp = page_address(s->tmp);
	u8 *dst = page_address(s->dst);
	size_t i;

	for (i = 0; i < SWEEP_SRCS; i++)
		src[i] = page_address(s->src[i]);
	for (i = 0; i < SWEEP_LEN; i++)
		if (tmp[i] != (src[0][i] ^ src[1][i]) ||
		    dst[i] != (src[0][i] ^ src[1][i] ^ src[2][i]))
			break;

	return i;
}

static void sweep_check(struct sweep *s, const char *what, int n)
{
	struct kunit *test = s->test;

	KUNIT_EXPECT_EQ_MSG(test, sweep_wrong(s), SWEEP_LEN,
			    "%s %d: wrong byte (seed %#x)", what, n,
			    SWEEP_SEED + n);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&s->gone), s->records,
			    "%s %d: records", what, n);
	KUNIT_EXPECT_EQ_MSG(test, dma_shadow_count(s->dev, DMA_SHADOW_LIVE), 0,
			    "%s %d: still mapped", what, n);
	KUNIT_EXPECT_EQ_MSG(test,
			    dma_shadow_count(s->dev, DMA_SHADOW_VIOLATIONS), 0,
			    "%s %d: violations", what, n);
}

/* Run the client once; return whether the engine did all of the work. */
static bool sweep_run(struct sweep *s, const char *what, int n)
{
	const struct flow *flow = s->test->param_value;
	bool ok;

	sweep_fill(s, n);
	ok = flow->run(s);
	s->none_failed = current->fail_nth;
	current->fail_nth = 0;
	if (!ok)
		sweep_cpu(s);
	sweep_check(s, what, n);

	return ok;
}

/* No descriptor has leaked: the engine does not have many. */
static void sweep_clean(struct sweep *s, const char *what)
{
	KUNIT_EXPECT_TRUE_MSG(s->test, sweep_run(s, what, 0), "clean after %s",
			      what);
}

static void sweep_fault(struct kunit *test, enum dma_sim_fault_type type,
			const char *what, int points)
{
	struct sweep *s = test->priv;
	int n, failed = 0;

	for (n = 1; n < SWEEP_MAX; n++) {
		bool ok;

		KUNIT_ASSERT_EQ(test, dma_sim_set_fault(s->sim, type, n, 0), 0);
		ok = sweep_run(s, what, n);
		KUNIT_ASSERT_EQ(test, dma_sim_set_fault(s->sim, type, 0, 0), 0);
		if (ok)
			break;
		failed++;
	}
	KUNIT_EXPECT_EQ_MSG(test, failed, points, "%s", what);
	sweep_clean(s, what);
}

/*
 * dma-debug asks for the nodes of its tree when the client maps, and turns itself
 * off if it gets none: have some ready, on the CPU on which the client runs.
 */
static void sweep_preload(struct sweep *s)
{
	KUNIT_ASSERT_EQ(s->test, radix_tree_preload(GFP_KERNEL), 0);
	radix_tree_preload_end();
}

/* How many allocations the flow cannot do without. */
static int sweep_allocs(struct sweep *s)
{
	int n, failed = 0;
	bool ok;

	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	/* some allocations can be done without, so a success is not the end */
	for (n = 1; n < SWEEP_MAX; n++) {
		sweep_preload(s);
		current->fail_nth = n;
		ok = sweep_run(s, "allocation", n);
		if (s->none_failed)
			break;
		failed += !ok;
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);

	KUNIT_EXPECT_LT(s->test, n, SWEEP_MAX);
	KUNIT_EXPECT_TRUE(s->test, ok);

	return failed;
}

static void sweep_alloc_test(struct kunit *test)
{
	struct sweep *s = test->priv;
	int failed = sweep_allocs(s);

	/*
	 * At the least the records and the descriptors. One that dma-debug does
	 * now and then may have been taken for one of them: that has it disabled
	 * itself, so it will not be again.
	 */
	if (failed < 3)
		failed = sweep_allocs(s);
	KUNIT_EXPECT_GE(test, failed, 3);
	sweep_clean(s, "allocation");
}

static void sweep_map_test(struct kunit *test)
{
	const struct flow *flow = test->param_value;

	sweep_fault(test, DMA_SIM_FAULT_MAP, "mapping", flow->mappings);
}

static void sweep_prep_test(struct kunit *test)
{
	sweep_fault(test, DMA_SIM_FAULT_PREP, "prep", 2);
}

static void sweep_submit_test(struct kunit *test)
{
	sweep_fault(test, DMA_SIM_FAULT_SUBMIT, "submit", 2);
}

static void sweep_read_test(struct kunit *test)
{
	sweep_fault(test, DMA_SIM_FAULT_READ, "read", 2);
}

static void sweep_write_test(struct kunit *test)
{
	sweep_fault(test, DMA_SIM_FAULT_WRITE, "write", 2);
}

static void sweep_abort_test(struct kunit *test)
{
	sweep_fault(test, DMA_SIM_FAULT_ABORT, "abort", 2);
}

static void sweep_lost_test(struct kunit *test)
{
	struct sweep *s = test->priv;

	/* long enough for what is not lost, even on a busy machine */
	s->patience = msecs_to_jiffies(4000);
	sweep_fault(test, DMA_SIM_FAULT_LOST, "lost", 2);
}

/* Setting up */

static bool sweep_filter(struct dma_chan *chan, void *dev)
{
	return chan->device->dev == dev;
}

static int sweep_alloc_pages(struct sweep *s)
{
	struct page **pages[] = { &s->src[0], &s->src[1], &s->src[2], &s->tmp,
				  &s->dst };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		*pages[i] = alloc_page(GFP_KERNEL);
		if (!*pages[i])
			return -ENOMEM;
	}

	return 0;
}

static int sweep_start(struct sweep *s, const struct flow *flow)
{
	struct dma_sim_config cfg;
	dma_cap_mask_t mask;

	dma_sim_get_defaults(&cfg);
	cfg.private = 1;
	cfg.shadow = 1;
	cfg.desc_max = 4;
	cfg.burst = 1024;
	cfg.completion = flow->completion;
	s->sim = dma_sim_create(&cfg);
	if (IS_ERR(s->sim)) {
		int err = PTR_ERR(s->sim);

		s->sim = NULL;
		return err;
	}

	s->dev = dma_sim_device(s->sim);
	dma_shadow_reset(s->dev);
	dma_cap_zero(mask);
	dma_cap_set(DMA_XOR, mask);
	s->chan = dma_request_channel(mask, sweep_filter, s->dev);

	return s->chan ? 0 : -ENODEV;
}

static int sweep_init(struct kunit *test)
{
	struct sweep *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	int err;

	if (!s)
		return -ENOMEM;

	s->test = test;
	init_completion(&s->done);
	s->patience = msecs_to_jiffies(30000);
	test->priv = s;
	err = sweep_alloc_pages(s);
	if (err)
		return err;

	return sweep_start(s, test->param_value);
}

static void sweep_exit(struct kunit *test)
{
	struct sweep *s = test->priv;
	int i;

	current->fail_nth = 0;
	if (!s)
		return;

	if (s->chan)
		dma_release_channel(s->chan);
	dma_sim_destroy(s->sim);
	for (i = 0; i < SWEEP_SRCS; i++)
		if (s->src[i])
			__free_page(s->src[i]);
	if (s->tmp)
		__free_page(s->tmp);
	if (s->dst)
		__free_page(s->dst);
}

static struct kunit_case dmaengine_sweep_cases[] = {
	KUNIT_CASE_PARAM(sweep_alloc_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_map_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_prep_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_submit_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_read_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_write_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_abort_test, flow_gen_params),
	KUNIT_CASE_PARAM(sweep_lost_test, flow_gen_params),
	{}
};

static struct kunit_suite dmaengine_sweep_suite = {
	.name = "dmaengine_sweep",
	.init = sweep_init,
	.exit = sweep_exit,
	.test_cases = dmaengine_sweep_cases,
};

kunit_test_suite(dmaengine_sweep_suite);

MODULE_DESCRIPTION("KUnit sweep of what can go wrong for a DMA engine client");
MODULE_LICENSE("GPL");
