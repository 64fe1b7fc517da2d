// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-shadow: the bytes. Where they are, whose they are, and what they must be.
 *
 * The device uses a shadow of each mapping:
 *
 *	|<----------------------- total ------------------------>|
 *	|  red zone  |<--------- size --------->|    red zone    |
 *	page        off
 *
 * It starts at a page, all of it is mapped in one piece and both ways by the
 * ops below, so that the device can reach what it must not touch. The mapping
 * starts there at the same place in a page as the memory that was mapped.
 *
 * A byte that the device owns has its bit set in map->owned. What the CPU finds
 * in the original meanwhile is poison if map->poisons, else (several mappings
 * that are only read may share their memory, and the CPU may read it, too) what
 * was there, and then map->clean tells. Poison depends on the physical address
 * alone, so all mappings of a byte agree on it.
 *
 * Functions that move bytes are called with map->lock, and with shadow_lock, too,
 * if the mapping is shared: see shadow.c.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "direct.h"
#include "shadow.h"

/* Told apart so that one is never taken for the other. */
#define SALT_POISON		0x1b873593
#define SALT_REDZONE		0xcc9e2d51
#define SALT_QUARANTINE		0x85ebca6b

static u32 shadow_seed __ro_after_init;

void __init shadow_data_seed(void)
{
	shadow_seed = get_random_u32();
}

/* Neither constant nor a count, and never all zeroes or all ones. */
static u8 pattern(u32 salt, u64 pos)
{
	u32 x = ((u32)pos ^ shadow_seed ^ salt) * 0x9e3779b1;
	u8 byte = (x ^ (x >> 13)) >> 7;

	return byte == 0x00 || byte == 0xff ? 0x5d : byte;
}

static void pattern_fill(u8 *p, size_t n, u32 salt, u64 pos)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = pattern(salt, pos + i);
}

/* Note the first byte that differs; @at is the place of @p in the mapping. */
static void note_byte(struct shadow_byte *byte, long at, u8 is, u8 was)
{
	if (byte->found)
		return;
	byte->found = true;
	byte->at = at;
	byte->is = is;
	byte->was = was;
}

static void pattern_check(const u8 *p, size_t n, u32 salt, u64 pos, long at,
			  struct shadow_byte *byte)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != pattern(salt, pos + i)) {
			note_byte(byte, at + i, p[i], pattern(salt, pos + i));
			return;
		}
	}
}

static void bytes_check(const u8 *p, const u8 *want, size_t n, long at,
			struct shadow_byte *byte)
{
	size_t i;

	if (!memcmp(p, want, n))
		return;
	/* the CPU may write there meanwhile, and leave no difference */
	for (i = 0; i < n; i++) {
		u8 got = READ_ONCE(p[i]);

		if (got != want[i]) {
			note_byte(byte, at + i, got, want[i]);
			return;
		}
	}
}

/* Where a mapping's bytes are in the shadow. */
static u8 *shadow_at(struct shadow_map *map, size_t at)
{
	return (u8 *)page_address(map->page) + map->off + at;
}

/* As many of the @n bytes from @at on as are in one page; kunmap_local() it. */
static u8 *orig_kmap(struct shadow_map *map, size_t at, size_t *n)
{
	phys_addr_t phys = map->orig + at;
	size_t in_page = offset_in_page(phys);

	*n = min(*n, PAGE_SIZE - in_page);
	return (u8 *)kmap_local_page(pfn_to_page(PHYS_PFN(phys))) + in_page;
}

static void orig_read(struct shadow_map *map, size_t from, size_t to, u8 *buf)
{
	size_t at, n;
	u8 *p;

	for (at = from; at < to; at += n) {
		n = to - at;
		p = orig_kmap(map, at, &n);
		memcpy(buf + at - from, p, n);
		kunmap_local(p);
	}
}

static void orig_write(struct shadow_map *map, size_t from, size_t to,
		       const u8 *buf)
{
	size_t at, n;
	u8 *p;

	for (at = from; at < to; at += n) {
		n = to - at;
		p = orig_kmap(map, at, &n);
		memcpy(p, buf + at - from, n);
		kunmap_local(p);
	}
}

static void orig_poison(struct shadow_map *map, size_t from, size_t to)
{
	size_t at, n;
	u8 *p;

	for (at = from; at < to; at += n) {
		n = to - at;
		p = orig_kmap(map, at, &n);
		pattern_fill(p, n, SALT_POISON, map->orig + at);
		kunmap_local(p);
	}
}

/* Has the CPU left alone what the device owns? */
static void orig_check(struct shadow_map *map, size_t from, size_t to,
		       struct shadow_byte *byte)
{
	size_t at, n;
	u8 *p;

