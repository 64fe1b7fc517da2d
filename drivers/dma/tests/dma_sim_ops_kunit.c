// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dma-sim: does it compute what it should?
 *
 * Each operation is compared with a reference that goes byte by byte, and knows
 * no tables.
 */

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "dma_sim_kunit.h"

#define MAX_SRC		255

static const size_t lengths[] = {
	1, 2, 63, 64, 515, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1,
	3 * PAGE_SIZE + 5,
};

static const size_t offsets[] = { 0, 1, 30, PAGE_SIZE - 3 };

static const unsigned int counts[] = { 1, 2, 3, 5, 16, MAX_SRC };

/* Engines that split the work in various ways. */
struct engine {
	const char *name;
	unsigned int burst;
	enum dma_sim_context completion;
};

static const struct engine engines[] = {
	{ "burst 4096, softirq", 4096, DMA_SIM_SOFTIRQ },
	{ "burst 1000, hardirq", 1000, DMA_SIM_HARDIRQ },
	{ "burst 65536, thread", 65536, DMA_SIM_THREAD },
};

static void engine_desc(const struct engine *engine, char *desc)
{
	strscpy(desc, engine->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engine, engines, engine_desc);

static struct rig *ops_rig(struct kunit *test)
{
	const struct engine *engine = test->param_value;
	struct rig *rig = test->priv;

	if (engine) {
		rig->cfg.burst = engine->burst;
		rig->cfg.completion = engine->completion;
	}
	rig_start(rig);

	return rig;
}

/* The reference */

static u8 gf_mul(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = (a << 1) ^ (a & 0x80 ? 0x1d : 0);
	}

	return product;
}

static void ref_sum(u8 *sum, struct area **src, const u8 *coef,
		    unsigned int nr, size_t len)
{
	unsigned int i;
	size_t j;

	for (j = 0; j < len; j++) {
		u8 byte = 0;

		for (i = 0; i < nr; i++)
			byte ^= coef ? gf_mul(src[i]->goal[j], coef[i]) :
				       src[i]->goal[j];
		sum[j] = byte;
	}
}

/* A set of sources and destinations of one operation */
struct job {
	struct rig *rig;
	struct xfer *x;
	struct area *src[MAX_SRC];
	struct area *dst[2];
	dma_addr_t src_addr[MAX_SRC];
	dma_addr_t dst_addr[2];
	dma_addr_t list[MAX_SRC + 1];
	u8 coef[MAX_SRC];
	unsigned int nr;
	size_t len;
};

