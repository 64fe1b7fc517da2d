// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: recovery of two blocks of RAID-6.
 *
 * An engine recovers the data block b, with another data block a or with P, as a
 * sum of all that is there, by its Q unit: with good data D[i],
 *
 *	a and b:  D[b] = A * P + B * Q + sum (A + B * g^i) * D[i]
 *			where A = 1 / (g^(b-a) + 1), B = 1 / (g^a + g^b)
 *	P and b:  D[b] = C * Q + sum (C * g^i) * D[i]
 *			where C = 1 / g^b
 *
 * and then the other block as a sum by its P unit:
 *
 *	a and b:  D[a] = P + sum D[i] + D[b]
 *	P and b:  P = sum D[i] + D[b]
 *
 * So nothing that is needed is overwritten, and the blocks to be recovered do not
 * serve as scratch memory.
 *
 * The ranges of an operation are: D[b], D[a] or P, then Q, P if it is there, and
 * the good data. async_op.coefs has the indexes of the latter.
 */

#include <linux/minmax.h>
#include <linux/module.h>

#include "chain_pq.h"

/* In async_op.variant: P is missing. */
#define RECOV_P		1

#define RECOV_DST	2

/* The first range that is a data block. */
static unsigned int recov_first_data(const struct async_op *op)
{
	return RECOV_DST + (op->variant == RECOV_P ? 1 : 2);
}

static unsigned int recov_plan(struct async_op *op, struct dma_device *dma)
{
	unsigned int nr = op->nr_refs - RECOV_DST;
	unsigned int q_descs, p_descs;

	if (!async_pq_fits(op, dma))
		return 0;

	/* the second sum has no Q, but the block that was just made */
	q_descs = async_pq_nr_descs(dma, nr, DMA_PREP_PQ_DISABLE_P);
	p_descs = async_pq_nr_descs(dma, nr, DMA_PREP_PQ_DISABLE_Q);
	op->use = ASYNC_USE_WRITE | ASYNC_USE_REREAD;

	return q_descs && p_descs ? q_descs + p_descs : 0;
}

static void recov_coefs_p(const struct async_op *op, u8 *coefs)
{
	unsigned int i, nr = op->nr_refs - recov_first_data(op);
	u8 c = raid6_gfinv[raid6_gfexp[op->faila]];

	*coefs++ = c;
	for (i = 0; i < nr; i++)
		*coefs++ = raid6_gfmul[c][raid6_gfexp[op->coefs[i]]];
}

static void recov_coefs(const struct async_op *op, u8 *coefs)
{
	unsigned int i, nr = op->nr_refs - recov_first_data(op);
	u8 a = raid6_gfexi[op->failb - op->faila];
	u8 b = raid6_gfinv[raid6_gfexp[op->faila] ^ raid6_gfexp[op->failb]];

	*coefs++ = b;
	*coefs++ = a;
	for (i = 0; i < nr; i++)
		*coefs++ = a ^ raid6_gfmul[b][raid6_gfexp[op->coefs[i]]];
}

static int recov_emit(struct async_op *op, struct async_emit *emit)
{
	unsigned int i, nr = op->nr_refs - RECOV_DST;
	dma_addr_t *addrs = emit->chain->addrs;
	u8 *coefs = emit->chain->coefs;
	struct pq_sum sum;
	int err;

	for (i = 0; i < nr; i++)
		addrs[i] = async_op_dma(op, RECOV_DST + i);
	addrs[nr] = async_op_dma(op, 0);
	if (op->variant == RECOV_P)
		recov_coefs_p(op, coefs);
	else
		recov_coefs(op, coefs);
	coefs[nr] = 1;

	sum.p = addrs[nr];
	sum.q = addrs[nr];
	sum.flags = DMA_PREP_PQ_DISABLE_P;
	sum.srcs = addrs;
	sum.coefs = coefs;
	sum.nr = nr;
	err = async_pq_emit_sum(op, emit, &sum, false);
	if (err)
		return err;

	sum.p = async_op_dma(op, 1);
	sum.q = sum.p;
	sum.flags = DMA_PREP_PQ_DISABLE_Q;
	sum.srcs = addrs + 1;
	sum.coefs = coefs + 1;
	sum.nr = nr;

	return async_pq_emit_sum(op, emit, &sum, true);
}

