// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-shadow: dma_map_ops that give a device a shadow of what is mapped for it.
 *
 * The life of a mapping:
 *
 *	made	  the device knows its address; it is in sd->live, and in
 *		  shadow_phys if it has a shadow
 *	gone	  an unmap has found it, and nobody else will: it moved to
 *		  sd->gone, and still is in shadow_phys until the CPU has its bytes
 *	retired	  the shadow is filled with a pattern and waits in sd->quarantine,
 *		  still mapped for the device, for somebody to write to it
 *	released  it left the quarantine, was looked at, and is freed with the last
 *		  reference
 *
 * Locking. All may be called in any context in which the DMA API may be.
 *
 *	shadow_mutex	shadow_devs, and who is shadowed
 *	shadow_lock	the trees, the quarantines, and to read shadow_devs
 *	map->lock	the bytes of a mapping, of both the original and the shadow,
 *			and who owns them
 *
 * They nest in this order. Bytes are moved under map->lock alone unless mappings
 * share memory: then what is poison and what is data takes a look at the others,
 * and shadow_lock is held, too. map->shared says so; it is set under both locks
 * and never cleared. No two map->lock are held at the same time. Memory is
 * allocated, the ops below map and unmap, and reports are printed with no lock
 * held; the ops below sync under map->lock.
 */
#include <linux/err.h>
#include <linux/instruction_pointer.h>
#include <linux/interval_tree_generic.h>
#include <linux/jiffies.h>
#include <linux/memremap.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "direct.h"
#include "shadow.h"

#define SHADOW_GFP		(GFP_ATOMIC | __GFP_NOWARN)

#define NODE_START(node)	((node)->start)
#define NODE_LAST(node)		((node)->last)

INTERVAL_TREE_DEFINE(struct shadow_node, rb, u64, subtree_last, NODE_START,
		     NODE_LAST, static, span)

DEFINE_SPINLOCK(shadow_lock);

/* What of the memory is mapped, for whatever device. Under shadow_lock. */
struct rb_root_cached shadow_phys = RB_ROOT_CACHED;

struct shadow_map *shadow_map_first(struct rb_root_cached *root, u64 start,
				    u64 last)
{
	struct shadow_node *node = span_iter_first(root, start, last);

	return node ? container_of(node, struct shadow_map, dma) : NULL;
}

struct shadow_map *shadow_map_next(struct shadow_map *map, u64 start, u64 last)
{
	struct shadow_node *node = span_iter_next(&map->dma, start, last);

	return node ? container_of(node, struct shadow_map, dma) : NULL;
}

struct shadow_map *shadow_phys_first(u64 start, u64 last)
{
	struct shadow_node *node = span_iter_first(&shadow_phys, start, last);

	return node ? container_of(node, struct shadow_map, phys) : NULL;
}

struct shadow_map *shadow_phys_next(struct shadow_map *map, u64 start, u64 last)
{
	struct shadow_node *node = span_iter_next(&map->phys, start, last);

	return node ? container_of(node, struct shadow_map, phys) : NULL;
}

static void span_set(struct shadow_node *node, u64 start, size_t size)
{
	node->start = start;
	node->last = start + max_t(size_t, size, 1) - 1;
}

static bool has_shadow(const struct shadow_map *map)
{
	return map->kind == SHADOW_PAGE || map->kind == SHADOW_SG;
}

static struct shadow_map *map_get(struct shadow_map *map)
{
	refcount_inc(&map->ref);
	return map;
}

void shadow_map_put(struct shadow_map *map)
{
	if (!map || !refcount_dec_and_test(&map->ref))
		return;
	shadow_data_free(map);
	kfree(map);
}

struct shadow_map *shadow_map_new(struct shadow_dev *sd,
				  const struct shadow_call *call,
				  unsigned long attrs)
{
	struct shadow_map *map = kzalloc(sizeof(*map), SHADOW_GFP);

	if (!map)
		return NULL;
	refcount_set(&map->ref, 1);
	spin_lock_init(&map->lock);
	INIT_LIST_HEAD(&map->fifo);
	map->sd = sd;
	map->kind = call->kind;
	map->dir = call->dir;
	map->size = call->size;
	map->nents = call->nents;
	map->attrs = attrs;
	map->born = jiffies;
	map->map_stack = shadow_stack(call->ip);
	return map;
}

