// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of chains of memory operations, with engines of dma-sim.
 *
 * The engines are those that md is tested with, too. dma-shadow watches what is
 * mapped for them: it hides all of that from the CPU, sources included.
 */

#include <kunit/test.h>
#include <linux/async_chain.h>
#include <linux/dma-mapping.h>
#include <linux/dma-shadow.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "../../../drivers/dma/dma-sim/dma-sim.h"
#include "chain_pool.h"

#define SIMS	3

/* Faults come every so many times, for each of them. */
static const unsigned int error_rates[] = { 2, 5, 23, 101 };

/**
 * struct sim_case - engines
 * @name: what they are
 * @cfgs: what each is like; a field that is 0 stands for the default, but
 *	there is no engine if it has no operations
 */
struct sim_case {
	const char *name;
	struct dma_sim_config cfgs[SIMS];
};

#define COPY	BIT(DMA_SIM_MEMCPY)
#define XOR	(BIT(DMA_SIM_XOR) | BIT(DMA_SIM_XOR_VAL))
#define PQ	(BIT(DMA_SIM_PQ) | BIT(DMA_SIM_PQ_VAL))
#define ALL	(COPY | XOR | PQ)

static const struct sim_case sim_cases[] = {
	{ "one for all",
	  { { .ops = ALL, .pq_continue = 1 } } },
	{ "one with small limits",
	  { { .ops = ALL, .max_xor = 2, .max_pq = 4 } } },
	{ "one that goes on with pq",
	  { { .ops = ALL, .max_xor = 3, .max_pq = 2, .pq_continue = 1 } } },
	{ "a channel for each operation",
	  { { .ops = ALL, .pq_continue = 1, .split = 1 } } },
	{ "a device for each operation",
	  { { .ops = COPY },
	    { .ops = XOR, .max_xor = 5 },
	    { .ops = PQ, .max_pq = 8 } } },
	{ "two for all",
	  { { .ops = ALL, .max_xor = 4, .max_pq = 8 },
	    { .ops = ALL, .pq_continue = 1, .channels = 2 } } },
	{ "out of order",
	  { { .ops = ALL, .pq_continue = 1, .order = DMA_SIM_OUT_OF_ORDER } } },
	{ "out of order, split",
	  { { .ops = ALL, .split = 1, .order = DMA_SIM_OUT_OF_ORDER } } },
	{ "three out of order",
	  { { .ops = COPY | XOR, .order = DMA_SIM_OUT_OF_ORDER },
	    { .ops = XOR, .max_xor = 3 },
	    { .ops = PQ, .order = DMA_SIM_OUT_OF_ORDER, .channels = 2 } } },
	{ "few descriptors",
	  { { .ops = ALL, .max_xor = 3, .max_pq = 6, .desc_max = 4 } } },
	{ "hard interrupts",
	  { { .ops = ALL, .max_xor = 4, .max_pq = 6,
	      .completion = DMA_SIM_HARDIRQ },
	    { .ops = PQ, .pq_continue = 1, .completion = DMA_SIM_HARDIRQ } } },
	{ "a thread, slow",
	  { { .ops = ALL, .completion = DMA_SIM_THREAD, .latency_us = 50 } } },
	{ "aligned",
	  { { .ops = ALL, .align = 6 },
	    { .ops = COPY, .align = 8 } } },
};

static void sim_case_desc(const struct sim_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sim, sim_cases, sim_case_desc);

/**
 * struct sims - the engines
 * @test: the test
 * @sims: the engines
 * @nr: number of them
 */
struct sims {
	struct kunit *test;
	struct dma_sim *sims[SIMS];
	unsigned int nr;
};

static void sims_free(void *arg)
{
	struct sims *sims = arg;

	while (sims->nr)
		dma_sim_destroy(sims->sims[--sims->nr]);
}

