/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Engines for the tests of chains, and the memory that they see.
 */
#ifndef ASYNC_CHAIN_FAKE_ENGINE_H
#define ASYNC_CHAIN_FAKE_ENGINE_H

#include <kunit/test.h>
#include <linux/dmaengine.h>
#include <linux/irq_work.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define FAKE_DEVS	3
#define FAKE_ENGINES	3
#define FAKE_CHANS	2
#define FAKE_MAPS	1024

/* When an engine does what it was given. */
enum fake_mode {
	FAKE_AT_ONCE,		/* in device_issue_pending() */
	FAKE_SOFTIRQ,
	FAKE_HARDIRQ,
	FAKE_LATE,		/* after a jiffy or two, in a softirq */
	FAKE_MODES,
};

/**
 * struct fake_limits - what an engine can do
 * @dev: number of the device that it maps for
 * @caps: bits of enum dma_transaction_type
 * @max_xor: sources of an xor
 * @maxpq: sources of a pq
 * @pq_continue: goes on with a pq without sources of its own
 * @align: log2 of the alignment that it needs
 * @nr_chans: number of channels
 * @refuse: flags of a pq that it does not prepare
 */
struct fake_limits {
	unsigned int dev;
	unsigned long caps;
	unsigned int max_xor;
	unsigned int maxpq;
	bool pq_continue;
	unsigned int align;
	unsigned int nr_chans;
	unsigned long refuse;
};

/**
 * struct fake_faults - what goes wrong, each in one of so many cases; 0 is never
 * @map: a mapping
 * @prep: a preparation
 * @submit: a submission
 * @result: a descriptor, which then writes rubbish
 */
struct fake_faults {
	unsigned int map;
	unsigned int prep;
	unsigned int submit;
	unsigned int result;
};

/* A mapping, as struct fake has it at the index that its address begins with. */
struct fake_map {
	struct device *dev;
	struct page *page;
	size_t off;
	size_t base;		/* where the address begins: off, or 0 */
	size_t len;
	enum dma_data_direction dir;
	u8 *shadow;
	u8 *before;
};

struct fake;

struct fake_chan {
	struct dma_chan chan;
	struct fake *fake;
	struct fake_engine *engine;
	spinlock_t lock;	/* for the lists and cookies */
	struct list_head submitted;
	struct list_head issued;
	struct list_head executed;
	bool poll;
	bool running;
	bool again;
	struct work_struct work;
	struct delayed_work late;
	struct irq_work irq;
};

struct fake_engine {
	struct dma_device dma;
	struct fake *fake;
	bool registered;
	bool stuck;			/* it does nothing */
	unsigned int preps;		/* descriptors that it still prepares */
	unsigned int descs;		/* descriptors that it has executed */
	unsigned long refuse;
	struct fake_chan chans[FAKE_CHANS];
};

/**
 * struct fake - engines and what they see
 * @test: test that they are for
 * @devs: devices that memory is mapped for
 * @engines: the engines
 * @nr_engines: number of them
 * @faults: what goes wrong
 * @bounce: addresses are not aligned as the memory is, but begin anew
 * @lock: for all that follows
 * @rnd: for all that is random
 * @maps: the mappings
 * @next_map: where to look for a free one
 * @live: mappings that there are
 * @mapped: mappings that were made
 * @violations: what chains, or the DMA engine, did wrong
 * @why: the first of them
 * @descs: descriptors that were executed
 * @errors: descriptors that reported an error
 */
struct fake {
	struct kunit *test;
	struct device *devs[FAKE_DEVS];
	struct fake_engine engines[FAKE_ENGINES];
	unsigned int nr_engines;
	struct fake_faults faults;
	bool bounce;

	spinlock_t lock;	/* for all that follows */
	struct rnd_state rnd;
	struct fake_map maps[FAKE_MAPS];
	unsigned int next_map;
	unsigned int live;
	unsigned int mapped;
	unsigned int violations;
	const char *why;
	unsigned int descs;
	unsigned int errors;
};

struct fake *fake_create(struct kunit *test, u64 seed);
void fake_add_engine(struct fake *fake, const struct fake_limits *limits);
void fake_remove_engine(struct fake *fake, unsigned int i);
void fake_destroy(struct fake *fake);
u32 fake_random(struct fake *fake, u32 below);
bool fake_is_mapped(struct fake *fake, struct page *page, size_t off,
		    size_t len);
unsigned int fake_live_maps(struct fake *fake, unsigned long owner);

#endif