/* Out of the quarantine, and of all trees. */
static void map_release(struct shadow_map *map)
{
	struct shadow_byte byte = {};

	if (has_shadow(map)) {
		shadow_data_unmap_below(map);
		if (shadow_data_written_late(map, &byte))
			shadow_report_byte(map, DMA_SHADOW_DEV_LATE, &byte);
	}
	shadow_map_put(map);
}

static void release_list(struct list_head *list)
{
	struct shadow_map *map, *next;

	list_for_each_entry_safe(map, next, list, fifo) {
		list_del_init(&map->fifo);
		map_release(map);
	}
}

/* Take the oldest out until @maps and @bytes are left, and put them on @list. */
static void quarantine_shrink(struct shadow_dev *sd, unsigned int maps,
			      size_t bytes, struct list_head *list)
{
	struct shadow_map *map;

	lockdep_assert_held(&shadow_lock);
	while (sd->quarantine_maps > maps || sd->quarantine_bytes > bytes) {
		map = list_first_entry(&sd->quarantine, struct shadow_map, fifo);
		span_remove(&map->dma, &sd->gone);
		list_move_tail(&map->fifo, list);
		sd->quarantine_maps--;
		sd->quarantine_bytes -= map->total;
	}
}

static void quarantine_add(struct shadow_map *map)
{
	struct shadow_dev *sd = map->sd;
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&shadow_lock, flags);
	if (has_shadow(map))
		span_remove(&map->phys, &shadow_phys);
	list_add_tail(&map->fifo, &sd->quarantine);
	sd->quarantine_maps++;
	sd->quarantine_bytes += map->total;
	/* The last one stays, however large it is. */
	quarantine_shrink(sd, SHADOW_QUARANTINE_MAPS,
			  max_t(size_t, SHADOW_QUARANTINE_BYTES, map->total),
			  &list);
	spin_unlock_irqrestore(&shadow_lock, flags);
	release_list(&list);
}

/* Look at all shadows that wait, and free them. */
void shadow_drain(struct shadow_dev *sd)
{
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&shadow_lock, flags);
	quarantine_shrink(sd, 0, 0, &list);
	spin_unlock_irqrestore(&shadow_lock, flags);
	release_list(&list);
}

static bool told_to_fail(struct shadow_dev *sd)
{
	bool fail = false;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	if (sd->fail_nth && !--sd->fail_nth)
		fail = true;
	if (!sd->fail_every)
		sd->fail_seen = 0;
	else if (!(++sd->fail_seen % sd->fail_every))
		fail = true;
	spin_unlock_irqrestore(&shadow_lock, flags);
	return fail;
}

/*
 * Make those that overlap with @map known to each other. Returns one, with a
 * reference, that must not.
 */
static struct shadow_map *mark_shared(struct shadow_map *map)
{
	struct shadow_map *other, *bad = NULL;
	bool writer;

	lockdep_assert_held(&shadow_lock);
	for (other = shadow_phys_first(map->phys.start, map->phys.last); other;
	     other = shadow_phys_next(other, map->phys.start, map->phys.last)) {
		writer = map->dir != DMA_TO_DEVICE ||
			 other->dir != DMA_TO_DEVICE;
		spin_lock(&other->lock);
		if (!other->owned) {
			/* The CPU has all its bytes; it is about to leave. */
			spin_unlock(&other->lock);
			continue;
		}
		other->shared = true;
		other->overlap |= writer;
		spin_unlock(&other->lock);
		map->shared = true;
		map->overlap |= writer;
		if (writer && !bad)
			bad = map_get(other);
	}
	return bad;
}

static void give_to_device(struct shadow_map *map)
{
	struct shadow_found found = {};

	if (!(map->attrs & DMA_ATTR_SKIP_CPU_SYNC))
		shadow_to_device(map, 0, map->size, &found);
}

/* Put a mapping with a shadow into the trees, and its bytes into the shadow. */
static struct shadow_map *map_insert(struct shadow_map *map)
{
	struct shadow_map *bad;
	unsigned long flags;