	for (at = from; at < to; at += n) {
		n = to - at;
		p = orig_kmap(map, at, &n);
		if (map->poisons)
			pattern_check(p, n, SALT_POISON, map->orig + at, at,
				      byte);
		else
			bytes_check(p, map->clean + at, n, at, byte);
		kunmap_local(p);
	}
}

static void below_sync_for_cpu(struct shadow_map *map, size_t from, size_t n)
{
	const struct dma_map_ops *below = map->sd->below;
	struct device *dev = map->sd->dev;

	if (!below)
		dma_direct_sync_single_for_cpu(dev, map->base + from, n,
					       DMA_BIDIRECTIONAL);
	else if (below->sync_single_for_cpu)
		below->sync_single_for_cpu(dev, map->base + from, n,
					   DMA_BIDIRECTIONAL);
}

static void below_sync_for_device(struct shadow_map *map, size_t from, size_t n)
{
	const struct dma_map_ops *below = map->sd->below;
	struct device *dev = map->sd->dev;

	if (!below)
		dma_direct_sync_single_for_device(dev, map->base + from, n,
						  DMA_BIDIRECTIONAL);
	else if (below->sync_single_for_device)
		below->sync_single_for_device(dev, map->base + from, n,
					      DMA_BIDIRECTIONAL);
}

/*
 * Call @fn for the bytes from @from to @to that others own and poison, with the
 * places of their start and end in @map and the place of the start in the other.
 */
static void for_bytes_of_others(struct shadow_map *map, size_t from, size_t to,
				void (*fn)(struct shadow_map *map, size_t from,
					   size_t to, struct shadow_map *other,
					   size_t at))
{
	u64 start = (u64)map->orig + from, last = (u64)map->orig + to - 1;
	struct shadow_map *other;
	size_t b, e, end, delta;

	if (!map->shared)
		return;
	lockdep_assert_held(&shadow_lock);

	for (other = shadow_phys_first(start, last); other;
	     other = shadow_phys_next(other, start, last)) {
		if (other == map || !other->poisons || !other->owned)
			continue;
		b = max_t(u64, start, other->orig) - other->orig;
		end = min_t(u64, last + 1, (u64)other->orig + other->size) -
			other->orig;
		/* May wrap, and wraps back when it is used. */
		delta = other->orig - map->orig;
		for_each_set_bitrange_from(b, e, other->owned, end)
			fn(map, b + delta, e + delta, other, b);
	}
}

/* Memory holds poison here; what was there before is the other's to tell. */
static void fetch_from_other(struct shadow_map *map, size_t from, size_t to,
			     struct shadow_map *other, size_t at)
{
	const u8 *src = other->clean ? other->clean + at :
				       shadow_at(other, at);

	memcpy(shadow_at(map, from), src, to - from);
}

static void poison_for_other(struct shadow_map *map, size_t from, size_t to,
			     struct shadow_map *other, size_t at)
{
	orig_poison(map, from, to);
}

/* The CPU's bytes become the device's. */
static void run_to_device(struct shadow_map *map, size_t from, size_t to)
{
	orig_read(map, from, to, shadow_at(map, from));
	for_bytes_of_others(map, from, to, fetch_from_other);
	if (map->clean)
		memcpy(map->clean + from, shadow_at(map, from), to - from);
	if (map->poisons)
		orig_poison(map, from, to);
	bitmap_set(map->owned, from, to - from);
	below_sync_for_device(map, map->off + from, to - from);
}

/*
 * Handed over again without having been handed back: nothing to do, unless the
 * CPU wrote. It may, to a buffer that the device only reads, and say so by this
 * call alone: then the device gets the new bytes. Of a buffer that the device may
 * write to it must have asked for the bytes before.
 */
static void run_again_to_device(struct shadow_map *map, size_t from, size_t to,
				struct shadow_byte *byte)
{
	struct shadow_byte wrote = {};

	if (map->overlap)
		return;
	orig_check(map, from, to, &wrote);
	if (!wrote.found)
		return;
	if (!map->poisons) {
		run_to_device(map, from, to);
		return;
	}
	note_byte(byte, wrote.at, wrote.is, wrote.was);
	orig_poison(map, from, to);
}

/*
 * Give the original its bytes. Nobody cares for memory of which the mapping was
 * forgotten: if it is not as it was, somebody else has it by now.
 */
static void restore(struct shadow_map *map, size_t from, size_t to,
		    enum shadow_copy copy, bool touched)
{
	if (!map->poisons || (copy == SHADOW_COPY_UNTOUCHED && touched))
		return;
	if (map->clean)
		orig_write(map, from, to, map->clean + from);
	else if (copy != SHADOW_COPY_NOT)
		orig_write(map, from, to, shadow_at(map, from));
}

