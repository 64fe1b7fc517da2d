// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of chains of memory operations, with engines of their own that see
 * every access to what is mapped for them, and what is not.
 */

#include <kunit/test.h>
#include <linux/async_chain.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/raid/pq.h>
#include <linux/sched.h>

#include "chain_pool.h"
#include "fake_engine.h"

static struct world *fake_world_create(struct kunit *test, const char *name)
{
	u64 seed = chain_seed(test, name);
	struct world *world = chain_world_create(test, seed);

	world->fake = fake_create(test, ~seed);

	return world;
}

/* The engines */

#define COPY	BIT(DMA_MEMCPY)
#define XOR	(BIT(DMA_XOR) | BIT(DMA_XOR_VAL))
#define PQ	(BIT(DMA_PQ) | BIT(DMA_PQ_VAL))
#define ALL	(COPY | XOR | PQ)
#define NO_ORDER	BIT(DMA_COMPLETION_NO_ORDER)

struct engines_case {
	const char *name;
	struct fake_limits engines[FAKE_ENGINES];
};

static const struct engines_case engines_cases[] = {
	{ "none", },
	{ "one for all", { { 0, ALL, 16, 16, false, 0, 1 }, } },
	{ "one with large limits", { { 0, ALL, 255, 257, true, 0, 1 }, } },
	{ "small", { { 0, ALL, 2, 4, false, 0, 1 }, } },
	{ "small, goes on with pq", { { 0, ALL, 3, 2, true, 0, 1 }, } },
	{ "three devices", { { 0, COPY, 0, 0, false, 0, 1 },
			     { 1, XOR, 5, 0, false, 0, 1 },
			     { 2, PQ, 0, 8, false, 0, 1 }, } },
	{ "three engines, one device", { { 0, COPY, 0, 0, false, 0, 1 },
					 { 0, XOR, 5, 0, false, 0, 1 },
					 { 0, PQ, 0, 8, true, 0, 1 }, } },
	{ "two engines, two devices", { { 0, COPY | XOR, 4, 0, false, 0, 1 },
					{ 1, PQ | XOR, 4, 8, true, 0, 2 }, } },
	{ "without order", { { 0, ALL | NO_ORDER, 16, 16, true, 0, 1 }, } },
	{ "copies, and a few sums", { { 0, COPY, 0, 0, false, 0, 2 },
				      { 1, BIT(DMA_XOR), 2, 0, false, 0, 1 }, } },
	{ "no copies", { { 0, XOR | PQ, 8, 8, false, 0, 1 }, } },
	{ "aligned", { { 0, ALL, 8, 8, false, 6, 1 }, } },
	{ "aligned to what is rare", { { 0, ALL, 8, 8, false, 8, 1 }, } },
	{ "two for all", { { 0, ALL, 16, 16, false, 0, 1 },
			   { 1, ALL, 16, 16, false, 0, 1 }, } },
	{ "two channels", { { 0, ALL, 16, 16, true, 0, 2 }, } },
	{ "begins pq anew", { { 0, ALL, 16, 8, false, 0, 1,
				DMA_PREP_CONTINUE }, } },
	{ "no P alone", { { 0, ALL, 16, 8, true, 0, 1,
			    DMA_PREP_PQ_DISABLE_Q }, } },
	{ "no Q alone", { { 0, ALL, 16, 8, true, 0, 1,
			    DMA_PREP_PQ_DISABLE_P }, } },
};

static void engines_case_desc(const struct engines_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engines, engines_cases, engines_case_desc);

static void engines_create(struct fake *fake, const struct engines_case *t)
{
	unsigned int i;

	for (i = 0; i < FAKE_ENGINES && t->engines[i].caps; i++)
		fake_add_engine(fake, &t->engines[i]);
}

/* Tests */

static void random_chains(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	engines_create(world->fake, t);
	chain_world_run(world, chains_per_case);
	KUNIT_EXPECT_EQ_MSG(test, !!world->fake->descs, !!t->engines[0].caps,
			    "the engines had something to do");
	fake_destroy(world->fake);
}

/* Addresses are not aligned as offsets in pages are. */
static void random_chains_bounced(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	world->fake->bounce = true;
	engines_create(world->fake, t);
	chain_world_run(world, chains_per_case);
	fake_destroy(world->fake);
}

static void random_chains_no_descriptors(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	world->fake->faults = (struct fake_faults){
		.map = 60, .prep = 8, .submit = 30,
	};
	engines_create(world->fake, t);
	chain_world_run(world, chains_per_case);
	fake_destroy(world->fake);
}

