// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: a leg that engines do.
 *
 * All descriptors of a run hold one unmap record. When it goes all of them have
 * ended, whether well or not, and it tells with which result: there is no other
 * callback. For a leg of one run it is the record that the ranges are mapped
 * through, so that they are unmapped by then. A leg of several runs is mapped
 * through a record of its own, which the chain holds until the last run is over;
 * between two runs nothing is in flight, and the chain pins a channel, so that
 * whoever removes the device waits.
 *
 * The context that submits a run and the end of that run each count as an event.
 * The one that comes last goes on with the chain.
 *
 * Some providers hold a lock from the preparation of a descriptor to its
 * submission. So each is submitted as soon as it is prepared, and a range is
 * mapped before the operation that uses it first. Where one of these steps fails
 * the leg ends: what was submitted goes its way, the rest is for later.
 */

#include <linux/align.h>
#include <linux/minmax.h>

#include "chain.h"

static enum dma_data_direction async_block_dir(const struct async_block *block)
{
	switch (block->dir) {
	case ASYNC_DIR_READ:
		return DMA_TO_DEVICE;
	case ASYNC_DIR_WRITE:
		return DMA_FROM_DEVICE;
	default:
		return DMA_BIDIRECTIONAL;
	}
}

static int async_block_map(struct async_emit *emit, struct async_block *block)
{
	int err;

	if (block->mapped)
		return 0;

	err = dmaengine_map_page(emit->mapped, emit->chain->leg_dev,
				 block->page, block->start,
				 block->end - block->start,
				 async_block_dir(block), &block->dma);
	block->mapped = !err;

	return err;
}

/*
 * Are addresses aligned where offsets in the page are? A range that was merged may
 * begin at an odd place, and a bounce buffer begins at an even one for each range.
 */
static bool async_block_aligned(const struct async_emit *emit,
				const struct async_block *block)
{
	return IS_ALIGNED((unsigned int)block->dma - block->start,
			  emit->align);
}

static int async_op_map(struct async_emit *emit, struct async_op *op)
{
	unsigned int i;
	int err;

	for (i = 0; i < op->nr_refs; i++) {
		struct async_block *block = async_block_root(op->refs[i].block);

		err = async_block_map(emit, block);
		if (err)
			return err;
		if (!async_block_aligned(emit, block))
			return -EINVAL;
	}

	return 0;
}

/**
 * async_emit_desc() - submit a descriptor of a run
 * @emit: where it goes to
 * @tx: the descriptor, just prepared, or NULL if it could not be
 * @flags: what it was prepared with
 *
 * Context: Any context.
 * Return: 0, or an error: then the operation is not complete.
 */
int async_emit_desc(struct async_emit *emit,
		    struct dma_async_tx_descriptor *tx, unsigned long flags)
{
	dma_cookie_t cookie;

	if (!tx)
		return -EBUSY;

	tx->callback = NULL;
	tx->callback_result = NULL;
	tx->callback_param = NULL;
	dma_set_unmap(tx, emit->unmap);
	cookie = dmaengine_submit(tx);
	if (dma_submit_error(cookie))
		return cookie;

	emit->nr++;
	emit->cookie = cookie;
	emit->last_irq = flags & DMA_PREP_INTERRUPT;

	return 0;
}
EXPORT_SYMBOL_GPL(async_emit_desc);

/* The operation after @op, if it is one of the same run, or NULL. */
static struct async_op *async_run_after(struct async_chain *chain,
					struct async_op *op)
{
	struct async_op *next = op->next;

	return next == chain->leg_end || next->run_start ? NULL : next;
}

static unsigned int async_run_descs(struct async_chain *chain)
{
	struct async_op *op;
	unsigned int nr = 0;

	for (op = chain->run_next; op; op = async_run_after(chain, op))
		nr += op->nr_descs;

	return nr;
}

static unsigned int async_emit_align(const struct dma_device *dma)
{
	return 1U << max3(dma->copy_align, dma->xor_align, dma->pq_align);
}

