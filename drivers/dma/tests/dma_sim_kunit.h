/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test suites of dma-sim share: a client of a simulated engine, its
 * memory with something to guard it on both sides, and its transfers.
 */
#ifndef DMA_SIM_KUNIT_H
#define DMA_SIM_KUNIT_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/prandom.h>

#include "../dma-sim/dma-sim.h"

#define RIG_SEED	0x64736d01
#define RIG_CHANS	4
#define RIG_TIMEOUT	msecs_to_jiffies(30000)

/**
 * struct area - memory for the engine to read or write
 * @list: on rig.areas
 * @mem: all of it: a page to guard, the data, a page to guard
 * @want: what all of it should look like
 * @size: its size
 * @data: the data, in @mem
 * @goal: the data, in @want
 * @len: their length
 */
struct area {
	struct list_head list;
	u8 *mem;
	u8 *want;
	size_t size;
	u8 *data;
	u8 *goal;
	size_t len;
};

/**
 * struct xfer - a transfer, and what became of it
 * @rig: its client
 * @unmap: its record, while there is a reference to it
 * @keep: the reference is kept when it is submitted: there will be others
 * @cookie: what submitting it returned
 * @called: the callback was called
 * @calls: how often
 * @result: with which result
 * @residue: and with which residue
 * @hardirq: in a hard interrupt
 * @softirq: in a softirq
 * @task: in a thread
 * @gone: how often its record went
 * @gone_before: it went before the callback was called
 * @turn: the how manieth callback of the client this was
 */
struct xfer {
	struct rig *rig;
	struct dmaengine_unmap_data *unmap;
	bool keep;
	dma_cookie_t cookie;
	struct completion called;
	int calls;
	enum dmaengine_tx_result result;
	u32 residue;
	bool hardirq;
	bool softirq;
	bool task;
	atomic_t gone;
	bool gone_before;
	int turn;
};

/**
 * struct rig - a client of a simulated engine
 * @test: the test
 * @cfg: what the engine is like; change it before rig_start()
 * @sim: the engine
 * @dev: device to map for
 * @chans: its channels
 * @chan: the first of them
 * @areas: all memory
 * @rnd: random numbers
 * @turns: callbacks that were called
 * @refused: descriptors that there should not have been
 */
struct rig {
	struct kunit *test;
	struct dma_sim_config cfg;
	struct dma_sim *sim;
	struct device *dev;
	struct dma_chan *chans[RIG_CHANS];
	struct dma_chan *chan;
	struct list_head areas;
	struct rnd_state rnd;
	atomic_t turns;
	unsigned int refused;
};

int rig_init(struct kunit *test);
void rig_exit(struct kunit *test);
void rig_start(struct rig *rig);
void rig_restart(struct rig *rig);
void rig_release(struct rig *rig);
struct dma_chan *rig_request(struct rig *rig, const dma_cap_mask_t *mask);

struct area *area_get(struct rig *rig, size_t offset, size_t len);
void area_fill(struct rig *rig, struct area *area);
void areas_check(struct rig *rig, const char *what);
void areas_free(struct rig *rig);

struct xfer *xfer_get_shared(struct rig *rig, int nr_maps, int nr_descs);
struct xfer *xfer_get(struct rig *rig, int nr_maps);
void xfer_put(struct xfer *x);
dma_addr_t xfer_map(struct xfer *x, struct area *area,
		    enum dma_data_direction dir);
void xfer_submit(struct xfer *x, struct dma_async_tx_descriptor *tx);
void xfer_wait(struct xfer *x);
void xfer_run(struct xfer *x, struct dma_async_tx_descriptor *tx);

struct xfer *copy_submit(struct rig *rig, struct area *dst, struct area *src,
			 unsigned long flags);
void copy_run(struct rig *rig, size_t len);

#endif