static void random_chains_errors(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	world->fake->faults = (struct fake_faults){
		.map = 80, .prep = 40, .submit = 80, .result = 12,
	};
	world->errors = true;
	engines_create(world->fake, t);
	chain_world_run(world, chains_per_case);
	if (world->fake->descs > 500)
		KUNIT_EXPECT_NE_MSG(test, world->fake->errors, 0,
				    "there were errors");
	fake_destroy(world->fake);
}

/* Everything fails: the CPU does it all. */
static void engine_never_prepares(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	world->fake->faults.prep = 1;
	engines_create(world->fake, t);
	chain_world_run(world, 30);
	KUNIT_EXPECT_EQ(test, world->fake->descs, 0);
	fake_destroy(world->fake);
}

static void engine_never_maps(struct kunit *test)
{
	const struct engines_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);

	world->fake->faults.map = 1;
	engines_create(world->fake, t);
	chain_world_run(world, 30);
	KUNIT_EXPECT_EQ(test, world->fake->descs, 0);
	KUNIT_EXPECT_EQ(test, world->fake->mapped, 0);
	fake_destroy(world->fake);
}

/* What md does with a stripe, and how many mappings that takes. */

enum stripe_write { STRIPE_FULL, STRIPE_RMW };

struct stripe_case {
	const char *name;
	unsigned int disks;
	unsigned int parity;
	enum stripe_write write;
	unsigned int maps;
};

static const struct stripe_case stripe_cases[] = {
	{ "raid5, 5 disks, full", 5, 1, STRIPE_FULL, 9 },
	{ "raid5, 8 disks, full", 8, 1, STRIPE_FULL, 15 },
	{ "raid6, 5 disks, full", 5, 2, STRIPE_FULL, 8 },
	{ "raid6, 8 disks, full", 8, 2, STRIPE_FULL, 14 },
	{ "raid5, 5 disks, one block", 5, 1, STRIPE_RMW, 3 },
	{ "raid6, 8 disks, one block", 8, 2, STRIPE_RMW, 4 },
};

static void stripe_case_desc(const struct stripe_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(stripe, stripe_cases, stripe_case_desc);

/* Pages 0 to disks - 1 are the stripe, parity last; the data comes behind. */
static void stripe_add(struct pool *pool, enum op_kind kind, unsigned int nr,
		       const u8 *pages)
{
	struct op_note *op = &pool->ops[pool->nr_ops++];
	unsigned int i;

	memset(op, 0, sizeof(*op));
	op->pool = pool;
	op->kind = kind;
	op->len = PAGE_SIZE;
	op->nr = nr;
	for (i = 0; i < nr; i++)
		op->ranges[i].page = pages[i];
}

static void stripe_drain(struct pool *pool, unsigned int disks, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		stripe_add(pool, OP_COPY, 2, (u8[]){ i, disks + i });
}

static void stripe_full(struct pool *pool, const struct stripe_case *t)
{
	u8 data_first[POOL_PAGES], parity_first[POOL_PAGES];
	unsigned int i;

	stripe_drain(pool, t->disks, t->disks - t->parity);
	parity_first[0] = t->disks - 1;
	for (i = 0; i < t->disks; i++) {
		data_first[i] = i;
		parity_first[i + 1] = i;
	}
	if (t->parity == 1)
		stripe_add(pool, OP_XOR, t->disks, parity_first);
	else
		stripe_add(pool, OP_PQ, t->disks, data_first);
}

static void stripe_rmw(struct pool *pool, const struct stripe_case *t)
{
	u8 pages[POOL_PAGES];
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		if (t->parity == 1) {
			pages[0] = t->disks - 1;
			pages[1] = 0;
			stripe_add(pool, OP_XOR_UPDATE, 2, pages);
		} else {
			for (i = 0; i < t->disks; i++)
				pages[i] = i;
			stripe_add(pool, OP_PQ_UPDATE, t->disks, pages);
			bitmap_set(pool->ops[pool->nr_ops - 1].absent, 1,
				   t->disks - 3);
		}
		if (!k)
			stripe_drain(pool, t->disks, 1);
	}
}