static struct job *job_get(struct rig *rig, unsigned int nr, size_t offset,
			   size_t len)
{
	struct job *job = kunit_kzalloc(rig->test, sizeof(*job), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(rig->test, job);
	job->rig = rig;
	job->nr = nr;
	job->len = len;
	for (i = 0; i < nr; i++)
		job->src[i] = area_get(rig, (offset + i) % PAGE_SIZE, len);
	job->dst[0] = area_get(rig, offset, len);
	job->dst[1] = area_get(rig, (offset + 5) % PAGE_SIZE, len);
	prandom_bytes_state(&rig->rnd, job->coef, nr);

	return job;
}

/* Map all for some transfers. Destinations can be sources. */
static void job_map(struct job *job, int nr_descs)
{
	unsigned int i;

	job->x = xfer_get_shared(job->rig, job->nr + 2, nr_descs);
	for (i = 0; i < job->nr; i++)
		job->src_addr[i] = xfer_map(job->x, job->src[i], DMA_TO_DEVICE);
	for (i = 0; i < 2; i++)
		job->dst_addr[i] = xfer_map(job->x, job->dst[i],
					    DMA_BIDIRECTIONAL);
}

static void job_end(struct job *job, const char *what)
{
	struct rig *rig = job->rig;
	char name[64];

	xfer_put(job->x);
	snprintf(name, sizeof(name), "%s, %u sources, %zu bytes", what,
		 job->nr, job->len);
	areas_check(rig, name);
	areas_free(rig);
	kunit_kfree(rig->test, job->x);
	kunit_kfree(rig->test, job);
}

/* Call @run for all lengths and offsets, and some numbers of sources. */
static void for_all(struct rig *rig, void (*run)(struct job *job),
		    const char *what, unsigned int min_src, int nr_descs)
{
	/* a chain takes its time, so it has only one offset for each length */
	unsigned int step = nr_descs > 1 ? ARRAY_SIZE(offsets) : 1;
	unsigned int l, o, nr = 0;

	for (l = 0; l < ARRAY_SIZE(lengths); l++) {
		for (o = l % step; o < ARRAY_SIZE(offsets); o += step) {
			struct job *job;

			/* the many only now and then */
			nr = (nr + 1) % ARRAY_SIZE(counts);
			if (counts[nr] < min_src ||
			    (counts[nr] == MAX_SRC && lengths[l] > 1024))
				nr = 2;
			job = job_get(rig, counts[nr], offsets[o], lengths[l]);
			job_map(job, nr_descs);
			run(job);
			job_end(job, what);
		}
	}
}

static void run_memcpy(struct job *job)
{
	memcpy(job->dst[0]->goal, job->src[0]->goal, job->len);
	xfer_run(job->x, dmaengine_prep_dma_memcpy(job->rig->chan,
						   job->dst_addr[0],
						   job->src_addr[0],
						   job->len, 0));
}

static void memcpy_test(struct kunit *test)
{
	for_all(ops_rig(test), run_memcpy, "memcpy", 1, 1);
}

static void run_memset(struct job *job)
{
	int value = 0x5a00 | job->coef[0];

	memset(job->dst[0]->goal, value, job->len);
	xfer_run(job->x, dmaengine_prep_dma_memset(job->rig->chan,
						   job->dst_addr[0], value,
						   job->len, 0));
}

static void memset_test(struct kunit *test)
{
	for_all(ops_rig(test), run_memset, "memset", 1, 1);
}

static struct dma_async_tx_descriptor *
prep_xor(struct job *job, dma_addr_t dst, dma_addr_t *src, unsigned int nr)
{
	struct dma_chan *chan = job->rig->chan;

	return chan->device->device_prep_dma_xor(chan, dst, src, nr, job->len,
						 0);
}

static void run_xor(struct job *job)
{
	ref_sum(job->dst[0]->goal, job->src, NULL, job->nr, job->len);
	xfer_run(job->x, prep_xor(job, job->dst_addr[0], job->src_addr,
				  job->nr));
}

static void xor_test(struct kunit *test)
{
	for_all(ops_rig(test), run_xor, "xor", 1, 1);
}

/* The destination is a source, the last or the first. */
static void run_xor_in_place(struct job *job)
{
	unsigned int at = job->len & 1 ? 0 : job->nr - 1;

	job->src[at] = job->dst[0];
	job->src_addr[at] = job->dst_addr[0];
	run_xor(job);
}

static void xor_in_place_test(struct kunit *test)
{
	for_all(ops_rig(test), run_xor_in_place, "xor in place", 1, 1);
}

static struct dma_async_tx_descriptor *
prep_pq(struct job *job, unsigned int from, unsigned int nr,
	unsigned long flags)
{
	struct dma_chan *chan = job->rig->chan;
	dma_addr_t pq[2] = { job->dst_addr[0], job->dst_addr[1] };

	/* nothing may be written there: it is no address of anything */
	if (flags & DMA_PREP_PQ_DISABLE_P)
		pq[0] = ~(dma_addr_t)0;
	if (flags & DMA_PREP_PQ_DISABLE_Q)
		pq[1] = ~(dma_addr_t)0;

	return chan->device->device_prep_dma_pq(chan, pq,
						job->src_addr + from, nr,
						job->coef + from, job->len,
						flags);
}

static void want_pq(struct job *job, unsigned long flags)
{
	u8 *p = job->dst[0]->goal, *q = job->dst[1]->goal;
	u8 *new_p = kunit_kmalloc(job->rig->test, job->len, GFP_KERNEL);

	/* they can be sources of each other */
	KUNIT_ASSERT_NOT_NULL(job->rig->test, new_p);
	ref_sum(new_p, job->src, NULL, job->nr, job->len);
	if (!(flags & DMA_PREP_PQ_DISABLE_Q))
		ref_sum(q, job->src, job->coef, job->nr, job->len);
	if (!(flags & DMA_PREP_PQ_DISABLE_P))
		memcpy(p, new_p, job->len);
	kunit_kfree(job->rig->test, new_p);
}

static void run_pq_flags(struct job *job, unsigned long flags)
{
	want_pq(job, flags);
	xfer_run(job->x, prep_pq(job, 0, job->nr, flags));
}

static void run_pq(struct job *job)
{
	run_pq_flags(job, 0);
}

static void pq_test(struct kunit *test)
{
	for_all(ops_rig(test), run_pq, "pq", 1, 1);
}

static void run_pq_no_p(struct job *job)
{
	run_pq_flags(job, DMA_PREP_PQ_DISABLE_P);
}

static void run_pq_no_q(struct job *job)
{
	run_pq_flags(job, DMA_PREP_PQ_DISABLE_Q);
}

static void pq_one_only_test(struct kunit *test)
{
	struct rig *rig = ops_rig(test);

	for_all(rig, run_pq_no_p, "pq without P", 1, 1);
	for_all(rig, run_pq_no_q, "pq without Q", 1, 1);
}

/* Every coefficient with every byte. */
static void pq_coefficients_test(struct kunit *test)
{
	struct rig *rig = ops_rig(test);
	unsigned int coef, i;

	for (coef = 0; coef < 256; coef++) {
		struct job *job = job_get(rig, 1, 0, 256);

		for (i = 0; i < 256; i++) {
			job->src[0]->data[i] = i;
			job->src[0]->goal[i] = i;
		}
		job->coef[0] = coef;
		job_map(job, 1);
		run_pq(job);
		job_end(job, "pq of one coefficient");
	}
}

/* P is a source, and so is Q: they are read before they are written. */
static void run_pq_in_place(struct job *job)
{
	job->src[0] = job->dst[0];
	job->src_addr[0] = job->dst_addr[0];
	job->src[job->nr - 1] = job->dst[1];
	job->src_addr[job->nr - 1] = job->dst_addr[1];
	run_pq(job);
}

static void pq_in_place_test(struct kunit *test)
{
	for_all(ops_rig(test), run_pq_in_place, "pq in place", 2, 1);
}

/* More sources than the engine can stand, one transfer after the other */

static void run_xor_chain(struct job *job)
{
	unsigned int max = job->rig->chan->device->max_xor;
	unsigned int at = min(job->nr, max);
	dma_addr_t *src = job->list;

	ref_sum(job->dst[0]->goal, job->src, NULL, job->nr, job->len);
	xfer_run(job->x, prep_xor(job, job->dst_addr[0], job->src_addr, at));

	/* what there is already counts as a source */
	while (at < job->nr) {
		unsigned int nr = min(job->nr - at, max - 1);

		src[0] = job->dst_addr[0];
		memcpy(src + 1, job->src_addr + at, nr * sizeof(*src));
		xfer_run(job->x, prep_xor(job, job->dst_addr[0], src, nr + 1));
		at += nr;
	}
}

static void xor_chain_test(struct kunit *test)
{
	static const unsigned int limits[] = { 2, 3, 16 };
	struct rig *rig = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		rig->cfg.max_xor = limits[i];
		rig_restart(rig);
		for_all(rig, run_xor_chain, "xor chain", 1, MAX_SRC);
	}
}

