/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-sim: a DMA engine that is played by the CPU. This is what other parts of
 * the kernel, tests above all, can do with it.
 */
#ifndef DMA_SIM_H
#define DMA_SIM_H

#include <linux/bits.h>
#include <linux/types.h>

struct device;
struct dma_sim;

/**
 * enum dma_sim_op - what an engine can be asked to do
 * @DMA_SIM_MEMCPY: copy
 * @DMA_SIM_MEMSET: fill with a byte
 * @DMA_SIM_XOR: sum of the sources
 * @DMA_SIM_XOR_VAL: is the sum of the sources zero?
 * @DMA_SIM_PQ: P and Q of RAID 6
 * @DMA_SIM_PQ_VAL: are P and Q right?
 * @DMA_SIM_INTERRUPT: nothing but a callback
 * @DMA_SIM_NR_OPS: number of operations
 */
enum dma_sim_op {
	DMA_SIM_MEMCPY,
	DMA_SIM_MEMSET,
	DMA_SIM_XOR,
	DMA_SIM_XOR_VAL,
	DMA_SIM_PQ,
	DMA_SIM_PQ_VAL,
	DMA_SIM_INTERRUPT,
	DMA_SIM_NR_OPS
};

#define DMA_SIM_ALL_OPS		(BIT(DMA_SIM_NR_OPS) - 1)

/**
 * enum dma_sim_order - in which order an engine runs what it is given
 * @DMA_SIM_IN_ORDER: as it was submitted
 * @DMA_SIM_OUT_OF_ORDER: in a pseudo random order, up to the next fence
 */
enum dma_sim_order {
	DMA_SIM_IN_ORDER,
	DMA_SIM_OUT_OF_ORDER,
};

/**
 * enum dma_sim_context - where unmapping and the client's callback run
 * @DMA_SIM_SOFTIRQ: in the tasklet of virt-dma
 * @DMA_SIM_HARDIRQ: in a hard interrupt
 * @DMA_SIM_THREAD: in the thread that plays the engine
 */
enum dma_sim_context {
	DMA_SIM_SOFTIRQ,
	DMA_SIM_HARDIRQ,
	DMA_SIM_THREAD,
};

/**
 * enum dma_sim_fault_type - what can be made to go wrong
 * @DMA_SIM_FAULT_PREP: there is no descriptor
 * @DMA_SIM_FAULT_SUBMIT: tx_submit() returns an error
 * @DMA_SIM_FAULT_READ: the engine cannot read from the middle on
 * @DMA_SIM_FAULT_WRITE: the engine cannot write from the middle on
 * @DMA_SIM_FAULT_ABORT: the engine gives up before it has touched memory
 * @DMA_SIM_FAULT_LOST: the work is done, but the engine never says so
 * @DMA_SIM_FAULT_MAP: memory cannot be mapped for the engine
 * @DMA_SIM_NR_FAULTS: number of faults
 */
enum dma_sim_fault_type {
	DMA_SIM_FAULT_PREP,
	DMA_SIM_FAULT_SUBMIT,
	DMA_SIM_FAULT_READ,
	DMA_SIM_FAULT_WRITE,
	DMA_SIM_FAULT_ABORT,
	DMA_SIM_FAULT_LOST,
	DMA_SIM_FAULT_MAP,
	DMA_SIM_NR_FAULTS
};

/**
 * struct dma_sim_config - what an engine is like
 * @ops: operations, a bit BIT(enum dma_sim_op) each
 * @split: one dma_device for each operation, instead of one for all
 * @channels: channels of each dma_device
 * @private: the channels are not for everybody (DMA_PRIVATE)
 * @max_xor: most sources of a xor
 * @max_pq: most sources of a pq
 * @pq_continue: the engine itself can go on with an earlier P and Q
 * @align: log2 of the alignment in bytes that addresses and lengths must have
 * @desc_max: descriptors that a channel can have at a time, 0 for no limit
 * @order: an &enum dma_sim_order
 * @seed: for the pseudo random order
 * @latency_us: microseconds between the start of a descriptor and the first
 *	access to memory
 * @burst: bytes that are moved at a time
 * @burst_us: microseconds that the engine rests after each burst
 * @completion: an &enum dma_sim_context
 * @dma_mask: address bits of the engine
 * @shadow: watch its mappings with dma-shadow, and let them fail on demand
 * @pretend: touch no memory and find nothing wrong
 *
 * Start from dma_sim_get_defaults().
 */
struct dma_sim_config {
	unsigned int ops;
	unsigned int split;
	unsigned int channels;
	unsigned int private;
	unsigned int max_xor;
	unsigned int max_pq;
	unsigned int pq_continue;
	unsigned int align;
	unsigned int desc_max;
	unsigned int order;
	unsigned int seed;
	unsigned int latency_us;
	unsigned int burst;
	unsigned int burst_us;
	unsigned int completion;
	unsigned int dma_mask;
	unsigned int shadow;
	unsigned int pretend;
};

/**
 * struct dma_sim_stats - what an engine has done since it was created
 * @ops: for each operation: how many were carried out to their end
 * @bytes: for each operation: bytes that were read plus bytes that were
 *	written, those of failed and terminated descriptors included
 * @submitted: descriptors that were taken by tx_submit()
 * @completed: those of them that ended without an error
 * @errors: those that ended with one
 * @terminated: those that were dropped by a termination
 * @lost: those whose end was never announced
 * @prep_failed: how often there was no descriptor, for whatever reason
 * @submit_failed: how often tx_submit() returned an error
 *
 * @submitted is the sum of @completed, @errors, @terminated and of what is
 * still in flight. A lost descriptor is in flight until it is terminated.
 */
struct dma_sim_stats {
	u64 ops[DMA_SIM_NR_OPS];
	u64 bytes[DMA_SIM_NR_OPS];
	u64 submitted;
	u64 completed;
	u64 errors;
	u64 terminated;
	u64 lost;
	u64 prep_failed;
	u64 submit_failed;
};

void dma_sim_get_defaults(struct dma_sim_config *cfg);
int dma_sim_config_set(struct dma_sim_config *cfg, const char *name,
		       const char *value);
struct dma_sim *dma_sim_create(const struct dma_sim_config *cfg);
void dma_sim_destroy(struct dma_sim *sim);
struct device *dma_sim_device(struct dma_sim *sim);
int dma_sim_set_fault(struct dma_sim *sim, enum dma_sim_fault_type type,
		      unsigned int nth, unsigned int every);
void dma_sim_hold(struct dma_sim *sim, bool hold);
void dma_sim_get_stats(struct dma_sim *sim, struct dma_sim_stats *stats);

#endif
