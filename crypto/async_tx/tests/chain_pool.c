// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random chains of memory operations, and what they should do.
 *
 * Random chains are described and noted. When one is done its operations are
 * played again, byte by byte and without any of the code under test, on a copy of
 * what the memory was before. What an operation that failed was to write is lost
 * from then on; an operation that reports success must not have read what is
 * lost; and all that is known must be right.
 */

#include <linux/jhash.h>
#include <linux/moduleparam.h>
#include <linux/raid/pq.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "chain_pool.h"
#include "fake_engine.h"

static unsigned long seed = 20110103;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the random chains");

unsigned int chains_per_case = 150;
module_param(chains_per_case, uint, 0444);
MODULE_PARM_DESC(chains_per_case, "number of chains in each case");

u8 chain_gf_mul[256][256];

/* What is known of a byte. */
enum known {
	LOST,		/* it was to be written, but that has failed */
	UNDEFINED,	/* the operation does not say what is there */
	KNOWN,
};

/**
 * chain_seed() - a seed for a test
 * @test: the test
 * @name: what it runs with
 *
 * Return: the seed.
 */
u64 chain_seed(struct kunit *test, const char *name)
{
	u64 value = seed;

	while (*name)
		value = value * 31 + *name++;
	kunit_info(test, "seed %lu\n", seed);

	return value;
}

static u8 gf_mul_slow(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = (a << 1) ^ (a & 0x80 ? 0x1d : 0);
	}

	return product;
}

static void gf_init(void)
{
	unsigned int a, b;

	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			chain_gf_mul[a][b] = gf_mul_slow(a, b);
}

/* The reference */

static size_t at(const struct bytes *range)
{
	return range->page * PAGE_SIZE + range->off;
}

static bool absent(const struct op_note *op, unsigned int i)
{
	return test_bit(i, op->absent);
}

static bool range_has(struct pool *pool, const struct op_note *op,
		      unsigned int i, enum known known)
{
	return !absent(op, i) &&
	       memchr(pool->known + at(&op->ranges[i]), known, op->len);
}

static void range_forget(struct pool *pool, const struct op_note *op,
			 unsigned int i, enum known known)
{
	if (!absent(op, i))
		memset(pool->known + at(&op->ranges[i]), known, op->len);
}

static void range_set(struct pool *pool, const struct op_note *op,
		      unsigned int i, const u8 *data)
{
	if (absent(op, i))
		return;
	memcpy(pool->before + at(&op->ranges[i]), data, op->len);
	memset(pool->known + at(&op->ranges[i]), KNOWN, op->len);
}

static void add(struct pool *pool, const struct op_note *op, unsigned int i,
		u8 coef, u8 *sum)
{
	const u8 *src = pool->before + at(&op->ranges[i]);
	size_t k;

	if (absent(op, i))
		return;
	for (k = 0; k < op->len; k++)
		sum[k] ^= chain_gf_mul[coef][src[k]];
}

static u8 gf_pow2(unsigned int n)
{
	u8 power = 1;

	while (n--)
		power = chain_gf_mul[power][2];

	return power;
}

/* Make P, with what is there already if @update says so. */
static void make_p(struct pool *pool, const struct op_note *op, u8 *sum,
		   bool update)
{
	unsigned int i;

	memset(sum, 0, op->len);
	for (i = 0; i < op->nr - 2; i++)
		add(pool, op, i, 1, sum);
	if (update)
		add(pool, op, op->nr - 2, 1, sum);
}

static void make_q(struct pool *pool, const struct op_note *op, u8 *sum,
		   bool update)
{
	unsigned int i;

	memset(sum, 0, op->len);
	for (i = 0; i < op->nr - 2; i++)
		add(pool, op, i, gf_pow2(i), sum);
	if (update)
		add(pool, op, op->nr - 1, 1, sum);
}

static void play_xor(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	unsigned int i = op->kind == OP_COPY || op->kind == OP_XOR ? 1 : 0;

	memset(tmp, 0, op->len);
	for (; i < op->nr; i++)
		add(pool, op, i, 1, tmp);
}