	span_set(&map->dma, map->dma_addr, map->size);
	span_set(&map->phys, map->orig, map->size);

	spin_lock_irqsave(&shadow_lock, flags);
	map->poisons = map->dir != DMA_TO_DEVICE || shadow_poison_sources;
	bad = mark_shared(map);
	spin_lock(&map->lock);
	span_insert(&map->dma, &map->sd->live);
	span_insert(&map->phys, &shadow_phys);
	if (map->shared) {
		give_to_device(map);
		spin_unlock(&map->lock);
		spin_unlock_irqrestore(&shadow_lock, flags);
		return bad;
	}
	spin_unlock(&shadow_lock);
	give_to_device(map);
	spin_unlock_irqrestore(&map->lock, flags);
	return NULL;
}

static void count_mapped(struct shadow_map *map)
{
	shadow_count(map->sd, DMA_SHADOW_MAPS, 1);
	shadow_count(map->sd, DMA_SHADOW_LIVE, 1);
	shadow_count(map->sd, DMA_SHADOW_BYTES_LIVE, map->size);
}

static void count_unmapped(struct shadow_map *map)
{
	shadow_count(map->sd, DMA_SHADOW_UNMAPS, 1);
	shadow_count(map->sd, DMA_SHADOW_LIVE, -1);
	shadow_count(map->sd, DMA_SHADOW_BYTES_LIVE, -(long)map->size);
}

static struct shadow_map *map_with_shadow(struct shadow_dev *sd,
					  const struct shadow_call *call,
					  phys_addr_t phys, unsigned long attrs)
{
	struct shadow_map *map = shadow_map_new(sd, call, attrs);
	int ret;

	if (!map)
		return ERR_PTR(-ENOMEM);
	map->orig = phys;
	ret = shadow_data_init(map, SHADOW_GFP);
	if (!ret)
		ret = shadow_data_map_below(map);
	if (ret) {
		shadow_map_put(map);
		return ERR_PTR(ret);
	}
	return map;
}

/* Map one piece of memory. Returns 0 with call->addr set, or an error. */
static int map_memory(struct shadow_dev *sd, struct shadow_call *call,
		      phys_addr_t phys, unsigned long attrs)
{
	struct shadow_map *map, *bad;

	if (told_to_fail(sd)) {
		shadow_count(sd, DMA_SHADOW_FAILED, 1);
		return -ENOMEM;
	}
	map = map_with_shadow(sd, call, phys, attrs);
	if (IS_ERR(map)) {
		/* What waits for late writes must not make the driver fail. */
		shadow_drain(sd);
		map = map_with_shadow(sd, call, phys, attrs);
	}
	if (IS_ERR(map)) {
		shadow_count(sd, DMA_SHADOW_FAILED, 1);
		return PTR_ERR(map);
	}

	call->addr = map->dma_addr;
	count_mapped(map);
	bad = map_insert(map);
	if (bad)
		shadow_report_call(sd, DMA_SHADOW_OVERLAP, call, bad);
	shadow_map_put(bad);
	return 0;
}

static dma_addr_t shadow_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	struct shadow_call call = {
		.size = size, .dir = dir, .kind = SHADOW_PAGE, .nents = 1,
		.ip = _RET_IP_,
	};

	if (is_pci_p2pdma_page(page))
		return DMA_MAPPING_ERROR;
	if (map_memory(to_shadow_dev(dev), &call, page_to_phys(page) + offset,
		       attrs))
		return DMA_MAPPING_ERROR;
	return call.addr;
}

/* How many things about a mapping are as the call says, or -1. */
static int likeness(const struct shadow_map *map,
		    const struct shadow_call *call)
{
	if (map->dma_addr != call->addr || map->kind == SHADOW_ALLOC)
		return -1;
	return (map->size == call->size) + (map->dir == call->dir) +
		(map->kind == call->kind);
}

/* The mapping in @root that @call means. */
static struct shadow_map *map_find(struct rb_root_cached *root,
				   const struct shadow_call *call)
{
	struct shadow_map *map, *best = NULL;
	int like, most = -1;

	lockdep_assert_held(&shadow_lock);
	for (map = shadow_map_first(root, call->addr, call->addr); map;
	     map = shadow_map_next(map, call->addr, call->addr)) {
		like = likeness(map, call);
		if (like > most) {
			most = like;
			best = map;
		}
	}
	return best;
}

