// SPDX-License-Identifier: GPL-2.0-only
/*
 * Engines for the tests of chains, and the memory that they see.
 *
 * What is mapped for one of their devices is copied to a shadow, and the page is
 * filled with rubbish as long as the device may write it; when it is unmapped the
 * shadow is copied back. So who looks at a page too early, or writes to it, or
 * maps it for the wrong direction, gets wrong data or is counted. A device sees
 * shadows only, and an access that no mapping allows is counted, too.
 *
 * An engine does the descriptors of a channel in the most unkind order that their
 * fences permit, and tells of their end only where an interrupt was asked for, or
 * when it is asked.
 */

#include <kunit/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/slab.h>

#include "../../../drivers/dma/dmaengine.h"
#include "chain_pool.h"
#include "fake_engine.h"

#define MAP_SHIFT	17
#define PAGE_RUBBISH	0x5a
#define SHADOW_RUBBISH	0xa5

enum fake_kind {
	FAKE_COPY,
	FAKE_XOR,
	FAKE_XOR_VAL,
	FAKE_PQ,
	FAKE_PQ_VAL,
};

struct fake_desc {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	enum fake_kind kind;
	dma_addr_t dst[2];
	unsigned int nr;
	size_t len;
	enum sum_check_flags *val;
	enum dmaengine_tx_result result;
	u8 coefs[256];
	dma_addr_t srcs[];
};

static struct fake_chan *to_fake_chan(struct dma_chan *chan)
{
	return container_of(chan, struct fake_chan, chan);
}

static struct fake_desc *to_fake_desc(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct fake_desc, tx);
}

static void fake_violation(struct fake *fake, const char *why)
{
	lockdep_assert_held(&fake->lock);

	if (!fake->violations++)
		fake->why = why;
}

static void fake_violation_locked(struct fake *fake, const char *why)
{
	unsigned long flags;

	spin_lock_irqsave(&fake->lock, flags);
	fake_violation(fake, why);
	spin_unlock_irqrestore(&fake->lock, flags);
}

/**
 * fake_random() - a random number
 * @fake: the engines
 * @below: limit, not 0
 *
 * Return: a number from 0 to @below - 1.
 */
u32 fake_random(struct fake *fake, u32 below)
{
	unsigned long flags;
	u32 number;

	spin_lock_irqsave(&fake->lock, flags);
	number = prandom_u32_state(&fake->rnd) % below;
	spin_unlock_irqrestore(&fake->lock, flags);

	return number;
}

static bool fake_fault(struct fake *fake, unsigned int one_in)
{
	return one_in && !fake_random(fake, one_in);
}

/* The memory */

static void page_fill(struct fake_map *map, u8 byte)
{
	u8 *va = kmap_local_page(map->page);

	memset(va + map->off, byte, map->len);
	kunmap_local(va);
}

static bool page_holds(struct fake_map *map, u8 byte)
{
	u8 *va = kmap_local_page(map->page);
	bool holds = !memchr_inv(va + map->off, byte, map->len);

	kunmap_local(va);
	return holds;
}

static bool maps_clash(const struct fake_map *a, const struct fake_map *b)
{
	if (!a->dev || a->page != b->page)
		return false;
	if (a->dir == DMA_TO_DEVICE && b->dir == DMA_TO_DEVICE)
		return false;

	return a->off < b->off + b->len && b->off < a->off + a->len;
}

static int map_slot(struct fake *fake, const struct fake_map *new)
{
	unsigned int i, slot;
	int found = -1;

	for (i = 0; i < FAKE_MAPS; i++) {
		slot = (fake->next_map + i) % FAKE_MAPS;
		if (maps_clash(&fake->maps[slot], new))
			fake_violation(fake, "mapped twice with a writer");
		if (found < 0 && !fake->maps[slot].dev)
			found = slot;
	}
	/* small numbers are used again, so that 0 is an address now and then */
	fake->next_map = prandom_u32_state(&fake->rnd) % 8;

	return found;
}

