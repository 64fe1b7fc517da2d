// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: cutting them into legs.
 *
 * A *leg* is the longest sequence of operations, from where a chain has come to,
 * that engines with one mapping device can do. Among the devices there are, the
 * one that comes furthest is taken; with the same reach, one that is near; and of
 * these another one for each CPU.
 *
 * A leg consists of *runs*: operations that are given to one channel together. A
 * run ends where the next operation needs another channel. On a channel that does
 * its descriptors in order an operation that depends on an earlier one of its run
 * only asks for a fence; on one that does not a new run begins.
 *
 * Planning notes for each range of the leg which directions it is to be mapped
 * for, and whether the leg destroys what it needs: a range that is read before
 * the leg has written all of it, and written later, or by the operation that
 * reads it, cannot be had again when an engine fails.
 */

#include <linux/numa.h>
#include <linux/topology.h>

#include "chain.h"

static bool async_op_fits(struct async_op *op, struct dma_device *dma)
{
	if (op->on_cpu)
		return false;

	op->nr_descs = op->type->plan(op, dma);
	/* the second descriptor of an operation goes on where the first was */
	if (op->nr_descs > 1 &&
	    dma_has_cap(DMA_COMPLETION_NO_ORDER, dma->cap_mask))
		return false;

	return op->nr_descs;
}

/* How many operations, from @op on, can the engine do? */
static unsigned int async_engine_reach(const struct dma_engine *engine,
				       struct async_op *op)
{
	unsigned int nr;

	for (nr = 0; op && async_op_fits(op, engine->dma); op = op->next)
		nr++;

	return nr;
}

/* The engine of a group that comes furthest from @op on, or NULL. */
static const struct dma_engine *
async_group_engine(const struct dma_engine *group, unsigned int nr,
		   struct async_op *op, unsigned int *reach)
{
	unsigned int i, this, cpu = raw_smp_processor_id();
	const struct dma_engine *best = NULL;

	*reach = 0;
	for (i = 0; i < nr; i++) {
		const struct dma_engine *engine = &group[(cpu + i) % nr];

		this = async_engine_reach(engine, op);
		if (this > *reach) {
			*reach = this;
			best = engine;
		}
	}

	return best;
}

/*
 * How many operations can the engines of a group do, changing among them? Tells
 * whether that is all of them.
 */
static unsigned int async_group_reach(const struct dma_engine *group,
				      unsigned int nr, struct async_op *op,
				      bool *all)
{
	unsigned int reach, sum = 0;

	while (op && async_group_engine(group, nr, op, &reach)) {
		sum += reach;
		while (reach--)
			op = op->next;
	}
	*all = !op;

	return sum;
}

/* Engines with one mapping device stand side by side. */
static unsigned int async_group_size(const struct dma_engine_table *table,
				     unsigned int first)
{
	unsigned int i;

	for (i = first + 1; i < table->nr; i++)
		if (table->engines[i].dev != table->engines[first].dev)
			break;

	return i - first;
}

static bool async_group_near(const struct dma_engine *group)
{
	int node = dev_to_node(group->dev);

	return node == NUMA_NO_NODE || node == numa_node_id();
}

/*
 * Where to begin to look. Of groups that are as good each CPU takes another, so
 * that all engines have something to do.
 */
static unsigned int async_group_start(const struct dma_engine_table *table)
{
	unsigned int start = raw_smp_processor_id() % table->nr;

	while (start &&
	       table->engines[start - 1].dev == table->engines[start].dev)
		start--;

	return start;
}

/*
 * The group that comes furthest, and its size; of several one that is on this
 * node. A group that reaches nothing is no choice, but the only group is: this
 * shows when the leg is filled.
 */
static const struct dma_engine *
async_group_choose(const struct dma_engine_table *table, struct async_op *op,
		   unsigned int *size)
{
	const struct dma_engine *group, *best = NULL;
	unsigned int i, nr, start, score, best_score = 1;
	bool all = false, near;

	nr = async_group_size(table, 0);
	if (nr == table->nr) {
		*size = nr;
		return table->engines;
	}

	start = async_group_start(table);
	for (i = 0; i < table->nr; i += nr) {
		group = &table->engines[(start + i) % table->nr];
		nr = async_group_size(table, (start + i) % table->nr);
		near = async_group_near(group);
		score = async_group_reach(group, nr, op, &all) << 1 | near;
		if (score > best_score) {
			best_score = score;
			best = group;
			*size = nr;
		}
		if (all && near)
			break;	/* none is better */
	}

	return best;
}

