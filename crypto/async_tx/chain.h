/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the chains know of each other.
 *
 * chain.c	describes: memory, page ranges, operations, notices
 * plan.c	cuts legs: which operations, which channels, which hazards
 * engine.c	does a leg by engines: maps, prepares, submits
 * run.c	takes a chain from leg to leg to its end; does CPU legs
 * chain_*.c	the operations: how each is described, and done by either
 *
 * A chain is described, then submitted, then done:
 *
 *	described   the client's, which adds operations
 *	running     nobody's but of the one context that goes on with it
 *	in flight   the engine's: a run of descriptors; who ends them goes on
 *	deferred    the workqueue's
 *
 * In each state it belongs to one context, and is handed over by the atomic
 * count of events (engine.c) or by the workqueue. So nothing in it has a lock.
 */
#ifndef ASYNC_CHAIN_INTERNAL_H
#define ASYNC_CHAIN_INTERNAL_H

#include <linux/async_chain.h>
#include <linux/atomic.h>
#include <linux/dmaengine.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

struct async_op;

/**
 * struct async_block - a page range that operations of a chain use
 * @hash_next: next one in the same bucket
 * @merged: the range that this one went into, or NULL
 * @page: page that it begins in
 * @start: first byte, counted from the begin of @page
 * @end: byte behind the last one
 * @last: number of the last operation that uses it
 * @leg: number of the leg that the following is about
 * @run: number of the run that @writer and @reader are about
 * @writer: the last operation of the run that writes it, or NULL
 * @reader: the first one that reads it after that, or NULL
 * @mapped: it is mapped, at @dma
 * @state: ASYNC_BLOCK_*
 * @dir: directions of all uses in the leg
 * @dma: address for the device
 *
 * Ranges that overlap, or that share a cache line, are one.
 */
struct async_block {
	struct async_block *hash_next;
	struct async_block *merged;
	struct page *page;
	unsigned int start;
	unsigned int end;
	unsigned int last;
	unsigned int leg;
	unsigned int run;
	bool mapped;
	u8 state;
	u8 dir;
	struct async_op *writer;
	struct async_op *reader;
	dma_addr_t dma;
};

/* The leg needs what was there before it. */
#define ASYNC_BLOCK_OLD		BIT(0)
/* The leg has written all of it. */
#define ASYNC_BLOCK_NEW		BIT(1)
/* The leg needs what was there before it, and overwrites it. */
#define ASYNC_BLOCK_LOST	BIT(2)

/* What the device does with a range, in async_block.dir. */
#define ASYNC_DIR_READ		BIT(0)
#define ASYNC_DIR_WRITE		BIT(1)

/**
 * struct async_ref - an operation's use of a range
 * @block: range, or one that was merged into another
 * @off: where it begins, counted from the begin of the page
 */
struct async_ref {
	struct async_block *block;
	unsigned int off;
};

/* What an operation does with its destinations, in async_op.use. */
#define ASYNC_USE_OLD		BIT(0)	/* reads what was there before */
#define ASYNC_USE_WRITE		BIT(1)	/* writes them */
#define ASYNC_USE_REREAD	BIT(2)	/* the device reads what it has written */

struct async_emit;

/**
 * struct async_op_type - a kind of operation
 * @plan: find out whether the engines of a device can do it: returns the number
 *	of descriptors that it takes, or 0; sets async_op.use
 * @emit: prepare and submit the descriptors; returns 0 or an error, perhaps after
 *	some of them
 * @cpu: do it on the CPU, in process context
 */
struct async_op_type {
	unsigned int (*plan)(struct async_op *op, struct dma_device *dma);
	int (*emit)(struct async_op *op, struct async_emit *emit);
	void (*cpu)(struct async_op *op);
};

/**
 * struct async_op - an operation of a chain
 * @type: what kind
 * @coefs: coefficients of the sources, for some kinds
 * @seq: its number in the chain
 * @len: length of each range in bytes
 * @align: all offsets and the length, or'ed
 * @chan: the channel that does it, when the leg is planned
 * @nr_descs: number of descriptors that it takes, when the leg is planned
 * @next: the one after it; from here to @refs all is 0 at first
 * @result: where the client wants the result of a test, or NULL
 * @val: result of a test
 * @nr_refs: number of entries of @refs
 * @nr_dst: number of those that it writes
 * @folded: number of sources that an engine has already added to the destination
 *	of an operation in place
 * @disks: number of blocks that a syndrome is about
 * @faila: index of a block to recover
 * @failb: index of another
 * @use: ASYNC_USE_*
 * @variant: what the kind wants to remember
 * @run_start: it is the first of a run of descriptors on one channel
 * @fence: what follows depends on it
 * @on_cpu: no engine shall do it
 * @failed: it could not be done
 * @no_memory: its description is not complete
 * @refs: the ranges: destinations, then sources
 */