static void map_enter(struct fake_map *map)
{
	memcpy_from_page(map->before, map->page, map->off, map->len);
	if (map->dir == DMA_FROM_DEVICE)
		memset(map->shadow, SHADOW_RUBBISH, map->len);
	else
		memcpy(map->shadow, map->before, map->len);
	if (map->dir != DMA_TO_DEVICE)
		page_fill(map, PAGE_RUBBISH);
}

static dma_addr_t fake_map_page(struct device *dev, struct page *page,
				unsigned long off, size_t len,
				enum dma_data_direction dir,
				unsigned long attrs)
{
	struct fake *fake = dev_get_drvdata(dev);
	struct fake_map new = {
		.dev = dev, .page = page, .off = off, .len = len, .dir = dir,
	};
	unsigned long flags;
	int slot;

	if (fake_fault(fake, fake->faults.map))
		return DMA_MAPPING_ERROR;

	new.shadow = kmalloc(2 * len, GFP_ATOMIC);
	if (!new.shadow)
		return DMA_MAPPING_ERROR;
	new.before = new.shadow + len;
	new.base = fake->bounce ? 0 : off;

	spin_lock_irqsave(&fake->lock, flags);
	slot = map_slot(fake, &new);
	if (slot >= 0) {
		map_enter(&new);
		fake->maps[slot] = new;
		fake->mapped++;
		fake->live++;
	}
	spin_unlock_irqrestore(&fake->lock, flags);

	if (slot < 0) {
		kfree(new.shadow);
		return DMA_MAPPING_ERROR;
	}

	return ((dma_addr_t)slot << MAP_SHIFT) + new.base;
}

static void map_leave(struct fake *fake, struct fake_map *map)
{
	if (map->dir == DMA_TO_DEVICE) {
		u8 *va = kmap_local_page(map->page);

		if (memcmp(va + map->off, map->before, map->len))
			fake_violation(fake, "a source was written to");
		kunmap_local(va);
		return;
	}

	if (!page_holds(map, PAGE_RUBBISH))
		fake_violation(fake, "the CPU wrote to mapped memory");
	memcpy_to_page(map->page, map->off, map->shadow, map->len);
}

static void fake_unmap_page(struct device *dev, dma_addr_t addr, size_t len,
			    enum dma_data_direction dir, unsigned long attrs)
{
	struct fake *fake = dev_get_drvdata(dev);
	struct fake_map *map = &fake->maps[addr >> MAP_SHIFT];
	size_t off = addr & (BIT(MAP_SHIFT) - 1);
	unsigned long flags;
	u8 *shadow = NULL;

	spin_lock_irqsave(&fake->lock, flags);
	if (map->dev != dev || map->base != off || map->len != len ||
	    map->dir != dir) {
		fake_violation(fake, "unmapped what was not mapped");
	} else {
		map_leave(fake, map);
		shadow = map->shadow;
		memset(map, 0, sizeof(*map));
		fake->live--;
	}
	spin_unlock_irqrestore(&fake->lock, flags);
	kfree(shadow);
}

static const struct dma_map_ops fake_dma_ops = {
	.map_page = fake_map_page,
	.unmap_page = fake_unmap_page,
};

/**
 * fake_live_maps() - count mappings
 * @fake: the engines
 * @owner: what page_private() of the pages is
 *
 * Return: the number of mappings of these pages that there are.
 */
unsigned int fake_live_maps(struct fake *fake, unsigned long owner)
{
	unsigned int i, nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&fake->lock, flags);
	for (i = 0; fake->live && i < FAKE_MAPS; i++)
		nr += fake->maps[i].dev &&
		      page_private(fake->maps[i].page) == owner;
	spin_unlock_irqrestore(&fake->lock, flags);

	return nr;
}

/**
 * fake_is_mapped() - find out whether a range is mapped for a device
 * @fake: the engines
 * @page: page of the range
 * @off: where it begins in @page
 * @len: its length
 *
 * Return: true if any part of it is.
 */
