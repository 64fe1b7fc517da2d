// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: their description.
 *
 * A chain notes each operation and each range of pages that one uses. A range
 * that several operations use is noted once, so that it can be mapped once.
 */

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/hash.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "chain.h"

/*
 * A chain with its first memory: enough for a stripe of 8 disks or so. What does
 * not fit gets chunks of its own.
 */
#define ASYNC_CHAIN_SIZE	(512 * sizeof(long))
#define ASYNC_CHAIN_CHUNK	8192

/* Chains that can be had when there is no memory otherwise. */
#define ASYNC_CHAIN_POOL	16

struct workqueue_struct *async_chain_wq;
static struct kmem_cache *async_chain_cache;
static mempool_t *async_chain_pool;

/*
 * Bit 0: a chain was queued since the engines were last told to begin. It is one
 * for all clients: who clears it issues what others have queued, too.
 */
static unsigned long async_chain_pending ____cacheline_aligned_in_smp;

struct async_chain *async_chain_alloc(void)
{
	struct async_chain *chain;

	if (!dma_engines_present())
		return NULL;

	chain = mempool_alloc(async_chain_pool, GFP_NOWAIT | __GFP_NOWARN);
	if (!chain)
		return NULL;

	memset(chain, 0, sizeof(*chain));
	chain->tail = &chain->first;
	chain->notices_tail = &chain->notices;
	chain->free = chain->memory;
	chain->left = ASYNC_CHAIN_SIZE - sizeof(*chain);

	return chain;
}
EXPORT_SYMBOL_GPL(async_chain_alloc);

/**
 * async_chain_free() - free the memory of a chain
 * @chain: the chain, which nobody uses any more
 *
 * Context: Any context.
 */
void async_chain_free(struct async_chain *chain)
{
	void *chunk, *next;

	for (chunk = chain->chunks; chunk; chunk = next) {
		next = *(void **)chunk;
		kfree(chunk);
	}
	mempool_free(chain, async_chain_pool);
}

static bool async_chain_grow(struct async_chain *chain, size_t size)
{
	size_t room = max_t(size_t, ASYNC_CHAIN_CHUNK, size + sizeof(u64));
	void *chunk = kmalloc(room, GFP_NOWAIT | __GFP_NOWARN);

	if (!chunk)
		return false;

	/* the first word links the chunks */
	*(void **)chunk = chain->chunks;
	chain->chunks = chunk;
	chain->free = chunk + sizeof(u64);
	chain->left = room - sizeof(u64);

	return true;
}

/* Memory that lives as long as the chain: aligned for 64 bits, not cleared. */
static inline void *async_chain_memory(struct async_chain *chain, size_t size)
{
	void *memory;

	size = ALIGN(size, sizeof(u64));
	if (size > chain->left && !async_chain_grow(chain, size))
		return NULL;

	memory = chain->free;
	chain->free += size;
	chain->left -= size;

	return memory;
}

/* Two ranges that share a cache line cannot be mapped one without the other. */
static bool async_block_touches(const struct async_block *block,
				unsigned int start, unsigned int end)
{
	unsigned int line = dma_get_cache_alignment();

	return round_down(start, line) < round_up(block->end, line) &&
	       round_down(block->start, line) < round_up(end, line);
}

/* Put all of the bucket that @block now touches into it. */
static void async_block_merge(struct async_block **bucket,
			      struct async_block *block)
{
	struct async_block **link = bucket;
	struct async_block *other;

	while ((other = *link)) {
		if (other == block || other->page != block->page ||
		    !async_block_touches(other, block->start, block->end)) {
			link = &other->hash_next;
			continue;
		}
		*link = other->hash_next;
		other->merged = block;
		block->start = min(block->start, other->start);
		block->end = max(block->end, other->end);
		block->last = max(block->last, other->last);
		link = bucket;	/* it has grown: look again */
	}
}