/* Another device's mapping that @call, made for @sd, could mean. */
static struct shadow_map *map_find_elsewhere(struct shadow_dev *sd,
					     const struct shadow_call *call)
{
	struct shadow_map *map;
	struct shadow_dev *other;

	list_for_each_entry(other, &shadow_devs, node) {
		map = other != sd && other->dev ?
			map_find(&other->live, call) : NULL;
		if (map)
			return map;
	}
	return NULL;
}

static void map_make_gone(struct shadow_map *map, depot_stack_handle_t stack)
{
	lockdep_assert_held(&shadow_lock);
	span_remove(&map->dma, &map->sd->live);
	span_insert(&map->dma, &map->sd->gone);
	WRITE_ONCE(map->gone, true);
	map->unmap_stack = stack;
}

/*
 * Find the mapping that @call unmaps, and let nobody else do. The caller has the
 * reference that the tree had, and returns it by quarantine_add(). What is wrong
 * is reported.
 */
static struct shadow_map *map_take(struct shadow_dev *sd,
				   const struct shadow_call *call)
{
	depot_stack_handle_t stack = shadow_stack(call->ip);
	enum dma_shadow_counter bad = DMA_SHADOW_COUNTERS;
	struct shadow_map *map, *gone = NULL;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	map = map_find(&sd->live, call);
	if (!map) {
		gone = map_find(&sd->gone, call);
		bad = gone ? DMA_SHADOW_UNMAP_TWICE : DMA_SHADOW_UNMAP_NEVER;
	}
	if (!map && !gone) {
		map = map_find_elsewhere(sd, call);
		if (map)
			bad = DMA_SHADOW_UNMAP_DEVICE;
	}
	if (map)
		map_make_gone(map, stack);
	if (gone)
		map_get(gone);
	spin_unlock_irqrestore(&shadow_lock, flags);

	if (bad != DMA_SHADOW_COUNTERS)
		shadow_report_call(sd, bad, call, map ?: gone);
	shadow_map_put(gone);
	return map;
}

static void check_unmap(struct shadow_dev *sd, const struct shadow_call *call,
			struct shadow_map *map)
{
	if (call->size != map->size ||
	    (call->kind == map->kind && call->nents != map->nents))
		shadow_report_call(sd, DMA_SHADOW_UNMAP_SIZE, call, map);
	if (call->dir != map->dir)
		shadow_report_call(sd, DMA_SHADOW_UNMAP_DIR, call, map);
	if (call->kind != map->kind)
		shadow_report_call(sd, DMA_SHADOW_UNMAP_KIND, call, map);
}

static void take_back(struct shadow_map *map, enum shadow_copy copy,
		      struct shadow_found *found)
{
	shadow_to_cpu(map, 0, map->size, copy, found);
	shadow_data_retire(map);
}

/* Give the CPU what is its, and let the shadow wait for late writes. */
static void end_shadow(struct shadow_map *map, enum shadow_copy copy)
{
	struct shadow_found found = {};
	unsigned long flags;

	spin_lock_irqsave(&map->lock, flags);
	if (!map->shared) {
		take_back(map, copy, &found);
		spin_unlock_irqrestore(&map->lock, flags);
	} else {
		spin_unlock_irqrestore(&map->lock, flags);
		spin_lock_irqsave(&shadow_lock, flags);
		spin_lock(&map->lock);
		take_back(map, copy, &found);
		spin_unlock(&map->lock);
		spin_unlock_irqrestore(&shadow_lock, flags);
	}
	shadow_report_found(map, &found);
}

static void end_resource(struct shadow_map *map)
{
	const struct dma_map_ops *below = map->sd->below;

	if (below && below->unmap_resource)
		below->unmap_resource(map->sd->dev, map->dma_addr, map->size,
				      map->dir, map->attrs);
}

/* The end of a mapping that map_make_gone() was called for. */
static void map_end(struct shadow_map *map, enum shadow_copy copy)
{
	count_unmapped(map);
	if (has_shadow(map))
		end_shadow(map, copy);
	else
		end_resource(map);
	quarantine_add(map);
}