bool fake_is_mapped(struct fake *fake, struct page *page, size_t off,
		    size_t len)
{
	const struct fake_map range = {
		.page = page, .off = off, .len = len, .dir = DMA_BIDIRECTIONAL,
	};
	unsigned long flags;
	bool mapped = false;
	unsigned int i;

	spin_lock_irqsave(&fake->lock, flags);
	for (i = 0; fake->live && i < FAKE_MAPS; i++)
		mapped |= maps_clash(&fake->maps[i], &range);
	spin_unlock_irqrestore(&fake->lock, flags);

	return mapped;
}

/* Where the device sees an address, or NULL if it may not access it so. */
static u8 *fake_access(struct fake_chan *fc, dma_addr_t addr, size_t len,
		       bool write)
{
	struct fake_map *map = &fc->fake->maps[addr >> MAP_SHIFT];
	size_t off = addr & (BIT(MAP_SHIFT) - 1);

	if (addr >> MAP_SHIFT >= FAKE_MAPS)
		return NULL;
	if (map->dev != dmaengine_get_dma_device(&fc->chan))
		return NULL;
	if (off < map->base || off + len > map->base + map->len)
		return NULL;
	if (map->dir == (write ? DMA_TO_DEVICE : DMA_FROM_DEVICE))
		return NULL;

	return map->shadow + (off - map->base);
}

/* The engine */

static void do_sum(u8 *sum, const u8 *src, u8 coef, size_t len)
{
	while (len--)
		*sum++ ^= chain_gf_mul[coef][*src++];
}

/* Sum up the sources, with coefficients for Q; false if one is not there. */
static bool desc_sum(struct fake_chan *fc, struct fake_desc *desc, u8 *sum,
		     bool q)
{
	unsigned int i;

	for (i = 0; i < desc->nr; i++) {
		u8 *src = fake_access(fc, desc->srcs[i], desc->len, false);

		if (!src)
			return false;
		do_sum(sum, src, q ? desc->coefs[i] : 1, desc->len);
	}

	return true;
}

static bool desc_copy(struct fake_chan *fc, struct fake_desc *desc, u8 *tmp)
{
	u8 *dst = fake_access(fc, desc->dst[0], desc->len, true);

	if (!dst || !desc_sum(fc, desc, tmp, false))
		return false;
	memcpy(dst, tmp, desc->len);
	return true;
}

static bool desc_xor_val(struct fake_chan *fc, struct fake_desc *desc, u8 *tmp)
{
	if (!desc_sum(fc, desc, tmp, false))
		return false;
	if (memchr_inv(tmp, 0, desc->len))
		*desc->val |= SUM_CHECK_P_RESULT;
	return true;
}

/* Make, or test, P or Q: destination @i. */
static bool desc_parity(struct fake_chan *fc, struct fake_desc *desc, u8 *tmp,
			int i)
{
	bool val = desc->kind == FAKE_PQ_VAL;
	bool more = desc->tx.flags & DMA_PREP_CONTINUE;
	u8 *dst;

	if (desc->tx.flags & (i ? DMA_PREP_PQ_DISABLE_Q :
				  DMA_PREP_PQ_DISABLE_P))
		return true;

	dst = fake_access(fc, desc->dst[i], desc->len, !val);
	if (!dst)
		return false;
	/* what goes on reads what is there */
	if (more && !fake_access(fc, desc->dst[i], desc->len, false))
		return false;

	memset(tmp, 0, desc->len);
	if (!desc_sum(fc, desc, tmp, i))
		return false;
	if (more || val)
		do_sum(tmp, dst, 1, desc->len);
	if (!val)
		memcpy(dst, tmp, desc->len);
	else if (memchr_inv(tmp, 0, desc->len))
		*desc->val |= i ? SUM_CHECK_Q_RESULT : SUM_CHECK_P_RESULT;

	return true;
}

/* P and Q are made of the same sources, even if one of them is a destination. */
static bool desc_pq(struct fake_chan *fc, struct fake_desc *desc, u8 *tmp)
{
	return desc_parity(fc, desc, tmp, 0) && desc_parity(fc, desc, tmp, 1);
}