static void async_block_begin(struct async_chain *chain,
			      struct async_block *block)
{
	if (block->leg != chain->leg) {
		block->leg = chain->leg;
		block->state = 0;
		block->dir = 0;
		block->mapped = false;
		chain->nr_blocks++;
	}
	block->run = chain->run;
	block->writer = NULL;
	block->reader = NULL;
}

/* The range as the run sees it. A new leg has a new run, too. */
static inline struct async_block *async_ref_block(struct async_chain *chain,
						  const struct async_ref *ref)
{
	struct async_block *block = async_block_root(ref->block);

	if (block->run != chain->run)
		async_block_begin(chain, block);

	return block;
}

static void async_block_write(struct async_block *block, bool all)
{
	block->dir |= ASYNC_DIR_WRITE;
	if (!all)	/* the device must not invent the rest */
		block->dir |= ASYNC_DIR_READ;
	if (block->state & ASYNC_BLOCK_OLD)
		block->state |= ASYNC_BLOCK_LOST;
	if (all)
		block->state |= ASYNC_BLOCK_NEW;
}

/*
 * Have those operations of the run wait that use what @op is to overwrite. Two
 * destinations of @op may be of one range.
 */
static void async_op_fence(struct async_op *op, struct async_block *block)
{
	struct async_op *reader;

	if (block->writer && block->writer != op)
		block->writer->fence = true;
	for (reader = block->reader; reader && reader != op;
	     reader = reader->next)
		reader->fence = true;
}

static void async_op_reads(struct async_op *op, struct async_block *block)
{
	if (block->writer)
		block->writer->fence = true;
	if (!block->reader)
		block->reader = op;

	block->dir |= ASYNC_DIR_READ;
	if (!(block->state & ASYNC_BLOCK_NEW))
		block->state |= ASYNC_BLOCK_OLD;
}

static void async_op_writes(struct async_op *op, struct async_block *block,
			    const struct async_ref *ref)
{
	async_op_fence(op, block);
	async_block_write(block, async_ref_covers(ref, block, op->len));
	if (op->use & ASYNC_USE_REREAD)
		block->dir |= ASYNC_DIR_READ;
	block->writer = op;
	block->reader = NULL;
}

/* Note what an operation does with its ranges: all reads, then all writes. */
static void async_op_touch(struct async_chain *chain, struct async_op *op)
{
	const struct async_ref *ref, *end = &op->refs[op->nr_refs];
	const struct async_ref *srcs = &op->refs[op->nr_dst];

	for (ref = op->use & ASYNC_USE_OLD ? op->refs : srcs; ref < end; ref++)
		async_op_reads(op, async_ref_block(chain, ref));

	if (!(op->use & ASYNC_USE_WRITE))
		return;
	for (ref = op->refs; ref < srcs; ref++)
		async_op_writes(op, async_ref_block(chain, ref), ref);
}

/* Does an operation depend on one of the run? */
static bool async_op_depends(struct async_chain *chain, struct async_op *op)
{
	unsigned int i, nr_written;

	nr_written = op->use & ASYNC_USE_WRITE ? op->nr_dst : 0;
	for (i = 0; i < op->nr_refs; i++) {
		struct async_block *block = async_ref_block(chain,
							    &op->refs[i]);

		if (block->writer || (i < nr_written && block->reader))
			return true;
	}

	return false;
}

static void async_run_begin(struct async_chain *chain, struct async_op *op)
{
	chain->run++;
	chain->nr_runs++;
	op->run_start = true;
}

static void async_leg_add(struct async_chain *chain, struct async_op *op,
			  struct dma_chan *chan)
{
	op->chan = chan;
	op->fence = false;
	if (!op->run_start &&
	    dma_has_cap(DMA_COMPLETION_NO_ORDER, chan->device->cap_mask) &&
	    async_op_depends(chain, op))
		async_run_begin(chain, op);
	async_op_touch(chain, op);
}