static void unmap_one(struct shadow_dev *sd, const struct shadow_call *call,
		      unsigned long attrs)
{
	struct shadow_map *map = map_take(sd, call);

	if (!map)
		return;
	check_unmap(sd, call, map);
	map_end(map, attrs & DMA_ATTR_SKIP_CPU_SYNC ? SHADOW_COPY_NOT :
						      SHADOW_COPY);
}

static void shadow_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct shadow_call call = {
		.addr = addr, .size = size, .dir = dir, .kind = SHADOW_PAGE,
		.nents = 1, .ip = _RET_IP_,
	};

	unmap_one(to_shadow_dev(dev), &call, attrs);
}

/* How long the list is that @call is of, whatever the caller says. */
static int mapped_nents(struct shadow_dev *sd, const struct shadow_call *call)
{
	int nents = call->nents;
	struct shadow_map *map;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	map = map_find(&sd->live, call);
	if (map && map->kind == SHADOW_SG)
		nents = map->nents;
	spin_unlock_irqrestore(&shadow_lock, flags);
	return nents;
}

static void shadow_unmap_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	struct shadow_dev *sd = to_shadow_dev(dev);
	struct shadow_call call = {
		.addr = sg_dma_address(sgl), .size = sg_dma_len(sgl),
		.dir = dir, .kind = SHADOW_SG, .nents = nents,
		.ip = _RET_IP_,
	};
	int i, mapped = mapped_nents(sd, &call);
	struct scatterlist *sg = sgl;

	for (i = 0; sg && i < mapped; i++, sg = sg_next(sg)) {
		call.addr = sg_dma_address(sg);
		call.size = sg_dma_len(sg);
		unmap_one(sd, &call, attrs);
		/* A wrong number of entries was told of once. */
		call.nents = mapped;
	}
}

static int shadow_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
			 enum dma_data_direction dir, unsigned long attrs)
{
	struct shadow_dev *sd = to_shadow_dev(dev);
	struct scatterlist *sg;
	int i, ret = -EINVAL;

	for_each_sg(sgl, sg, nents, i) {
		struct shadow_call call = {
			.size = sg->length, .dir = dir, .kind = SHADOW_SG,
			.nents = nents, .ip = _RET_IP_,
		};

		ret = -EREMOTEIO;
		if (!is_pci_p2pdma_page(sg_page(sg)))
			ret = map_memory(sd, &call, sg_phys(sg), attrs);
		if (ret)
			goto undo;
		sg_dma_address(sg) = call.addr;
		sg_dma_len(sg) = sg->length;
	}
	return nents;

undo:
	nents = i;
	for_each_sg(sgl, sg, nents, i) {
		struct shadow_call call = {
			.addr = sg_dma_address(sg), .size = sg_dma_len(sg),
			.dir = dir, .kind = SHADOW_SG, .ip = _RET_IP_,
		};
		struct shadow_map *map = map_take(sd, &call);

		if (map)
			map_end(map, SHADOW_COPY);
	}
	return ret;
}

static dma_addr_t map_resource_below(struct shadow_dev *sd, phys_addr_t phys,
				     size_t size, enum dma_data_direction dir,
				     unsigned long attrs)
{
	if (!sd->below)
		return dma_direct_map_resource(sd->dev, phys, size, dir, attrs);
	if (!sd->below->map_resource)
		return DMA_MAPPING_ERROR;
	return sd->below->map_resource(sd->dev, phys, size, dir, attrs);
}

/* Remember a mapping that has no shadow. */
void shadow_map_insert_bare(struct shadow_map *map, dma_addr_t addr)
{
	unsigned long flags;

	map->dma_addr = addr;
	span_set(&map->dma, addr, map->size);
	spin_lock_irqsave(&shadow_lock, flags);
	span_insert(&map->dma, &map->sd->live);
	spin_unlock_irqrestore(&shadow_lock, flags);
}