static bool desc_do(struct fake_chan *fc, struct fake_desc *desc, u8 *tmp)
{
	switch (desc->kind) {
	case FAKE_COPY:
	case FAKE_XOR:
		return desc_copy(fc, desc, tmp);
	case FAKE_XOR_VAL:
		return desc_xor_val(fc, desc, tmp);
	default:
		return desc_pq(fc, desc, tmp);
	}
}

/* Write rubbish where the descriptor was to write. */
static void desc_spoil(struct fake_chan *fc, struct fake_desc *desc)
{
	static const enum dmaengine_tx_result results[] = {
		DMA_TRANS_READ_FAILED, DMA_TRANS_WRITE_FAILED,
		DMA_TRANS_ABORTED,
	};
	unsigned int i;
	u8 *dst;

	desc->result = results[fake_random(fc->fake, ARRAY_SIZE(results))];
	fc->fake->errors++;
	for (i = 0; i < 2 && desc->kind != FAKE_PQ_VAL; i++) {
		dst = fake_access(fc, desc->dst[i], desc->len, true);
		if (dst)
			memset(dst, SHADOW_RUBBISH, desc->len);
	}
}

static void desc_execute(struct fake_chan *fc, struct fake_desc *desc)
{
	struct fake *fake = fc->fake;
	u8 *tmp = kzalloc(desc->len, GFP_ATOMIC);

	if (!tmp) {
		desc->result = DMA_TRANS_ABORTED;
		return;
	}

	fake->descs++;
	fc->engine->descs++;
	if (!desc_do(fc, desc, tmp))
		fake_violation_locked(fake, "the device has no such mapping");
	if (fake_fault(fake, fake->faults.result))
		desc_spoil(fc, desc);
	kfree(tmp);
}

static void execute_first(struct fake_chan *fc, struct list_head *from,
			  struct list_head *to)
{
	struct fake_desc *desc = list_first_entry(from, struct fake_desc, node);

	desc_execute(fc, desc);
	list_move_tail(&desc->node, to);
}

/*
 * Without a fence a descriptor may be done after those that follow it. So put it
 * off, as often as not, and do what was put off last first. A channel without
 * order knows no fences.
 */
static void chan_execute(struct fake_chan *fc, struct list_head *todo,
			 struct list_head *done)
{
	bool order = !dma_has_cap(DMA_COMPLETION_NO_ORDER,
				  fc->engine->dma.cap_mask);
	struct fake_desc *desc;
	LIST_HEAD(later);

	while (!list_empty(todo)) {
		desc = list_first_entry(todo, struct fake_desc, node);
		if (order && desc->tx.flags & DMA_PREP_FENCE)
			execute_first(fc, todo, done);
		else
			list_move(&desc->node, &later);
		if (!list_empty(&later) && !fake_random(fc->fake, 3))
			execute_first(fc, &later, done);
	}
	while (!list_empty(&later))
		execute_first(fc, &later, done);
}

static struct fake_desc *lowest_cookie(struct list_head *list)
{
	struct fake_desc *desc, *lowest = NULL;

	list_for_each_entry(desc, list, node)
		if (!lowest || desc->tx.cookie - lowest->tx.cookie < 0)
			lowest = desc;

	return lowest;
}

static void chan_complete(struct fake_chan *fc, struct list_head *done)
{
	bool no_order = dma_has_cap(DMA_COMPLETION_NO_ORDER,
				    fc->engine->dma.cap_mask);
	struct fake_desc *desc;
	unsigned long flags;

	while (!list_empty(done)) {
		struct dmaengine_result result = {};

		if (no_order)
			desc = list_first_entry(done, struct fake_desc, node);
		else
			desc = lowest_cookie(done);
		list_del(&desc->node);
		result.result = desc->result;
		spin_lock_irqsave(&fc->lock, flags);
		if (!no_order)
			dma_cookie_complete(&desc->tx);
		spin_unlock_irqrestore(&fc->lock, flags);
		dmaengine_desc_get_callback_invoke(&desc->tx, &result);
		kfree(desc);
	}
}

