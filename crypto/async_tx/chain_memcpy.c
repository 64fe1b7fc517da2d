// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: copies.
 */

#include <linux/highmem.h>
#include <linux/module.h>

#include "chain.h"

static unsigned int copy_plan(struct async_op *op, struct dma_device *dma)
{
	op->use = ASYNC_USE_WRITE;

	return dma_has_cap(DMA_MEMCPY, dma->cap_mask) &&
	       is_dma_copy_aligned(dma, op->align, 0, op->len);
}

static int copy_emit(struct async_op *op, struct async_emit *emit)
{
	struct dma_chan *chan = emit->chan;
	unsigned long flags = async_emit_flags(emit, op, true);

	return async_emit_desc(emit,
			       chan->device->device_prep_dma_memcpy(chan,
					async_op_dma(op, 0),
					async_op_dma(op, 1), op->len, flags),
			       flags);
}

static void copy_cpu(struct async_op *op)
{
	const struct async_ref *dst = &op->refs[0];
	const struct async_ref *src = &op->refs[1];

	memcpy_page(dst->block->page, dst->off, src->block->page, src->off,
		    op->len);
}

static const struct async_op_type copy_type = {
	.plan = copy_plan,
	.emit = copy_emit,
	.cpu = copy_cpu,
};

void async_chain_memcpy(struct async_chain *chain, struct page *dst,
			unsigned int d_off, struct page *src,
			unsigned int s_off, size_t len)
{
	struct async_op *op = async_op_begin(chain, &copy_type, len, 2, 0);

	if (op) {
		async_op_dst(chain, op, dst, d_off);
		async_op_src(chain, op, src, s_off);
		if (async_op_end(chain, op))
			return;
	}

	memcpy_page(dst, d_off, src, s_off, len);
}
EXPORT_SYMBOL_GPL(async_chain_memcpy);

MODULE_DESCRIPTION("copies in chains of memory operations");
MODULE_LICENSE("GPL");