static dma_addr_t shadow_map_resource(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	struct shadow_dev *sd = to_shadow_dev(dev);
	struct shadow_call call = {
		.size = size, .dir = dir, .kind = SHADOW_RESOURCE, .nents = 1,
		.ip = _RET_IP_,
	};
	struct shadow_map *map = NULL;
	dma_addr_t addr;

	if (!told_to_fail(sd))
		map = shadow_map_new(sd, &call, attrs);
	if (!map)
		goto failed;
	addr = map_resource_below(sd, phys, size, dir, attrs);
	if (addr == DMA_MAPPING_ERROR)
		goto failed;
	map->orig = phys;
	count_mapped(map);
	shadow_map_insert_bare(map, addr);
	return addr;

failed:
	shadow_map_put(map);
	shadow_count(sd, DMA_SHADOW_FAILED, 1);
	return DMA_MAPPING_ERROR;
}

static void shadow_unmap_resource(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	struct shadow_call call = {
		.addr = addr, .size = size, .dir = dir,
		.kind = SHADOW_RESOURCE, .nents = 1, .ip = _RET_IP_,
	};

	unmap_one(to_shadow_dev(dev), &call, attrs);
}

static void move(struct shadow_map *map, size_t from, size_t to,
		 bool to_device, struct shadow_found *found)
{
	/* Somebody unmapped it since it was found. */
	if (!map->owned)
		return;
	if (to_device)
		shadow_to_device(map, from, to, found);
	else
		shadow_to_cpu(map, from, to, SHADOW_COPY, found);
}

static void sync_shadow(struct shadow_map *map, size_t from, size_t to,
			bool to_device)
{
	struct shadow_found found = {};
	unsigned long flags;

	spin_lock_irqsave(&map->lock, flags);
	if (!map->shared) {
		move(map, from, to, to_device, &found);
		spin_unlock_irqrestore(&map->lock, flags);
	} else {
		spin_unlock_irqrestore(&map->lock, flags);
		spin_lock_irqsave(&shadow_lock, flags);
		spin_lock(&map->lock);
		move(map, from, to, to_device, &found);
		spin_unlock(&map->lock);
		spin_unlock_irqrestore(&shadow_lock, flags);
	}
	shadow_report_found(map, &found);
}

/* Memory of dma_alloc_pages() is not shadowed: sync it below. */
static void sync_below(struct shadow_dev *sd, const struct shadow_call *call,
		       bool to_device)
{
	const struct dma_map_ops *below = sd->below;

	if (!below && to_device)
		dma_direct_sync_single_for_device(sd->dev, call->addr,
						  call->size, call->dir);
	else if (!below)
		dma_direct_sync_single_for_cpu(sd->dev, call->addr, call->size,
					       call->dir);
	else if (to_device && below->sync_single_for_device)
		below->sync_single_for_device(sd->dev, call->addr, call->size,
					      call->dir);
	else if (!to_device && below->sync_single_for_cpu)
		below->sync_single_for_cpu(sd->dev, call->addr, call->size,
					   call->dir);
}

/* A mapping that @call touches, with a reference: a live one if there is one. */
static struct shadow_map *map_find_touched(struct shadow_dev *sd,
					   const struct shadow_call *call)
{
	u64 last = (u64)call->addr + call->size - 1;
	struct shadow_map *map;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	map = shadow_map_first(&sd->live, call->addr, last);
	if (!map)
		map = shadow_map_first(&sd->gone, call->addr, last);
	if (map)
		map_get(map);
	spin_unlock_irqrestore(&shadow_lock, flags);
	return map;
}

static void sync_map(struct shadow_dev *sd, const struct shadow_call *call,
		     struct shadow_map *map, bool to_device)
{
	u64 first = map->dma_addr, end = first + map->size;
	u64 from = call->addr, to = from + call->size;

	if (call->dir != map->dir && map->dir != DMA_BIDIRECTIONAL)
		shadow_report_call(sd, DMA_SHADOW_SYNC_DIR, call, map);
	if (from < first || to > end)
		shadow_report_call(sd, DMA_SHADOW_SYNC_BOUNDS, call, map);
	if (map->kind == SHADOW_ALLOC)
		sync_below(sd, call, to_device);
	else
		sync_shadow(map, max(from, first) - first, min(to, end) - first,
			    to_device);
}