/* Do what was issued; tell of its end if somebody wants to know. */
static void chan_run_once(struct fake_chan *fc)
{
	struct fake_desc *desc;
	unsigned long flags;
	LIST_HEAD(done);
	LIST_HEAD(todo);
	bool tell;

	spin_lock_irqsave(&fc->lock, flags);
	list_splice_init(&fc->issued, &todo);
	spin_unlock_irqrestore(&fc->lock, flags);

	chan_execute(fc, &todo, &done);

	spin_lock_irqsave(&fc->lock, flags);
	list_splice_tail_init(&done, &fc->executed);
	tell = fc->poll;
	list_for_each_entry(desc, &fc->executed, node)
		tell |= desc->tx.flags & DMA_PREP_INTERRUPT;
	if (tell) {
		fc->poll = false;
		list_splice_init(&fc->executed, &done);
	}
	spin_unlock_irqrestore(&fc->lock, flags);

	chan_complete(fc, &done);
}

static bool chan_enter(struct fake_chan *fc)
{
	unsigned long flags;
	bool running;

	spin_lock_irqsave(&fc->lock, flags);
	running = fc->running;
	fc->running = true;
	fc->again = running;
	spin_unlock_irqrestore(&fc->lock, flags);

	return !running;
}

static bool chan_leave(struct fake_chan *fc)
{
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&fc->lock, flags);
	again = fc->again;
	fc->again = false;
	fc->running = again;
	spin_unlock_irqrestore(&fc->lock, flags);

	return !again;
}

/*
 * A channel does one thing at a time, and completes in order: who comes while it
 * runs leaves the work to the one that runs it.
 */
static void chan_run(struct fake_chan *fc)
{
	if (!chan_enter(fc))
		return;

	do {
		chan_run_once(fc);
	} while (!chan_leave(fc));
}

static void chan_work(struct work_struct *work)
{
	chan_run(container_of(work, struct fake_chan, work));
}

static void chan_late(struct work_struct *work)
{
	chan_run(container_of(to_delayed_work(work), struct fake_chan, late));
}

static void chan_irq(struct irq_work *irq)
{
	chan_run(container_of(irq, struct fake_chan, irq));
}

static void chan_start(struct fake_chan *fc, enum fake_mode mode)
{
	switch (mode) {
	case FAKE_SOFTIRQ:
		queue_work(system_bh_wq, &fc->work);
		break;
	case FAKE_HARDIRQ:
		irq_work_queue(&fc->irq);
		break;
	case FAKE_LATE:
		queue_delayed_work(system_bh_wq, &fc->late,
				   fake_random(fc->fake, 3));
		break;
	default:
		chan_run(fc);
		break;
	}
}

/*
 * A channel does one thing at a time, so it is always told by the same means
 * within a test: its number says which.
 */
static enum fake_mode chan_mode(struct fake_chan *fc)
{
	return fc->chan.private ? (enum fake_mode)(uintptr_t)fc->chan.private :
				  FAKE_AT_ONCE;
}

static void fake_issue_pending(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);
	unsigned long flags;

	spin_lock_irqsave(&fc->lock, flags);
	list_splice_tail_init(&fc->submitted, &fc->issued);
	spin_unlock_irqrestore(&fc->lock, flags);

	if (!fc->engine->stuck)
		chan_start(fc, chan_mode(fc));
}

static dma_cookie_t fake_submit(struct dma_async_tx_descriptor *tx)
{
	struct fake_chan *fc = to_fake_chan(tx->chan);
	struct fake_desc *desc = to_fake_desc(tx);
	dma_cookie_t cookie = -ENOMEM;
	unsigned long flags;

	if (fake_fault(fc->fake, fc->fake->faults.submit)) {
		kfree(desc);
		return cookie;
	}

	spin_lock_irqsave(&fc->lock, flags);
	cookie = dma_cookie_assign(tx);
	list_add_tail(&desc->node, &fc->submitted);
	spin_unlock_irqrestore(&fc->lock, flags);

	return cookie;
}

static enum dma_status fake_tx_status(struct dma_chan *chan,
				      dma_cookie_t cookie,
				      struct dma_tx_state *state)
{
	struct fake_chan *fc = to_fake_chan(chan);
	enum dma_status status = dma_cookie_status(chan, cookie, state);

