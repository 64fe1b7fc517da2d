/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chains of memory operations, for a DMA engine if there is one.
 *
 * A client describes all the operations of a piece of work, in the order in
 * which they depend on each other, then submits them together:
 *
 *	chain = async_chain_alloc();
 *	async_chain_memcpy(chain, ...);
 *	async_chain_xor(chain, ...);
 *	async_chain_submit(chain, done, arg);
 *
 * Nothing of this fails. What no engine can do, or cannot do now, the CPU does.
 * A NULL chain is a chain too: its operations are done by the CPU as they are
 * described. So a client has no second way to write, and tests for nothing.
 *
 * The rules that a client keeps:
 *
 * - An operation may run at any time from its description on. So what it reads
 *   must be there by then, unless an earlier operation of the chain makes it.
 *   Until the chain is submitted that is within one of the calls below, and so
 *   are notices; engines and workers come afterwards.
 *
 * - From the description on until done() has been called, the ranges that a
 *   chain uses belong to it. Nobody else writes to them, and nobody reads what
 *   it writes. The exception is what async_chain_notice() has told.
 *
 * - The arrays that describe an operation are read during the call, never
 *   changed, and not needed after it.
 *
 * - Blocks are named by page, offset and length. A range lies within one page; in
 *   a compound page that is the one that the range is in, not its head.
 *   Destinations and sources of xor and of the syndromes are not in high memory;
 *   those of memcpy may be.
 *
 * - Copies are of any length. Of all else the length is a multiple of
 *   ASYNC_CHAIN_STEP, and the offsets are of ASYNC_CHAIN_ALIGN.
 *
 * Errors: an engine that fails is no error of the chain, as long as the CPU can
 * do its work again. It cannot where the engine may have overwritten what the
 * work needs. These are the operations that can fail, for an error that an
 * engine reports while it does them, or an operation near them:
 *
 * - async_chain_xor_update() and async_chain_update_syndrome(), which read their
 *   own destination;
 * - async_chain_xor_val() with more blocks than the engine can take at once,
 *   which sums up in its first block;
 * - any operation that reads a range which the engine, in one go with it, was to
 *   overwrite for a later operation of the chain;
 * - any operation that reads the result of one that has failed.
 *
 * The ranges that a failed operation writes are undefined afterwards.
 */
#ifndef _LINUX_ASYNC_CHAIN_H
#define _LINUX_ASYNC_CHAIN_H

#include <linux/dmaengine.h>
#include <linux/types.h>

struct async_chain;
struct page;

/* The blocks of an operation on P and Q at most, these two included */
#define ASYNC_CHAIN_BLOCKS	255

/*
 * xor_blocks() and raid6_call do not end where they should for other lengths, and
 * fault at other addresses: arch/x86/include/asm/xor_avx.h takes 512 bytes at a time,
 * lib/raid6/avx512.c vectors of 64.
 */
#define ASYNC_CHAIN_STEP	512
#define ASYNC_CHAIN_ALIGN	64

/**
 * typedef async_chain_fn - what a chain calls to tell its client something
 * @arg: as given by the client
 * @error: 0, or -EIO if an engine has failed and the CPU cannot do it again
 */
typedef void (*async_chain_fn)(void *arg, int error);

#ifdef CONFIG_ASYNC_TX_DMA

/**
 * async_chain_alloc() - begin a chain
 *
 * The memory comes from a pool with a reserve of ASYNC_CHAIN_POOL chains; the
 * call does not wait for it.
 *
 * Each chain that is begun must be submitted.
 *
 * Context: Process context. Does not sleep.
 * Return: the chain. NULL if there is no engine, or no memory; as a chain that is
 * as good, its operations are done at once.
 */
struct async_chain *async_chain_alloc(void);

/**
 * async_chain_notice() - ask to be told when the last operation is done
 * @chain: the chain, or NULL
 * @fn: called once, with the error of that operation
 * @arg: what @fn is called with
 *
 * Is about the operation that was described last; there is one notice for each.
 *
 * @fn is called when nothing of what that operation reads and writes is mapped
 * any more and no later operation of the chain will use it. The CPU may look at
 * it from then on. This is always before the done() of the chain; notices are
 * called in the order in which they were asked for.
 *
 * Context: As for async_chain_submit(), and so is the context of @fn. With a
 * NULL chain @fn is called at once, as it may be otherwise.
 */
void async_chain_notice(struct async_chain *chain, async_chain_fn fn,
			void *arg);