static struct async_block *async_block_new(struct async_chain *chain,
					   struct async_block **bucket,
					   struct page *page,
					   unsigned int start, unsigned int end)
{
	struct async_block *block = async_chain_memory(chain, sizeof(*block));

	if (!block)
		return NULL;

	block->hash_next = *bucket;
	block->merged = NULL;
	block->page = page;
	block->start = start;
	block->end = end;
	block->leg = 0;
	block->run = 0;
	*bucket = block;

	return block;
}

static struct async_block *async_block_get(struct async_chain *chain,
					   struct page *page,
					   unsigned int start, unsigned int end)
{
	struct async_block **bucket, *block;

	bucket = &chain->hash[hash_ptr(page, ASYNC_CHAIN_HASH_BITS)];
	for (block = *bucket; block; block = block->hash_next) {
		if (block->page != page ||
		    !async_block_touches(block, start, end))
			continue;
		if (start < block->start || end > block->end) {
			block->start = min(block->start, start);
			block->end = max(block->end, end);
			async_block_merge(bucket, block);
		}
		return block;
	}

	return async_block_new(chain, bucket, page, start, end);
}

static void async_op_ref(struct async_chain *chain, struct async_op *op,
			 struct page *page, unsigned int off)
{
	struct async_ref *ref = &op->refs[op->nr_refs++];

	op->align |= off;
	ref->off = off;
	ref->block = async_block_get(chain, page, off, off + op->len);
	if (ref->block)
		ref->block->last = op->seq;
	else
		op->no_memory = true;
}

/**
 * async_op_begin() - begin to describe an operation
 * @chain: the chain, or NULL
 * @type: what kind of operation
 * @len: length of each range in bytes
 * @max_refs: number of ranges at most
 * @max_coefs: number of coefficients at most
 *
 * Context: Process context. Does not sleep.
 * Return: the operation, or NULL if the caller must do it now; all operations
 * before it have been done then.
 */
struct async_op *async_op_begin(struct async_chain *chain,
				const struct async_op_type *type, size_t len,
				unsigned int max_refs, unsigned int max_coefs)
{
	struct async_op *op;

	if (!chain || chain->sync)
		return NULL;

	op = async_chain_memory(chain, struct_size(op, refs, max_refs) +
				       max_coefs);
	if (!op) {
		async_chain_flush(chain);
		return NULL;
	}

	memset_startat(op, 0, next);
	op->type = type;
	op->seq = chain->next_seq;
	op->len = len;
	op->align = len;
	op->coefs = (u8 *)&op->refs[max_refs];
	chain->max_refs = max(chain->max_refs, max_refs);

	return op;
}
EXPORT_SYMBOL_GPL(async_op_begin);

/**
 * async_op_dst() - name a range that an operation writes
 * @chain: the chain
 * @op: the operation; its destinations are named before its sources
 * @page: page of the range
 * @off: where it begins in @page, in bytes
 *
 * Context: Process context. Does not sleep.
 */
void async_op_dst(struct async_chain *chain, struct async_op *op,
		  struct page *page, unsigned int off)
{
	async_op_ref(chain, op, page, off);
	op->nr_dst++;
}
EXPORT_SYMBOL_GPL(async_op_dst);

/**
 * async_op_src() - name a range that an operation reads
 * @chain: the chain
 * @op: the operation
 * @page: page of the range
 * @off: where it begins in @page, in bytes
 *
 * Context: Process context. Does not sleep.
 */
void async_op_src(struct async_chain *chain, struct async_op *op,
		  struct page *page, unsigned int off)
{
	async_op_ref(chain, op, page, off);
}
EXPORT_SYMBOL_GPL(async_op_src);

/**
 * async_op_end() - add a described operation to its chain
 * @chain: the chain
 * @op: the operation
 *
 * Context: Process context. Does not sleep.
 * Return: true; or false if the caller must do it now, for want of memory; all
 * operations before it have been done then.
 */
bool async_op_end(struct async_chain *chain, struct async_op *op)
{
	if (op->no_memory) {
		async_chain_flush(chain);
		return false;
	}

	chain->next_seq++;
	*chain->tail = op;
	chain->tail = &op->next;
	chain->last = op;

	return true;
}
EXPORT_SYMBOL_GPL(async_op_end);