	if (status != DMA_COMPLETE && !fc->engine->stuck) {
		fc->poll = true;
		queue_work(system_bh_wq, &fc->work);
	}

	return status;
}

static struct fake_desc *fake_desc_get(struct fake_chan *fc,
				       enum fake_kind kind, unsigned int nr,
				       size_t len, unsigned long flags)
{
	struct fake_desc *desc;

	if (!fc->engine->preps || fake_fault(fc->fake, fc->fake->faults.prep))
		return NULL;

	desc = kzalloc(struct_size(desc, srcs, nr), GFP_ATOMIC);
	if (!desc)
		return NULL;
	fc->engine->preps--;

	dma_async_tx_descriptor_init(&desc->tx, &fc->chan);
	desc->tx.tx_submit = fake_submit;
	desc->tx.flags = flags;
	desc->kind = kind;
	desc->nr = nr;
	desc->len = len;
	/* no mapping has these addresses */
	desc->dst[0] = (dma_addr_t)FAKE_MAPS << MAP_SHIFT;
	desc->dst[1] = desc->dst[0];

	return desc;
}

static void fake_check(struct fake_chan *fc, bool right, const char *why)
{
	if (!right)
		fake_violation_locked(fc->fake, why);
}

static void fake_check_addr(struct fake_chan *fc, dma_addr_t addr, size_t len)
{
	size_t mask = BIT(fc->engine->dma.copy_align) - 1;

	fake_check(fc, !((addr | len) & mask), "not aligned");
}

static void fake_desc_srcs(struct fake_chan *fc, struct fake_desc *desc,
			   const dma_addr_t *srcs)
{
	unsigned int i;

	memcpy(desc->srcs, srcs, desc->nr * sizeof(*srcs));
	for (i = 0; i < desc->nr; i++)
		fake_check_addr(fc, srcs[i], desc->len);
}

static struct dma_async_tx_descriptor *
fake_prep_memcpy(struct dma_chan *chan, dma_addr_t dst, dma_addr_t src,
		 size_t len, unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc = fake_desc_get(fc, FAKE_COPY, 1, len, flags);

	if (!desc)
		return NULL;

	fake_check_addr(fc, dst, len);
	desc->dst[0] = dst;
	fake_desc_srcs(fc, desc, &src);

	return &desc->tx;
}

static struct dma_async_tx_descriptor *
fake_prep_xor(struct dma_chan *chan, dma_addr_t dst, dma_addr_t *srcs,
	      unsigned int nr, size_t len, unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc = fake_desc_get(fc, FAKE_XOR, nr, len, flags);

	fake_check(fc, nr > 1 && nr <= fc->engine->dma.max_xor,
		   "number of xor sources");
	if (!desc)
		return NULL;

	fake_check_addr(fc, dst, len);
	desc->dst[0] = dst;
	fake_desc_srcs(fc, desc, srcs);

	return &desc->tx;
}

static struct dma_async_tx_descriptor *
fake_prep_xor_val(struct dma_chan *chan, dma_addr_t *srcs, unsigned int nr,
		  size_t len, enum sum_check_flags *val, unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc = fake_desc_get(fc, FAKE_XOR_VAL, nr, len,
					       flags);

	/* ioatdma cannot do two */
	fake_check(fc, nr > 2 && nr <= fc->engine->dma.max_xor,
		   "number of xor_val sources");
	if (!desc)
		return NULL;

	desc->val = val;
	fake_desc_srcs(fc, desc, srcs);

	return &desc->tx;
}

static void fake_desc_pq(struct fake_chan *fc, struct fake_desc *desc,
			 dma_addr_t *dst, dma_addr_t *srcs,
			 const unsigned char *coefs)
{
	desc->dst[0] = dst[0];
	desc->dst[1] = dst[1];
	fake_check_addr(fc, dst[0], desc->len);
	fake_check_addr(fc, dst[1], desc->len);
	memcpy(desc->coefs, coefs, desc->nr);
	fake_desc_srcs(fc, desc, srcs);
}

