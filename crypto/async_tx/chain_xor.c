// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: sums of blocks.
 */

#include <linux/module.h>
#include <linux/raid/xor.h>
#include <linux/string.h>

#include "chain.h"

/* In async_op.variant: add to the destination, which is the first range. */
#define XOR_UPDATE	1

/**
 * struct xor_sum - a sum that the CPU makes
 * @dst: where
 * @len: length of the blocks
 * @started: @dst is a summand by now
 * @nr: number of entries of @srcs
 * @srcs: blocks to add
 */
struct xor_sum {
	void *dst;
	size_t len;
	bool started;
	unsigned int nr;
	void *srcs[MAX_XOR_BLOCKS];
};

static void xor_sum_end(struct xor_sum *sum)
{
	if (sum->nr)
		xor_blocks(sum->nr, sum->len, sum->dst, sum->srcs);
	sum->nr = 0;
}

static void xor_sum_add(struct xor_sum *sum, void *src)
{
	if (!sum->started) {
		memcpy(sum->dst, src, sum->len);
		sum->started = true;
		return;
	}

	sum->srcs[sum->nr++] = src;
	if (sum->nr == MAX_XOR_BLOCKS)
		xor_sum_end(sum);
}

/* Sum up the sources of an operation, from one on. */
static void xor_cpu_from(struct async_op *op, unsigned int first, bool started)
{
	struct xor_sum sum = {
		.dst = async_op_va(op, 0),
		.len = op->len,
		.started = started,
	};
	unsigned int i;

	for (i = first; i < op->nr_refs; i++)
		xor_sum_add(&sum, async_op_va(op, i));
	xor_sum_end(&sum);
}

static void xor_cpu(struct async_op *op)
{
	bool update = op->variant == XOR_UPDATE;

	xor_cpu_from(op, 1 + (update ? op->folded : 0), update);
}

static bool xor_fits(const struct async_op *op, struct dma_device *dma)
{
	return dma_has_cap(DMA_XOR, dma->cap_mask) && dma->max_xor > 1 &&
	       is_dma_xor_aligned(dma, op->align, 0, op->len);
}

/* Each descriptor but the first has the destination as one of its sources. */
static unsigned int xor_nr_descs(unsigned int nr_srcs, unsigned int max)
{
	return nr_srcs <= max ? 1 : DIV_ROUND_UP(nr_srcs - 1, max - 1);
}

static unsigned int xor_plan(struct async_op *op, struct dma_device *dma)
{
	bool update = op->variant == XOR_UPDATE;
	unsigned int nr = op->nr_refs - !update;

	if (nr < 2 || !xor_fits(op, dma))
		return 0;

	nr = xor_nr_descs(nr, dma->max_xor);
	op->use = ASYNC_USE_WRITE;
	if (update)
		op->use |= ASYNC_USE_OLD;
	if (nr > 1)
		op->use |= ASYNC_USE_REREAD;

	return nr;
}

/**
 * struct xor_list - addresses that are to be summed up
 * @dst: the destination
 * @srcs: the sources, with @dst in place of those that it is the sum of
 * @nr: number of them
 */
struct xor_list {
	dma_addr_t dst;
	dma_addr_t *srcs;
	unsigned int nr;
};

static void xor_list_init(struct xor_list *list, struct async_op *op,
			  struct async_emit *emit, unsigned int first)
{
	unsigned int i;

	list->dst = async_op_dma(op, 0);
	list->srcs = emit->chain->addrs;
	list->nr = op->nr_refs - first;
	for (i = 0; i < list->nr; i++)
		list->srcs[i] = async_op_dma(op, first + i);
}

/* Sum up the first @nr sources; they shrink to one, the destination. */
static int xor_list_fold(struct xor_list *list, struct async_op *op,
			 struct async_emit *emit, unsigned int nr, bool last)
{
	unsigned long flags = async_emit_flags(emit, op, last);
	struct dma_device *dma = emit->chan->device;
	int err;

	err = async_emit_desc(emit,
			      dma->device_prep_dma_xor(emit->chan, list->dst,
						       list->srcs, nr, op->len,
						       flags),
			      flags);
	if (err)
		return err;

	op->folded += nr - 1;
	list->nr -= nr - 1;
	list->srcs += nr - 1;
	list->srcs[0] = list->dst;

	return 0;
}

static int xor_emit(struct async_op *op, struct async_emit *emit)
{
	unsigned int nr, max = emit->chan->device->max_xor;
	struct xor_list list;
	int err;

	op->folded = 0;
	xor_list_init(&list, op, emit, op->variant == XOR_UPDATE ? 0 : 1);
	do {
		nr = min(list.nr, max);
		err = xor_list_fold(&list, op, emit, nr, nr == list.nr);
	} while (!err && list.nr > 1);

	return err;
}

static const struct async_op_type xor_type = {
	.plan = xor_plan,
	.emit = xor_emit,
	.cpu = xor_cpu,
};

/* The sum of all blocks, in the first of them, is it zero? */
static bool xor_val_zero(void *sum, size_t len)
{
	return !memchr_inv(sum, 0, len);
}

static void xor_val_cpu(struct async_op *op)
{
	xor_cpu_from(op, 1 + op->folded, true);
	if (!xor_val_zero(async_op_va(op, 0), op->len))
		op->val = SUM_CHECK_P_RESULT;
}