static void play_xor_val(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	bool right;

	play_xor(pool, op, tmp);
	right = !memchr_inv(tmp, 0, op->len);
	KUNIT_EXPECT_EQ(pool->world->test, op->val, right ? 0 : SUM_CHECK_P_RESULT);
	range_forget(pool, op, 0, UNDEFINED);
}

static void play_pq(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	bool update = op->kind == OP_PQ_UPDATE;
	u8 *q = tmp + PAGE_SIZE;

	make_p(pool, op, tmp, update);
	make_q(pool, op, q, update);
	range_set(pool, op, op->nr - 2, tmp);
	range_set(pool, op, op->nr - 1, q);
}

static void play_pq_val(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	enum sum_check_flags val = 0;

	make_p(pool, op, tmp, true);
	if (!absent(op, op->nr - 2) && memchr_inv(tmp, 0, op->len))
		val |= SUM_CHECK_P_RESULT;
	make_q(pool, op, tmp, true);
	if (!absent(op, op->nr - 1) && memchr_inv(tmp, 0, op->len))
		val |= SUM_CHECK_Q_RESULT;
	KUNIT_EXPECT_EQ(pool->world->test, op->val, val);
}

/*
 * A recovery has no formula here: what it wrote is taken, and must be what makes P
 * and Q right.
 */
static void play_recov(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	int other = op->kind == OP_RECOV_P ? op->nr - 2 : op->failb;
	int targets[] = { op->faila, other };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct bytes *range = &op->ranges[targets[i]];

		range_set(pool, op, targets[i],
			  page_address(pool->pages[range->page]) + range->off);
	}
	make_p(pool, op, tmp, true);
	KUNIT_EXPECT_NULL_MSG(pool->world->test, memchr_inv(tmp, 0, op->len),
			      "P is wrong after a recovery");
	make_q(pool, op, tmp, true);
	KUNIT_EXPECT_NULL_MSG(pool->world->test, memchr_inv(tmp, 0, op->len),
			      "Q is wrong after a recovery");
}

static bool op_writes(const struct op_note *op, unsigned int i)
{
	switch (op->kind) {
	case OP_COPY:
	case OP_XOR:
	case OP_XOR_UPDATE:
	case OP_XOR_VAL:
		return i == 0;
	case OP_PQ:
	case OP_PQ_UPDATE:
		return i >= op->nr - 2;
	case OP_RECOV:
		return i == op->faila || i == op->failb;
	case OP_RECOV_P:
		return i == op->faila || i == op->nr - 2;
	default:
		return false;
	}
}

static bool op_reads(const struct op_note *op, unsigned int i)
{
	return !op_writes(op, i) || op->kind == OP_XOR_UPDATE ||
	       op->kind == OP_PQ_UPDATE || op->kind == OP_XOR_VAL;
}

static bool op_reads_what_is(struct pool *pool, const struct op_note *op,
			     enum known known)
{
	unsigned int i;

	for (i = 0; i < op->nr; i++)
		if (op_reads(op, i) && range_has(pool, op, i, known))
			return true;

	return false;
}

static void op_forget(struct pool *pool, const struct op_note *op,
		      enum known known)
{
	unsigned int i;

	for (i = 0; i < op->nr; i++)
		if (op_writes(op, i))
			range_forget(pool, op, i, known);
}

static void play(struct pool *pool, const struct op_note *op, u8 *tmp)
{
	if (op->error) {
		op_forget(pool, op, LOST);
		return;
	}

	KUNIT_EXPECT_FALSE_MSG(pool->world->test, op_reads_what_is(pool, op, LOST),
			       "kind %d was done with lost data", op->kind);
	if (op_reads_what_is(pool, op, UNDEFINED)) {
		op_forget(pool, op, UNDEFINED);
		return;
	}

	switch (op->kind) {
	case OP_COPY:
	case OP_XOR:
	case OP_XOR_UPDATE:
		play_xor(pool, op, tmp);
		range_set(pool, op, 0, tmp);
		break;
	case OP_XOR_VAL:
		play_xor_val(pool, op, tmp);
		break;
	case OP_PQ:
	case OP_PQ_UPDATE:
		play_pq(pool, op, tmp);
		break;
	case OP_PQ_VAL:
		play_pq_val(pool, op, tmp);
		break;
	default:
		play_recov(pool, op, tmp);
		break;
	}
}