static void sims_add(struct sims *sims, const struct dma_sim_config *limits)
{
	struct dma_sim_config cfg;
	struct dma_sim *sim;

	dma_sim_get_defaults(&cfg);
	cfg.private = 0;
	cfg.shadow = 1;
	cfg.ops = limits->ops;
	cfg.split = limits->split;
	cfg.pq_continue = limits->pq_continue;
	cfg.align = limits->align;
	cfg.desc_max = limits->desc_max;
	cfg.order = limits->order;
	cfg.latency_us = limits->latency_us;
	cfg.completion = limits->completion;
	cfg.channels = limits->channels ?: 1;
	cfg.max_xor = limits->max_xor ?: 16;
	cfg.max_pq = limits->max_pq ?: 16;

	sim = dma_sim_create(&cfg);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(sims->test, sim);
	sims->sims[sims->nr++] = sim;

	/* the counters go by name: this is how the last one of it has ended */
	KUNIT_EXPECT_EQ(sims->test, 0,
			dma_shadow_count(dma_sim_device(sim),
					 DMA_SHADOW_VIOLATIONS));
	dma_shadow_reset(dma_sim_device(sim));
}

static struct sims *sims_create(struct kunit *test, const struct sim_case *t)
{
	struct sims *sims = kunit_kzalloc(test, sizeof(*sims), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sims);
	sims->test = test;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, sims_free, sims));
	for (i = 0; i < SIMS && t->cfgs[i].ops; i++)
		sims_add(sims, &t->cfgs[i]);

	return sims;
}

static void sims_fault(struct sims *sims, enum dma_sim_fault_type type,
		       unsigned int every)
{
	unsigned int i;

	for (i = 0; i < sims->nr; i++)
		KUNIT_ASSERT_EQ(sims->test, 0,
				dma_sim_set_fault(sims->sims[i], type, 0,
						  every));
}

static long sims_count(struct sims *sims, enum dma_shadow_counter which)
{
	long count = 0;
	unsigned int i;

	for (i = 0; i < sims->nr; i++)
		count += dma_shadow_count(dma_sim_device(sims->sims[i]), which);

	return count;
}

/* What the engines have done, all together. */
static void sims_stats(struct sims *sims, struct dma_sim_stats *sum)
{
	struct dma_sim_stats stats;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < sims->nr; i++) {
		dma_sim_get_stats(sims->sims[i], &stats);
		sum->submitted += stats.submitted;
		sum->completed += stats.completed;
		sum->errors += stats.errors;
		sum->terminated += stats.terminated;
		sum->prep_failed += stats.prep_failed;
	}
}

/* With no chain under way: nothing is mapped, and nothing went wrong. */
static void sims_check(struct sims *sims)
{
	struct dma_sim_stats stats;

	sims_stats(sims, &stats);
	KUNIT_EXPECT_EQ(sims->test, stats.submitted,
			stats.completed + stats.errors + stats.terminated);
	KUNIT_EXPECT_EQ(sims->test, sims_count(sims, DMA_SHADOW_LIVE), 0);
	KUNIT_EXPECT_EQ(sims->test, sims_count(sims, DMA_SHADOW_VIOLATIONS), 0);
}

/* Tests */

static void sim_chains(struct kunit *test)
{
	const struct sim_case *t = test->param_value;
	struct world *world = chain_world_create(test,
						 chain_seed(test, t->name));
	struct sims *sims = sims_create(test, t);
	struct dma_sim_stats stats;

	chain_world_run(world, chains_per_case);
	sims_check(sims);
	sims_stats(sims, &stats);
	KUNIT_EXPECT_EQ(test, stats.errors, 0);
	KUNIT_EXPECT_GT_MSG(test, stats.completed, chains_per_case,
			    "the engines had something to do");
	kunit_info(test, "%llu descriptors\n", stats.completed);
}

/* Nothing that fails before the engine begins is an error of a chain. */
static void sim_chains_no_descriptors(struct kunit *test)
{
	const struct sim_case *t = test->param_value;
	struct world *world = chain_world_create(test,
						 chain_seed(test, t->name));
	struct sims *sims = sims_create(test, t);
	struct dma_sim_stats stats;

	sims_fault(sims, DMA_SIM_FAULT_PREP, 8);
	sims_fault(sims, DMA_SIM_FAULT_SUBMIT, 31);
	sims_fault(sims, DMA_SIM_FAULT_MAP, 61);
	chain_world_run(world, chains_per_case);
	sims_check(sims);
	sims_stats(sims, &stats);
	KUNIT_EXPECT_NE(test, stats.prep_failed, 0);
	KUNIT_EXPECT_NE(test, sims_count(sims, DMA_SHADOW_FAILED), 0);
	kunit_info(test, "%llu descriptors\n", stats.completed);
}