/* The device's bytes become the CPU's. */
static void run_to_cpu(struct shadow_map *map, size_t from, size_t to,
		       enum shadow_copy copy, struct shadow_found *found)
{
	struct shadow_byte wrote = {};

	orig_check(map, from, to, &wrote);
	if (wrote.found && !map->overlap && copy != SHADOW_COPY_UNTOUCHED)
		note_byte(&found->cpu, wrote.at, wrote.is, wrote.was);
	if (map->clean)
		bytes_check(shadow_at(map, from), map->clean + from, to - from,
			    from, &found->readonly);
	restore(map, from, to, copy, wrote.found);
	bitmap_clear(map->owned, from, to - from);
	for_bytes_of_others(map, from, to, poison_for_other);
}

/* Check the red zones, and put them right so that a write is seen once. */
static void redzones_check(struct shadow_map *map, struct shadow_byte *byte)
{
	size_t end = map->off + map->size;
	u64 phys = page_to_phys(map->page);
	u8 *p = page_address(map->page);

	/* From the far end of the first to the far end of the second. */
	pattern_check(p, map->off, SALT_REDZONE, phys, -(long)map->off, byte);
	pattern_check(p + end, map->total - end, SALT_REDZONE, phys + end,
		      map->size, byte);
	if (!byte->found)
		return;
	pattern_fill(p, map->off, SALT_REDZONE, phys);
	pattern_fill(p + end, map->total - end, SALT_REDZONE, phys + end);
	below_sync_for_device(map, 0, map->off);
	below_sync_for_device(map, end, map->total - end);
}

/* Give the device the bytes from @from to @to that it does not have. */
void shadow_to_device(struct shadow_map *map, size_t from, size_t to,
		      struct shadow_found *found)
{
	size_t b, e;

	lockdep_assert_held(&map->lock);
	b = from;
	for_each_set_bitrange_from(b, e, map->owned, to)
		run_again_to_device(map, b, e, &found->cpu);
	b = from;
	for_each_clear_bitrange_from(b, e, map->owned, to)
		run_to_device(map, b, e);
}

/* Give the CPU the bytes from @from to @to that it does not have. */
void shadow_to_cpu(struct shadow_map *map, size_t from, size_t to,
		   enum shadow_copy copy, struct shadow_found *found)
{
	size_t b = from, e;

	lockdep_assert_held(&map->lock);
	below_sync_for_cpu(map, 0, map->total);
	redzones_check(map, &found->redzone);
	for_each_set_bitrange_from(b, e, map->owned, to)
		run_to_cpu(map, b, e, copy, found);
}

/* The mapping has ended. The device can still reach its shadow: see if it does */
void shadow_data_retire(struct shadow_map *map)
{
	lockdep_assert_held(&map->lock);
	pattern_fill(page_address(map->page), map->total, SALT_QUARANTINE,
		     page_to_phys(map->page));
	below_sync_for_device(map, 0, map->total);
	bitmap_free(map->owned);
	map->owned = NULL;
	kfree(map->clean);
	map->clean = NULL;
}

/* To be called after shadow_data_unmap_below(). */
bool shadow_data_written_late(struct shadow_map *map, struct shadow_byte *byte)
{
	pattern_check(page_address(map->page), map->total, SALT_QUARANTINE,
		      page_to_phys(map->page), -(long)map->off, byte);
	return byte->found;
}

/*
 * Low bits of an address that a shadow has in common with its original: an
 * engine's limits on alignment hold for both.
 */
static size_t align_mask(struct device *dev)
{
	return max_t(size_t, PAGE_SIZE - 1, dma_get_min_align_mask(dev));
}

static bool crosses(u64 start, size_t size, u64 edge_mask)
{
	return (start & ~edge_mask) != ((start + size - 1) & ~edge_mask);
}

/*
 * Where in a block of @room bytes, aligned to its size, the mapping can start;
 * @room if it does not fit. A shadow crosses a boundary that the device cannot
 * cross only if the original does.
 */
static size_t shadow_place(struct shadow_map *map, size_t room)
{
	struct device *dev = map->sd->dev;
	u64 edge_mask = dma_get_seg_boundary(dev);
	bool may_cross = crosses(map->orig, map->size, edge_mask);
	size_t mask = align_mask(dev);
	size_t off;

	if (map->size + SHADOW_REDZONE > room)
		return room;
	for (off = map->orig & mask; off <= room - map->size - SHADOW_REDZONE;
	     off += mask + 1)
		if (off >= SHADOW_REDZONE &&
		    (may_cross || !crosses(off, map->size, edge_mask)))
			return off;
	return room;
}