static void sync_one(struct device *dev, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, bool to_device)
{
	struct shadow_dev *sd = to_shadow_dev(dev);
	struct shadow_call call = {
		.addr = addr, .size = size, .dir = dir, .nents = 1,
	};
	struct shadow_map *map;

	shadow_count(sd, DMA_SHADOW_SYNCS, 1);
	if (!size)
		return;
	map = map_find_touched(sd, &call);
	if (!map || READ_ONCE(map->gone) || map->kind == SHADOW_RESOURCE)
		shadow_report_call(sd, DMA_SHADOW_SYNC_UNMAPPED, &call, map);
	else
		sync_map(sd, &call, map, to_device);
	shadow_map_put(map);
}

static void shadow_sync_single_for_cpu(struct device *dev, dma_addr_t addr,
				       size_t size, enum dma_data_direction dir)
{
	sync_one(dev, addr, size, dir, false);
}

static void shadow_sync_single_for_device(struct device *dev, dma_addr_t addr,
					  size_t size,
					  enum dma_data_direction dir)
{
	sync_one(dev, addr, size, dir, true);
}

static void shadow_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
				   int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync_one(dev, sg_dma_address(sg), sg_dma_len(sg), dir, false);
}

static void shadow_sync_sg_for_device(struct device *dev,
				      struct scatterlist *sgl, int nents,
				      enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync_one(dev, sg_dma_address(sg), sg_dma_len(sg), dir, true);
}

/**
 * dma_shadow_over_direct - is a device shadowed that dma-direct maps for
 * @dev: the device
 *
 * For questions that are answered otherwise for dma-direct than for dma_map_ops.
 *
 * Context: any.
 * Return: true if it is.
 */
bool dma_shadow_over_direct(struct device *dev)
{
	return dev->dma_ops && dev->dma_ops->map_page == shadow_map_page &&
		!to_shadow_dev(dev)->below;
}
EXPORT_SYMBOL_GPL(dma_shadow_over_direct);

static const struct dma_map_ops shadow_ops = {
	.map_page = shadow_map_page,
	.unmap_page = shadow_unmap_page,
	.map_sg = shadow_map_sg,
	.unmap_sg = shadow_unmap_sg,
	.map_resource = shadow_map_resource,
	.unmap_resource = shadow_unmap_resource,
	.sync_single_for_cpu = shadow_sync_single_for_cpu,
	.sync_single_for_device = shadow_sync_single_for_device,
	.sync_sg_for_cpu = shadow_sync_sg_for_cpu,
	.sync_sg_for_device = shadow_sync_sg_for_device,
};

void shadow_set_ops(struct shadow_dev *sd)
{
	sd->ops = shadow_ops;
	shadow_set_ops_below(sd);
}

/* Forget memory of dma_alloc_pages(). */
void shadow_map_remove_bare(struct shadow_dev *sd, dma_addr_t addr)
{
	struct shadow_map *map;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	map = shadow_map_first(&sd->live, addr, addr);
	while (map && map->kind != SHADOW_ALLOC)
		map = shadow_map_next(map, addr, addr);
	if (map)
		span_remove(&map->dma, &sd->live);
	spin_unlock_irqrestore(&shadow_lock, flags);
	shadow_map_put(map);
}

/* Whatever is live: the driver has gone, or should have. */
void shadow_end_all(struct shadow_dev *sd)
{
	struct shadow_map *map;
	unsigned long flags;
	struct rb_node *rb;

	for (;;) {
		spin_lock_irqsave(&shadow_lock, flags);
		rb = rb_first_cached(&sd->live);
		if (!rb) {
			spin_unlock_irqrestore(&shadow_lock, flags);
			return;
		}
		map = rb_entry(rb, struct shadow_map, dma.rb);
		if (map->kind == SHADOW_ALLOC)
			span_remove(&map->dma, &sd->live);
		else
			map_make_gone(map, 0);
		spin_unlock_irqrestore(&shadow_lock, flags);

		if (map->kind == SHADOW_ALLOC) {
			shadow_map_put(map);
			continue;
		}
		shadow_report_leak(map);
		map_end(map, SHADOW_COPY_UNTOUCHED);
	}
}