static void stripe_maps(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	const struct stripe_case *t = test->param_value;
	struct world *world = fake_world_create(test, t->name);
	struct async_chain *chain;
	struct pool *pool = &world->pools[0];

	if (t->write == STRIPE_RMW && !raid6_call.xor_syndrome)
		kunit_skip(test, "no xor_syndrome");

	fake_add_engine(world->fake, &limits);
	chain_pool_reset(pool);
	if (t->write == STRIPE_FULL)
		stripe_full(pool, t);
	else
		stripe_rmw(pool, t);
	chain = async_chain_alloc();
	KUNIT_ASSERT_NOT_NULL(test, chain);
	chain_pool_describe(pool, chain);
	chain_pool_submit(pool, chain);
	chain_pool_wait(pool);
	chain_pool_check(pool);
	KUNIT_EXPECT_EQ(test, world->fake->mapped, t->maps);
	fake_destroy(world->fake);
}

/* Parts of a page that are copied one by one are mapped as what they become. */
static void parts_are_one(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	struct world *world = fake_world_create(test, "parts");
	struct pool *pool = &world->pools[0];
	struct async_chain *chain;
	unsigned int i;

	fake_add_engine(world->fake, &limits);
	chain_pool_reset(pool);
	for (i = 0; i < 4; i++) {
		stripe_add(pool, OP_COPY, 2, (u8[]){ 0, 3 + i });
		pool->ops[i].len = 1024;
		pool->ops[i].ranges[0].off = 1024 * i;
	}
	stripe_add(pool, OP_XOR, 3, (u8[]){ 1, 0, 2 });
	pool->ops[4].len = 4096;
	chain = async_chain_alloc();
	chain_pool_describe(pool, chain);
	chain_pool_submit(pool, chain);
	chain_pool_wait(pool);
	chain_pool_check(pool);
	KUNIT_EXPECT_EQ(test, world->fake->mapped, 4 + 3);
	fake_destroy(world->fake);
}

/* Have what was added to a pool done, and check it. */
static void pool_run(struct kunit *test, struct pool *pool)
{
	struct async_chain *chain = async_chain_alloc();

	KUNIT_ASSERT_NOT_NULL(test, chain);
	chain_pool_describe(pool, chain);
	chain_pool_submit(pool, chain);
	chain_pool_wait(pool);
	chain_pool_check(pool);
}

/* Whatever the number of blocks, an engine is never to test just two. */
static void xor_val_blocks(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 8, 8, false, 0, 1 };
	struct world *world = fake_world_create(test, "blocks");
	struct pool *pool = &world->pools[0];
	unsigned int i, nr, descs, before;
	u8 pages[POOL_PAGES];

	fake_add_engine(world->fake, &limits);
	for (i = 0; i < POOL_PAGES; i++)
		pages[i] = i;
	for (nr = 2; nr <= POOL_PAGES; nr++) {
		before = world->fake->descs;
		chain_pool_reset(pool);
		stripe_add(pool, OP_XOR_VAL, nr, pages);
		pool_run(test, pool);
		descs = nr < 3 ? 0 : 1;
		if (nr > 8)
			descs += DIV_ROUND_UP(nr - 8, 7);
		KUNIT_EXPECT_EQ_MSG(test, world->fake->descs - before, descs,
				    "%u blocks", nr);
	}
	fake_destroy(world->fake);
}

/* For copies alone no engine is used, only next to one that sums up. */
static void copies_alone(struct kunit *test)
{
	static const struct fake_limits copy = { 0, COPY, 0, 0, false, 0, 1 };
	static const struct fake_limits xor = { 1, XOR, 8, 0, false, 0, 1 };
	struct world *world = fake_world_create(test, "alone");
	struct fake *fake = world->fake;

	fake_add_engine(fake, &copy);
	KUNIT_EXPECT_NULL(test, async_chain_alloc());
	chain_world_run(world, 10);
	KUNIT_EXPECT_EQ(test, fake->descs, 0);

	fake_add_engine(fake, &xor);
	chain_world_run(world, chains_per_case);
	KUNIT_EXPECT_NE(test, fake->engines[0].descs, 0);
	KUNIT_EXPECT_NE(test, fake->engines[1].descs, 0);

	fake_remove_engine(fake, 1);
	KUNIT_EXPECT_NULL(test, async_chain_alloc());
	fake_destroy(fake);
}

