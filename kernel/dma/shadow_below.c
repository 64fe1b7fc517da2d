// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-shadow: all that is done as it would be without us, by the ops below or by
 * dma-direct. Where kernel/dma/mapping.c treats dma_map_ops that miss a member
 * otherwise than dma-direct, ours miss it, too: see shadow_set_ops_below().
 */
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/instruction_pointer.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "direct.h"
#include "shadow.h"

static void *shadow_alloc(struct device *dev, size_t size, dma_addr_t *handle,
			  gfp_t gfp, unsigned long attrs)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (below)
		return below->alloc(dev, size, handle, gfp, attrs);
	return dma_direct_alloc(dev, size, handle, gfp, attrs);
}

static void shadow_free(struct device *dev, size_t size, void *vaddr,
			dma_addr_t handle, unsigned long attrs)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (below)
		below->free(dev, size, vaddr, handle, attrs);
	else
		dma_direct_free(dev, size, vaddr, handle, attrs);
}

static bool uses_common_pages(const struct dma_map_ops *below)
{
	return IS_ENABLED(CONFIG_DMA_OPS_HELPERS) &&
		below->alloc_pages_op == dma_common_alloc_pages;
}

/* dma_common_alloc_pages() would map by the device's ops: by us. */
static struct page *common_pages_below(struct shadow_dev *sd, size_t size,
				       dma_addr_t *handle,
				       enum dma_data_direction dir, gfp_t gfp)
{
	struct device *dev = sd->dev;
	struct page *page = dma_alloc_contiguous(dev, size, gfp);

	if (!page)
		page = alloc_pages_node(dev_to_node(dev), gfp,
					get_order(size));
	if (!page)
		return NULL;
	*handle = sd->below->map_page(dev, page, 0, size, dir,
				      DMA_ATTR_SKIP_CPU_SYNC);
	if (*handle == DMA_MAPPING_ERROR) {
		dma_free_contiguous(dev, page, size);
		return NULL;
	}
	memset(page_address(page), 0, size);
	return page;
}

static struct page *pages_below(struct shadow_dev *sd, size_t size,
				dma_addr_t *handle, enum dma_data_direction dir,
				gfp_t gfp)
{
	if (!sd->below)
		return dma_direct_alloc_pages(sd->dev, size, handle, dir, gfp);
	if (uses_common_pages(sd->below))
		return common_pages_below(sd, size, handle, dir, gfp);
	return sd->below->alloc_pages_op(sd->dev, size, handle, dir, gfp);
}

static void free_pages_below(struct shadow_dev *sd, size_t size,
			     struct page *page, dma_addr_t handle,
			     enum dma_data_direction dir)
{
	if (!sd->below) {
		dma_direct_free_pages(sd->dev, size, page, handle, dir);
	} else if (uses_common_pages(sd->below)) {
		sd->below->unmap_page(sd->dev, handle, size, dir,
				      DMA_ATTR_SKIP_CPU_SYNC);
		dma_free_contiguous(sd->dev, page, size);
	} else if (sd->below->free_pages) {
		sd->below->free_pages(sd->dev, size, page, handle, dir);
	}
}

/* These are synced like mappings: remember them so as to know their addresses. */
static struct page *shadow_alloc_pages(struct device *dev, size_t size,
				       dma_addr_t *handle,
				       enum dma_data_direction dir, gfp_t gfp)
{
	struct shadow_dev *sd = to_shadow_dev(dev);
	struct shadow_call call = {
		.size = size, .dir = dir, .kind = SHADOW_ALLOC,
		.ip = _RET_IP_,
	};
	struct shadow_map *map = shadow_map_new(sd, &call, 0);
	struct page *page;

	if (!map)
		return NULL;
	page = pages_below(sd, size, handle, dir, gfp);
	if (page)
		shadow_map_insert_bare(map, *handle);
	else
		shadow_map_put(map);
	return page;
}

static void shadow_free_pages(struct device *dev, size_t size,
			      struct page *page, dma_addr_t handle,
			      enum dma_data_direction dir)
{
	struct shadow_dev *sd = to_shadow_dev(dev);

	shadow_map_remove_bare(sd, handle);
	free_pages_below(sd, size, page, handle, dir);
}

static int shadow_mmap(struct device *dev, struct vm_area_struct *vma,
		       void *vaddr, dma_addr_t handle, size_t size,
		       unsigned long attrs)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (below)
		return below->mmap(dev, vma, vaddr, handle, size, attrs);
	return dma_direct_mmap(dev, vma, vaddr, handle, size, attrs);
}

static int shadow_get_sgtable(struct device *dev, struct sg_table *sgt,
			      void *vaddr, dma_addr_t handle, size_t size,
			      unsigned long attrs)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (below)
		return below->get_sgtable(dev, sgt, vaddr, handle, size, attrs);
	return dma_direct_get_sgtable(dev, sgt, vaddr, handle, size, attrs);
}

static int shadow_dma_supported(struct device *dev, u64 mask)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (!below)
		return dma_direct_supported(dev, mask);
	return below->dma_supported ? below->dma_supported(dev, mask) : 1;
}

static u64 shadow_get_required_mask(struct device *dev)
{
	const struct dma_map_ops *below = to_shadow_dev(dev)->below;

	if (!below)
		return dma_direct_get_required_mask(dev);
	return below->get_required_mask ? below->get_required_mask(dev) :
					  DMA_BIT_MASK(32);
}

static size_t shadow_max_mapping_size(struct device *dev)
{
	return shadow_data_max(to_shadow_dev(dev));
}

static void drop_missing(struct shadow_dev *sd)
{
	const struct dma_map_ops *below = sd->below;

	if (!below->alloc)
		sd->ops.alloc = NULL;
	if (!below->free)
		sd->ops.free = NULL;
	if (!below->alloc_pages_op)
		sd->ops.alloc_pages_op = NULL;
	if (!below->mmap)
		sd->ops.mmap = NULL;
	if (!below->get_sgtable)
		sd->ops.get_sgtable = NULL;
}

/* There is no get_merge_boundary: segments are not merged here. */
void shadow_set_ops_below(struct shadow_dev *sd)
{
	sd->ops.alloc = shadow_alloc;
	sd->ops.free = shadow_free;
	sd->ops.alloc_pages_op = shadow_alloc_pages;
	sd->ops.free_pages = shadow_free_pages;
	sd->ops.mmap = shadow_mmap;
	sd->ops.get_sgtable = shadow_get_sgtable;
	sd->ops.dma_supported = shadow_dma_supported;
	sd->ops.get_required_mask = shadow_get_required_mask;
	sd->ops.max_mapping_size = shadow_max_mapping_size;

	if (sd->below) {
		drop_missing(sd);
		sd->ops.opt_mapping_size = sd->below->opt_mapping_size;
	} else if (!dma_direct_can_mmap(sd->dev)) {
		/* Its presence is the answer of dma_can_mmap(). */
		sd->ops.mmap = NULL;
	}
}