struct async_op {
	const struct async_op_type *type;
	u8 *coefs;
	unsigned int seq;
	unsigned int len;
	unsigned int align;
	struct dma_chan *chan;
	unsigned int nr_descs;
	struct async_op *next;
	enum sum_check_flags *result;
	enum sum_check_flags val;
	unsigned short nr_refs;
	unsigned short nr_dst;
	unsigned short folded;
	u8 disks;
	u8 faila;
	u8 failb;
	u8 use;
	u8 variant;
	bool run_start;
	bool fence;
	bool on_cpu;
	bool failed;
	bool no_memory;
	struct async_ref refs[];
};

/**
 * struct async_notice - a client that wants to be told
 * @next: the next one
 * @op: the operation that it is about
 * @fn: what to call
 * @arg: what to call it with
 */
struct async_notice {
	struct async_notice *next;
	struct async_op *op;
	async_chain_fn fn;
	void *arg;
};

#define ASYNC_CHAIN_HASH_BITS	5

/**
 * struct async_chain - operations that depend on each other
 * @first: first operation that is not done
 * @tail: where to link the next one that is described
 * @last: the last one that was described
 * @notices: first notice that was not given
 * @notices_tail: where to link the next one
 * @done: the client's
 * @arg: what to call it with
 * @error: for @done
 * @next_seq: number of the next operation
 * @sync: there was no memory: operations are done as they are described
 * @issue_later: its submitter will call async_chain_issue_pending()
 * @max_refs: the largest number of ranges of an operation
 * @leg: number of the present leg
 * @run: number of the present run
 * @leg_end: the operation behind the leg; the leg begins with @first
 * @run_next: the operation behind what was submitted of the present run, or the
 *	first of the leg
 * @partial: the operation at @leg_end, if the engine has begun it
 * @leg_dev: device that the leg is mapped for
 * @nr_blocks: number of ranges of the leg
 * @nr_runs: number of runs of the leg
 * @in_leg: there is a leg under way
 * @redo: the leg has failed; the CPU does it again
 * @mapped: record of the leg's mappings, if the leg has more than one run
 * @run_chan: channel of the present run
 * @pinned: channel whose device must not go, as the leg is mapped and nothing in
 *	flight, or NULL
 * @addrs: room for the addresses of an operation
 * @coefs: room for coefficients of an operation
 * @events: 2 while a run is in flight and its submitter at work; 1 for the last
 * @over: the record of the run has gone
 * @result: how the run has ended
 * @kick_cookie: last descriptor of a run whose end no interrupt may tell
 * @work: to go on in another context
 * @kick: to look after that run
 * @chunks: memory beyond that of the chain itself
 * @free: memory that is left
 * @left: how much of it, in bytes
 * @hash: the ranges, by page
 * @memory: first memory for operations and ranges
 */
struct async_chain {
	struct async_op *first;
	struct async_op **tail;
	struct async_op *last;
	struct async_notice *notices;
	struct async_notice **notices_tail;
	async_chain_fn done;
	void *arg;
	int error;
	unsigned int next_seq;
	bool sync;
	bool issue_later;
	unsigned int max_refs;

	unsigned int leg;
	unsigned int run;
	struct async_op *leg_end;
	struct async_op *run_next;
	struct async_op *partial;
	struct device *leg_dev;
	unsigned int nr_blocks;
	unsigned int nr_runs;
	bool in_leg;
	bool redo;

	struct dmaengine_unmap_data *mapped;
	struct dma_chan *run_chan;
	struct dma_chan *pinned;
	dma_addr_t *addrs;
	u8 *coefs;
	atomic_t events;
	bool over;
	enum dmaengine_tx_result result;
	dma_cookie_t kick_cookie;
	struct work_struct work;
	struct delayed_work kick;

	void *chunks;
	void *free;
	size_t left;
	struct async_block *hash[BIT(ASYNC_CHAIN_HASH_BITS)];
	u8 memory[] __aligned(8);
};

/**
 * struct async_emit - where the descriptors of an operation go to
 * @chain: the chain
 * @chan: the channel
 * @mapped: record that the ranges are mapped through
 * @unmap: record that the descriptors hold
 * @align: what addresses must be aligned to, where offsets are, in bytes
 * @nr: number of descriptors submitted so far
 * @cookie: the last of them
 * @last_irq: the last of them tells its end by an interrupt
 * @op_last: the operation is the last of its run
 */