/* As async_tx does it: the engine sees to P and Q, whether it can or not. */
static void run_pq_chain(struct job *job, unsigned long flags)
{
	struct dma_device *ddev = job->rig->chan->device;
	unsigned int at = 0;

	want_pq(job, flags);
	while (at < job->nr) {
		int nr = min_t(int, job->nr - at, dma_maxpq(ddev, flags));

		xfer_run(job->x, prep_pq(job, at, nr, flags));
		at += nr;
		flags |= DMA_PREP_CONTINUE;
	}
}

static void run_pq_chain_both(struct job *job)
{
	run_pq_chain(job, 0);
}

static void run_pq_chain_no_p(struct job *job)
{
	run_pq_chain(job, DMA_PREP_PQ_DISABLE_P);
}

static void run_pq_chain_no_q(struct job *job)
{
	run_pq_chain(job, DMA_PREP_PQ_DISABLE_Q);
}

static void pq_chains(struct rig *rig, unsigned int max_pq, bool cont)
{
	rig->cfg.max_pq = max_pq;
	rig->cfg.pq_continue = cont;
	rig_restart(rig);
	KUNIT_EXPECT_EQ(rig->test, dma_dev_has_pq_continue(rig->chan->device),
			cont);
	for_all(rig, run_pq_chain_both, "pq chain", 1, MAX_SRC);
	for_all(rig, run_pq_chain_no_p, "pq chain without P", 1, MAX_SRC);
	for_all(rig, run_pq_chain_no_q, "pq chain without Q", 1, MAX_SRC);
}