static void sim_chains_errors(struct kunit *test)
{
	const struct sim_case *t = test->param_value;
	struct world *world = chain_world_create(test,
						 chain_seed(test, t->name));
	struct sims *sims = sims_create(test, t);
	struct dma_sim_stats stats;
	unsigned int i;

	world->errors = true;
	for (i = 0; i < ARRAY_SIZE(error_rates); i++) {
		sims_fault(sims, DMA_SIM_FAULT_READ, 3 * error_rates[i]);
		sims_fault(sims, DMA_SIM_FAULT_WRITE, 3 * error_rates[i] + 1);
		sims_fault(sims, DMA_SIM_FAULT_ABORT, 3 * error_rates[i] + 2);
		sims_fault(sims, DMA_SIM_FAULT_PREP, 17 * error_rates[i]);
		chain_world_run(world,
				chains_per_case / ARRAY_SIZE(error_rates));
	}
	sims_check(sims);
	sims_stats(sims, &stats);
	KUNIT_EXPECT_NE(test, stats.errors, 0);
	kunit_info(test, "%llu descriptors, %llu errors\n",
		   stats.completed + stats.errors, stats.errors);
}

/* One of the devices goes while all chains are under way. */
static void sim_goes(struct kunit *test)
{
	const struct sim_case *t = test->param_value;
	struct world *world = chain_world_create(test,
						 chain_seed(test, t->name));
	struct sims *sims = sims_create(test, t);
	unsigned int i, k;

	world->errors = true;
	sims_free(sims);
	for (i = 0; i < 10; i++) {
		for (k = 0; k < SIMS && t->cfgs[k].ops; k++) {
			struct dma_sim_config cfg = t->cfgs[k];

			cfg.latency_us = 1000;
			sims_add(sims, &cfg);
		}
		for (k = 0; k < POOLS; k++) {
			struct async_chain *chain = async_chain_alloc();

			chain_pool_choose(&world->pools[k]);
			chain_pool_describe(&world->pools[k], chain);
			chain_pool_submit(&world->pools[k], chain);
		}
		dma_sim_destroy(sims->sims[--sims->nr]);
		for (k = 0; k < POOLS; k++) {
			chain_pool_wait(&world->pools[k]);
			chain_pool_check(&world->pools[k]);
		}
		sims_check(sims);
		sims_free(sims);
	}
}

/* How many mappings do chains take? */

struct maps_case {
	const char *name;
	bool one_device;
	struct sim_case sims;
};

#define LARGE	.max_xor = 256, .max_pq = 260, .pq_continue = 1

static const struct maps_case maps_cases[] = {
	{ "one for all", true,
	  { "", { { .ops = ALL, LARGE } } } },
	{ "a channel for each operation", true,
	  { "", { { .ops = ALL, LARGE, .split = 1 } } } },
	{ "a device for each operation", false,
	  { "", { { .ops = COPY, LARGE },
		  { .ops = XOR, LARGE },
		  { .ops = PQ, LARGE } } } },
};

