// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the test suites of dma-sim share.
 */

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dma_sim_kunit.h"

/* The client */

int rig_init(struct kunit *test)
{
	struct rig *rig;

	rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);
	if (!rig)
		return -ENOMEM;

	rig->test = test;
	INIT_LIST_HEAD(&rig->areas);
	prandom_seed_state(&rig->rnd, RIG_SEED);
	dma_sim_get_defaults(&rig->cfg);
	rig->cfg.private = 1;
	rig->cfg.max_xor = 255;
	rig->cfg.max_pq = 255;
	test->priv = rig;

	return 0;
}

static bool rig_filter(struct dma_chan *chan, void *dev)
{
	return chan->device->dev == dev;
}

struct dma_chan *rig_request(struct rig *rig, const dma_cap_mask_t *mask)
{
	dma_cap_mask_t any;

	dma_cap_zero(any);
	if (!mask)
		mask = &any;

	return dma_request_channel(*mask, rig_filter, rig->dev);
}

/* Create the engine, and request up to RIG_CHANS of its channels. */
void rig_start(struct rig *rig)
{
	int i;

	rig->sim = dma_sim_create(&rig->cfg);
	if (IS_ERR(rig->sim)) {
		int err = PTR_ERR(rig->sim);

		rig->sim = NULL;
		KUNIT_FAIL_AND_ABORT(rig->test, "create: error %d", err);
	}
	rig->dev = dma_sim_device(rig->sim);

	for (i = 0; i < RIG_CHANS && i < rig->cfg.channels; i++) {
		rig->chans[i] = rig_request(rig, NULL);
		KUNIT_ASSERT_NOT_NULL(rig->test, rig->chans[i]);
	}
	rig->chan = rig->chans[0];
}

void rig_release(struct rig *rig)
{
	int i;

	for (i = 0; i < RIG_CHANS; i++)
		if (rig->chans[i])
			dma_release_channel(rig->chans[i]);
	memset(rig->chans, 0, sizeof(rig->chans));
	rig->chan = NULL;
}

static void rig_stop(struct rig *rig)
{
	rig_release(rig);
	dma_sim_destroy(rig->sim);
	rig->sim = NULL;
}

/* The same again, with another configuration. */
void rig_restart(struct rig *rig)
{
	rig_stop(rig);
	rig_start(rig);
}

void rig_exit(struct kunit *test)
{
	struct rig *rig = test->priv;

	if (!rig)
		return;

	rig_stop(rig);
	areas_free(rig);
}

/* Memory */

static void area_free(struct area *area)
{
	if (area->mem)
		free_pages_exact(area->mem, area->size);
	kvfree(area->want);
	kfree(area);
}

struct area *area_get(struct rig *rig, size_t offset, size_t len)
{
	struct area *area;