static void pq_continue_test(struct kunit *test)
{
	pq_chains(test->priv, 4, true);
	pq_chains(test->priv, 1, true);
}

static void pq_implied_sources_test(struct kunit *test)
{
	pq_chains(test->priv, 4, false);
	pq_chains(test->priv, 9, false);
}

/* A client that goes on by itself: P and Q are sources like any other. */
static void run_pq_by_hand(struct job *job)
{
	static const u8 coef[] = { 0, 1, 0 };
	struct dma_chan *chan = job->rig->chan;
	unsigned int at;

	want_pq(job, 0);
	xfer_run(job->x, prep_pq(job, 0, 1, 0));
	for (at = 1; at < job->nr; at++) {
		dma_addr_t p = job->dst_addr[0], q = job->dst_addr[1];
		dma_addr_t src[] = { p, q, q, job->src_addr[at] };
		dma_addr_t pq[] = { p, q };
		u8 scf[4];

		memcpy(scf, coef, sizeof(coef));
		scf[3] = job->coef[at];
		xfer_run(job->x,
			 chan->device->device_prep_dma_pq(chan, pq, src, 4,
							  scf, job->len, 0));
	}
}

static void pq_by_hand_test(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig->cfg.max_pq = 4;
	rig->cfg.pq_continue = 0;
	rig_start(rig);
	for_all(rig, run_pq_by_hand, "pq by hand", 1, MAX_SRC);
}

/* Validation */

static int val_xor(struct job *job)
{
	struct dma_chan *chan = job->rig->chan;
	enum sum_check_flags found = ~0;
	dma_addr_t *src = job->list;

	src[0] = job->dst_addr[0];
	memcpy(src + 1, job->src_addr, job->nr * sizeof(*src));
	xfer_run(job->x,
		 chan->device->device_prep_dma_xor_val(chan, src, job->nr + 1,
						       job->len, &found, 0));
	return found;
}

static int val_pq(struct job *job, unsigned long flags)
{
	struct dma_chan *chan = job->rig->chan;
	enum sum_check_flags found = ~0;
	dma_addr_t pq[2] = { job->dst_addr[0], job->dst_addr[1] };

	if (flags & DMA_PREP_PQ_DISABLE_P)
		pq[0] = ~(dma_addr_t)0;
	if (flags & DMA_PREP_PQ_DISABLE_Q)
		pq[1] = ~(dma_addr_t)0;

	xfer_run(job->x,
		 chan->device->device_prep_dma_pq_val(chan, pq, job->src_addr,
						      job->nr, job->coef,
						      job->len, &found,
						      flags));
	return found;
}

/* Plant a wrong byte while the engine does not look, or take it out again. */
static void job_flip(struct job *job, struct area *area, size_t at)
{
	struct device *dev = job->rig->dev;
	dma_addr_t addr = area == job->dst[0] ? job->dst_addr[0] :
						job->dst_addr[1];

	dma_sync_single_for_cpu(dev, addr, area->len, DMA_BIDIRECTIONAL);
	area->data[at] ^= 0x10;
	dma_sync_single_for_device(dev, addr, area->len, DMA_BIDIRECTIONAL);
}

/* The parities are computed by the CPU, before anything is mapped. */
static void job_want_parities(struct job *job)
{
	want_pq(job, 0);
	memcpy(job->dst[0]->data, job->dst[0]->goal, job->len);
	memcpy(job->dst[1]->data, job->dst[1]->goal, job->len);
}

static void expect_found(struct job *job, int found, int want, size_t at)
{
	KUNIT_EXPECT_EQ_MSG(job->rig->test, found, want,
			    "%u sources, %zu bytes, byte %zu is wrong (seed %#x)",
			    job->nr, job->len, at, RIG_SEED);
}

static void run_xor_val(struct job *job)
{
	size_t at[] = { 0, job->len / 2, job->len - 1 };
	unsigned int i;

	expect_found(job, val_xor(job), 0, -1);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		job_flip(job, job->dst[0], at[i]);
		expect_found(job, val_xor(job), SUM_CHECK_P_RESULT, at[i]);
		job_flip(job, job->dst[0], at[i]);
	}
	expect_found(job, val_xor(job), 0, -1);
}