static unsigned int pool_wrong_bytes(struct pool *pool)
{
	unsigned int page, i, wrong = 0;

	for (page = 0; page < POOL_PAGES; page++) {
		u8 *is = page_address(pool->pages[page]);
		u8 *should = pool->before + page * PAGE_SIZE;
		u8 *known = pool->known + page * PAGE_SIZE;

		if (!memcmp(is, should, PAGE_SIZE))
			continue;
		for (i = 0; i < PAGE_SIZE; i++)
			wrong += known[i] == KNOWN && is[i] != should[i];
	}

	return wrong;
}

/* A checksum of all that the operation uses. */
static u32 op_sum(const struct op_note *op)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < op->nr; i++) {
		const struct bytes *range = &op->ranges[i];
		u8 *va = page_address(op->pool->pages[range->page]);

		if (!absent(op, i))
			sum = jhash(va + range->off, op->len, sum);
	}

	return sum;
}

/**
 * chain_pool_check() - find out whether a chain did what it was to do
 * @pool: its pool
 *
 * A recovery is judged by the memory at the end, so it must be the last operation
 * that writes these ranges: it stands at the end of its chain.
 */
void chain_pool_check(struct pool *pool)
{
	u8 *tmp = kmalloc(2 * PAGE_SIZE, GFP_KERNEL);
	unsigned int i, failed = 0;

	KUNIT_ASSERT_NOT_NULL(pool->world->test, tmp);
	for (i = 0; i < pool->nr_ops; i++) {
		struct op_note *op = &pool->ops[i];

		KUNIT_EXPECT_EQ_MSG(pool->world->test, op->told, 1,
				    "notices of an operation");
		KUNIT_EXPECT_EQ_MSG(pool->world->test, op->order, i,
				    "order of the notices");
		KUNIT_EXPECT_FALSE_MSG(pool->world->test, op->early,
				       "notice with something mapped");
		if (op->final)
			KUNIT_EXPECT_EQ_MSG(pool->world->test, op->sum,
					    op_sum(op),
					    "changed after the notice");
		failed += !!op->error;
		play(pool, op, tmp);
	}
	kfree(tmp);

	KUNIT_EXPECT_EQ(pool->world->test, atomic_read(&pool->done), 1);
	KUNIT_EXPECT_EQ_MSG(pool->world->test, pool->live, 0,
			    "mapped when it was done");
	KUNIT_EXPECT_EQ(pool->world->test, pool->error, failed ? -EIO : 0);
	KUNIT_EXPECT_EQ_MSG(pool->world->test, pool_wrong_bytes(pool), 0,
			    "wrong bytes");
	if (!pool->world->errors)
		KUNIT_EXPECT_EQ_MSG(pool->world->test, failed, 0,
				    "failed without an error");
}

/* The chains */

static u32 world_random(struct world *world, u32 below)
{
	return prandom_u32_state(&world->rnd) % below;
}

static unsigned int rnd(struct pool *pool, unsigned int below)
{
	return world_random(pool->world, below);
}

static bool ranges_overlap(const struct op_note *op, unsigned int i,
			   unsigned int j)
{
	const struct bytes *a = &op->ranges[i], *b = &op->ranges[j];

	return a->page == b->page && a->off < b->off + op->len &&
	       b->off < a->off + op->len;
}

static void range_random(struct pool *pool, struct op_note *op, unsigned int i)
{
	bool any = op->kind == OP_COPY && !rnd(pool, 4);
	unsigned int step = any ? 1 : ASYNC_CHAIN_ALIGN;

	op->ranges[i].page = rnd(pool, POOL_PAGES);
	op->ranges[i].off = rnd(pool, (PAGE_SIZE - op->len) / step + 1) * step;
}

