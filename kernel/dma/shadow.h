/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-shadow: what its files share. Locking is told in shadow.c.
 */
#ifndef _KERNEL_DMA_SHADOW_H
#define _KERNEL_DMA_SHADOW_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-shadow.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/stackdepot.h>
#include <linux/types.h>

struct dentry;

/* Least number of bytes on each side of a mapping that nobody may touch. */
#define SHADOW_REDZONE		64

/* What an unmapped shadow waits for: that many others, or that many bytes. */
#define SHADOW_QUARANTINE_MAPS	256
#define SHADOW_QUARANTINE_BYTES	(1024 * 1024)

/* Reports of a device that are printed in full. */
#define SHADOW_REPORTS		16

/* What a mapping was made as; the last has no shadow and is no streaming one */
enum shadow_kind {
	SHADOW_PAGE,
	SHADOW_SG,
	SHADOW_RESOURCE,
	SHADOW_ALLOC,
};

/* What the CPU gets of what the device wrote. */
enum shadow_copy {
	SHADOW_COPY,
	SHADOW_COPY_NOT,	/* the unmap says not to */
	SHADOW_COPY_UNTOUCHED,	/* if the memory is as the mapping left it */
};

/* An interval, both ends in it. phys_addr_t may be wider than long. */
struct shadow_node {
	struct rb_node rb;
	u64 start;
	u64 last;
	u64 subtree_last;
};

/**
 * struct shadow_dev - a device by name, whether shadowed right now or not
 * @ops: what @dev's dma_ops points to; the way from a device to this
 * @below: the ops that move for us, or NULL for dma-direct
 * @saved: what @dev's dma_ops was
 * @dev: the device, while it is shadowed
 * @skip_sync: what its dma_skip_sync was
 * @selected: chosen by name, to be shadowed when a driver is bound
 * @error: why it could not be shadowed the last time, or 0
 * @node: in shadow_devs
 * @live: mappings by device address
 * @gone: unmapped ones that are remembered
 * @quarantine: those of @gone whose end is done, oldest first
 * @quarantine_maps: how many these are
 * @quarantine_bytes: the size of their shadows
 * @fail_nth: mappings from now until one fails, or 0
 * @fail_every: distance of mappings that fail, or 0
 * @fail_seen: mappings since @fail_every was not 0
 * @count: the counters
 * @reported: reports so far
 * @quiet: print none
 * @dir: in debugfs
 * @name: dev_name()
 */
struct shadow_dev {
	struct dma_map_ops ops;

	/* Written by attach and detach alone, under shadow_mutex. */
	const struct dma_map_ops *below;
	const struct dma_map_ops *saved;
	bool skip_sync;
	bool selected;
	int error;

	/* Changed under shadow_mutex and shadow_lock. */
	struct device *dev;
	struct list_head node;

	/* Under shadow_lock. */
	struct rb_root_cached live;
	struct rb_root_cached gone;
	struct list_head quarantine;
	unsigned int quarantine_maps;
	size_t quarantine_bytes;
	u32 fail_nth;
	u32 fail_every;
	u32 fail_seen;

	atomic_long_t count[DMA_SHADOW_COUNTERS];
	atomic_t reported;
	bool quiet;
	struct dentry *dir;
	char name[];
};

/**
 * struct shadow_map - a mapping
 * @dma: the device addresses, in the tree of its device
 * @phys: the memory, in shadow_phys
 * @fifo: in its device's quarantine, or on the way out of it
 * @ref: held by the trees and by those who work with it
 * @lock: see shadow.c
 * @sd: the device
 * @kind: what it was mapped as
 * @dir: direction
 * @attrs: attributes of the map call
 * @orig: the memory that was mapped
 * @dma_addr: what the device was told
 * @size: of the mapping, in bytes
 * @nents: entries of the list it is from
 * @page: the shadow, or NULL
 * @off: where in the shadow the mapping starts
 * @total: size of the shadow
 * @base: device address of the shadow
 * @clean: what a read-only mapping held when it was handed over
 * @owned: a bit for each byte: the device owns it
 * @poisons: while the device owns a byte, the CPU finds poison there
 * @shared: another mapping overlaps, or did
 * @overlap: and one of them may write: this was reported
 * @gone: unmapped
 * @born: when it was mapped, in jiffies
 * @map_stack: who mapped
 * @unmap_stack: who unmapped
 */
struct shadow_map {
	struct shadow_node dma;
	struct shadow_node phys;
	struct list_head fifo;
	refcount_t ref;
	spinlock_t lock;	/* nests in shadow_lock */

