// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: P and Q of RAID-6.
 *
 * An operation has P, Q, or both as its first ranges, then the data blocks that
 * there are; async_op.coefs has the index of each of these.
 */

#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "chain_pq.h"

/* In async_op.variant. */
#define PQ_NO_P		BIT(0)	/* there is no P */
#define PQ_NO_Q		BIT(1)	/* there is no Q */
#define PQ_UPDATE	BIT(2)	/* add to P and Q */

static struct pq_scratch __percpu *pq_scratch;
static int pq_scratch_state;

/**
 * async_pq_scratch_get() - get the scratch memory of this CPU
 *
 * Context: Process context. The caller is bound to this CPU until
 * async_pq_scratch_put().
 * Return: the memory.
 */
struct pq_scratch *async_pq_scratch_get(void)
{
	local_lock(&pq_scratch->lock);

	return this_cpu_ptr(pq_scratch);
}
EXPORT_SYMBOL_GPL(async_pq_scratch_get);

/**
 * async_pq_scratch_put() - give back what async_pq_scratch_get() gave
 *
 * Context: Process context.
 */
void async_pq_scratch_put(void)
{
	local_unlock(&pq_scratch->lock);
}
EXPORT_SYMBOL_GPL(async_pq_scratch_put);

/**
 * async_pq_scratch_fill() - set the pointers from what a client names
 * @scratch: the scratch memory
 * @blocks: pages: data 0 to @disks - 3, then P, then Q
 * @offs: where in each page
 * @disks: number of blocks
 *
 * Data that is not there is zero; in place of P and Q there is scratch memory.
 *
 * Context: Process context.
 */
void async_pq_scratch_fill(struct pq_scratch *scratch,
			   struct page *const *blocks, const unsigned int *offs,
			   int disks)
{
	int i;

	for (i = 0; i < disks; i++) {
		if (blocks[i])
			scratch->ptrs[i] = page_address(blocks[i]) + offs[i];
		else
			scratch->ptrs[i] = (void *)raid6_empty_zero_page;
	}
	if (!blocks[disks - 2])
		scratch->ptrs[disks - 2] = scratch->p;
	if (!blocks[disks - 1])
		scratch->ptrs[disks - 1] = scratch->q;
}
EXPORT_SYMBOL_GPL(async_pq_scratch_fill);

/**
 * async_pq_scratch_fill_op() - set the pointers to the data of an operation
 * @scratch: the scratch memory
 * @op: the operation
 * @first: the first of its ranges that is a data block
 *
 * Data that is not there is zero, P and Q are scratch memory.
 *
 * Context: Process context.
 */
void async_pq_scratch_fill_op(struct pq_scratch *scratch,
			      const struct async_op *op, unsigned int first)
{
	unsigned int i;

	for (i = 0; i < op->disks - 2; i++)
		scratch->ptrs[i] = (void *)raid6_empty_zero_page;
	for (i = first; i < op->nr_refs; i++)
		scratch->ptrs[op->coefs[i - first]] = async_op_va(op, i);
	scratch->ptrs[op->disks - 2] = scratch->p;
	scratch->ptrs[op->disks - 1] = scratch->q;
}
EXPORT_SYMBOL_GPL(async_pq_scratch_fill_op);

/**
 * async_pq_fits() - find out whether the engines of a device can work on P and Q
 * @op: the operation
 * @dma: the device
 *
 * Context: Any context.
 * Return: true if there is nothing in the way but the number of sources.
 */
bool async_pq_fits(const struct async_op *op, struct dma_device *dma)
{
	return dma_has_cap(DMA_PQ, dma->cap_mask) &&
	       is_dma_pq_aligned(dma, op->align, 0, op->len);
}
EXPORT_SYMBOL_GPL(async_pq_fits);

/**
 * async_pq_nr_descs() - find out how many descriptors a sum takes
 * @dma: the device
 * @nr: number of sources
 * @flags: as in struct pq_sum
 *
 * Engines need not know what P of a single source is.
 *
 * Context: Any context.
 * Return: the number, or 0 if the engines of the device cannot make that sum.
 */
unsigned int async_pq_nr_descs(struct dma_device *dma, unsigned int nr,
			       enum dma_ctrl_flags flags)
{
	int first = dma_maxpq(dma, flags);
	int next = dma_maxpq(dma, flags | DMA_PREP_CONTINUE);
	bool alone = flags & (DMA_PREP_PQ_DISABLE_P | DMA_PREP_CONTINUE);

	if (first < 1 || nr < (alone ? 1 : 2))
		return 0;
	if (nr <= first)
		return 1;
	if (next < 1)
		return 0;