/**
 * async_chain_submit() - have the operations of a chain done
 * @chain: the chain, or NULL; gone when the function returns
 * @done: called once, when all is done, or NULL
 * @arg: what @done is called with
 *
 * @done is called when nothing of the chain is mapped any more. Its error is 0 if
 * every operation was done right, otherwise -EIO.
 *
 * Context: Process context, perhaps with preemption disabled and with spinlocks
 * held, but with interrupts enabled. Does not sleep. @done, and each notice, is
 * called either from here, in the context of the caller, or later in process
 * context by a workqueue, or in the context in which an engine ends its
 * descriptors: a tasklet or an interrupt handler, with locks of a provider held
 * for some. So it must not sleep, takes spinlocks with interrupts disabled, takes
 * none that is held over this call, and neither calls into the DMA engine nor
 * begins another chain.
 */
void async_chain_submit(struct async_chain *chain, async_chain_fn done,
			void *arg);

/**
 * async_chain_queue() - submit one of several chains
 * @chain: the chain, or NULL; gone when the function returns
 * @done: called once, when all is done, or NULL
 * @arg: what @done is called with
 *
 * As async_chain_submit(), but an engine need not begin with it before
 * async_chain_issue_pending(). So it is told once of all of them. It may begin
 * before, when it is out of descriptors, or somebody else issues.
 *
 * Whoever calls this calls async_chain_issue_pending() soon, and before it waits
 * for one of the chains. async_chain_submit_wait() does so by itself.
 *
 * Context: As for async_chain_submit().
 */
void async_chain_queue(struct async_chain *chain, async_chain_fn done,
		       void *arg);

/**
 * async_chain_issue_pending() - have engines begin with the chains of the queue
 *
 * Costs next to nothing if nobody has queued a chain since the last call. If
 * another task has just called it then that one may still be at it.
 *
 * Context: As for async_chain_submit().
 */
void async_chain_issue_pending(void);

/**
 * async_chain_submit_wait() - have a chain done and sleep until it is
 * @chain: the chain, or NULL; gone when the function returns
 *
 * Context: Process context. May sleep.
 * Return: 0, or -EIO as for async_chain_submit().
 */
int async_chain_submit_wait(struct async_chain *chain);

#else

static inline struct async_chain *async_chain_alloc(void)
{
	return NULL;
}

static inline void async_chain_notice(struct async_chain *chain,
				      async_chain_fn fn, void *arg)
{
	fn(arg, 0);
}

static inline void async_chain_submit(struct async_chain *chain,
				      async_chain_fn done, void *arg)
{
	if (done)
		done(arg, 0);
}

static inline void async_chain_queue(struct async_chain *chain,
				     async_chain_fn done, void *arg)
{
	if (done)
		done(arg, 0);
}

static inline void async_chain_issue_pending(void)
{
}

static inline int async_chain_submit_wait(struct async_chain *chain)
{
	return 0;
}

#endif /* CONFIG_ASYNC_TX_DMA */