/* Of engines that are as good, each has something to do. */
static void engines_share(struct kunit *test)
{
	static const struct fake_limits limits[] = {
		{ 0, ALL, 16, 16, true, 0, 1 },
		{ 1, ALL, 16, 16, true, 0, 1 },
	};
	struct world *world = fake_world_create(test, "share");
	struct pool *pool = &world->pools[0];
	unsigned int cpu;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");

	fake_add_engine(world->fake, &limits[0]);
	fake_add_engine(world->fake, &limits[1]);
	for_each_online_cpu(cpu) {
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
		chain_pool_reset(pool);
		stripe_full(pool, &stripe_cases[0]);
		pool_run(test, pool);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	KUNIT_EXPECT_NE(test, world->fake->engines[0].descs, 0);
	KUNIT_EXPECT_NE(test, world->fake->engines[1].descs, 0);
	fake_destroy(world->fake);
}

/* The device goes with chains in flight: they are done all the same. */
static void engine_goes(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	struct world *world = fake_world_create(test, "goes");
	struct pool *pool = &world->pools[0];
	struct async_chain *chain;

	fake_add_engine(world->fake, &limits);
	world->fake->engines[0].stuck = true;
	chain_pool_reset(pool);
	stripe_full(pool, &stripe_cases[1]);
	chain = async_chain_alloc();
	KUNIT_ASSERT_NOT_NULL(test, chain);
	pool->nr_ops--;		/* the copies alone are never in place */
	chain_pool_describe(pool, chain);
	chain_pool_submit(pool, chain);
	KUNIT_EXPECT_FALSE(test, completion_done(&pool->over));
	KUNIT_EXPECT_EQ(test, world->fake->live, 14);

	fake_remove_engine(world->fake, 0);
	chain_pool_wait(pool);
	chain_pool_check(pool);
	fake_destroy(world->fake);
}

/* Describe what a pool has and queue it. */
static void pool_queue(struct kunit *test, struct pool *pool)
{
	struct async_chain *chain = async_chain_alloc();

	KUNIT_ASSERT_NOT_NULL(test, chain);
	chain_pool_describe(pool, chain);
	chain_pool_queue(pool, chain);
}

static void pools_end(struct world *world, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		chain_pool_wait(&world->pools[i]);
		chain_pool_check(&world->pools[i]);
	}
}

/* An engine begins with what is queued when it is told to, and not before. */
static void queue_waits(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	struct world *world = fake_world_create(test, "queue");
	unsigned int i;

	fake_add_engine(world->fake, &limits);
	for (i = 0; i < 2; i++) {
		chain_pool_reset(&world->pools[i]);
		stripe_full(&world->pools[i], &stripe_cases[1]);
		pool_queue(test, &world->pools[i]);
	}
	msleep(50);
	KUNIT_EXPECT_EQ(test, world->fake->descs, 0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&world->pools[i].over));

	async_chain_issue_pending();
	pools_end(world, 2);
	fake_destroy(world->fake);
}

/* What follows on the first run is not waited with. */
static void queue_goes_on(struct kunit *test)
{
	static const struct fake_limits limits[] = {
		{ 0, COPY, 0, 0, false, 0, 1 },
		{ 1, XOR, 8, 0, false, 0, 1 },
	};
	struct world *world = fake_world_create(test, "queue goes on");
	struct pool *pool = &world->pools[0];

	fake_add_engine(world->fake, &limits[0]);
	fake_add_engine(world->fake, &limits[1]);
	chain_pool_reset(pool);
	stripe_add(pool, OP_COPY, 2, (u8[]){ 0, 3 });
	stripe_add(pool, OP_XOR, 3, (u8[]){ 1, 0, 4 });
	stripe_add(pool, OP_COPY, 2, (u8[]){ 5, 1 });
	pool_queue(test, pool);
	async_chain_issue_pending();
	pools_end(world, 1);
	KUNIT_EXPECT_EQ(test, world->fake->descs, 3);
	fake_destroy(world->fake);
}

/* An engine that is out of descriptors begins without being told. */
static void queue_is_full(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	struct world *world = fake_world_create(test, "queue full");
	struct pool *pool = &world->pools[0];

	fake_add_engine(world->fake, &limits);
	world->fake->engines[0].preps = 3;
	chain_pool_reset(pool);
	stripe_full(pool, &stripe_cases[1]);
	pool_queue(test, pool);
	pools_end(world, 1);
	KUNIT_EXPECT_EQ(test, world->fake->descs, 3);
	async_chain_issue_pending();
	fake_destroy(world->fake);
}

/*
 * With the only engine that can xor, the others are not public engines any more;
 * but they have to do what was queued for them.
 */
static void queue_loses_engine(struct kunit *test)
{
	static const struct fake_limits limits[] = {
		{ 0, COPY, 0, 0, false, 0, 1 },
		{ 1, XOR, 8, 0, false, 0, 1 },
	};
	struct world *world = fake_world_create(test, "queue loses");
	struct pool *pool = &world->pools[0];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fake_add_engine(world->fake, &limits[0]);
		fake_add_engine(world->fake, &limits[1]);
		chain_pool_reset(pool);
		stripe_add(pool, OP_COPY, 2, (u8[]){ 0, 3 });
		pool_queue(test, pool);
		KUNIT_EXPECT_FALSE(test, completion_done(&pool->over));
		fake_remove_engine(world->fake, i);
		async_chain_issue_pending();
		pools_end(world, 1);
		fake_remove_engine(world->fake, 1 - i);
		fake_destroy(world->fake);
	}
}

