/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of dma-sim share.
 *
 * Locking:
 *
 *	V: the lock of the channel (virt_dma_chan.lock)
 *	S: dma_sim.lock, a leaf: it is taken under V
 *	P: probe and remove, which the driver core serialises
 *	C: device_alloc_chan_resources() and device_free_chan_resources(), which
 *	   the DMA engine core serialises
 *	T: the thread of the channel alone
 *	I: set before anybody else can see it
 */
#ifndef DMA_SIM_INTERNAL_H
#define DMA_SIM_INTERNAL_H

#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "../virt-dma.h"
#include "dma-sim.h"

#define DMA_SIM_MAX_BOOT	16

/**
 * struct dma_sim_fault - when something goes wrong
 * @nth: S: with the nth time from now, once; 0: not at all
 * @every: S: with each so many times; 0: not at all
 * @count: S: times since @every was set
 */
struct dma_sim_fault {
	unsigned int nth;
	unsigned int every;
	unsigned int count;
};

/**
 * struct dma_sim - an instance
 * @ref: one reference of its creator, one of each dma_device
 * @id: I: number of the platform device
 * @cfg: I: what it is like
 * @pdev: I: the platform device
 * @shadowed: P: the device that dma-shadow watches, or NULL
 * @probe_err: P: what became of the last probe
 * @devs: P: the dma_devices, while the driver is bound
 * @nr_devs: P: their number
 * @dbgfs: P: directory in debugfs
 * @lock: protects what is marked with S
 * @faults: S: what shall go wrong
 * @held: no burst begins; changed without a lock, before the channels are woken
 * @stats: S: what was done
 */
struct dma_sim {
	struct kref ref;
	int id;
	struct dma_sim_config cfg;
	struct platform_device *pdev;
	struct device *shadowed;
	int probe_err;
	struct dma_sim_dev *devs[DMA_SIM_NR_OPS];
	unsigned int nr_devs;
	struct dentry *dbgfs;
	spinlock_t lock;	/* S */
	struct dma_sim_fault faults[DMA_SIM_NR_FAULTS];
	bool held;
	struct dma_sim_stats stats;
};

/**
 * struct dma_sim_desc - a descriptor
 * @vd: the descriptor of virt-dma; vd.node is protected by V
 * @op: I: the operation
 * @value: I: byte to fill with
 * @len: I: bytes
 * @dst: I: destinations, or P and Q to validate
 * @has_p: I: dst[0] is used
 * @has_q: I: dst[1] is used
 * @accumulate: I: what dst held counts as well
 * @check: I: where the outcome of a validation goes
 * @found: T: outcome up to now
 * @fault: V: what goes wrong with it, DMA_SIM_NR_FAULTS if nothing
 * @done: V: bytes that are behind the engine
 * @terminated: V: the client does not want it any more
 * @src_cnt: I: number of sources
 * @coef: I: coefficients of the sources for Q
 * @src: I: sources
 */
struct dma_sim_desc {
	struct virt_dma_desc vd;
	enum dma_sim_op op;
	u8 value;
	size_t len;
	dma_addr_t dst[2];
	bool has_p;
	bool has_q;
	bool accumulate;
	enum sum_check_flags *check;
	unsigned int found;
	enum dma_sim_fault_type fault;
	size_t done;
	bool terminated;
	unsigned int src_cnt;
	u8 *coef;
	dma_addr_t src[] __counted_by(src_cnt);
};

/**
 * struct dma_sim_chan - a channel
 * @vc: channel of virt-dma
 * @sim: I: the instance
 * @thread: C: plays the engine; NULL if nobody uses the channel
 * @wait: where @thread waits
 * @quiet: where others wait for @thread
 * @irq_work: announces ends in a hard interrupt
 * @nr_descs: descriptors that exist
 * @p: T: result of a burst, or its P; C allocates it
 * @q: T: Q of a burst
 * @rnd: T: picks the next descriptor
 * @engine: V: what @thread is working on; it is on no list, or on
 *	vc.desc_terminated
 * @ended: V: descriptors that are complete, but not yet announced; not used
 *	for DMA_SIM_SOFTIRQ, when they are on vc.desc_completed
 * @lost: V: descriptors that will never be announced
 * @stuck: V: nothing can run before what is on @lost has been terminated
 * @paused: V: the client has paused the channel
 * @parked: V: @thread has seen it and touches no memory
 * @gone: V: the device was removed
 * @calls: V: counts beginnings and ends of announcements by @thread, which alone
 *	changes it; odd while it is about one
 */