void async_chain_notice(struct async_chain *chain, async_chain_fn fn,
			void *arg)
{
	struct async_notice *notice = NULL;

	if (chain && chain->first) {
		notice = async_chain_memory(chain, sizeof(*notice));
		if (!notice)
			async_chain_flush(chain);
	}
	if (!notice) {
		fn(arg, 0);
		return;
	}

	notice->next = NULL;
	notice->op = chain->last;
	notice->fn = fn;
	notice->arg = arg;
	*chain->notices_tail = notice;
	chain->notices_tail = &notice->next;
}
EXPORT_SYMBOL_GPL(async_chain_notice);

void async_chain_submit(struct async_chain *chain, async_chain_fn done,
			void *arg)
{
	if (!chain) {
		if (done)
			done(arg, 0);
		return;
	}

	chain->done = done;
	chain->arg = arg;
	if (chain->first) {
		chain->addrs = async_chain_memory(chain, (chain->max_refs + 1) *
						  sizeof(*chain->addrs));
		chain->coefs = async_chain_memory(chain, chain->max_refs + 1);
		if (!chain->addrs || !chain->coefs)
			async_chain_flush(chain);
	}
	async_chain_go(chain);
}
EXPORT_SYMBOL_GPL(async_chain_submit);

void async_chain_queue(struct async_chain *chain, async_chain_fn done,
		       void *arg)
{
	if (!chain) {
		async_chain_submit(NULL, done, arg);
		return;
	}

	chain->issue_later = true;
	async_chain_submit(chain, done, arg);
	/* whoever finds the bit set finds what was submitted, too */
	smp_mb__before_atomic();
	set_bit(0, &async_chain_pending);
}
EXPORT_SYMBOL_GPL(async_chain_queue);

void async_chain_issue_pending(void)
{
	/* most calls find nothing, and leave the cache line where it is */
	if (test_bit(0, &async_chain_pending) &&
	    test_and_clear_bit(0, &async_chain_pending))
		dma_engines_issue_pending();
}
EXPORT_SYMBOL_GPL(async_chain_issue_pending);

struct async_chain_wait {
	struct completion done;
	int error;
};

static void async_chain_wake(void *arg, int error)
{
	struct async_chain_wait *wait = arg;

	wait->error = error;
	complete(&wait->done);
}

int async_chain_submit_wait(struct async_chain *chain)
{
	struct async_chain_wait wait;

	might_sleep();

	if (!chain)
		return 0;

	init_completion(&wait.done);
	async_chain_submit(chain, async_chain_wake, &wait);
	/* what the caller has queued is not to wait for this */
	async_chain_issue_pending();
	wait_for_completion(&wait.done);

	return wait.error;
}
EXPORT_SYMBOL_GPL(async_chain_submit_wait);

static int __init async_chain_init(void)
{
	async_chain_cache = kmem_cache_create("async_chain", ASYNC_CHAIN_SIZE,
					      sizeof(u64), 0, NULL);
	if (!async_chain_cache)
		return -ENOMEM;

	async_chain_pool = mempool_create_slab_pool(ASYNC_CHAIN_POOL,
						    async_chain_cache);
	if (!async_chain_pool)
		goto err_cache;

	async_chain_wq = alloc_workqueue("async_chain",
					 WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!async_chain_wq)
		goto err_pool;

	dmaengine_get();

	return 0;

err_pool:
	mempool_destroy(async_chain_pool);
err_cache:
	kmem_cache_destroy(async_chain_cache);
	return -ENOMEM;
}

static void __exit async_chain_exit(void)
{
	dmaengine_put();
	destroy_workqueue(async_chain_wq);
	mempool_destroy(async_chain_pool);
	kmem_cache_destroy(async_chain_cache);
}

/* before the users that are built in: md starts arrays in late_initcall() */
subsys_initcall(async_chain_init);
module_exit(async_chain_exit);

MODULE_DESCRIPTION("chains of memory operations, with DMA engines or without");
MODULE_LICENSE("GPL");