	return 1 + DIV_ROUND_UP(nr - first, next);
}
EXPORT_SYMBOL_GPL(async_pq_nr_descs);

/**
 * async_pq_emit_sum() - submit the descriptors for a sum
 * @op: operation that it is a part of
 * @emit: where they go to
 * @sum: what to calculate; used up
 * @last: whether the operation is done with it
 *
 * Context: Any context.
 * Return: 0 or an error.
 */
int async_pq_emit_sum(struct async_op *op, struct async_emit *emit,
		      struct pq_sum *sum, bool last)
{
	struct dma_device *dma = emit->chan->device;

	while (sum->nr) {
		int max = dma_maxpq(dma, sum->flags);
		unsigned int nr = min_t(unsigned int, sum->nr, max);
		dma_addr_t pq[2] = { sum->p, sum->q };
		unsigned long flags;
		int err;

		flags = sum->flags |
			async_emit_flags(emit, op, last && nr == sum->nr);
		err = async_emit_desc(emit,
				      dma->device_prep_dma_pq(emit->chan, pq,
							      sum->srcs, nr,
							      sum->coefs,
							      op->len, flags),
				      flags);
		if (err)
			return err;

		op->folded += nr;
		sum->srcs += nr;
		sum->coefs += nr;
		sum->nr -= nr;
		sum->flags |= DMA_PREP_CONTINUE;
	}

	return 0;
}
EXPORT_SYMBOL_GPL(async_pq_emit_sum);

/* The number of ranges before the data. */
static unsigned int pq_nr_parity(const struct async_op *op)
{
	return 2 - !!(op->variant & PQ_NO_P) - !!(op->variant & PQ_NO_Q);
}

static enum dma_ctrl_flags pq_flags(const struct async_op *op)
{
	enum dma_ctrl_flags flags = 0;

	if (op->variant & PQ_NO_P)
		flags |= DMA_PREP_PQ_DISABLE_P;
	if (op->variant & PQ_NO_Q)
		flags |= DMA_PREP_PQ_DISABLE_Q;
	if (op->variant & PQ_UPDATE)
		flags |= DMA_PREP_CONTINUE;

	return flags;
}

static void pq_sum_init(struct pq_sum *sum, struct async_op *op,
			struct async_emit *emit)
{
	unsigned int i, first = pq_nr_parity(op);

	/* the one that is not made is given a valid address, too */
	sum->p = async_op_dma(op, 0);
	sum->q = async_op_dma(op, first - 1);
	sum->flags = pq_flags(op);
	sum->srcs = emit->chain->addrs;
	sum->coefs = emit->chain->coefs;
	sum->nr = op->nr_refs - first;
	for (i = 0; i < sum->nr; i++) {
		sum->srcs[i] = async_op_dma(op, first + i);
		sum->coefs[i] = raid6_gfexp[op->coefs[i]];
	}
}

static unsigned int pq_plan(struct async_op *op, struct dma_device *dma)
{
	unsigned int nr;

	if (!async_pq_fits(op, dma))
		return 0;

	nr = async_pq_nr_descs(dma, op->nr_refs - pq_nr_parity(op),
			       pq_flags(op));
	op->use = ASYNC_USE_WRITE;
	if (op->variant & PQ_UPDATE)
		op->use |= ASYNC_USE_OLD;
	if (nr > 1)
		op->use |= ASYNC_USE_REREAD;

	return nr;
}

static int pq_emit(struct async_op *op, struct async_emit *emit)
{
	struct pq_sum sum;

	op->folded = 0;
	pq_sum_init(&sum, op, emit);

	return async_pq_emit_sum(op, emit, &sum, true);
}

static void pq_set_parity(struct pq_scratch *scratch,
			  const struct async_op *op)
{
	if (!(op->variant & PQ_NO_P))
		scratch->ptrs[op->disks - 2] = async_op_va(op, 0);
	if (!(op->variant & PQ_NO_Q))
		scratch->ptrs[op->disks - 1] =
			async_op_va(op, pq_nr_parity(op) - 1);
}

/* Add data to P and Q, but for the first blocks that an engine has added. */
static void pq_cpu_update(struct pq_scratch *scratch,
			  const struct async_op *op)
{
	unsigned int nr = op->nr_refs - 2;

	/* the blocks are in order, and those before the first are not looked at */
	if (op->folded < nr)
		raid6_call.xor_syndrome(op->disks, op->coefs[op->folded],
					op->coefs[nr - 1], op->len,
					scratch->ptrs);
}

