/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operations on P and Q of RAID-6 have in common.
 */
#ifndef ASYNC_CHAIN_PQ_H
#define ASYNC_CHAIN_PQ_H

#include <linux/local_lock.h>
#include <linux/raid/pq.h>

#include "chain.h"

/**
 * struct pq_scratch - what a CPU needs to work on P and Q
 * @lock: for all of it
 * @ptrs: the blocks: data, then P, then Q
 * @p: page for a P that nobody wants, or that is to be compared
 * @q: the same for Q
 */
struct pq_scratch {
	local_lock_t lock;
	void *ptrs[ASYNC_CHAIN_BLOCKS + 1];
	void *p;
	void *q;
};

/**
 * struct pq_sum - what an engine is to calculate
 * @p: address for P
 * @q: address for Q; the same as @p if only one of them is made
 * @flags: DMA_PREP_PQ_DISABLE_P, DMA_PREP_PQ_DISABLE_Q, and DMA_PREP_CONTINUE to
 *	add to what is there
 * @srcs: addresses of the sources
 * @coefs: their coefficients
 * @nr: number of them
 */
struct pq_sum {
	dma_addr_t p;
	dma_addr_t q;
	enum dma_ctrl_flags flags;
	dma_addr_t *srcs;
	u8 *coefs;
	unsigned int nr;
};

static inline bool async_pq_can(int disks, size_t len)
{
	return !WARN_ON_ONCE(disks > ASYNC_CHAIN_BLOCKS) && async_len_fits(len);
}

struct pq_scratch *async_pq_scratch_get(void);
void async_pq_scratch_put(void);
void async_pq_scratch_fill(struct pq_scratch *scratch,
			   struct page *const *blocks, const unsigned int *offs,
			   int disks);
void async_pq_scratch_fill_op(struct pq_scratch *scratch,
			      const struct async_op *op, unsigned int first);
unsigned int async_pq_nr_descs(struct dma_device *dma, unsigned int nr,
			       enum dma_ctrl_flags flags);
bool async_pq_fits(const struct async_op *op, struct dma_device *dma);
int async_pq_emit_sum(struct async_op *op, struct async_emit *emit,
		      struct pq_sum *sum, bool last);

#endif