	/* Constant. */
	struct shadow_dev *sd;
	enum shadow_kind kind;
	enum dma_data_direction dir;
	unsigned long attrs;
	phys_addr_t orig;
	dma_addr_t dma_addr;
	size_t size;
	int nents;
	struct page *page;
	size_t off;
	size_t total;
	dma_addr_t base;
	bool poisons;
	unsigned long born;
	depot_stack_handle_t map_stack;

	/* Under @lock; if @shared, under shadow_lock as well. */
	u8 *clean;
	unsigned long *owned;

	/* Written under shadow_lock and @lock. */
	bool shared;
	bool overlap;

	/* Under shadow_lock. */
	bool gone;
	depot_stack_handle_t unmap_stack;
};

/* A byte that is not what it was. @at counts from the mapping's start. */
struct shadow_byte {
	bool found;
	long at;
	u8 is;
	u8 was;
};

/* What looking at the bytes of a mapping brought to light. */
struct shadow_found {
	struct shadow_byte cpu;
	struct shadow_byte readonly;
	struct shadow_byte redzone;
};

/* What a call asked for, and what was found instead, for a report. */
struct shadow_call {
	dma_addr_t addr;
	size_t size;
	enum dma_data_direction dir;
	enum shadow_kind kind;
	int nents;
	unsigned long ip;	/* who called the dma_map_ops */
};

/* shadow.c */
extern spinlock_t shadow_lock;
extern struct rb_root_cached shadow_phys;

void shadow_set_ops(struct shadow_dev *sd);
void shadow_drain(struct shadow_dev *sd);
void shadow_end_all(struct shadow_dev *sd);
struct shadow_map *shadow_map_new(struct shadow_dev *sd,
				  const struct shadow_call *call,
				  unsigned long attrs);
void shadow_map_put(struct shadow_map *map);
void shadow_map_insert_bare(struct shadow_map *map, dma_addr_t addr);
void shadow_map_remove_bare(struct shadow_dev *sd, dma_addr_t addr);
struct shadow_map *shadow_map_first(struct rb_root_cached *root, u64 start,
				    u64 last);
struct shadow_map *shadow_map_next(struct shadow_map *map, u64 start, u64 last);
struct shadow_map *shadow_phys_first(u64 start, u64 last);
struct shadow_map *shadow_phys_next(struct shadow_map *map, u64 start,
				    u64 last);

/* shadow_below.c */
void shadow_set_ops_below(struct shadow_dev *sd);

/* shadow_data.c */
int shadow_data_init(struct shadow_map *map, gfp_t gfp);
void shadow_data_free(struct shadow_map *map);
int shadow_data_map_below(struct shadow_map *map);
void shadow_data_unmap_below(struct shadow_map *map);
void shadow_to_device(struct shadow_map *map, size_t from, size_t to,
		      struct shadow_found *found);
void shadow_to_cpu(struct shadow_map *map, size_t from, size_t to,
		   enum shadow_copy copy, struct shadow_found *found);
void shadow_data_retire(struct shadow_map *map);
bool shadow_data_written_late(struct shadow_map *map, struct shadow_byte *byte);
size_t shadow_data_max(struct shadow_dev *sd);
void shadow_data_seed(void);

/* shadow_dev.c */
extern struct mutex shadow_mutex;
extern struct list_head shadow_devs;
extern bool shadow_poison_sources;

ssize_t shadow_choose(char *name);

static inline struct shadow_dev *to_shadow_dev(struct device *dev)
{
	return container_of(dev->dma_ops, struct shadow_dev, ops);
}

/* shadow_report.c */
void shadow_count(struct shadow_dev *sd, enum dma_shadow_counter which,
		  long by);
depot_stack_handle_t shadow_stack(unsigned long ip);
void shadow_report_call(struct shadow_dev *sd, enum dma_shadow_counter which,
			const struct shadow_call *call, struct shadow_map *map);
void shadow_report_byte(struct shadow_map *map, enum dma_shadow_counter which,
			const struct shadow_byte *byte);
void shadow_report_found(struct shadow_map *map,
			 const struct shadow_found *found);
void shadow_report_leak(struct shadow_map *map);
long shadow_get_count(struct shadow_dev *sd, enum dma_shadow_counter which);
void shadow_set_zero(struct shadow_dev *sd);
void shadow_debugfs_init(void);
void shadow_debugfs_add(struct shadow_dev *sd);
void shadow_debugfs_remove(struct shadow_dev *sd);

#endif /* _KERNEL_DMA_SHADOW_H */