struct dma_sim_chan {
	struct virt_dma_chan vc;
	struct dma_sim *sim;
	struct task_struct *thread;
	wait_queue_head_t wait;
	wait_queue_head_t quiet;
	struct irq_work irq_work;
	atomic_t nr_descs;
	u8 *p;
	u8 *q;
	struct rnd_state rnd;
	struct dma_sim_desc *engine;
	struct list_head ended;
	struct list_head lost;
	bool stuck;
	bool paused;
	bool parked;
	bool gone;
	unsigned int calls;
};

/**
 * struct dma_sim_dev - a dma_device
 * @ddev: the dma_device
 * @sim: I: the instance
 * @nr_chans: I: number of channels
 * @chans: the channels
 */
struct dma_sim_dev {
	struct dma_device ddev;
	struct dma_sim *sim;
	unsigned int nr_chans;
	struct dma_sim_chan chans[] __counted_by(nr_chans);
};

static inline struct dma_sim_chan *to_dma_sim_chan(struct dma_chan *chan)
{
	return container_of(chan, struct dma_sim_chan, vc.chan);
}

static inline struct dma_sim_desc *to_dma_sim_desc(struct virt_dma_desc *vd)
{
	return container_of(vd, struct dma_sim_desc, vd);
}

/* core.c */
bool dma_sim_fault_hit(struct dma_sim *sim, enum dma_sim_fault_type type);
void dma_sim_count(struct dma_sim *sim, u64 *counter, u64 nr);

/* chan.c */
void dma_sim_chan_init(struct dma_sim_chan *chan, struct dma_sim_dev *sdev);
void dma_sim_chan_stop(struct dma_sim_chan *chan);
void dma_sim_set_chan_ops(struct dma_device *ddev);
struct dma_async_tx_descriptor *
dma_sim_desc_ready(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
		   unsigned long flags);
struct dma_sim_desc *dma_sim_desc_get(struct dma_sim_chan *chan,
				      enum dma_sim_op op, size_t len,
				      unsigned int src_cnt);

/* ops.c */
void dma_sim_set_ops(struct dma_device *ddev, const struct dma_sim_config *cfg,
		     unsigned int ops);
int dma_sim_burst(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
		  size_t off, size_t len);
void dma_sim_report(struct dma_sim_desc *desc);

/* params.c */

/**
 * struct dma_sim_param - a setting
 * @name: its name
 * @offset: of its unsigned int in struct dma_sim_config
 * @names: names of its values 0, 1, ..., then NULL; or NULL if it is a number
 * @set: it is a set of these, a bit each
 * @min: least value of a number
 * @max: greatest value of a number
 */
struct dma_sim_param {
	const char *name;
	size_t offset;
	const char * const *names;
	bool set;
	unsigned int min;
	unsigned int max;
};

extern const char * const dma_sim_op_names[];
extern const char * const dma_sim_fault_names[];

const struct dma_sim_param *dma_sim_find_param(const char *name);
int dma_sim_param_set(const struct dma_sim_param *param,
		      struct dma_sim_config *cfg, const char *value);
int dma_sim_param_show(const struct dma_sim_param *param,
		       const struct dma_sim_config *cfg, char *page);
int dma_sim_check_config(const struct dma_sim_config *cfg);
unsigned int dma_sim_boot_instances(void);

/* configfs.c */
#if IS_ENABLED(CONFIG_DMA_SIM_CONFIGFS)
int dma_sim_configfs_init(void);
void dma_sim_configfs_exit(void);
#else
static inline int dma_sim_configfs_init(void)
{
	return 0;
}

static inline void dma_sim_configfs_exit(void)
{
}
#endif

/* debugfs.c */
#ifdef CONFIG_DEBUG_FS
void dma_sim_debugfs_init(void);
void dma_sim_debugfs_exit(void);
void dma_sim_debugfs_add(struct dma_sim *sim);
void dma_sim_debugfs_remove(struct dma_sim *sim);
#else
static inline void dma_sim_debugfs_init(void)
{
}

static inline void dma_sim_debugfs_exit(void)
{
}

static inline void dma_sim_debugfs_add(struct dma_sim *sim)
{
}

static inline void dma_sim_debugfs_remove(struct dma_sim *sim)
{
}
#endif

#endif