/* Is range @i, which is written, one that nothing before it uses, or the other? */
static bool range_free(const struct op_note *op, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < op->nr; j++)
		if (j != i && (op_writes(op, i) || op_writes(op, j)) &&
		    j < i && !absent(op, j) && ranges_overlap(op, i, j))
			return false;

	return true;
}

/* Choose all ranges so that none that is written is also another one. */
static bool ranges_choose(struct pool *pool, struct op_note *op)
{
	unsigned int i, tries;

	for (i = 0; i < op->nr; i++) {
		if (absent(op, i))
			continue;
		for (tries = 0; tries < 100; tries++) {
			range_random(pool, op, i);
			if (range_free(op, i))
				break;
		}
		if (tries == 100)
			return false;
	}

	return true;
}

static void absent_choose(struct pool *pool, struct op_note *op)
{
	unsigned int i;

	for (i = 0; i < op->nr - 2; i++)
		if (i != op->faila && i != op->failb && !rnd(pool, 5))
			__set_bit(i, op->absent);
	if ((op->kind == OP_PQ || op->kind == OP_PQ_VAL) && !rnd(pool, 3))
		__set_bit(op->nr - 1 - rnd(pool, 2), op->absent);
}

static void op_choose_pq(struct pool *pool, struct op_note *op)
{
	op->nr = 4 + rnd(pool, 8);
	if (!rnd(pool, 40))
		op->nr = 4 + rnd(pool, MAX_REFS - 3);
	if (op->kind == OP_RECOV || op->kind == OP_RECOV_P) {
		op->faila = rnd(pool, op->nr - 2);
		do {
			op->failb = rnd(pool, op->nr - 2);
		} while (op->failb == op->faila);
		if (op->kind == OP_RECOV_P)
			op->failb = op->faila;
	}
	absent_choose(pool, op);
}

static void op_choose(struct pool *pool, struct op_note *op,
		      enum op_kind kind)
{
	memset(op, 0, sizeof(*op));
	op->pool = pool;
	op->kind = kind;
	op->faila = -1;
	op->failb = -1;
	op->val = ~0;
	op->len = ASYNC_CHAIN_STEP * (1 + !rnd(pool, 4));
	if (!rnd(pool, 20))
		op->len = PAGE_SIZE;
	if (op->kind == OP_COPY) {
		op->nr = 2;
		op->len = 1 + rnd(pool, 512);
	} else if (op->kind < OP_PQ) {
		op->nr = 2 + rnd(pool, 7);
		if (!rnd(pool, 40))
			op->nr = 2 + rnd(pool, MAX_REFS - 1);
	} else {
		op_choose_pq(pool, op);
	}
	if (op->nr > 12)
		op->len = ASYNC_CHAIN_STEP;
}

/* Is anything of the operation mapped? */
static bool op_busy(const struct op_note *op)
{
	const struct pool *pool = op->pool;
	struct fake *fake = pool->world->fake;
	unsigned int i;

	for (i = 0; fake && i < op->nr; i++) {
		const struct bytes *range = &op->ranges[i];

		if (!absent(op, i) &&
		    fake_is_mapped(fake, pool->pages[range->page],
				   range->off, op->len))
			return true;
	}

	return false;
}

static void op_notice(void *arg, int error)
{
	struct op_note *op = arg;

	op->early = op_busy(op);
	/* before that it may be told as one that was done at once */
	op->final = op->pool->submitted;
	if (op->final)
		op->sum = op_sum(op);
	op->error = error;
	op->order = atomic_inc_return(&op->pool->told) - 1;
	op->told++;
}

static void op_lists(struct world *world, const struct op_note *op)
{
	unsigned int i;

	for (i = 0; i < op->nr; i++) {
		world->list[i] = absent(op, i) ? NULL :
				 op->pool->pages[op->ranges[i].page];
		world->offs[i] = op->ranges[i].off;
	}
}