/**
 * async_chain_memcpy() - describe a copy
 * @chain: the chain, or NULL
 * @dst: page to copy to
 * @d_off: where in @dst, in bytes
 * @src: page to copy from
 * @s_off: where in @src, in bytes
 * @len: length in bytes
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_memcpy(struct async_chain *chain, struct page *dst,
			unsigned int d_off, struct page *src,
			unsigned int s_off, size_t len);

/**
 * async_chain_xor() - describe a sum of blocks
 * @chain: the chain, or NULL
 * @dst: page to write the sum to; no source
 * @d_off: where in @dst, in bytes
 * @srcs: pages of the sources; NULL for none, which is skipped
 * @s_offs: where in each page, in bytes; NULL if all are at @d_off
 * @nr: number of sources, up to 65000; of those that are not NULL at least 1
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 *
 * One source is copied.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_xor(struct async_chain *chain, struct page *dst,
		     unsigned int d_off, struct page *const *srcs,
		     const unsigned int *s_offs, int nr, size_t len);

/**
 * async_chain_xor_update() - describe the addition of blocks to a block
 * @chain: the chain, or NULL
 * @dst: page of the block to add to; not among @srcs
 * @d_off: where in @dst, in bytes
 * @srcs: pages of the sources; NULL for none, which is skipped
 * @s_offs: where in each page, in bytes; NULL if all are at @d_off
 * @nr: number of sources, up to 65000, or 0
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_xor_update(struct async_chain *chain, struct page *dst,
			    unsigned int d_off, struct page *const *srcs,
			    const unsigned int *s_offs, int nr, size_t len);

/**
 * async_chain_xor_val() - describe a test whether blocks sum up to zero
 * @chain: the chain, or NULL
 * @blocks: pages of the blocks
 * @offs: where in each page, in bytes
 * @nr: number of blocks, 2 to 65000
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 * @result: set to 0 or SUM_CHECK_P_RESULT when the operation is done, and left
 *	alone if it fails
 *
 * The contents of blocks[0] are undefined afterwards: the sum may have been made
 * there. The others are only read.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_xor_val(struct async_chain *chain, struct page *const *blocks,
			 const unsigned int *offs, int nr, size_t len,
			 enum sum_check_flags *result);

/**
 * async_chain_gen_syndrome() - describe the making of P and Q of RAID-6
 * @chain: the chain, or NULL
 * @blocks: pages: data 0 to @disks - 3, then P, then Q
 * @offs: where in each page, in bytes; not read for blocks that are NULL
 * @disks: number of blocks, P and Q included even if NULL; 3 to
 *	ASYNC_CHAIN_BLOCKS
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 *
 * A data block that is NULL is all zeros. Of P and Q one can be NULL: it is not
 * made. No destination is among the sources.
 *
 * The field is GF(2^8) with the polynomial 0x11d and the generator {02}.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_gen_syndrome(struct async_chain *chain,
			      struct page *const *blocks,
			      const unsigned int *offs, int disks, size_t len);

/**
 * async_chain_update_syndrome() - describe the addition of blocks to P and Q
 * @chain: the chain, or NULL
 * @blocks: pages: data 0 to @disks - 3, then P, then Q
 * @offs: where in each page, in bytes; not read for blocks that are NULL
 * @disks: number of blocks, P and Q included; 3 to ASYNC_CHAIN_BLOCKS
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 *
 * Adds to P and to Q what the data blocks that are there contribute. Neither P nor
 * Q is NULL. For a client that wants this raid6_call.xor_syndrome must be there;
 * md asks when it is started.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_update_syndrome(struct async_chain *chain,
				 struct page *const *blocks,
				 const unsigned int *offs, int disks,
				 size_t len);

/**
 * async_chain_syndrome_val() - describe a test whether P and Q are right
 * @chain: the chain, or NULL
 * @blocks: pages: data 0 to @disks - 3, then P, then Q
 * @offs: where in each page, in bytes; not read for blocks that are NULL
 * @disks: number of blocks, P and Q included even if NULL; 4 to
 *	ASYNC_CHAIN_BLOCKS
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 * @result: set when the operation is done, and left alone if it fails: 0, or
 *	SUM_CHECK_P_RESULT if P is wrong, or SUM_CHECK_Q_RESULT if Q is, or both
 *
 * All blocks are only read. Of P and Q one can be NULL: it is not tested.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_syndrome_val(struct async_chain *chain,
			      struct page *const *blocks,
			      const unsigned int *offs, int disks, size_t len,
			      enum sum_check_flags *result);

/**
 * async_chain_raid6_2data_recov() - describe the recovery of two data blocks
 * @chain: the chain, or NULL
 * @disks: number of blocks, P and Q included; 4 to ASYNC_CHAIN_BLOCKS
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 * @faila: index of one block to make
 * @failb: index of the other
 * @blocks: pages: data 0 to @disks - 3, then P, then Q; data blocks that are NULL
 *	are all zeros
 * @offs: where in each page, in bytes; not read for blocks that are NULL
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_raid6_2data_recov(struct async_chain *chain, int disks,
				   size_t len, int faila, int failb,
				   struct page *const *blocks,
				   const unsigned int *offs);

/**
 * async_chain_raid6_datap_recov() - describe the recovery of a data block and P
 * @chain: the chain, or NULL
 * @disks: number of blocks, P and Q included; 4 to ASYNC_CHAIN_BLOCKS
 * @len: length of each block in bytes, a multiple of ASYNC_CHAIN_STEP
 * @faila: index of the data block to make
 * @blocks: pages: data 0 to @disks - 3, then P, then Q; data blocks that are NULL
 *	are all zeros
 * @offs: where in each page, in bytes; not read for blocks that are NULL
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_raid6_datap_recov(struct async_chain *chain, int disks,
				   size_t len, int faila,
				   struct page *const *blocks,
				   const unsigned int *offs);

#endif /* _LINUX_ASYNC_CHAIN_H */