static struct dma_async_tx_descriptor *
fake_prep_pq(struct dma_chan *chan, dma_addr_t *dst, dma_addr_t *srcs,
	     unsigned int nr, const unsigned char *coefs, size_t len,
	     unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc = NULL;

	if (!(flags & fc->engine->refuse))
		desc = fake_desc_get(fc, FAKE_PQ, nr, len, flags);

	fake_check(fc, nr && nr <= dma_maxpq(&fc->engine->dma, flags),
		   "number of pq sources");
	fake_check(fc, nr > 1 || flags & (DMA_PREP_PQ_DISABLE_P |
					  DMA_PREP_CONTINUE),
		   "P of a single source");
	if (!desc)
		return NULL;

	fake_desc_pq(fc, desc, dst, srcs, coefs);

	return &desc->tx;
}

static struct dma_async_tx_descriptor *
fake_prep_pq_val(struct dma_chan *chan, dma_addr_t *pq, dma_addr_t *srcs,
		 unsigned int nr, const unsigned char *coefs, size_t len,
		 enum sum_check_flags *val, unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc = fake_desc_get(fc, FAKE_PQ_VAL, nr, len,
					       flags);

	fake_check(fc, nr > 1 && nr <= dma_maxpq(&fc->engine->dma, flags),
		   "number of pq_val sources");
	if (!desc)
		return NULL;

	desc->val = val;
	fake_desc_pq(fc, desc, pq, srcs, coefs);

	return &desc->tx;
}

static int fake_alloc_chan(struct dma_chan *chan)
{
	dma_cookie_init(chan);

	return 1;
}

static void fake_free_chan(struct dma_chan *chan)
{
}

static int fake_terminate(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake_desc *desc, *next;
	unsigned long flags;
	LIST_HEAD(drop);

	spin_lock_irqsave(&fc->lock, flags);
	list_splice_init(&fc->submitted, &drop);
	list_splice_init(&fc->issued, &drop);
	list_splice_init(&fc->executed, &drop);
	spin_unlock_irqrestore(&fc->lock, flags);

	list_for_each_entry_safe(desc, next, &drop, node)
		kfree(desc);

	return 0;
}

static void fake_synchronize(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);

	cancel_delayed_work_sync(&fc->late);
	cancel_work_sync(&fc->work);
	irq_work_sync(&fc->irq);
}

/* That the device goes while it is in use is a case that is tested. */
static void fake_release(struct dma_device *dma)
{
}

static void fake_set_ops(struct dma_device *dma)
{
	dma->device_alloc_chan_resources = fake_alloc_chan;
	dma->device_free_chan_resources = fake_free_chan;
	dma->device_prep_dma_memcpy = fake_prep_memcpy;
	dma->device_prep_dma_xor = fake_prep_xor;
	dma->device_prep_dma_xor_val = fake_prep_xor_val;
	dma->device_prep_dma_pq = fake_prep_pq;
	dma->device_prep_dma_pq_val = fake_prep_pq_val;
	dma->device_issue_pending = fake_issue_pending;
	dma->device_tx_status = fake_tx_status;
	dma->device_terminate_all = fake_terminate;
	dma->device_synchronize = fake_synchronize;
	dma->device_release = fake_release;
}

static void fake_set_limits(struct dma_device *dma,
			    const struct fake_limits *limits)
{
	unsigned long caps = limits->caps;
	int cap;

	for_each_set_bit(cap, &caps, DMA_TX_TYPE_END)
		dma_cap_set(cap, dma->cap_mask);
	dma->max_xor = limits->max_xor;
	dma_set_maxpq(dma, limits->maxpq, limits->pq_continue);
	dma->copy_align = limits->align;
	dma->xor_align = limits->align;
	dma->pq_align = limits->align;
}