struct async_emit {
	struct async_chain *chain;
	struct dma_chan *chan;
	struct dmaengine_unmap_data *mapped;
	struct dmaengine_unmap_data *unmap;
	unsigned int align;
	unsigned int nr;
	dma_cookie_t cookie;
	bool last_irq;
	bool op_last;
};

/* Can the CPU do it, if no engine does? Its functions write wherever they get. */
static inline bool async_len_fits(size_t len)
{
	return !WARN_ON_ONCE(!len || len % ASYNC_CHAIN_STEP);
}

static inline struct async_block *async_block_root(struct async_block *block)
{
	while (block->merged)
		block = block->merged;

	return block;
}

/* Is it all of the range? */
static inline bool async_ref_covers(const struct async_ref *ref,
				    const struct async_block *block,
				    unsigned int len)
{
	return ref->off == block->start && len == block->end - block->start;
}

/* Where the CPU sees a range; not for high memory. */
static inline void *async_ref_va(const struct async_ref *ref)
{
	return page_address(ref->block->page) + ref->off;
}

static inline void *async_op_va(const struct async_op *op, unsigned int i)
{
	return async_ref_va(&op->refs[i]);
}

/* Where the device of the leg sees it. */
static inline dma_addr_t async_ref_dma(const struct async_ref *ref)
{
	struct async_block *block = async_block_root(ref->block);

	return block->dma + (ref->off - block->start);
}

static inline dma_addr_t async_op_dma(const struct async_op *op,
				      unsigned int i)
{
	return async_ref_dma(&op->refs[i]);
}

/* The flags for a descriptor; @last: it is the last one of its operation. */
static inline unsigned long async_emit_flags(const struct async_emit *emit,
					     const struct async_op *op,
					     bool last)
{
	unsigned long flags = DMA_CTRL_ACK;

	if (!last || op->fence)
		flags |= DMA_PREP_FENCE;
	if ((last && emit->op_last) ||
	    dma_has_cap(DMA_COMPLETION_NO_ORDER, emit->chan->device->cap_mask))
		flags |= DMA_PREP_INTERRUPT;

	return flags;
}

#ifdef CONFIG_ASYNC_TX_DMA

/* chain.c */
struct async_op *async_op_begin(struct async_chain *chain,
				const struct async_op_type *type, size_t len,
				unsigned int max_refs, unsigned int max_coefs);
void async_op_dst(struct async_chain *chain, struct async_op *op,
		  struct page *page, unsigned int off);
void async_op_src(struct async_chain *chain, struct async_op *op,
		  struct page *page, unsigned int off);
bool async_op_end(struct async_chain *chain, struct async_op *op);
void async_chain_free(struct async_chain *chain);

/* engine.c */
int async_emit_desc(struct async_emit *emit,
		    struct dma_async_tx_descriptor *tx, unsigned long flags);
bool async_run_start(struct async_chain *chain);
void async_leg_unpin(struct async_chain *chain);

/* plan.c */
bool async_leg_plan(struct async_chain *chain);
void async_leg_losses(struct async_chain *chain);
bool async_chan_usable(struct dma_chan *chan, struct device *dev);
bool async_op_for_engine(struct async_op *op);

/* run.c */
extern struct workqueue_struct *async_chain_wq;
void async_chain_go(struct async_chain *chain);
void async_chain_run_over(void *arg, enum dmaengine_tx_result result);
void async_chain_kick_start(struct async_chain *chain, dma_cookie_t cookie);
void async_chain_flush(struct async_chain *chain);

#else

static inline struct async_op *
async_op_begin(struct async_chain *chain, const struct async_op_type *type,
	       size_t len, unsigned int max_refs, unsigned int max_coefs)
{
	return NULL;
}

static inline void async_op_dst(struct async_chain *chain,
				struct async_op *op, struct page *page,
				unsigned int off)
{
}

static inline void async_op_src(struct async_chain *chain,
				struct async_op *op, struct page *page,
				unsigned int off)
{
}

static inline bool async_op_end(struct async_chain *chain,
				struct async_op *op)
{
	return false;
}

static inline int async_emit_desc(struct async_emit *emit,
				  struct dma_async_tx_descriptor *tx,
				  unsigned long flags)
{
	return -ENODEV;
}

#endif /* CONFIG_ASYNC_TX_DMA */

#endif /* ASYNC_CHAIN_INTERNAL_H */