/* The records for the mappings and for the descriptors, which can be one. */
static int async_run_records(struct async_emit *emit)
{
	struct async_chain *chain = emit->chain;
	unsigned int nr_descs = async_run_descs(chain);
	unsigned int nr_blocks = chain->nr_blocks;

	if (chain->nr_runs > 1) {
		if (!chain->mapped)
			chain->mapped = dmaengine_get_unmap_data(chain->leg_dev,
								 nr_blocks,
								 GFP_NOWAIT);
		if (!chain->mapped)
			return -ENOMEM;
		nr_blocks = 0;
	}

	emit->unmap = dmaengine_get_shared_unmap(chain->leg_dev, nr_blocks,
						 nr_descs, GFP_NOWAIT);
	if (!emit->unmap)
		return -ENOMEM;

	emit->mapped = chain->mapped ?: emit->unmap;
	dmaengine_unmap_set_done_result(emit->unmap, async_chain_run_over,
					chain);
	return 0;
}

/*
 * The leg ends before @op. If it was to do nothing at all then leave to the CPU
 * what was planned, or else only @op: so the chain comes on.
 */
static void async_leg_cut(struct async_chain *chain, struct async_op *op)
{
	struct async_op *planned_end = chain->leg_end;

	chain->leg_end = op;
	chain->run_next = op;
	op->on_cpu = true;
	if (op != chain->first)
		return;
	for (; op != planned_end; op = op->next)
		op->on_cpu = true;
}

/* Submit the operations of the run, as many as it goes; was it all? */
static bool async_run_emit(struct async_emit *emit)
{
	struct async_chain *chain = emit->chain;
	struct async_op *op, *next;

	for (op = chain->run_next; op; op = next) {
		unsigned int nr = emit->nr;
		int err;

		next = async_run_after(chain, op);
		emit->op_last = !next;
		err = async_op_map(emit, op);
		if (!err)
			err = op->type->emit(op, emit);
		if (err) {
			async_leg_cut(chain, op);
			if (emit->nr > nr)
				chain->partial = op;
			return false;
		}
		chain->run_next = op->next;
	}

	return true;
}

/**
 * async_leg_unpin() - let the device of a leg go
 * @chain: the chain; nothing is mapped any more, or the next run is in flight
 *
 * Context: Any context.
 */
void async_leg_unpin(struct async_chain *chain)
{
	if (chain->pinned)
		dma_chan_unpin(chain->pinned);
	chain->pinned = NULL;
}

/**
 * async_run_start() - submit the next run of a leg
 * @chain: the chain, with a leg under way that is not complete
 *
 * Context: Any context in which the DMA engine can be called, in an RCU read-side
 * critical section.
 * Return: true if the run is in flight, and the chain not the caller's any more;
 * false if it is over, and async_chain.result is set.
 */
bool async_run_start(struct async_chain *chain)
{
	struct async_emit emit = {
		.chain = chain,
		.chan = chain->run_next->chan,
	};

	chain->result = DMA_TRANS_NOERROR;
	if (!async_chan_usable(emit.chan, chain->leg_dev) ||
	    async_run_records(&emit)) {
		async_leg_cut(chain, chain->run_next);
		return false;
	}

	emit.align = async_emit_align(emit.chan->device);
	chain->run_chan = emit.chan;
	chain->over = false;
	atomic_set(&chain->events, 2);
	/* whoever is out of descriptors gets none back before it has begun */
	if (!async_run_emit(&emit) || !chain->issue_later)
		dma_async_issue_pending(emit.chan);
	if (emit.nr) {
		if (!emit.last_irq)
			async_chain_kick_start(chain, emit.cookie);
		/* from now on it is what is in flight that keeps the device */
		async_leg_unpin(chain);
	}
	dmaengine_unmap_put(emit.unmap);

	return !atomic_dec_and_test(&chain->events);
}