static struct dma_chan *async_engine_chan(const struct dma_engine *engine)
{
	if (engine->nr_chans == 1)
		return engine->chans[0];

	return engine->chans[raw_smp_processor_id() % engine->nr_chans];
}

/* Add what one engine can do; return the operation behind that. */
static struct async_op *async_leg_add_run(struct async_chain *chain,
					  const struct dma_engine *engine,
					  struct async_op *op)
{
	struct dma_chan *chan = async_engine_chan(engine);
	bool start = true;

	while (op && async_op_fits(op, engine->dma)) {
		op->run_start = false;
		if (start)
			async_run_begin(chain, op);
		start = false;
		async_leg_add(chain, op, chan);
		op = op->next;
	}

	return op;
}

static void async_leg_fill(struct async_chain *chain,
			   const struct dma_engine *group, unsigned int nr)
{
	struct async_op *op = chain->first;
	const struct dma_engine *engine;
	struct async_op *next;
	unsigned int reach;

	for (; op; op = next) {
		engine = group;
		if (nr > 1)
			engine = async_group_engine(group, nr, op, &reach);
		if (!engine)
			break;
		next = async_leg_add_run(chain, engine, op);
		if (next == op)
			break;
	}
	chain->leg_end = op;
}

static void async_leg_reset(struct async_chain *chain)
{
	chain->leg++;
	chain->run++;
	chain->nr_blocks = 0;
	chain->nr_runs = 0;
	chain->partial = NULL;
}

/**
 * async_leg_plan() - plan the next leg of a chain
 * @chain: the chain, with operations to do, and no leg under way
 *
 * Context: Any context, in an RCU read-side critical section in which the leg is
 * begun, too.
 * Return: true if there is a leg for an engine, false if the next operation is one
 * for the CPU.
 */
bool async_leg_plan(struct async_chain *chain)
{
	const struct dma_engine_table *table = dma_engine_table();
	const struct dma_engine *group;
	unsigned int nr;

	if (!table || chain->first->on_cpu)
		return false;

	group = async_group_choose(table, chain->first, &nr);
	if (!group)
		return false;

	async_leg_reset(chain);
	async_leg_fill(chain, group, nr);
	if (chain->leg_end == chain->first)
		return false;

	chain->leg_dev = group->dev;
	chain->run_next = chain->first;
	chain->in_leg = true;

	return true;
}

/**
 * async_leg_losses() - find out what a leg that has failed has destroyed
 * @chain: the chain; the engine has begun the operations from its first to the
 *	end of the leg, and perhaps a part of that one
 *
 * Marks the ranges with ASYNC_BLOCK_LOST.
 *
 * Context: Any context.
 */
void async_leg_losses(struct async_chain *chain)
{
	struct async_op *partial = chain->partial;
	struct async_op *op;

	async_leg_reset(chain);
	for (op = chain->first; op != chain->leg_end; op = op->next)
		async_op_touch(chain, op);
	if (partial)
		async_op_touch(chain, partial);
	chain->partial = partial;
}

/**
 * async_chan_usable() - find out whether a channel is still there
 * @chan: a channel that was in the table of engines, or is
 * @dev: device that it maps for
 *
 * Context: Any context, in an RCU read-side critical section.
 * Return: true if it can be used until the end of that section.
 */
bool async_chan_usable(struct dma_chan *chan, struct device *dev)
{
	const struct dma_engine_table *table = dma_engine_table();
	unsigned int i, j;

	for (i = 0; table && i < table->nr; i++)
		for (j = 0; j < table->engines[i].nr_chans; j++)
			if (table->engines[i].chans[j] == chan)
				return table->engines[i].dev == dev;

	return false;
}

/**
 * async_op_for_engine() - find out whether an engine can do an operation
 * @op: the operation
 *
 * Context: Any context.
 * Return: true if there was one just now.
 */
bool async_op_for_engine(struct async_op *op)
{
	const struct dma_engine_table *table;
	bool fits = false;
	unsigned int i;

	rcu_read_lock();
	table = dma_engine_table();
	for (i = 0; table && !fits && i < table->nr; i++)
		fits = async_op_fits(op, table->engines[i].dma);
	rcu_read_unlock();

	return fits;
}