static unsigned int xor_val_plan(struct async_op *op, struct dma_device *dma)
{
	unsigned int nr = op->nr_refs, max = dma->max_xor;

	/* a test of two blocks is more than some engines can do: ioatdma */
	if (nr < 3 || max < 3 || !dma_has_cap(DMA_XOR_VAL, dma->cap_mask) ||
	    !is_dma_xor_aligned(dma, op->align, 0, op->len))
		return 0;

	op->use = ASYNC_USE_OLD;
	if (nr <= max)
		return 1;
	if (!xor_fits(op, dma))
		return 0;

	/* sum up so many that the rest can be tested together with the sum */
	op->use |= ASYNC_USE_WRITE | ASYNC_USE_REREAD;
	return DIV_ROUND_UP(nr - max, max - 1) + 1;
}

static int xor_val_emit(struct async_op *op, struct async_emit *emit)
{
	struct dma_device *dma = emit->chan->device;
	unsigned int max = dma->max_xor;
	struct xor_list list;
	unsigned long flags;
	int err;

	op->val = 0;
	op->folded = 0;
	xor_list_init(&list, op, emit, 0);
	while (list.nr > max) {
		/* no more than it takes: what is tested at last are max blocks */
		err = xor_list_fold(&list, op, emit,
				    min(max, list.nr - max + 1), false);
		if (err)
			return err;
	}

	flags = async_emit_flags(emit, op, true);
	return async_emit_desc(emit,
			       dma->device_prep_dma_xor_val(emit->chan,
							    list.srcs, list.nr,
							    op->len, &op->val,
							    flags),
			       flags);
}

static const struct async_op_type xor_val_type = {
	.plan = xor_val_plan,
	.emit = xor_val_emit,
	.cpu = xor_val_cpu,
};

static unsigned int xor_off(const unsigned int *offs, unsigned int common,
			    int i)
{
	return offs ? offs[i] : common;
}

static bool xor_describe(struct async_chain *chain, struct page *dst,
			 unsigned int d_off, struct page *const *srcs,
			 const unsigned int *s_offs, int nr, size_t len,
			 u8 variant)
{
	struct async_op *op = async_op_begin(chain, &xor_type, len, nr + 1, 0);
	int i;

	if (!op)
		return false;

	op->variant = variant;
	async_op_dst(chain, op, dst, d_off);
	for (i = 0; i < nr; i++)
		if (srcs[i])
			async_op_src(chain, op, srcs[i],
				     xor_off(s_offs, d_off, i));

	return async_op_end(chain, op);
}

static void xor_now(struct page *dst, unsigned int d_off,
		    struct page *const *srcs, const unsigned int *s_offs,
		    int nr, size_t len, bool started)
{
	struct xor_sum sum = {
		.dst = page_address(dst) + d_off,
		.len = len,
		.started = started,
	};
	int i;

	for (i = 0; i < nr; i++)
		if (srcs[i])
			xor_sum_add(&sum, page_address(srcs[i]) +
					  xor_off(s_offs, d_off, i));
	xor_sum_end(&sum);
}

/* Find the only source; -1 if there are more, or none. */
static int xor_single(struct page *const *srcs, int nr)
{
	int i, found = -1;

	for (i = 0; i < nr; i++) {
		if (!srcs[i])
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}

	return found;
}

void async_chain_xor(struct async_chain *chain, struct page *dst,
		     unsigned int d_off, struct page *const *srcs,
		     const unsigned int *s_offs, int nr, size_t len)
{
	int single = xor_single(srcs, nr);

	if (!async_len_fits(len))
		return;

	if (single >= 0) {
		async_chain_memcpy(chain, dst, d_off, srcs[single],
				   xor_off(s_offs, d_off, single), len);
		return;
	}

	if (!xor_describe(chain, dst, d_off, srcs, s_offs, nr, len, 0))
		xor_now(dst, d_off, srcs, s_offs, nr, len, false);
}
EXPORT_SYMBOL_GPL(async_chain_xor);

void async_chain_xor_update(struct async_chain *chain, struct page *dst,
			    unsigned int d_off, struct page *const *srcs,
			    const unsigned int *s_offs, int nr, size_t len)
{
	if (!nr || !async_len_fits(len))
		return;

	if (!xor_describe(chain, dst, d_off, srcs, s_offs, nr, len, XOR_UPDATE))
		xor_now(dst, d_off, srcs, s_offs, nr, len, true);
}
EXPORT_SYMBOL_GPL(async_chain_xor_update);

void async_chain_xor_val(struct async_chain *chain, struct page *const *blocks,
			 const unsigned int *offs, int nr, size_t len,
			 enum sum_check_flags *result)
{
	struct async_op *op;
	int i;

	if (!async_len_fits(len)) {
		*result = SUM_CHECK_P_RESULT;
		return;
	}

	op = async_op_begin(chain, &xor_val_type, len, nr, 0);
	if (op) {
		op->result = result;
		async_op_dst(chain, op, blocks[0], offs[0]);
		for (i = 1; i < nr; i++)
			async_op_src(chain, op, blocks[i], offs[i]);
		if (async_op_end(chain, op))
			return;
	}

	xor_now(blocks[0], offs[0], blocks + 1, offs + 1, nr - 1, len, true);
	*result = xor_val_zero(page_address(blocks[0]) + offs[0], len) ?
		  0 : SUM_CHECK_P_RESULT;
}
EXPORT_SYMBOL_GPL(async_chain_xor_val);

MODULE_DESCRIPTION("sums of blocks in chains of memory operations");
MODULE_LICENSE("GPL");
