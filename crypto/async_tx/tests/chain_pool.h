/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random chains of memory operations, and what they should do.
 */
#ifndef ASYNC_CHAIN_POOL_H
#define ASYNC_CHAIN_POOL_H

#include <kunit/test.h>
#include <linux/async_chain.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/prandom.h>

#define POOL_PAGES	24
#define POOL_OPS	24
#define POOLS		3
#define MAX_REFS	255

struct bytes {
	unsigned int page;
	unsigned int off;
};

enum op_kind {
	OP_COPY,
	OP_XOR,
	OP_XOR_UPDATE,
	OP_XOR_VAL,
	OP_PQ,
	OP_PQ_UPDATE,
	OP_PQ_VAL,
	OP_RECOV,
	OP_RECOV_P,
};

/**
 * struct op_note - an operation
 * @kind: what kind
 * @pool: the chain that it belongs to, with its memory
 * @nr: number of ranges
 * @len: length of each, in bytes
 * @faila: index of a range to recover, or -1
 * @failb: index of another one, or -1
 * @absent: the ranges that are not there
 * @ranges: the ranges, as the function that describes it takes them. For those
 *	with P and Q these are data, P, Q; otherwise the destination, then sources
 * @val: result of a test
 * @told: number of notices
 * @error: with which error
 * @order: the how manieth notice of the chain it was
 * @early: it came with something mapped
 * @final: it came when nothing of this could change any more
 * @sum: checksum of the ranges at that time
 */
struct op_note {
	enum op_kind kind;
	struct pool *pool;
	unsigned int nr;
	size_t len;
	int faila;
	int failb;
	unsigned long absent[BITS_TO_LONGS(MAX_REFS + 1)];
	struct bytes ranges[MAX_REFS + 1];
	enum sum_check_flags val;
	int told;
	int error;
	int order;
	bool early;
	bool final;
	u32 sum;
};

/**
 * struct pool - a chain, and the memory that it works on
 * @world: what it belongs to
 * @pages: the memory
 * @before: what it was
 * @known: what is known of each byte of @before
 * @ops: what was described
 * @nr_ops: how much of that
 * @submitted: all of it was
 * @told: number of notices so far
 * @done: calls of done()
 * @live: mappings that there were when it was called
 * @error: what it was called with
 * @over: it was called
 */
struct pool {
	struct world *world;
	struct page *pages[POOL_PAGES];
	u8 *before;
	u8 *known;
	struct op_note ops[POOL_OPS];
	unsigned int nr_ops;
	bool submitted;
	atomic_t told;
	atomic_t done;
	unsigned int live;
	int error;
	struct completion over;
};

struct fake;

/**
 * struct world - chains that are under way at the same time
 * @test: the test
 * @rnd: for all that is random
 * @fake: engines that see every mapping, or NULL
 * @errors: an engine may report errors
 * @pools: the chains
 * @list: pages of an operation, while it is described
 * @offs: and where in them
 */
struct world {
	struct kunit *test;
	struct rnd_state rnd;
	struct fake *fake;
	bool errors;
	struct pool pools[POOLS];
	struct page *list[MAX_REFS + 1];
	unsigned int offs[MAX_REFS + 1];
};

extern unsigned int chains_per_case;
/* Products in GF(2^8) with the polynomial 0x11d, made bit by bit. */
extern u8 chain_gf_mul[256][256];

u64 chain_seed(struct kunit *test, const char *name);
struct world *chain_world_create(struct kunit *test, u64 seed);
void chain_world_run(struct world *world, unsigned int nr);

void chain_pool_reset(struct pool *pool);
void chain_pool_choose(struct pool *pool);
void chain_pool_describe(struct pool *pool, struct async_chain *chain);
void chain_pool_submit(struct pool *pool, struct async_chain *chain);
void chain_pool_queue(struct pool *pool, struct async_chain *chain);
void chain_pool_wait(struct pool *pool);
void chain_pool_check(struct pool *pool);

#endif