static void op_describe(struct async_chain *chain, struct op_note *op)
{
	struct world *world = op->pool->world;
	unsigned int *offs = world->offs;
	struct page **list = world->list;

	op_lists(world, op);
	switch (op->kind) {
	case OP_COPY:
		async_chain_memcpy(chain, list[0], offs[0], list[1], offs[1],
				   op->len);
		break;
	case OP_XOR:
		async_chain_xor(chain, list[0], offs[0], list + 1, offs + 1,
				op->nr - 1, op->len);
		break;
	case OP_XOR_UPDATE:
		async_chain_xor_update(chain, list[0], offs[0], list + 1,
				       offs + 1, op->nr - 1, op->len);
		break;
	case OP_XOR_VAL:
		async_chain_xor_val(chain, list, offs, op->nr, op->len,
				    &op->val);
		break;
	case OP_PQ:
		async_chain_gen_syndrome(chain, list, offs, op->nr, op->len);
		break;
	case OP_PQ_UPDATE:
		async_chain_update_syndrome(chain, list, offs, op->nr,
					    op->len);
		break;
	case OP_PQ_VAL:
		async_chain_syndrome_val(chain, list, offs, op->nr, op->len,
					 &op->val);
		break;
	case OP_RECOV:
		async_chain_raid6_2data_recov(chain, op->nr, op->len,
					      op->faila, op->failb, list,
					      offs);
		break;
	default:
		async_chain_raid6_datap_recov(chain, op->nr, op->len,
					      op->faila, list, offs);
		break;
	}
	async_chain_notice(chain, op_notice, op);
}

/**
 * chain_pool_reset() - begin another chain
 * @pool: its pool
 *
 * There is noise everywhere, so that nothing is right by chance.
 */
void chain_pool_reset(struct pool *pool)
{
	unsigned int i, k;

	pool->nr_ops = 0;
	pool->submitted = false;
	pool->live = 0;
	atomic_set(&pool->told, 0);
	atomic_set(&pool->done, 0);
	reinit_completion(&pool->over);
	for (i = 0; i < POOL_PAGES; i++) {
		u32 *va = page_address(pool->pages[i]);

		for (k = 0; k < PAGE_SIZE / sizeof(*va); k++)
			va[k] = va[k] * 1664525 + 1013904223 + i;
		memcpy(pool->before + i * PAGE_SIZE, va, PAGE_SIZE);
	}
	memset(pool->known, KNOWN, POOL_PAGES * PAGE_SIZE);
}

static void pool_done(void *arg, int error)
{
	struct pool *pool = arg;

	pool->error = error;
	if (pool->world->fake)
		pool->live = fake_live_maps(pool->world->fake,
					    (unsigned long)pool);
	atomic_inc(&pool->done);
	complete(&pool->over);
}

static struct op_note *pool_op(struct pool *pool, enum op_kind kind)
{
	struct op_note *op = &pool->ops[pool->nr_ops];

	do {
		op_choose(pool, op, kind);
	} while (!ranges_choose(pool, op));
	pool->nr_ops++;

	return op;
}

/* An operation that tests what an earlier one has made. */
static void pool_retest(struct pool *pool, struct op_note *op)
{
	struct op_note *test = &pool->ops[pool->nr_ops++];

	*test = *op;
	if (op->kind == OP_XOR)
		test->kind = OP_XOR_VAL;
	else
		test->kind = OP_PQ_VAL;
}

/**
 * chain_pool_choose() - choose what a random chain does
 * @pool: pool of the chain
 */