/* The largest mapping that is sure to find its place, and below, too. */
size_t shadow_data_max(struct shadow_dev *sd)
{
	const struct dma_map_ops *below = sd->below;
	struct device *dev = sd->dev;
	size_t max = PAGE_SIZE << MAX_PAGE_ORDER;
	size_t around = 2 * (align_mask(dev) + 1);

	if (!below)
		max = min(max, dma_direct_max_mapping_size(dev));
	else if (below->max_mapping_size)
		max = min(max, below->max_mapping_size(dev));
	return max > around ? max - around : 0;
}

static bool reachable(struct shadow_map *map, struct page *page)
{
	struct device *dev = map->sd->dev;

	return map->sd->below ||
		dma_capable(dev, phys_to_dma(dev, page_to_phys(page)),
			    map->total, true);
}

/*
 * Memory that the device can reach, if there is some in the zones. If there is
 * none dma-direct bounces or refuses, as it does without us.
 */
static struct page *block_alloc(struct shadow_map *map, gfp_t gfp,
				unsigned int order)
{
	static const gfp_t zones[] = { GFP_DMA32, GFP_DMA };
	int node = dev_to_node(map->sd->dev);
	struct page *page, *other;
	int i;

	page = alloc_pages_node(node, gfp, order);
	for (i = 0; page && i < ARRAY_SIZE(zones); i++) {
		if (reachable(map, page))
			break;
		other = alloc_pages_node(node, gfp | zones[i], order);
		if (!other)
			continue;
		__free_pages(page, order);
		page = other;
	}
	return page;
}

static int shadow_alloc(struct shadow_map *map, gfp_t gfp)
{
	unsigned int order;
	unsigned long i;
	size_t room;

	/* a block is aligned to its size, and has to be to what the device asks */
	for (order = get_order(align_mask(map->sd->dev) + 1);
	     order <= MAX_PAGE_ORDER; order++) {
		room = PAGE_SIZE << order;
		map->off = shadow_place(map, room);
		if (map->off < room)
			break;
	}
	if (order > MAX_PAGE_ORDER)
		return -ENOMEM;

	map->total = PAGE_ALIGN(map->off + map->size + SHADOW_REDZONE);
	map->page = block_alloc(map, gfp, order);
	if (!map->page)
		return -ENOMEM;
	split_page(map->page, order);
	for (i = map->total >> PAGE_SHIFT; i < 1UL << order; i++)
		__free_page(map->page + i);
	return 0;
}

/* Make the shadow, all of it red zone yet. */
int shadow_data_init(struct shadow_map *map, gfp_t gfp)
{
	if (shadow_alloc(map, gfp))
		return -ENOMEM;
	map->owned = bitmap_zalloc(max_t(size_t, map->size, 1), gfp);
	if (map->dir == DMA_TO_DEVICE)
		map->clean = kmalloc(max_t(size_t, map->size, 1), gfp);
	if (!map->owned || (map->dir == DMA_TO_DEVICE && !map->clean))
		return -ENOMEM;
	pattern_fill(page_address(map->page), map->total, SALT_REDZONE,
		     page_to_phys(map->page));
	return 0;
}

void shadow_data_free(struct shadow_map *map)
{
	unsigned long i;

	bitmap_free(map->owned);
	kfree(map->clean);
	if (!map->page)
		return;
	for (i = 0; i < map->total >> PAGE_SHIFT; i++)
		__free_page(map->page + i);
}

int shadow_data_map_below(struct shadow_map *map)
{
	unsigned long attrs = map->attrs | DMA_ATTR_SKIP_CPU_SYNC;
	const struct dma_map_ops *below = map->sd->below;
	struct device *dev = map->sd->dev;

	if (below)
		map->base = below->map_page(dev, map->page, 0, map->total,
					    DMA_BIDIRECTIONAL, attrs);
	else
		map->base = dma_direct_map_page(dev, map->page, 0, map->total,
						DMA_BIDIRECTIONAL, attrs);
	if (map->base == DMA_MAPPING_ERROR)
		return -EIO;
	map->dma_addr = map->base + map->off;
	below_sync_for_device(map, 0, map->total);
	return 0;
}

void shadow_data_unmap_below(struct shadow_map *map)
{
	unsigned long attrs = map->attrs & ~DMA_ATTR_SKIP_CPU_SYNC;
	const struct dma_map_ops *below = map->sd->below;
	struct device *dev = map->sd->dev;

	if (below)
		below->unmap_page(dev, map->base, map->total,
				  DMA_BIDIRECTIONAL, attrs);
	else
		dma_direct_unmap_page(dev, map->base, map->total,
				      DMA_BIDIRECTIONAL, attrs);
}
