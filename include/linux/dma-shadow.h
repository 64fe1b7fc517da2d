/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-shadow: check who owns memory that is mapped for DMA.
 *
 * See Documentation/dev-tools/dma-shadow.rst.
 */
#ifndef _LINUX_DMA_SHADOW_H
#define _LINUX_DMA_SHADOW_H

#include <linux/errno.h>
#include <linux/types.h>

struct device;

/**
 * enum dma_shadow_counter - what is counted of a shadowed device
 * @DMA_SHADOW_MAPS: streaming mappings made; each segment of a list is one
 * @DMA_SHADOW_UNMAPS: streaming mappings that ended
 * @DMA_SHADOW_SYNCS: calls of the sync functions; each segment of a list is one
 * @DMA_SHADOW_LIVE: streaming mappings there are now
 * @DMA_SHADOW_BYTES_LIVE: their sizes, in bytes
 * @DMA_SHADOW_FAILED: mappings refused: no memory, or told to fail
 * @DMA_SHADOW_UNMAP_TWICE: an unmap of what was unmapped not long ago
 * @DMA_SHADOW_UNMAP_NEVER: an unmap of what is not known at all, or not from
 *	its start
 * @DMA_SHADOW_UNMAP_SIZE: an unmap with another size, or of another number of
 *	list entries, than was mapped
 * @DMA_SHADOW_UNMAP_DIR: an unmap with another direction
 * @DMA_SHADOW_UNMAP_DEVICE: an unmap of what another shadowed device mapped;
 *	counted for the device that the unmap names
 * @DMA_SHADOW_UNMAP_KIND: an unmap as a page, a list or a resource of what was
 *	mapped as another of these
 * @DMA_SHADOW_SYNC_UNMAPPED: a sync of what is not mapped
 * @DMA_SHADOW_SYNC_BOUNDS: a sync that goes beyond the mapping
 * @DMA_SHADOW_SYNC_DIR: a sync with a direction that the mapping has not
 * @DMA_SHADOW_OVERLAP: a mapping of memory that is mapped already, if the
 *	device may write through one of the two
 * @DMA_SHADOW_DEV_READONLY: the device wrote to a mapping it may only read
 * @DMA_SHADOW_DEV_REDZONE: the device wrote next to a mapping
 * @DMA_SHADOW_DEV_LATE: the device wrote after the unmap
 * @DMA_SHADOW_CPU_WRITE: the CPU wrote while the device owned the memory
 * @DMA_SHADOW_LEAKED: mappings still there when the device was detached
 * @DMA_SHADOW_COUNTERS: the number of counters
 * @DMA_SHADOW_VIOLATIONS: not a counter: asks for the sum from
 *	@DMA_SHADOW_UNMAP_TWICE to @DMA_SHADOW_LEAKED
 */
enum dma_shadow_counter {
	DMA_SHADOW_MAPS,
	DMA_SHADOW_UNMAPS,
	DMA_SHADOW_SYNCS,
	DMA_SHADOW_LIVE,
	DMA_SHADOW_BYTES_LIVE,
	DMA_SHADOW_FAILED,
	DMA_SHADOW_UNMAP_TWICE,
	DMA_SHADOW_UNMAP_NEVER,
	DMA_SHADOW_UNMAP_SIZE,
	DMA_SHADOW_UNMAP_DIR,
	DMA_SHADOW_UNMAP_DEVICE,
	DMA_SHADOW_UNMAP_KIND,
	DMA_SHADOW_SYNC_UNMAPPED,
	DMA_SHADOW_SYNC_BOUNDS,
	DMA_SHADOW_SYNC_DIR,
	DMA_SHADOW_OVERLAP,
	DMA_SHADOW_DEV_READONLY,
	DMA_SHADOW_DEV_REDZONE,
	DMA_SHADOW_DEV_LATE,
	DMA_SHADOW_CPU_WRITE,
	DMA_SHADOW_LEAKED,
	DMA_SHADOW_COUNTERS,
	DMA_SHADOW_VIOLATIONS = DMA_SHADOW_COUNTERS,
};

#ifdef CONFIG_DMA_SHADOW

int dma_shadow_attach(struct device *dev);
void dma_shadow_detach(struct device *dev);
int dma_shadow_select(const char *name);
int dma_shadow_deselect(const char *name);
long dma_shadow_count(struct device *dev, enum dma_shadow_counter which);
void dma_shadow_reset(struct device *dev);
void dma_shadow_fail_map(struct device *dev, unsigned int nth,
			 unsigned int every);
void dma_shadow_quiet(struct device *dev, bool quiet);
int dma_shadow_poison_sources(bool on);
bool dma_shadow_over_direct(struct device *dev);

#else /* !CONFIG_DMA_SHADOW */

static inline int dma_shadow_attach(struct device *dev)
{
	return -EOPNOTSUPP;
}

static inline void dma_shadow_detach(struct device *dev)
{
}

static inline int dma_shadow_select(const char *name)
{
	return -EOPNOTSUPP;
}

static inline int dma_shadow_deselect(const char *name)
{
	return -EOPNOTSUPP;
}

static inline long dma_shadow_count(struct device *dev,
				    enum dma_shadow_counter which)
{
	return 0;
}

static inline void dma_shadow_reset(struct device *dev)
{
}

static inline void dma_shadow_fail_map(struct device *dev, unsigned int nth,
				       unsigned int every)
{
}

static inline void dma_shadow_quiet(struct device *dev, bool quiet)
{
}

static inline int dma_shadow_poison_sources(bool on)
{
	return -EOPNOTSUPP;
}

static inline bool dma_shadow_over_direct(struct device *dev)
{
	return false;
}

#endif /* !CONFIG_DMA_SHADOW */

#endif /* _LINUX_DMA_SHADOW_H */
