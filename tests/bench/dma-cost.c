// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operation costs by the number of its sources, and how large a record is
 * by the number of its entries: for scripts/bench, on the base and with the series.
 *
 * A kernel that is booted with dma_cost on its command line counts, once all drivers
 * are there, the instructions of the machine, which has one processor, next to an
 * engine that only pretends to work: from the description of an operation to its
 * end. It tells them in the log, and ends. Before that dmatest can have a channel of
 * its own, if it is told so on the command line: it begins at late_initcall().
 */

#include <linux/completion.h>
#include <linux/dmaengine.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/slab.h>

#include "dma-sim/dma-sim.h"

#define MAX_BLOCKS	255
#define LEN		4096
#define ROUNDS		16

static const int numbers[] = { 2, 3, 4, 8, 16, 17, 32, 64, 128, 253 };

static struct page *blocks[MAX_BLOCKS];
static unsigned int offs[MAX_BLOCKS];
static struct perf_event *counter;
static bool wanted;

static int __init dma_cost_setup(char *unused)
{
	wanted = true;

	return 1;
}
__setup("dma_cost", dma_cost_setup);

static u64 instructions(void)
{
	u64 enabled, running;

	return perf_event_read_value(counter, &enabled, &running);
}

/* How each of both kernels does it: returns when the operation has ended. */

#if __has_include(<linux/async_chain.h>)

#include <linux/async_chain.h>

static void do_xor(int nr)
{
	struct async_chain *chain = async_chain_alloc();

	async_chain_xor(chain, blocks[0], 0, blocks + 1, NULL, nr, LEN);
	async_chain_submit_wait(chain);
}

static void do_pq(int nr)
{
	struct async_chain *chain = async_chain_alloc();

	async_chain_gen_syndrome(chain, blocks, offs, nr + 2, LEN);
	async_chain_submit_wait(chain);
}

#else

#include <linux/async_tx.h>

static addr_conv_t scribble[MAX_BLOCKS];

static void wake(void *done)
{
	complete(done);
}

static void do_xor(int nr)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct async_submit_ctl submit;

	init_async_submit(&submit, ASYNC_TX_ACK | ASYNC_TX_XOR_ZERO_DST, NULL,
			  wake, &done, scribble);
	async_xor(blocks[0], blocks + 1, 0, nr, LEN, &submit);
	async_tx_issue_pending_all();
	wait_for_completion(&done);
}

static void do_pq(int nr)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct async_submit_ctl submit;

	init_async_submit(&submit, ASYNC_TX_ACK, NULL, wake, &done, scribble);
	async_gen_syndrome(blocks, offs, nr + 2, LEN, &submit);
	async_tx_issue_pending_all();
	wait_for_completion(&done);
}

#endif

/* The least of all rounds: what interrupts add is none of it. */
static u64 least(void (*op)(int nr), int nr)
{
	u64 begin, least = U64_MAX;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = instructions();
		op(nr);
		least = min(least, instructions() - begin);
	}

	return least;
}

static void count_nothing(int nr)
{
}

static void measure_ops(void)
{
	u64 none = least(count_nothing, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		pr_info("dma-cost: xor %d %llu\n", numbers[i],
			least(do_xor, numbers[i]) - none);
		pr_info("dma-cost: pq %d %llu\n", numbers[i],
			least(do_pq, numbers[i]) - none);
	}
}

static void measure_records(struct device *dev)
{
	struct dmaengine_unmap_data *unmap;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		unmap = dmaengine_get_unmap_data(dev, numbers[i], GFP_KERNEL);
		if (!unmap)
			continue;
		pr_info("dma-cost: record %d %zu\n", numbers[i], ksize(unmap));
		dmaengine_unmap_put(unmap);
	}
}

static int __init prepare(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.pinned = 1,
	};
	unsigned int i;

	counter = perf_event_create_kernel_counter(&attr, 0, NULL, NULL, NULL);
	if (IS_ERR(counter))
		return PTR_ERR(counter);

	for (i = 0; i < MAX_BLOCKS; i++) {
		blocks[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!blocks[i])
			return -ENOMEM;
	}

	return 0;
}

static struct dma_sim *__init pretender(bool for_dmatest)
{
	static struct dma_sim_config config;

	dma_sim_get_defaults(&config);
	config.pretend = 1;
	config.completion = DMA_SIM_THREAD;
	if (for_dmatest) {
		/* one thread, of copies */
		config.ops = BIT(DMA_SIM_MEMCPY);
		config.private = 1;
	}

	return dma_sim_create(&config);
}

static int __init dma_cost_for_dmatest(void)
{
	return wanted ? PTR_ERR_OR_ZERO(pretender(true)) : 0;
}
device_initcall_sync(dma_cost_for_dmatest);

static int __init measure(void)
{
	struct dma_sim *sim = pretender(false);

	if (IS_ERR(sim))
		return PTR_ERR(sim);

	measure_ops();
	measure_records(dma_sim_device(sim));

	return 0;
}

static int __init dma_cost_init(void)
{
	int err;

	if (!wanted)
		return 0;

	err = prepare();
	if (!err)
		err = measure();
	pr_info("dma-cost: ended: %d\n", err);
	emergency_restart();

	return 0;
}
late_initcall_sync(dma_cost_init);