static void pq_cpu(struct async_op *op)
{
	struct pq_scratch *scratch = async_pq_scratch_get();

	async_pq_scratch_fill_op(scratch, op, pq_nr_parity(op));
	pq_set_parity(scratch, op);
	if (op->variant & PQ_UPDATE)
		pq_cpu_update(scratch, op);
	else
		raid6_call.gen_syndrome(op->disks, op->len, scratch->ptrs);
	async_pq_scratch_put();
}

static const struct async_op_type pq_type = {
	.plan = pq_plan,
	.emit = pq_emit,
	.cpu = pq_cpu,
};

static unsigned int pq_val_plan(struct async_op *op, struct dma_device *dma)
{
	unsigned int nr = op->nr_refs - pq_nr_parity(op);

	op->use = 0;

	return dma_has_cap(DMA_PQ_VAL, dma->cap_mask) && nr > 1 &&
	       nr + 2 <= dma_maxpq(dma, 0) &&
	       is_dma_pq_aligned(dma, op->align, 0, op->len);
}

static int pq_val_emit(struct async_op *op, struct async_emit *emit)
{
	struct dma_chan *chan = emit->chan;
	dma_addr_t addrs[2];
	unsigned long flags;
	struct pq_sum sum;

	op->val = 0;
	pq_sum_init(&sum, op, emit);
	addrs[0] = sum.p;
	addrs[1] = sum.q;
	flags = sum.flags | async_emit_flags(emit, op, true);

	return async_emit_desc(emit,
			       chan->device->device_prep_dma_pq_val(chan, addrs,
					sum.srcs, sum.nr, sum.coefs, op->len,
					&op->val, flags),
			       flags);
}

/* Compare P and Q, which may be NULL, with what was made in scratch memory. */
static enum sum_check_flags pq_compare(const struct pq_scratch *scratch,
				       const void *p, const void *q, size_t len)
{
	enum sum_check_flags val = 0;

	if (p && memcmp(p, scratch->p, len))
		val |= SUM_CHECK_P_RESULT;
	if (q && memcmp(q, scratch->q, len))
		val |= SUM_CHECK_Q_RESULT;

	return val;
}

static void pq_val_cpu(struct async_op *op)
{
	struct pq_scratch *scratch = async_pq_scratch_get();
	void *p = NULL, *q = NULL;

	if (!(op->variant & PQ_NO_P))
		p = async_op_va(op, 0);
	if (!(op->variant & PQ_NO_Q))
		q = async_op_va(op, pq_nr_parity(op) - 1);
	async_pq_scratch_fill_op(scratch, op, pq_nr_parity(op));
	raid6_call.gen_syndrome(op->disks, op->len, scratch->ptrs);
	op->val = pq_compare(scratch, p, q, op->len);
	async_pq_scratch_put();
}

static const struct async_op_type pq_val_type = {
	.plan = pq_val_plan,
	.emit = pq_val_emit,
	.cpu = pq_val_cpu,
};

typedef void (*pq_name_fn)(struct async_chain *chain, struct async_op *op,
			   struct page *page, unsigned int off);

/* Name P and Q with @name, then the data. */
static struct async_op *pq_describe(struct async_chain *chain,
				    const struct async_op_type *type,
				    pq_name_fn name, struct page *const *blocks,
				    const unsigned int *offs, int disks,
				    size_t len)
{
	struct async_op *op;
	unsigned int i, nr = 0;

	op = async_op_begin(chain, type, len, disks, disks);
	if (!op)
		return NULL;

	op->disks = disks;
	if (blocks[disks - 2])
		name(chain, op, blocks[disks - 2], offs[disks - 2]);
	else
		op->variant |= PQ_NO_P;
	if (blocks[disks - 1])
		name(chain, op, blocks[disks - 1], offs[disks - 1]);
	else
		op->variant |= PQ_NO_Q;

	for (i = 0; i < disks - 2; i++) {
		if (!blocks[i])
			continue;
		async_op_src(chain, op, blocks[i], offs[i]);
		op->coefs[nr++] = i;
	}

	return op;
}

void async_chain_gen_syndrome(struct async_chain *chain,
			      struct page *const *blocks,
			      const unsigned int *offs, int disks, size_t len)
{
	struct pq_scratch *scratch;
	struct async_op *op;

	if (!async_pq_can(disks, len))
		return;

	op = pq_describe(chain, &pq_type, async_op_dst, blocks, offs, disks,
			 len);
	if (op && async_op_end(chain, op))
		return;

	scratch = async_pq_scratch_get();
	async_pq_scratch_fill(scratch, blocks, offs, disks);
	raid6_call.gen_syndrome(disks, len, scratch->ptrs);
	async_pq_scratch_put();
}
EXPORT_SYMBOL_GPL(async_chain_gen_syndrome);