void chain_pool_choose(struct pool *pool)
{
	bool recov = !rnd(pool, 3) && raid6_call.xor_syndrome;
	unsigned int nr = rnd(pool, 12);

	chain_pool_reset(pool);
	while (pool->nr_ops < nr) {
		enum op_kind kind = rnd(pool, OP_RECOV);
		struct op_note *op;

		if (kind == OP_PQ_UPDATE && !raid6_call.xor_syndrome)
			kind = OP_PQ;
		op = pool_op(pool, kind);
		if ((kind == OP_XOR || kind == OP_PQ) && rnd(pool, 2))
			pool_retest(pool, op);
	}
	if (recov)
		pool_op(pool, rnd(pool, 2) ? OP_RECOV : OP_RECOV_P);
}

/**
 * chain_pool_describe() - describe all operations of a pool
 * @pool: the pool
 * @chain: the chain, or NULL
 */
void chain_pool_describe(struct pool *pool, struct async_chain *chain)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ops; i++)
		op_describe(chain, &pool->ops[i]);
}

/**
 * chain_pool_submit() - submit the chain of a pool
 * @pool: the pool
 * @chain: the chain, or NULL; gone when the function returns
 */
void chain_pool_submit(struct pool *pool, struct async_chain *chain)
{
	pool->submitted = !!chain;
	async_chain_submit(chain, pool_done, pool);
}

/**
 * chain_pool_queue() - queue the chain of a pool
 * @pool: the pool
 * @chain: the chain, or NULL; gone when the function returns
 */
void chain_pool_queue(struct pool *pool, struct async_chain *chain)
{
	pool->submitted = !!chain;
	async_chain_queue(chain, pool_done, pool);
}

/**
 * chain_pool_wait() - wait for the end of the chain of a pool
 * @pool: the pool
 */
void chain_pool_wait(struct pool *pool)
{
	unsigned long left = wait_for_completion_timeout(&pool->over, 60 * HZ);

	KUNIT_ASSERT_NE_MSG(pool->world->test, left, 0, "a chain was never done");
}

/**
 * chain_world_run() - have random chains done, and check what they did
 * @world: world of the chains; as many as it has pools are done at a time
 * @nr: number of them
 */
void chain_world_run(struct world *world, unsigned int nr)
{
	unsigned int i;

	while (nr) {
		unsigned int now = min(nr, 1 + world_random(world, POOLS));

		for (i = 0; i < now; i++) {
			struct async_chain *chain = async_chain_alloc();
			struct pool *pool = &world->pools[i];

			chain_pool_choose(pool);
			chain_pool_describe(pool, chain);
			if (world_random(world, 2))
				chain_pool_submit(pool, chain);
			else
				chain_pool_queue(pool, chain);
		}
		async_chain_issue_pending();
		for (i = 0; i < now; i++) {
			chain_pool_wait(&world->pools[i]);
			chain_pool_check(&world->pools[i]);
		}
		nr -= now;
	}
}

static void pool_free(void *arg)
{
	struct pool *pool = arg;
	unsigned int i;

	for (i = 0; i < POOL_PAGES; i++)
		if (pool->pages[i]) {
			set_page_private(pool->pages[i], 0);
			__free_page(pool->pages[i]);
		}
	vfree(pool->before);
	vfree(pool->known);
}

static void pool_create(struct world *world, struct pool *pool)
{
	struct kunit *test = world->test;
	unsigned int i;

	pool->world = world;
	init_completion(&pool->over);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, pool_free, pool));
	pool->before = vmalloc(POOL_PAGES * PAGE_SIZE);
	pool->known = vmalloc(POOL_PAGES * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, pool->before);
	KUNIT_ASSERT_NOT_NULL(test, pool->known);
	for (i = 0; i < POOL_PAGES; i++) {
		pool->pages[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pool->pages[i]);
		set_page_private(pool->pages[i], (unsigned long)pool);
	}
}

/**
 * chain_world_create() - make memory for chains
 * @test: the test
 * @seed: for all that is random
 *
 * Return: the world, which goes with the test.
 */
struct world *chain_world_create(struct kunit *test, u64 seed)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, world);
	gf_init();
	world->test = test;
	prandom_seed_state(&world->rnd, seed);
	for (i = 0; i < POOLS; i++)
		pool_create(world, &world->pools[i]);

	return world;
}