static void recov_now(struct pq_scratch *scratch, bool p, int disks, size_t len,
		      int faila, int failb)
{
	if (p)
		raid6_datap_recov(disks, len, faila, scratch->ptrs);
	else
		raid6_2data_recov(disks, len, faila, failb, scratch->ptrs);
}

static void recov_cpu(struct async_op *op)
{
	struct pq_scratch *scratch = async_pq_scratch_get();
	bool p = op->variant == RECOV_P;
	void **ptrs = scratch->ptrs;

	async_pq_scratch_fill_op(scratch, op, recov_first_data(op));
	ptrs[op->disks - 1] = async_op_va(op, RECOV_DST);
	if (p) {
		ptrs[op->faila] = async_op_va(op, 0);
		ptrs[op->disks - 2] = async_op_va(op, 1);
	} else {
		ptrs[op->failb] = async_op_va(op, 0);
		ptrs[op->faila] = async_op_va(op, 1);
		ptrs[op->disks - 2] = async_op_va(op, RECOV_DST + 1);
	}
	recov_now(scratch, p, op->disks, op->len, op->faila, op->failb);
	async_pq_scratch_put();
}

static const struct async_op_type recov_type = {
	.plan = recov_plan,
	.emit = recov_emit,
	.cpu = recov_cpu,
};

/* Name the good data: all but the blocks @faila and @failb. */
static void recov_name_data(struct async_chain *chain, struct async_op *op,
			    struct page *const *blocks,
			    const unsigned int *offs)
{
	unsigned int i, nr = 0;

	for (i = 0; i < op->disks - 2; i++) {
		if (!blocks[i] || i == op->faila || i == op->failb)
			continue;
		async_op_src(chain, op, blocks[i], offs[i]);
		op->coefs[nr++] = i;
	}
}

void async_chain_raid6_2data_recov(struct async_chain *chain, int disks,
				   size_t len, int faila, int failb,
				   struct page *const *blocks,
				   const unsigned int *offs)
{
	int p = disks - 2, q = disks - 1;
	struct pq_scratch *scratch;
	struct async_op *op;

	if (!async_pq_can(disks, len))
		return;

	if (failb < faila)
		swap(faila, failb);

	/* room for one more address than there are ranges */
	op = async_op_begin(chain, &recov_type, len, disks + 1, disks);
	if (op) {
		op->disks = disks;
		op->faila = faila;
		op->failb = failb;
		async_op_dst(chain, op, blocks[failb], offs[failb]);
		async_op_dst(chain, op, blocks[faila], offs[faila]);
		async_op_src(chain, op, blocks[q], offs[q]);
		async_op_src(chain, op, blocks[p], offs[p]);
		recov_name_data(chain, op, blocks, offs);
		if (async_op_end(chain, op))
			return;
	}

	scratch = async_pq_scratch_get();
	async_pq_scratch_fill(scratch, blocks, offs, disks);
	recov_now(scratch, false, disks, len, faila, failb);
	async_pq_scratch_put();
}
EXPORT_SYMBOL_GPL(async_chain_raid6_2data_recov);

void async_chain_raid6_datap_recov(struct async_chain *chain, int disks,
				   size_t len, int faila,
				   struct page *const *blocks,
				   const unsigned int *offs)
{
	int p = disks - 2, q = disks - 1;
	struct pq_scratch *scratch;
	struct async_op *op;

	if (!async_pq_can(disks, len))
		return;

	op = async_op_begin(chain, &recov_type, len, disks + 1, disks);
	if (op) {
		op->variant = RECOV_P;
		op->disks = disks;
		op->faila = faila;
		op->failb = faila;
		async_op_dst(chain, op, blocks[faila], offs[faila]);
		async_op_dst(chain, op, blocks[p], offs[p]);
		async_op_src(chain, op, blocks[q], offs[q]);
		recov_name_data(chain, op, blocks, offs);
		if (async_op_end(chain, op))
			return;
	}

	scratch = async_pq_scratch_get();
	async_pq_scratch_fill(scratch, blocks, offs, disks);
	recov_now(scratch, true, disks, len, faila, faila);
	async_pq_scratch_put();
}
EXPORT_SYMBOL_GPL(async_chain_raid6_datap_recov);

MODULE_DESCRIPTION("RAID-6 recovery in chains of memory operations");
MODULE_LICENSE("GPL");