static void pq_update_now(struct page *const *blocks, const unsigned int *offs,
			  int disks, size_t len)
{
	struct pq_scratch *scratch = async_pq_scratch_get();
	int start = 0, stop = disks - 3;

	while (start <= stop && !blocks[start])
		start++;
	while (stop > start && !blocks[stop])
		stop--;

	async_pq_scratch_fill(scratch, blocks, offs, disks);
	if (start <= stop)
		raid6_call.xor_syndrome(disks, start, stop, len,
					scratch->ptrs);
	async_pq_scratch_put();
}

void async_chain_update_syndrome(struct async_chain *chain,
				 struct page *const *blocks,
				 const unsigned int *offs, int disks,
				 size_t len)
{
	struct async_op *op;

	if (!async_pq_can(disks, len))
		return;

	op = pq_describe(chain, &pq_type, async_op_dst, blocks, offs, disks,
			 len);
	if (op) {
		op->variant |= PQ_UPDATE;
		if (async_op_end(chain, op))
			return;
	}

	pq_update_now(blocks, offs, disks, len);
}
EXPORT_SYMBOL_GPL(async_chain_update_syndrome);

static void *pq_block_va(struct page *page, unsigned int off)
{
	return page ? page_address(page) + off : NULL;
}

static void pq_val_now(struct page *const *blocks, const unsigned int *offs,
		       int disks, size_t len, enum sum_check_flags *result)
{
	void *p = pq_block_va(blocks[disks - 2], offs[disks - 2]);
	void *q = pq_block_va(blocks[disks - 1], offs[disks - 1]);
	struct pq_scratch *scratch = async_pq_scratch_get();

	async_pq_scratch_fill(scratch, blocks, offs, disks);
	scratch->ptrs[disks - 2] = scratch->p;
	scratch->ptrs[disks - 1] = scratch->q;
	raid6_call.gen_syndrome(disks, len, scratch->ptrs);
	*result = pq_compare(scratch, p, q, len);
	async_pq_scratch_put();
}

void async_chain_syndrome_val(struct async_chain *chain,
			      struct page *const *blocks,
			      const unsigned int *offs, int disks, size_t len,
			      enum sum_check_flags *result)
{
	struct async_op *op;

	if (!async_pq_can(disks, len)) {
		*result = SUM_CHECK_P_RESULT | SUM_CHECK_Q_RESULT;
		return;
	}

	op = pq_describe(chain, &pq_val_type, async_op_src, blocks, offs, disks,
			 len);
	if (op) {
		op->result = result;
		if (async_op_end(chain, op))
			return;
	}

	pq_val_now(blocks, offs, disks, len, result);
}
EXPORT_SYMBOL_GPL(async_chain_syndrome_val);

/* A CPU is dead, or did not come up. */
static int pq_scratch_dead(unsigned int cpu)
{
	struct pq_scratch *scratch = per_cpu_ptr(pq_scratch, cpu);

	kfree(scratch->p);
	kfree(scratch->q);

	return 0;
}

/* A CPU is about to come up. */
static int pq_scratch_prepare(unsigned int cpu)
{
	struct pq_scratch *scratch = per_cpu_ptr(pq_scratch, cpu);
	int node = cpu_to_node(cpu);

	scratch->p = kmalloc_node(PAGE_SIZE, GFP_KERNEL, node);
	scratch->q = kmalloc_node(PAGE_SIZE, GFP_KERNEL, node);
	if (scratch->p && scratch->q)
		return 0;

	pq_scratch_dead(cpu);

	return -ENOMEM;
}

static int __init async_chain_pq_init(void)
{
	int cpu, ret;

	pq_scratch = alloc_percpu(struct pq_scratch);
	if (!pq_scratch)
		return -ENOMEM;

	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(pq_scratch, cpu)->lock);

	ret = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "crypto/async_pq:prepare",
				pq_scratch_prepare, pq_scratch_dead);
	if (ret < 0) {
		free_percpu(pq_scratch);
		return ret;
	}
	pq_scratch_state = ret;

	return 0;
}

static void __exit async_chain_pq_exit(void)
{
	cpuhp_remove_state(pq_scratch_state);
	free_percpu(pq_scratch);
}

module_init(async_chain_pq_init);
module_exit(async_chain_pq_exit);

MODULE_DESCRIPTION("P and Q of RAID-6 in chains of memory operations");
MODULE_LICENSE("GPL");