static void run_pq_val(struct job *job)
{
	const int p = SUM_CHECK_P_RESULT, q = SUM_CHECK_Q_RESULT;
	const unsigned long no_p = DMA_PREP_PQ_DISABLE_P;
	const unsigned long no_q = DMA_PREP_PQ_DISABLE_Q;
	size_t at[] = { 0, job->len / 2, job->len - 1 };
	unsigned int i;

	expect_found(job, val_pq(job, 0), 0, -1);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		job_flip(job, job->dst[0], at[i]);
		expect_found(job, val_pq(job, 0), p, at[i]);
		expect_found(job, val_pq(job, no_p), 0, at[i]);
		expect_found(job, val_pq(job, no_q), p, at[i]);
		job_flip(job, job->dst[1], at[i]);
		expect_found(job, val_pq(job, 0), p | q, at[i]);
		job_flip(job, job->dst[0], at[i]);
		expect_found(job, val_pq(job, 0), q, at[i]);
		expect_found(job, val_pq(job, no_p), q, at[i]);
		expect_found(job, val_pq(job, no_q), 0, at[i]);
		job_flip(job, job->dst[1], at[i]);
	}
	expect_found(job, val_pq(job, 0), 0, -1);
}

static void validate_all(struct rig *rig, void (*run)(struct job *job),
			 const char *what)
{
	static const unsigned int nr[] = { 1, 2, 7, MAX_SRC - 1 };
	unsigned int l, i = 0;

	for (l = 0; l < ARRAY_SIZE(lengths); l++) {
		struct job *job;

		i = (i + 1) % (lengths[l] > PAGE_SIZE ? 3 : ARRAY_SIZE(nr));
		job = job_get(rig, nr[i], offsets[l % ARRAY_SIZE(offsets)],
			      lengths[l]);
		job_want_parities(job);
		job_map(job, 64);
		run(job);
		job_end(job, what);
	}
}

static void xor_val_test(struct kunit *test)
{
	validate_all(ops_rig(test), run_xor_val, "xor_val");
}

static void pq_val_test(struct kunit *test)
{
	validate_all(ops_rig(test), run_pq_val, "pq_val");
}

/* What an engine cannot do */

static void expect_refused(struct rig *rig, const char *what,
			   struct dma_async_tx_descriptor *tx)
{
	struct dma_sim_stats stats;

	KUNIT_EXPECT_NULL_MSG(rig->test, tx, "%s", what);
	dma_sim_get_stats(rig->sim, &stats);
	KUNIT_EXPECT_EQ_MSG(rig->test, stats.prep_failed, ++rig->refused,
			    "%s", what);
}

static void limits_test(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct dma_device *ddev;
	dma_addr_t src[6] = {}, pq[2] = {};
	enum sum_check_flags found;
	struct dma_chan *chan;
	u8 scf[6] = {};

	rig->cfg.max_xor = 4;
	rig->cfg.max_pq = 5;
	rig->cfg.pq_continue = 0;
	rig_start(rig);
	chan = rig->chan;
	ddev = chan->device;

	expect_refused(rig, "no length",
		       ddev->device_prep_dma_memcpy(chan, 0, 0, 0, 0));
	expect_refused(rig, "5 sources to xor",
		       ddev->device_prep_dma_xor(chan, 0, src, 5, 64, 0));
	expect_refused(rig, "no sources to xor",
		       ddev->device_prep_dma_xor(chan, 0, src, 0, 64, 0));
	expect_refused(rig, "5 sources to validate",
		       ddev->device_prep_dma_xor_val(chan, src, 5, 64, &found,
						     0));
	expect_refused(rig, "6 sources for pq",
		       ddev->device_prep_dma_pq(chan, pq, src, 6, scf, 64, 0));
	expect_refused(rig, "3 sources and P and Q",
		       ddev->device_prep_dma_pq(chan, pq, src, 3, scf, 64,
						DMA_PREP_CONTINUE));
	expect_refused(rig, "5 sources and Q",
		       ddev->device_prep_dma_pq(chan, pq, src, 5, scf, 64,
						DMA_PREP_CONTINUE |
						DMA_PREP_PQ_DISABLE_P));
	expect_refused(rig, "neither P nor Q",
		       ddev->device_prep_dma_pq(chan, pq, src, 2, scf, 64,
						DMA_PREP_PQ_DISABLE_P |
						DMA_PREP_PQ_DISABLE_Q));

	/* none of these is one too many; they go with the channel */
	KUNIT_EXPECT_NOT_NULL(test, ddev->device_prep_dma_xor(chan, 0, src, 4,
							      64, 0));
	KUNIT_EXPECT_NOT_NULL(test, ddev->device_prep_dma_xor_val(chan, src, 4,
								  64, &found,
								  0));
	KUNIT_EXPECT_NOT_NULL(test, ddev->device_prep_dma_pq(chan, pq, src, 5,
							     scf, 64, 0));
	KUNIT_EXPECT_NOT_NULL(test,
			      ddev->device_prep_dma_pq(chan, pq, src, 2, scf,
						       64, DMA_PREP_CONTINUE));
}