/* A copy, then two sums of which the engine has a descriptor for one only. */
static void cut_short_submit(struct kunit *test, struct world *world)
{
	struct fake_engine *xor = &world->fake->engines[1];
	struct pool *pool = &world->pools[0];
	struct async_chain *chain;
	unsigned int tries;

	xor->stuck = true;
	xor->preps = 1;
	chain_pool_reset(pool);
	stripe_add(pool, OP_COPY, 2, (u8[]){ 0, 3 });
	stripe_add(pool, OP_XOR, 3, (u8[]){ 1, 0, 4 });
	stripe_add(pool, OP_XOR, 3, (u8[]){ 2, 5, 6 });
	chain = async_chain_alloc();
	KUNIT_ASSERT_NOT_NULL(test, chain);
	chain_pool_describe(pool, chain);
	chain_pool_submit(pool, chain);
	for (tries = 0; xor->preps && tries < 100; tries++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, xor->preps, 0);
}

/*
 * The end of a run that was cut short is seen in the next jiffy. If its engine
 * goes before that then the leg is still mapped, with nothing in flight.
 */
static void engine_goes_mapped(struct kunit *test)
{
	static const struct fake_limits limits[] = {
		{ 0, COPY, 0, 0, false, 0, 1 },
		{ 0, XOR, 8, 0, false, 0, 1 },
	};
	struct world *world = fake_world_create(test, "goes mapped");
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fake_add_engine(world->fake, &limits[0]);
		fake_add_engine(world->fake, &limits[1]);
		cut_short_submit(test, world);
		KUNIT_EXPECT_FALSE(test, completion_done(&world->pools[0].over));
		fake_remove_engine(world->fake, 0);
		fake_remove_engine(world->fake, 1);
		chain_pool_wait(&world->pools[0]);
		chain_pool_check(&world->pools[0]);
		fake_destroy(world->fake);
	}
}

static void empty_chains(struct kunit *test)
{
	static const struct fake_limits limits = { 0, ALL, 16, 16, true, 0, 1 };
	struct world *world = fake_world_create(test, "empty");
	struct pool *pool = &world->pools[0];

	chain_pool_reset(pool);
	chain_pool_submit(pool, NULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->done), 1);
	chain_pool_queue(pool, NULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->done), 2);
	KUNIT_EXPECT_EQ(test, async_chain_submit_wait(NULL), 0);
	KUNIT_EXPECT_NULL(test, async_chain_alloc());

	fake_add_engine(world->fake, &limits);
	chain_pool_reset(pool);
	chain_pool_submit(pool, async_chain_alloc());
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->done), 1);
	KUNIT_EXPECT_EQ(test, async_chain_submit_wait(async_chain_alloc()), 0);
	fake_destroy(world->fake);
}

static struct kunit_case chain_cases[] = {
	KUNIT_CASE(empty_chains),
	KUNIT_CASE_PARAM(stripe_maps, stripe_gen_params),
	KUNIT_CASE(parts_are_one),
	KUNIT_CASE(xor_val_blocks),
	KUNIT_CASE(copies_alone),
	KUNIT_CASE(engines_share),
	KUNIT_CASE_PARAM(random_chains, engines_gen_params),
	KUNIT_CASE_PARAM(random_chains_bounced, engines_gen_params),
	KUNIT_CASE_PARAM(random_chains_no_descriptors, engines_gen_params),
	KUNIT_CASE_PARAM(random_chains_errors, engines_gen_params),
	KUNIT_CASE_PARAM(engine_never_prepares, engines_gen_params),
	KUNIT_CASE_PARAM(engine_never_maps, engines_gen_params),
	KUNIT_CASE(engine_goes),
	KUNIT_CASE(engine_goes_mapped),
	KUNIT_CASE(queue_waits),
	KUNIT_CASE(queue_goes_on),
	KUNIT_CASE(queue_is_full),
	KUNIT_CASE(queue_loses_engine),
	{}
};

static struct kunit_suite chain_suite = {
	.name = "async_chain",
	.test_cases = chain_cases,
};

kunit_test_suite(chain_suite);

MODULE_DESCRIPTION("KUnit tests of chains of memory operations");
MODULE_LICENSE("GPL");