static void fake_init_chan(struct fake_engine *engine, unsigned int i)
{
	struct fake_chan *fc = &engine->chans[i];
	uintptr_t mode = fake_random(engine->fake, FAKE_MODES);

	fc->fake = engine->fake;
	fc->engine = engine;
	spin_lock_init(&fc->lock);
	INIT_LIST_HEAD(&fc->submitted);
	INIT_LIST_HEAD(&fc->issued);
	INIT_LIST_HEAD(&fc->executed);
	INIT_WORK(&fc->work, chan_work);
	INIT_DELAYED_WORK(&fc->late, chan_late);
	init_irq_work(&fc->irq, chan_irq);
	fc->chan.private = (void *)mode;
	fc->chan.device = &engine->dma;
	list_add_tail(&fc->chan.device_node, &engine->dma.channels);
}

/**
 * fake_add_engine() - register an engine
 * @fake: the engines
 * @limits: what it can do
 */
void fake_add_engine(struct fake *fake, const struct fake_limits *limits)
{
	struct fake_engine *engine = &fake->engines[fake->nr_engines];
	struct dma_device *dma = &engine->dma;
	unsigned int i;
	int err;

	KUNIT_ASSERT_LT(fake->test, fake->nr_engines, FAKE_ENGINES);
	fake->nr_engines++;
	memset(engine, 0, sizeof(*engine));
	engine->fake = fake;
	engine->preps = UINT_MAX;
	engine->refuse = limits->refuse;
	INIT_LIST_HEAD(&dma->channels);
	dma->dev = fake->devs[limits->dev];
	fake_set_ops(dma);
	fake_set_limits(dma, limits);
	for (i = 0; i < max(limits->nr_chans, 1U); i++)
		fake_init_chan(engine, i);

	err = dma_async_device_register(dma);
	KUNIT_ASSERT_EQ(fake->test, err, 0);
	engine->registered = true;
}

static bool fake_dev_used(struct fake *fake, struct device *dev)
{
	unsigned int i;

	for (i = 0; i < fake->nr_engines; i++)
		if (fake->engines[i].registered &&
		    fake->engines[i].dma.dev == dev)
			return true;

	return false;
}

/* All engines of a device have gone: it may go, too. */
static void fake_check_dev(struct fake *fake, struct device *dev)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&fake->lock, flags);
	for (i = 0; i < FAKE_MAPS; i++)
		if (fake->maps[i].dev == dev)
			fake_violation(fake, "mapped for a device that is gone");
	spin_unlock_irqrestore(&fake->lock, flags);
}

/**
 * fake_remove_engine() - unregister an engine
 * @fake: the engines
 * @i: which
 */
void fake_remove_engine(struct fake *fake, unsigned int i)
{
	struct fake_engine *engine = &fake->engines[i];

	if (!engine->registered)
		return;

	dma_async_device_unregister(&engine->dma);
	engine->registered = false;
	if (!fake_dev_used(fake, engine->dma.dev))
		fake_check_dev(fake, engine->dma.dev);
}

static void fake_add_dev(struct fake *fake, unsigned int i)
{
	static const char * const names[] = { "fake0", "fake1", "fake2" };
	struct device *dev = kunit_device_register(fake->test, names[i]);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake->test, dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
	set_dma_ops(dev, &fake_dma_ops);
	dev_set_drvdata(dev, fake);
	fake->devs[i] = dev;
}

/**
 * fake_create() - make devices for engines
 * @test: the test
 * @seed: for all that is random
 *
 * Return: a fake without engines.
 */
struct fake *fake_create(struct kunit *test, u64 seed)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	spin_lock_init(&fake->lock);
	prandom_seed_state(&fake->rnd, seed);
	for (i = 0; i < FAKE_DEVS; i++)
		fake_add_dev(fake, i);

	return fake;
}

/**
 * fake_destroy() - unregister the engines and check what they have seen
 * @fake: the engines; there is room for others afterwards
 */
void fake_destroy(struct fake *fake)
{
	unsigned int i;

	for (i = 0; i < fake->nr_engines; i++)
		fake_remove_engine(fake, i);
	fake->nr_engines = 0;

	KUNIT_EXPECT_EQ_MSG(fake->test, fake->violations, 0, "first: %s",
			    fake->why);
	KUNIT_EXPECT_EQ(fake->test, fake->live, 0);
}