static void alignment_test(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t src[2] = { 0x1000, 0x2000 };
	dma_addr_t bad[2] = { 0x1000, 0x2004 };
	struct dma_device *ddev;
	struct dma_chan *chan;
	u8 scf[2] = {};

	rig->cfg.align = 3;
	rig_start(rig);
	chan = rig->chan;
	ddev = chan->device;

	KUNIT_EXPECT_FALSE(test, is_dma_copy_aligned(ddev, 4, 0, 64));
	KUNIT_EXPECT_FALSE(test, is_dma_xor_aligned(ddev, 4, 0, 64));
	KUNIT_EXPECT_FALSE(test, is_dma_pq_aligned(ddev, 4, 0, 64));
	KUNIT_EXPECT_FALSE(test, is_dma_fill_aligned(ddev, 4, 0, 64));
	KUNIT_EXPECT_TRUE(test, is_dma_copy_aligned(ddev, 8, 0, 64));

	expect_refused(rig, "length",
		       ddev->device_prep_dma_memcpy(chan, 0, 0, 63, 0));
	expect_refused(rig, "source",
		       ddev->device_prep_dma_memcpy(chan, 0, 1, 64, 0));
	expect_refused(rig, "destination",
		       ddev->device_prep_dma_memcpy(chan, 2, 0, 64, 0));
	expect_refused(rig, "fill",
		       ddev->device_prep_dma_memset(chan, 4, 0, 64, 0));
	expect_refused(rig, "second source",
		       ddev->device_prep_dma_xor(chan, 0, bad, 2, 64, 0));
	expect_refused(rig, "Q",
		       ddev->device_prep_dma_pq(chan, bad, src, 2, scf, 64, 0));

	/* an address that is not used need not be aligned */
	KUNIT_EXPECT_NOT_NULL(test,
			      ddev->device_prep_dma_pq(chan, bad, src, 2, scf,
						       64,
						       DMA_PREP_PQ_DISABLE_Q));
	copy_run(rig, 64);
}

static struct kunit_case dma_sim_ops_cases[] = {
	KUNIT_CASE_PARAM(memcpy_test, engine_gen_params),
	KUNIT_CASE_PARAM(memset_test, engine_gen_params),
	KUNIT_CASE_PARAM(xor_test, engine_gen_params),
	KUNIT_CASE_PARAM(xor_in_place_test, engine_gen_params),
	KUNIT_CASE_PARAM(pq_test, engine_gen_params),
	KUNIT_CASE_PARAM(pq_one_only_test, engine_gen_params),
	KUNIT_CASE_PARAM(pq_in_place_test, engine_gen_params),
	KUNIT_CASE_PARAM(xor_val_test, engine_gen_params),
	KUNIT_CASE_PARAM(pq_val_test, engine_gen_params),
	KUNIT_CASE(pq_coefficients_test),
	KUNIT_CASE_SLOW(xor_chain_test),
	KUNIT_CASE_SLOW(pq_continue_test),
	KUNIT_CASE_SLOW(pq_implied_sources_test),
	KUNIT_CASE_SLOW(pq_by_hand_test),
	KUNIT_CASE(limits_test),
	KUNIT_CASE(alignment_test),
	{}
};

static struct kunit_suite dma_sim_ops_suite = {
	.name = "dma_sim_ops",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = dma_sim_ops_cases,
};

kunit_test_suite(dma_sim_ops_suite);