	area = kzalloc(sizeof(*area), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(rig->test, area);
	list_add_tail(&area->list, &rig->areas);

	area->size = PAGE_ALIGN(offset + len) + 2 * PAGE_SIZE;
	area->mem = alloc_pages_exact(area->size, GFP_KERNEL);
	area->want = kvmalloc(area->size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(rig->test, area->mem);
	KUNIT_ASSERT_NOT_NULL(rig->test, area->want);

	area->data = area->mem + PAGE_SIZE + offset;
	area->goal = area->want + PAGE_SIZE + offset;
	area->len = len;
	area_fill(rig, area);

	return area;
}

/* Fill with random numbers, and want it to stay so. */
void area_fill(struct rig *rig, struct area *area)
{
	prandom_bytes_state(&rig->rnd, area->mem, area->size);
	memcpy(area->want, area->mem, area->size);
}

/* All memory is as it should be, and so is what stands around it. */
void areas_check(struct rig *rig, const char *what)
{
	struct area *area;
	size_t i;
	int nr = 0;

	list_for_each_entry(area, &rig->areas, list) {
		for (i = 0; i < area->size; i++)
			if (area->mem[i] != area->want[i])
				break;
		KUNIT_EXPECT_EQ_MSG(rig->test, i, area->size,
				    "%s: area %d, byte %zd of %zu: is %02x, should be %02x (seed %#x)",
				    what, nr,
				    (ssize_t)i - (area->data - area->mem),
				    area->len, area->mem[i], area->want[i],
				    RIG_SEED);
		if (i < area->size)
			return;
		nr++;
	}
}

void areas_free(struct rig *rig)
{
	struct area *area, *next;

	list_for_each_entry_safe(area, next, &rig->areas, list) {
		list_del(&area->list);
		area_free(area);
	}
}

/* Transfers */

static void xfer_gone(void *arg)
{
	struct xfer *x = arg;

	atomic_inc(&x->gone);
}

struct xfer *xfer_get_shared(struct rig *rig, int nr_maps, int nr_descs)
{
	struct xfer *x;

	x = kunit_kzalloc(rig->test, sizeof(*x), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(rig->test, x);
	x->rig = rig;
	init_completion(&x->called);
	x->keep = nr_descs > 1;
	x->unmap = dmaengine_get_shared_unmap(rig->dev, nr_maps, nr_descs,
					      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(rig->test, x->unmap);
	dmaengine_unmap_set_done(x->unmap, xfer_gone, x);

	return x;
}

struct xfer *xfer_get(struct rig *rig, int nr_maps)
{
	return xfer_get_shared(rig, nr_maps, 1);
}

void xfer_put(struct xfer *x)
{
	dmaengine_unmap_put(x->unmap);
	x->unmap = NULL;
}

dma_addr_t xfer_map(struct xfer *x, struct area *area,
		    enum dma_data_direction dir)
{
	dma_addr_t addr = 0;
	int err;

	err = dmaengine_map_page(x->unmap, x->rig->dev,
				 virt_to_page(area->data),
				 offset_in_page(area->data), area->len, dir,
				 &addr);
	KUNIT_ASSERT_EQ(x->rig->test, err, 0);

	return addr;
}

static void xfer_callback(void *arg, const struct dmaengine_result *result)
{
	struct xfer *x = arg;

	x->calls++;
	x->result = result->result;
	x->residue = result->residue;
	x->hardirq = in_hardirq();
	x->softirq = in_serving_softirq();
	x->task = in_task();
	x->gone_before = atomic_read(&x->gone);
	x->turn = atomic_inc_return(&x->rig->turns);
	complete(&x->called);
}

/* Attach the record, and submit; do not issue. */
void xfer_submit(struct xfer *x, struct dma_async_tx_descriptor *tx)
{
	if (!tx) {
		xfer_put(x);
		KUNIT_FAIL_AND_ABORT(x->rig->test, "no descriptor");
	}

	tx->callback_result = xfer_callback;
	tx->callback_param = x;
	dma_set_unmap(tx, x->unmap);
	if (!x->keep)
		xfer_put(x);
	x->cookie = dmaengine_submit(tx);
}

void xfer_wait(struct xfer *x)
{
	if (!wait_for_completion_timeout(&x->called, RIG_TIMEOUT))
		KUNIT_FAIL_AND_ABORT(x->rig->test, "no callback");
}

void xfer_run(struct xfer *x, struct dma_async_tx_descriptor *tx)
{
	struct dma_chan *chan = tx ? tx->chan : NULL;

	reinit_completion(&x->called);
	xfer_submit(x, tx);
	KUNIT_ASSERT_GT(x->rig->test, x->cookie, 0);
	dma_async_issue_pending(chan);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(x->rig->test, (int)x->result, (int)DMA_TRANS_NOERROR);
	KUNIT_EXPECT_EQ(x->rig->test, x->residue, 0);
}

/* Start a copy; want the data at the destination. */
struct xfer *copy_submit(struct rig *rig, struct area *dst, struct area *src,
			 unsigned long flags)
{
	struct xfer *x = xfer_get(rig, 2);
	dma_addr_t s = xfer_map(x, src, DMA_TO_DEVICE);
	dma_addr_t d = xfer_map(x, dst, DMA_FROM_DEVICE);

	memcpy(dst->goal, src->goal, src->len);
	xfer_submit(x, dmaengine_prep_dma_memcpy(rig->chan, d, s, src->len,
						 flags));
	return x;
}

/* One copy, from its beginning to its end. */
void copy_run(struct rig *rig, size_t len)
{
	struct area *src = area_get(rig, 0, len);
	struct area *dst = area_get(rig, 0, len);
	struct xfer *x = copy_submit(rig, dst, src, DMA_PREP_INTERRUPT);

	KUNIT_ASSERT_GT(rig->test, x->cookie, 0);
	dma_async_issue_pending(rig->chan);
	xfer_wait(x);
	KUNIT_EXPECT_EQ(rig->test, (int)x->result, (int)DMA_TRANS_NOERROR);
	areas_check(rig, "copy");
}