static void maps_case_desc(const struct maps_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(maps, maps_cases, maps_case_desc);

/**
 * struct lines - which cache lines of a pool belong to one range
 * @pool: the pool
 * @size: size of a line
 * @parent: another line of the same range for each line, or itself
 * @leg: the last leg that a range is mapped for
 */
struct lines {
	struct pool *pool;
	unsigned int size;
	unsigned int *parent;
	unsigned int *leg;
};

static unsigned int lines_root(struct lines *lines, unsigned int line)
{
	while (lines->parent[line] != line)
		line = lines->parent[line];

	return line;
}

static unsigned int lines_first(struct lines *lines, const struct bytes *range)
{
	return (range->page * PAGE_SIZE + range->off) / lines->size;
}

/* Ranges of operations that have a line in common are one range. */
static void lines_join(struct lines *lines, const struct op_note *op)
{
	unsigned int i, line, last;

	for (i = 0; i < op->nr; i++) {
		const struct bytes *range = &op->ranges[i];

		if (test_bit(i, op->absent))
			continue;
		line = lines_first(lines, range);
		last = (range->page * PAGE_SIZE + range->off + op->len - 1) /
		       lines->size;
		for (; line < last; line++)
			lines->parent[lines_root(lines, line + 1)] =
				lines_root(lines, line);
	}
}

static unsigned int lines_map(struct lines *lines, const struct op_note *op,
			      unsigned int leg)
{
	unsigned int i, root, maps = 0;

	for (i = 0; i < op->nr; i++) {
		if (test_bit(i, op->absent))
			continue;
		root = lines_root(lines, lines_first(lines, &op->ranges[i]));
		maps += lines->leg[root] != leg;
		lines->leg[root] = leg;
	}

	return maps;
}

/* Which device does an operation? -1 is the CPU. */
static int op_device(const struct op_note *op)
{
	unsigned int data = op->nr - 2 - bitmap_weight(op->absent, op->nr - 2);

	switch (op->kind) {
	case OP_COPY:
		return 0;
	case OP_XOR:
		return op->nr > 2 ? 1 : 0;
	case OP_XOR_UPDATE:
		return 1;
	case OP_XOR_VAL:
		/* a test of two blocks is left to the CPU */
		return op->nr > 2 ? 1 : -1;
	case OP_PQ:
		/* P of a single block is nothing for an engine */
		if (!test_bit(op->nr - 2, op->absent))
			return data > 1 ? 2 : -1;
		fallthrough;
	case OP_PQ_UPDATE:
		return data ? 2 : -1;
	case OP_PQ_VAL:
		return data > 1 ? 2 : -1;
	default:
		/* data counts the blocks that are recovered, too */
		return data > 1 ? 2 : -1;
	}
}

static unsigned int lines_count(struct lines *lines, bool one_device)
{
	struct pool *pool = lines->pool;
	unsigned int i, leg = 0, maps = 0;
	int device, last = -1;

	for (i = 0; i < POOL_PAGES * PAGE_SIZE / lines->size; i++) {
		lines->parent[i] = i;
		lines->leg[i] = 0;
	}
	for (i = 0; i < pool->nr_ops; i++)
		lines_join(lines, &pool->ops[i]);

	for (i = 0; i < pool->nr_ops; i++) {
		device = op_device(&pool->ops[i]);
		if (one_device && device > 0)
			device = 0;
		if (device != last)
			leg++;
		last = device;
		if (device >= 0)
			maps += lines_map(lines, &pool->ops[i], leg);
	}

	return maps;
}

static void lines_create(struct kunit *test, struct lines *lines)
{
	unsigned int nr;

	lines->size = dma_get_cache_alignment();
	nr = POOL_PAGES * PAGE_SIZE / lines->size;
	lines->parent = kunit_kcalloc(test, nr, sizeof(*lines->parent),
				      GFP_KERNEL);
	lines->leg = kunit_kcalloc(test, nr, sizeof(*lines->leg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lines->parent);
	KUNIT_ASSERT_NOT_NULL(test, lines->leg);
}

/* As many as there are distinct ranges, in each leg. */
static void sim_maps(struct kunit *test)
{
	const struct maps_case *t = test->param_value;
	struct world *world = chain_world_create(test,
						 chain_seed(test, t->name));
	struct sims *sims = sims_create(test, &t->sims);
	struct pool *pool = &world->pools[0];
	struct lines lines = { .pool = pool };
	unsigned int i, sum = 0;

	lines_create(test, &lines);
	for (i = 0; i < chains_per_case; i++) {
		struct async_chain *chain = async_chain_alloc();
		long before = sims_count(sims, DMA_SHADOW_MAPS);
		unsigned int maps;

		chain_pool_choose(pool);
		chain_pool_describe(pool, chain);
		chain_pool_submit(pool, chain);
		chain_pool_wait(pool);
		chain_pool_check(pool);
		maps = lines_count(&lines, t->one_device);
		KUNIT_EXPECT_EQ_MSG(test,
				    sims_count(sims, DMA_SHADOW_MAPS) - before,
				    maps, "chain %u", i);
		sum += maps;
	}
	sims_check(sims);
	KUNIT_EXPECT_NE(test, sum, 0);
	kunit_info(test, "%u mappings\n", sum);
}

/* As many disks as an array of level 5 can have, on an engine that takes few. */
#define MANY_DISKS	1920
#define MANY_LEN	ASYNC_CHAIN_STEP

static void sim_many_sources(struct kunit *test)
{
	static const struct sim_case t = {
		"", { { .ops = ALL, .max_xor = 5 } }
	};
	struct sims *sims = sims_create(test, &t);
	unsigned int i, k, per_page = PAGE_SIZE / MANY_LEN;
	struct async_chain *chain;
	struct dma_sim_stats stats;
	struct page **pages;
	unsigned int *offs;
	u8 *mem, *sum;

	pages = kunit_kcalloc(test, MANY_DISKS, sizeof(*pages), GFP_KERNEL);
	offs = kunit_kcalloc(test, MANY_DISKS, sizeof(*offs), GFP_KERNEL);
	sum = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_NOT_NULL(test, offs);
	KUNIT_ASSERT_NOT_NULL(test, sum);
	for (i = 0; i < MANY_DISKS; i++) {
		if (!(i % per_page)) {
			mem = (void *)get_zeroed_page(GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, mem);
			get_random_bytes(mem, PAGE_SIZE);
		}
		pages[i] = virt_to_page(mem);
		offs[i] = i % per_page * MANY_LEN;
		for (k = 0; i && k < MANY_LEN; k++)
			sum[k] ^= mem[offs[i] + k];
	}

	chain = async_chain_alloc();
	KUNIT_ASSERT_NOT_NULL(test, chain);
	async_chain_xor(chain, pages[0], 0, pages + 1, offs + 1,
			MANY_DISKS - 1, MANY_LEN);
	KUNIT_EXPECT_EQ(test, async_chain_submit_wait(chain), 0);
	KUNIT_EXPECT_MEMEQ(test, page_address(pages[0]), sum, MANY_LEN);
	sims_check(sims);
	sims_stats(sims, &stats);
	KUNIT_EXPECT_EQ(test, stats.completed,
			DIV_ROUND_UP(MANY_DISKS - 2, 4));
	KUNIT_EXPECT_EQ(test, sims_count(sims, DMA_SHADOW_MAPS),
			MANY_DISKS);
	for (i = 0; i < MANY_DISKS; i += per_page)
		__free_page(pages[i]);
}

static struct kunit_case chain_sim_cases[] = {
	KUNIT_CASE_PARAM(sim_maps, maps_gen_params),
	KUNIT_CASE(sim_many_sources),
	KUNIT_CASE_PARAM(sim_chains, sim_gen_params),
	KUNIT_CASE_PARAM(sim_chains_no_descriptors, sim_gen_params),
	KUNIT_CASE_PARAM(sim_chains_errors, sim_gen_params),
	KUNIT_CASE_PARAM(sim_goes, sim_gen_params),
	{}
};

static int chain_sim_init(struct kunit_suite *suite)
{
	return dma_shadow_poison_sources(true);
}

static void chain_sim_exit(struct kunit_suite *suite)
{
	dma_shadow_poison_sources(false);
}

static struct kunit_suite chain_sim_suite = {
	.name = "async_chain_sim",
	.suite_init = chain_sim_init,
	.suite_exit = chain_sim_exit,
	.test_cases = chain_sim_cases,
};

kunit_test_suite(chain_sim_suite);

MODULE_DESCRIPTION("KUnit tests of chains with engines of dma-sim");
MODULE_LICENSE("GPL");
