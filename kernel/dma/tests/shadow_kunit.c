// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dma-shadow.
 *
 * A test plays both sides: the driver, and the device, which reads and writes
 * memory by the addresses that it was told. Tests that break the rules call the
 * dma_map_ops themselves, lest dma-debug complains, too.
 */
#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-shadow.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define TEST_SEED	0x73686477
#define TEST_ORDER	2
#define TEST_BYTES	(PAGE_SIZE << TEST_ORDER)

/* More than wait in a quarantine. */
#define TEST_MANY	300

struct shadow_test {
	struct device *dev;
	struct page *pages;
	u8 *buf;		/* TEST_BYTES, filled by fill() */
	u64 bus;		/* what is added to physical addresses */
};

static u8 byte_at(size_t i)
{
	return (i * 7 + (i >> 8) + 1) & 0xff;
}

static void fill(u8 *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = byte_at(i);
}

static const struct dma_map_ops *ops(struct device *dev)
{
	return get_dma_ops(dev);
}

/* The device's side. */

static u8 *dev_kmap(struct shadow_test *ctx, dma_addr_t addr, size_t *n)
{
	phys_addr_t phys = dma_to_phys(ctx->dev, addr - ctx->bus);

	*n = min(*n, PAGE_SIZE - offset_in_page(phys));
	return (u8 *)kmap_local_page(pfn_to_page(PHYS_PFN(phys))) +
		offset_in_page(phys);
}

static void dev_write(struct shadow_test *ctx, dma_addr_t addr, const u8 *from,
		      size_t size)
{
	size_t done, n;
	u8 *p;

	for (done = 0; done < size; done += n) {
		n = size - done;
		p = dev_kmap(ctx, addr + done, &n);
		memcpy(p, from + done, n);
		kunmap_local(p);
	}
}

static void dev_read(struct shadow_test *ctx, dma_addr_t addr, u8 *to,
		     size_t size)
{
	size_t done, n;
	u8 *p;

	for (done = 0; done < size; done += n) {
		n = size - done;
		p = dev_kmap(ctx, addr + done, &n);
		memcpy(to + done, p, n);
		kunmap_local(p);
	}
}

static void dev_flip(struct shadow_test *ctx, dma_addr_t addr)
{
	u8 byte;

	dev_read(ctx, addr, &byte, 1);
	byte = ~byte;
	dev_write(ctx, addr, &byte, 1);
}

static bool dev_sees(struct shadow_test *ctx, dma_addr_t addr, const u8 *what,
		     size_t size)
{
	u8 *is = kmalloc(size, GFP_KERNEL);
	bool same;

	if (!is)
		return false;
	dev_read(ctx, addr, is, size);
	same = !memcmp(is, what, size);
	kfree(is);
	return same;
}

/* The driver's side, past dma-debug. */

static dma_addr_t raw_map_dev(struct device *dev, void *p, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	return ops(dev)->map_page(dev, virt_to_page(p), offset_in_page(p), size,
				  dir, attrs);
}

static dma_addr_t raw_map(struct shadow_test *ctx, void *p, size_t size,
			  enum dma_data_direction dir)
{
	return raw_map_dev(ctx->dev, p, size, dir, 0);
}

static void raw_unmap(struct shadow_test *ctx, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir)
{
	ops(ctx->dev)->unmap_page(ctx->dev, addr, size, dir, 0);
}

static void raw_for_cpu(struct shadow_test *ctx, dma_addr_t addr, size_t size,
			enum dma_data_direction dir)
{
	ops(ctx->dev)->sync_single_for_cpu(ctx->dev, addr, size, dir);
}

static void raw_for_device(struct shadow_test *ctx, dma_addr_t addr,
			   size_t size, enum dma_data_direction dir)
{
	ops(ctx->dev)->sync_single_for_device(ctx->dev, addr, size, dir);
}

/* Nothing was counted but @n violations of the kind @which. */
static void expect_dev(struct kunit *test, struct device *dev,
		       enum dma_shadow_counter which, long n)
{
	int i;

	for (i = DMA_SHADOW_UNMAP_TWICE; i < DMA_SHADOW_COUNTERS; i++)
		KUNIT_EXPECT_EQ_MSG(test, dma_shadow_count(dev, i),
				    i == which ? n : 0, "counter %d", i);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_VIOLATIONS), n);
}

static void expect_only(struct kunit *test, enum dma_shadow_counter which,
			long n)
{
	struct shadow_test *ctx = test->priv;

	expect_dev(test, ctx->dev, which, n);
}

static void expect_clean(struct kunit *test)
{
	expect_only(test, DMA_SHADOW_VIOLATIONS, 0);
}

static long count(struct shadow_test *ctx, enum dma_shadow_counter which)
{
	return dma_shadow_count(ctx->dev, which);
}

/* Fixtures */

static void free_test_pages(void *pages)
{
	__free_pages(pages, TEST_ORDER);
}

static struct device *make_device(struct kunit *test)
{
	static atomic_t number = ATOMIC_INIT(0);
	struct device *dev;
	char name[32];

	snprintf(name, sizeof(name), "shadow-test.%d",
		 atomic_inc_return(&number));
	dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
	/* The CPU plays the device, so caches never stand between the two. */
	dev->dma_coherent = true;
#endif
	return dev;
}

static struct device *make_shadowed(struct kunit *test)
{
	struct device *dev = make_device(test);

	KUNIT_ASSERT_EQ(test, dma_shadow_attach(dev), 0);
	dma_shadow_quiet(dev, true);
	return dev;
}

static void end_shadowed(struct device *dev)
{
	dma_shadow_detach(dev);
	dma_shadow_deselect(dev_name(dev));
}

static int shadow_test_init(struct kunit *test)
{
	struct shadow_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->pages = alloc_pages(GFP_KERNEL, TEST_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, ctx->pages);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_test_pages,
							ctx->pages), 0);
	ctx->buf = page_address(ctx->pages);
	fill(ctx->buf, TEST_BYTES);
	ctx->dev = make_shadowed(test);
	return 0;
}

static void shadow_test_exit(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;

	if (ctx && ctx->dev)
		end_shadowed(ctx->dev);
	dma_shadow_poison_sources(false);
}

static u8 *copy_of(struct kunit *test, const void *p, size_t size)
{
	u8 *copy = kunit_kmalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, p, size);
	return copy;
}

/* The same bytes; not a dump of all of them where they differ. */
static void expect_same(struct kunit *test, const void *p, const void *want,
			size_t size)
{
	const u8 *is = p, *was = want;
	size_t i;

	for (i = 0; i < size && is[i] == was[i]; i++)
		;
	KUNIT_EXPECT_EQ_MSG(test, i, size, "differ at byte %zu of %zu", i,
			    size);
}

/* Is it surely not what was there: few bytes are as they were? */
static bool is_poisoned(const u8 *p, const u8 *was, size_t size)
{
	size_t i, same = 0;

	for (i = 0; i < size; i++)
		same += p[i] == was[i];
	return same <= 2 + size / 16;
}

/* Data */

static const struct {
	size_t off;
	size_t size;
} places[] = {
	{ 0, 64 }, { 0, 1 }, { 1, 1 }, { 5, 7 }, { 63, 200 }, { 64, 4096 },
	{ 0, 4096 }, { 4095, 2 }, { 4032, 64 }, { 100, 4096 }, { 0, 8192 },
	{ 17, 12345 },
};

static void to_device_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	dma_addr_t addr;
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		u8 *p = ctx->buf + places[i].off;
		size_t n = places[i].size;

		addr = dma_map_single(ctx->dev, p, n, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
		KUNIT_EXPECT_NE(test, dma_to_phys(ctx->dev, addr),
				virt_to_phys(p));
		KUNIT_EXPECT_EQ(test, offset_in_page(addr), offset_in_page(p));
		KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, p, n));
		KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 1);
		KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_BYTES_LIVE), n);
		dma_unmap_single(ctx->dev, addr, n, DMA_TO_DEVICE);
		expect_same(test, ctx->buf, was, TEST_BYTES);
	}
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_MAPS), i);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_UNMAPS), i);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_BYTES_LIVE), 0);
	expect_clean(test);
}

/* The device writes the second half: the first keeps its value. */
static void writer_test(struct kunit *test, enum dma_data_direction dir)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	u8 *news = copy_of(test, ctx->buf, TEST_BYTES);
	dma_addr_t addr;
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		size_t off = places[i].off, n = places[i].size, half = n / 2;
		u8 *p = ctx->buf + off;

		memset(news, 0xc3 + i, TEST_BYTES);
		addr = dma_map_single(ctx->dev, p, n, dir);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
		KUNIT_EXPECT_EQ(test, offset_in_page(addr), offset_in_page(p));
		KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was + off, n));
		KUNIT_EXPECT_TRUE(test, is_poisoned(p, was + off, n));
		dev_write(ctx, addr + half, news, n - half);
		KUNIT_EXPECT_TRUE(test, is_poisoned(p + half, news, n - half));
		dma_unmap_single(ctx->dev, addr, n, dir);
		memcpy(was + off + half, news, n - half);
		expect_same(test, ctx->buf, was, TEST_BYTES);
	}
	expect_clean(test);
}

static void from_device_test(struct kunit *test)
{
	writer_test(test, DMA_FROM_DEVICE);
}

static void bidirectional_test(struct kunit *test)
{
	writer_test(test, DMA_BIDIRECTIONAL);
}

/* Poison is neither constant nor the same bytes at two places. */
static void poison_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	unsigned int i, kinds = 0;
	bool seen[256] = {};
	dma_addr_t addr;

	memset(ctx->buf, 0, TEST_BYTES);
	addr = raw_map(ctx, ctx->buf, TEST_BYTES, DMA_FROM_DEVICE);
	for (i = 0; i < TEST_BYTES; i++) {
		kinds += !seen[ctx->buf[i]];
		seen[ctx->buf[i]] = true;
	}
	KUNIT_EXPECT_GT(test, kinds, 200);
	KUNIT_EXPECT_FALSE(test, seen[0x00]);
	KUNIT_EXPECT_FALSE(test, seen[0xff]);
	KUNIT_EXPECT_NE(test, memcmp(ctx->buf, ctx->buf + 64, 64), 0);
	KUNIT_EXPECT_NE(test, memcmp(ctx->buf, ctx->buf + PAGE_SIZE, 64), 0);
	raw_unmap(ctx, addr, TEST_BYTES, DMA_FROM_DEVICE);
	expect_clean(test);
}

static void free_large(void *p)
{
	free_pages((unsigned long)p, MAX_PAGE_ORDER);
}

static void large_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct device_dma_parameters params = {
		.min_align_mask = SZ_64K - 1,
	};
	size_t max = dma_max_mapping_size(ctx->dev);
	dma_addr_t addr;
	u8 *p;

	KUNIT_ASSERT_GE(test, max, (size_t)SZ_1M);
	KUNIT_ASSERT_LT(test, max, PAGE_SIZE << MAX_PAGE_ORDER);
	p = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_large, p), 0);
	fill(p, max);

	addr = dma_map_single(ctx->dev, p, max, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	dev_write(ctx, addr + max - 3, "end", 3);
	dma_unmap_single(ctx->dev, addr, max, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, p[0], byte_at(0));
	KUNIT_EXPECT_EQ(test, p[max / 2], byte_at(max / 2));
	KUNIT_EXPECT_EQ(test, memcmp(p + max - 3, "end", 3), 0);

	/* What an engine wants aligned takes room, too. */
	ctx->dev->dma_parms = &params;
	max = dma_max_mapping_size(ctx->dev);
	addr = raw_map(ctx, p, max, DMA_FROM_DEVICE);
	KUNIT_EXPECT_NE(test, addr, DMA_MAPPING_ERROR);
	raw_unmap(ctx, addr, max, DMA_FROM_DEVICE);
	ctx->dev->dma_parms = NULL;

	addr = raw_map(ctx, p, PAGE_SIZE << MAX_PAGE_ORDER, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_FAILED), 1);
	expect_clean(test);
}

/* Limits of the device on addresses hold for shadows. */
static void limits_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct device_dma_parameters params = {
		.min_align_mask = SZ_8K - 1,
		.segment_boundary_mask = SZ_16K - 1,
		.max_segment_size = SZ_64K,
	};
	size_t off, size;
	dma_addr_t addr;

	ctx->dev->dma_parms = &params;
	for (off = 0; off < TEST_BYTES; off += 1500) {
		size = TEST_BYTES - off;
		addr = raw_map(ctx, ctx->buf + off, size, DMA_FROM_DEVICE);
		KUNIT_EXPECT_NE(test, addr, DMA_MAPPING_ERROR);
		KUNIT_EXPECT_EQ(test, addr & (SZ_8K - 1),
				virt_to_phys(ctx->buf + off) & (SZ_8K - 1));
		if (TEST_BYTES <= SZ_16K)
			KUNIT_EXPECT_EQ(test, addr / SZ_16K,
					(addr + size - 1) / SZ_16K);
		raw_unmap(ctx, addr, size, DMA_FROM_DEVICE);
	}
	ctx->dev->dma_parms = NULL;
	expect_clean(test);
}

static void free_one_page(void *page)
{
	__free_page(page);
}

static void highmem_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct page *page = alloc_page(GFP_HIGHUSER);
	dma_addr_t addr;
	u8 *p;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_one_page,
							page), 0);
	if (!PageHighMem(page))
		kunit_skip(test, "there is no high memory");
	memcpy_to_page(page, 0, ctx->buf, PAGE_SIZE);

	addr = dma_map_page(ctx->dev, page, 100, 3000, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, ctx->buf + 100, 3000));
	p = kmap_local_page(page);
	KUNIT_EXPECT_EQ(test, memcmp(p, ctx->buf, 100), 0);
	KUNIT_EXPECT_TRUE(test, is_poisoned(p + 100, ctx->buf + 100, 3000));
	kunmap_local(p);
	dev_write(ctx, addr + 2997, "end", 3);
	dma_unmap_page(ctx->dev, addr, 3000, DMA_BIDIRECTIONAL);

	memcpy(ctx->buf + 3097, "end", 3);
	p = kmap_local_page(page);
	KUNIT_EXPECT_EQ(test, memcmp(p, ctx->buf, PAGE_SIZE), 0);
	kunmap_local(p);
	expect_clean(test);
}

static void skip_cpu_sync_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 1024);
	dma_addr_t addr;

	/* Nothing is handed over, and the CPU still owns it. */
	addr = dma_map_single_attrs(ctx->dev, ctx->buf, 1024, DMA_FROM_DEVICE,
				    DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	expect_same(test, ctx->buf, was, 1024);
	KUNIT_EXPECT_FALSE(test, dev_sees(ctx, addr, was, 1024));
	ctx->buf[3] = 0x33;
	was[3] = 0x33;

	dma_sync_single_for_device(ctx->dev, addr, 1024, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 1024));
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 1024));
	dev_write(ctx, addr, "packet", 6);
	dma_sync_single_for_cpu(ctx->dev, addr, 16, DMA_FROM_DEVICE);
	memcpy(was, "packet", 6);
	expect_same(test, ctx->buf, was, 16);

	/* What was not synced is poison for ever. */
	dma_unmap_single_attrs(ctx->dev, addr, 1024, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
	expect_same(test, ctx->buf, was, 16);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf + 16, was + 16, 1008));
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_SYNCS), 2);
	expect_clean(test);
}

static void partial_sync_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 1024);
	u8 *p = ctx->buf;
	dma_addr_t addr;

	addr = dma_map_single(ctx->dev, p, 1024, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	dma_sync_single_range_for_cpu(ctx->dev, addr, 100, 300,
				      DMA_BIDIRECTIONAL);
	expect_same(test, p + 100, was + 100, 300);
	KUNIT_EXPECT_TRUE(test, is_poisoned(p, was, 100));
	KUNIT_EXPECT_TRUE(test, is_poisoned(p + 400, was + 400, 624));

	/* Each writes what it owns. */
	memset(p + 150, 0x11, 50);
	memset(was + 150, 0x11, 50);
	dev_write(ctx, addr + 10, "device", 6);
	memcpy(was + 10, "device", 6);
	dma_sync_single_range_for_device(ctx->dev, addr, 50, 200,
					 DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 250));
	expect_same(test, p + 250, was + 250, 150);
	KUNIT_EXPECT_TRUE(test, is_poisoned(p + 50, was + 50, 200));

	p[300] = 0x77;
	was[300] = 0x77;
	dma_unmap_single(ctx->dev, addr, 1024, DMA_BIDIRECTIONAL);
	expect_same(test, p, was, 1024);
	expect_clean(test);
}

/* To hand over again what one does not have changes nothing. */
static void sync_twice_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 512);
	enum dma_data_direction dir = DMA_FROM_DEVICE;
	dma_addr_t addr;

	addr = dma_map_single(ctx->dev, ctx->buf, 512, dir);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	dev_write(ctx, addr + 20, "one", 3);
	memcpy(was + 20, "one", 3);
	dma_sync_single_for_device(ctx->dev, addr, 512, dir);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 512));

	dma_sync_single_for_cpu(ctx->dev, addr, 512, dir);
	memcpy(ctx->buf + 40, "two", 3);
	memcpy(was + 40, "two", 3);
	dma_sync_single_for_cpu(ctx->dev, addr, 512, dir);
	expect_same(test, ctx->buf, was, 512);

	dma_sync_single_for_device(ctx->dev, addr, 512, dir);
	dma_sync_single_for_device(ctx->dev, addr, 512, dir);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 512));
	dma_unmap_single(ctx->dev, addr, 512, dir);
	expect_same(test, ctx->buf, was, 512);
	expect_clean(test);
}

static void make_sg(struct shadow_test *ctx, struct scatterlist *sgl)
{
	sg_init_table(sgl, 3);
	sg_set_buf(&sgl[0], ctx->buf + 16, 100);
	sg_set_buf(&sgl[1], ctx->buf + PAGE_SIZE, PAGE_SIZE);
	sg_set_buf(&sgl[2], ctx->buf + 3 * PAGE_SIZE - 5, 10);
}

static void sg_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	struct scatterlist sgl[3], *sg;
	int i;

	make_sg(ctx, sgl);
	KUNIT_ASSERT_EQ(test, dma_map_sg(ctx->dev, sgl, 3, DMA_FROM_DEVICE), 3);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 3);
	for_each_sg(sgl, sg, 3, i) {
		size_t at = (u8 *)sg_virt(sg) - ctx->buf;

		KUNIT_EXPECT_EQ(test, sg_dma_len(sg), sg->length);
		KUNIT_EXPECT_EQ(test, offset_in_page(sg_dma_address(sg)),
				sg->offset);
		KUNIT_EXPECT_TRUE(test, dev_sees(ctx, sg_dma_address(sg),
						 was + at, sg->length));
		dev_write(ctx, sg_dma_address(sg) + 1, "segment", 7);
		memcpy(was + at + 1, "segment", 7);
	}
	dma_sync_sg_for_cpu(ctx->dev, sgl, 3, DMA_FROM_DEVICE);
	expect_same(test, ctx->buf, was, TEST_BYTES);
	dma_sync_sg_for_device(ctx->dev, sgl, 3, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, is_poisoned(sg_virt(&sgl[1]), was + PAGE_SIZE,
					    PAGE_SIZE));
	dev_write(ctx, sg_dma_address(&sgl[2]), "x", 1);
	was[3 * PAGE_SIZE - 5] = 'x';
	dma_unmap_sg(ctx->dev, sgl, 3, DMA_FROM_DEVICE);
	expect_same(test, ctx->buf, was, TEST_BYTES);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_MAPS), 3);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_UNMAPS), 3);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_SYNCS), 6);
	expect_clean(test);
}

static void resource_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	const phys_addr_t fifo = 0x10001000;
	dma_addr_t addr, again;

	addr = dma_map_resource(ctx->dev, fifo, 4, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(ctx->dev, addr));
	KUNIT_EXPECT_EQ(test, addr, (dma_addr_t)fifo);
	/* Two channels of one device may use it. */
	again = ops(ctx->dev)->map_resource(ctx->dev, fifo, 4, DMA_FROM_DEVICE,
					    0);
	KUNIT_EXPECT_EQ(test, again, (dma_addr_t)fifo);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 2);
	ops(ctx->dev)->unmap_resource(ctx->dev, again, 4, DMA_FROM_DEVICE, 0);
	dma_unmap_resource(ctx->dev, addr, 4, DMA_FROM_DEVICE, 0);
	expect_clean(test);

	ops(ctx->dev)->unmap_resource(ctx->dev, addr, 4, DMA_FROM_DEVICE, 0);
	expect_only(test, DMA_SHADOW_UNMAP_TWICE, 1);
}

/* Allocations are none of our business, but their addresses are known. */
static void alloc_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct sg_table *sgt;
	struct page *page;
	dma_addr_t addr;
	u8 *p;

	p = dma_alloc_coherent(ctx->dev, 100, &addr, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	memcpy(p, "hello", 5);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, "hello", 5));
	dma_free_coherent(ctx->dev, 100, p, addr);

	page = dma_alloc_pages(ctx->dev, PAGE_SIZE, &addr, DMA_BIDIRECTIONAL,
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, dma_to_phys(ctx->dev, addr), page_to_phys(page));
	memcpy(page_address(page), "hello", 5);
	dma_sync_single_for_device(ctx->dev, addr, 64, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, "hello", 5));
	dev_write(ctx, addr, "world", 5);
	dma_sync_single_for_cpu(ctx->dev, addr, 64, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, memcmp(page_address(page), "world", 5), 0);
	dma_free_pages(ctx->dev, PAGE_SIZE, page, addr, DMA_BIDIRECTIONAL);

	sgt = dma_alloc_noncontiguous(ctx->dev, 3 * PAGE_SIZE, DMA_FROM_DEVICE,
				      GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, sgt);
	dma_sync_sgtable_for_cpu(ctx->dev, sgt, DMA_FROM_DEVICE);
	dma_free_noncontiguous(ctx->dev, 3 * PAGE_SIZE, sgt, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_MAPS), 0);
	expect_clean(test);

	/* It is known no more. */
	raw_for_cpu(ctx, addr, 64, DMA_BIDIRECTIONAL);
	expect_only(test, DMA_SHADOW_SYNC_UNMAPPED, 1);
}

struct answers {
	u64 required_mask;
	bool limited;
	bool can_mmap;
	size_t opt;
	unsigned long merge;
	int set24;
	int set32;
};

static void ask(struct device *dev, struct answers *answers)
{
	/* Padding is compared. */
	memset(answers, 0, sizeof(*answers));
	answers->set24 = dma_set_mask(dev, DMA_BIT_MASK(24));
	answers->set32 = dma_set_mask(dev, DMA_BIT_MASK(32));
	answers->required_mask = dma_get_required_mask(dev);
	answers->limited = dma_addressing_limited(dev);
	answers->can_mmap = dma_can_mmap(dev);
	answers->opt = min(dma_opt_mapping_size(dev), SZ_1M);
	answers->merge = dma_get_merge_boundary(dev);
}

/* A driver gets the same answers, shadowed or not. */
static void answers_test(struct kunit *test)
{
	static const struct bus_dma_region little[] = {
		{ .cpu_start = 0, .dma_start = 0, .size = SZ_16M }, {},
	};
	struct device *dev = make_device(test);
	struct answers before, during, after;
	int i;

	for (i = 0; i < 2; i++) {
		dev->dma_range_map = i ? little : NULL;
		ask(dev, &before);
		KUNIT_ASSERT_EQ(test, dma_shadow_attach(dev), 0);
		ask(dev, &during);
		dma_shadow_detach(dev);
		ask(dev, &after);
		expect_same(test, &during, &before, sizeof(before));
		expect_same(test, &after, &before, sizeof(before));
		if (i)
			KUNIT_EXPECT_TRUE(test, before.limited);
	}
	dev->dma_range_map = NULL;
	dma_shadow_deselect(dev_name(dev));
}

/* Violations */

static void unmap_twice_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 64);
	dma_addr_t addr = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);

	raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	expect_clean(test);
	raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_TWICE, 1);
	expect_same(test, ctx->buf, was, 64);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_UNMAPS), 1);
}

static void unmap_never_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t addr = raw_map(ctx, ctx->buf, 64, DMA_TO_DEVICE);

	raw_unmap(ctx, virt_to_phys(ctx->buf), 64, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_NEVER, 1);
	/* Not the start of it. */
	raw_unmap(ctx, addr + 8, 56, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_NEVER, 2);
	raw_unmap(ctx, addr, 64, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_NEVER, 2);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
}

/* All of it is unmapped whatever size is told. */
static void unmap_size_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 256);
	dma_addr_t addr = raw_map(ctx, ctx->buf, 128, DMA_FROM_DEVICE);

	raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_SIZE, 1);
	expect_same(test, ctx->buf, was, 256);
	addr = raw_map(ctx, ctx->buf, 128, DMA_FROM_DEVICE);
	raw_unmap(ctx, addr, 256, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_SIZE, 2);
	expect_same(test, ctx->buf, was, 256);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_BYTES_LIVE), 0);
}

static void unmap_nents_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	struct scatterlist sgl[3];
	int nents, mapped;

	make_sg(ctx, sgl);
	for (nents = 2; nents <= 4; nents += 2) {
		mapped = ops(ctx->dev)->map_sg(ctx->dev, sgl, 3,
					       DMA_FROM_DEVICE, 0);
		KUNIT_ASSERT_EQ(test, mapped, 3);
		ops(ctx->dev)->unmap_sg(ctx->dev, sgl, nents, DMA_FROM_DEVICE,
					0);
		expect_only(test, DMA_SHADOW_UNMAP_SIZE, nents / 2);
		KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	}
	expect_same(test, ctx->buf, was, TEST_BYTES);
}

static void unmap_dir_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t addr = raw_map(ctx, ctx->buf, 128, DMA_FROM_DEVICE);

	dev_write(ctx, addr, "data", 4);
	raw_unmap(ctx, addr, 128, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_DIR, 1);
	KUNIT_EXPECT_EQ(test, memcmp(ctx->buf, "data", 4), 0);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
}

static void unmap_kind_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct scatterlist sgl[3];
	dma_addr_t addr;
	int i;

	make_sg(ctx, sgl);
	ops(ctx->dev)->map_sg(ctx->dev, sgl, 3, DMA_TO_DEVICE, 0);
	for (i = 0; i < 3; i++)
		raw_unmap(ctx, sg_dma_address(&sgl[i]), sgl[i].length,
			  DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_KIND, 3);

	addr = raw_map(ctx, ctx->buf, 128, DMA_TO_DEVICE);
	ops(ctx->dev)->unmap_resource(ctx->dev, addr, 128, DMA_TO_DEVICE, 0);
	expect_only(test, DMA_SHADOW_UNMAP_KIND, 4);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
}

static void unmap_device_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct device *other = make_shadowed(test);
	u8 *was = copy_of(test, ctx->buf, 64);
	dma_addr_t addr = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);

	ops(other)->unmap_page(other, addr, 64, DMA_FROM_DEVICE, 0);
	expect_dev(test, other, DMA_SHADOW_UNMAP_DEVICE, 1);
	expect_clean(test);
	expect_same(test, ctx->buf, was, 64);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	end_shadowed(other);
}

static void sync_unmapped_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t addr = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);

	raw_for_cpu(ctx, addr + 64, 64, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_UNMAPPED, 1);
	raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	ctx->buf[0] = 0x99;
	raw_for_cpu(ctx, addr, 64, DMA_FROM_DEVICE);
	raw_for_device(ctx, addr, 64, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_UNMAPPED, 3);
	KUNIT_EXPECT_EQ(test, ctx->buf[0], 0x99);
}

/* What is in bounds is synced. */
static void sync_bounds_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 256);
	dma_addr_t addr = raw_map(ctx, ctx->buf, 128, DMA_FROM_DEVICE);

	raw_for_cpu(ctx, addr + 64, 65, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_BOUNDS, 1);
	expect_same(test, ctx->buf + 64, was + 64, 192);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 64));
	raw_for_cpu(ctx, addr - 1, 65, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_BOUNDS, 2);
	expect_same(test, ctx->buf, was, 256);
	raw_unmap(ctx, addr, 128, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_BOUNDS, 2);
}

static void sync_dir_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t from = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);
	dma_addr_t to = raw_map(ctx, ctx->buf + 64, 64, DMA_TO_DEVICE);
	dma_addr_t both = raw_map(ctx, ctx->buf + 128, 64, DMA_BIDIRECTIONAL);

	/* A part of what was asked for is fine. */
	raw_for_cpu(ctx, both, 64, DMA_FROM_DEVICE);
	raw_for_device(ctx, both, 64, DMA_TO_DEVICE);
	expect_clean(test);
	raw_for_cpu(ctx, from, 64, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_SYNC_DIR, 1);
	raw_for_device(ctx, to, 64, DMA_BIDIRECTIONAL);
	expect_only(test, DMA_SHADOW_SYNC_DIR, 2);
	raw_unmap(ctx, from, 64, DMA_FROM_DEVICE);
	raw_unmap(ctx, to, 64, DMA_TO_DEVICE);
	raw_unmap(ctx, both, 64, DMA_BIDIRECTIONAL);
	expect_only(test, DMA_SHADOW_SYNC_DIR, 2);
}

/* Two mappings of the bytes 0 to 99 and 50 to 149; is it a violation? */
static void overlap_case(struct kunit *test, struct device *second,
			 enum dma_data_direction a, enum dma_data_direction b,
			 bool first_ends_first)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 150);
	bool bad = a != DMA_TO_DEVICE || b != DMA_TO_DEVICE;
	dma_addr_t one, two;

	dma_shadow_reset(ctx->dev);
	dma_shadow_reset(second);
	one = raw_map(ctx, ctx->buf, 100, a);
	two = raw_map_dev(second, ctx->buf + 50, 100, b, 0);
	/* The second's shadow has the data, not the poison. */
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, two, was + 50, 100));
	if (first_ends_first)
		raw_unmap(ctx, one, 100, a);
	ops(second)->unmap_page(second, two, 100, b, 0);
	if (!first_ends_first)
		raw_unmap(ctx, one, 100, a);
	expect_same(test, ctx->buf, was, 150);
	expect_dev(test, second, DMA_SHADOW_OVERLAP, bad);
	if (second != ctx->dev)
		expect_clean(test);
}

static void overlap_test(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct shadow_test *ctx = test->priv;
	struct device *other = make_shadowed(test);
	int i;

	for (i = 0; i < 36; i++)
		overlap_case(test, i & 1 ? other : ctx->dev, dirs[i / 4 % 3],
			     dirs[i / 12], i & 2);
	end_shadowed(other);
}

/* Neighbours and successors do not overlap. */
static void no_overlap_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t one = raw_map(ctx, ctx->buf, 50, DMA_FROM_DEVICE);
	dma_addr_t two = raw_map(ctx, ctx->buf + 50, 50, DMA_BIDIRECTIONAL);

	raw_unmap(ctx, one, 50, DMA_FROM_DEVICE);
	one = raw_map(ctx, ctx->buf, 50, DMA_FROM_DEVICE);
	raw_unmap(ctx, two, 50, DMA_BIDIRECTIONAL);
	raw_unmap(ctx, one, 50, DMA_FROM_DEVICE);
	expect_clean(test);
}

static void dev_readonly_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 128);
	dma_addr_t addr = raw_map(ctx, ctx->buf, 128, DMA_TO_DEVICE);

	dev_flip(ctx, addr + 127);
	raw_unmap(ctx, addr, 128, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_DEV_READONLY, 1);
	expect_same(test, ctx->buf, was, 128);

	addr = raw_map(ctx, ctx->buf, 128, DMA_TO_DEVICE);
	dev_flip(ctx, addr);
	raw_for_cpu(ctx, addr, 64, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_DEV_READONLY, 2);
	raw_unmap(ctx, addr, 128, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_DEV_READONLY, 2);
}

static void redzone_case(struct kunit *test, size_t off, size_t size, long at,
			 enum dma_data_direction dir, bool sync)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	dma_addr_t addr = raw_map(ctx, ctx->buf + off, size, dir);

	dma_shadow_reset(ctx->dev);
	dev_flip(ctx, addr + at);
	if (sync) {
		raw_for_cpu(ctx, addr, 1, dir);
		expect_only(test, DMA_SHADOW_DEV_REDZONE, 1);
	}
	raw_unmap(ctx, addr, size, dir);
	expect_only(test, DMA_SHADOW_DEV_REDZONE, 1);
	expect_same(test, ctx->buf, was, TEST_BYTES);
}

static void dev_redzone_test(struct kunit *test)
{
	int sync;

	for (sync = 0; sync < 2; sync++) {
		redzone_case(test, 0, 64, -1, DMA_FROM_DEVICE, sync);
		redzone_case(test, 0, 64, -64, DMA_BIDIRECTIONAL, sync);
		redzone_case(test, 0, PAGE_SIZE, PAGE_SIZE, DMA_FROM_DEVICE,
			     sync);
		redzone_case(test, 0, PAGE_SIZE, PAGE_SIZE + 63,
			     DMA_FROM_DEVICE, sync);
		redzone_case(test, PAGE_SIZE - 64, 64, 64, DMA_TO_DEVICE, sync);
		redzone_case(test, 100, 20, -100, DMA_TO_DEVICE, sync);
		redzone_case(test, 100, 20, 100, DMA_FROM_DEVICE, sync);
	}
}

/* Found when the shadow leaves the quarantine, or with the device. */
static void dev_late_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	dma_addr_t addr, late;
	int i;

	late = raw_map(ctx, ctx->buf, 128, DMA_FROM_DEVICE);
	raw_unmap(ctx, late, 128, DMA_FROM_DEVICE);
	dev_flip(ctx, late + 5);
	expect_clean(test);
	for (i = 0; i < TEST_MANY; i++) {
		addr = raw_map(ctx, ctx->buf, 64, DMA_TO_DEVICE);
		/* Not while the device may still know it. */
		if (!i)
			KUNIT_EXPECT_NE(test, addr, late);
		raw_unmap(ctx, addr, 64, DMA_TO_DEVICE);
	}
	expect_only(test, DMA_SHADOW_DEV_LATE, 1);
	/* It is forgotten now. */
	raw_unmap(ctx, late, 128, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_UNMAP_TWICE) +
			count(ctx, DMA_SHADOW_UNMAP_NEVER), 1);

	dma_shadow_reset(ctx->dev);
	late = raw_map(ctx, ctx->buf, 128, DMA_TO_DEVICE);
	raw_unmap(ctx, late, 128, DMA_TO_DEVICE);
	dev_flip(ctx, late - 1);
	expect_clean(test);
	dma_shadow_detach(ctx->dev);
	expect_only(test, DMA_SHADOW_DEV_LATE, 1);
	expect_same(test, ctx->buf, was, TEST_BYTES);
}

/* The quarantine is bounded in bytes, too, but the last one stays. */
static void quarantine_bytes_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	const size_t size = SZ_1M;
	dma_addr_t addr;
	u8 *p;

	p = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_large, p), 0);
	memset(p, 0, size);
	addr = raw_map(ctx, p, size, DMA_FROM_DEVICE);
	raw_unmap(ctx, addr, size, DMA_FROM_DEVICE);
	raw_unmap(ctx, addr, size, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_UNMAP_TWICE, 1);
	dev_flip(ctx, addr);
	dma_shadow_reset(ctx->dev);
	addr = raw_map(ctx, p, 1, DMA_FROM_DEVICE);
	raw_unmap(ctx, addr, 1, DMA_FROM_DEVICE);
	expect_only(test, DMA_SHADOW_DEV_LATE, 1);
}

static void cpu_write_case(struct kunit *test, enum dma_data_direction dir)
{
	/* What the device only reads may be written and handed over like this. */
	int again = dir == DMA_TO_DEVICE ? 2 : 3;
	struct shadow_test *ctx = test->priv;
	dma_addr_t addr = raw_map(ctx, ctx->buf, 128, dir);

	dma_shadow_reset(ctx->dev);
	ctx->buf[127] ^= 0x81;
	raw_unmap(ctx, addr, 128, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, 1);

	/* By a sync of that byte, not of others, and once. */
	addr = raw_map(ctx, ctx->buf, 128, dir);
	ctx->buf[127] ^= 0x81;
	raw_for_cpu(ctx, addr, 127, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, 1);
	raw_for_cpu(ctx, addr, 128, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, 2);
	raw_unmap(ctx, addr, 128, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, 2);

	/* Handed over without having been handed back. */
	addr = raw_map(ctx, ctx->buf, 128, dir);
	ctx->buf[9] ^= 0x81;
	raw_for_device(ctx, addr, 128, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, again);
	if (dir == DMA_TO_DEVICE)
		KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, ctx->buf, 128));
	raw_unmap(ctx, addr, 128, dir);
	expect_only(test, DMA_SHADOW_CPU_WRITE, again);
}

static void cpu_write_test(struct kunit *test)
{
	cpu_write_case(test, DMA_TO_DEVICE);
	cpu_write_case(test, DMA_FROM_DEVICE);
	cpu_write_case(test, DMA_BIDIRECTIONAL);
}

static void leak_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	struct scatterlist sgl[3];
	dma_addr_t addr;

	addr = raw_map(ctx, ctx->buf + 300, 128, DMA_FROM_DEVICE);
	dev_write(ctx, addr, "data", 4);
	memcpy(was + 300, "data", 4);
	make_sg(ctx, sgl);
	ops(ctx->dev)->map_sg(ctx->dev, sgl, 3, DMA_BIDIRECTIONAL, 0);
	ops(ctx->dev)->map_resource(ctx->dev, 0x10001000, 4, DMA_TO_DEVICE, 0);
	/* Somebody has got this memory by now: it must not be touched. */
	raw_map(ctx, ctx->buf + 500, 100, DMA_FROM_DEVICE);
	memset(ctx->buf + 500, 0, 100);
	memset(was + 500, 0, 100);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 6);
	dma_shadow_detach(ctx->dev);
	expect_only(test, DMA_SHADOW_LEAKED, 6);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_BYTES_LIVE), 0);
	expect_same(test, ctx->buf, was, TEST_BYTES);
}

/* The log has a report of each kind, and a line that tells of the rest. */
static void report_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	dma_addr_t addr;
	int i;

	dma_shadow_quiet(ctx->dev, false);
	addr = raw_map(ctx, ctx->buf, 64, DMA_TO_DEVICE);
	dev_flip(ctx, addr + 3);
	dev_flip(ctx, addr - 3);
	ctx->buf[7] ^= 0x10;
	raw_unmap(ctx, addr, 64, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_VIOLATIONS), 3);
	for (i = 0; i < 20; i++)
		raw_unmap(ctx, addr, 64, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_VIOLATIONS), 23);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_UNMAP_TWICE), 20);
}

/* Sources that are poisoned, too */

static void poison_sources_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 256);
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, dma_shadow_poison_sources(true), 0);
	addr = raw_map(ctx, ctx->buf, 256, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, dma_shadow_poison_sources(false), -EBUSY);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 256));
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 256));
	raw_for_cpu(ctx, addr, 128, DMA_TO_DEVICE);
	expect_same(test, ctx->buf, was, 128);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf + 128, was + 128, 128));
	ctx->buf[5] = 0x55;
	was[5] = 0x55;
	raw_for_device(ctx, addr, 256, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, addr, was, 256));
	ops(ctx->dev)->unmap_page(ctx->dev, addr, 256, DMA_TO_DEVICE,
				  DMA_ATTR_SKIP_CPU_SYNC);
	expect_same(test, ctx->buf, was, 256);
	expect_clean(test);
	overlap_case(test, ctx->dev, DMA_TO_DEVICE, DMA_TO_DEVICE, false);
	overlap_case(test, ctx->dev, DMA_TO_DEVICE, DMA_TO_DEVICE, true);
	overlap_case(test, ctx->dev, DMA_TO_DEVICE, DMA_FROM_DEVICE, true);
	overlap_case(test, ctx->dev, DMA_FROM_DEVICE, DMA_TO_DEVICE, false);
	dma_shadow_reset(ctx->dev);
	addr = raw_map(ctx, ctx->buf, 128, DMA_TO_DEVICE);
	ctx->buf[127] ^= 0x81;
	raw_unmap(ctx, addr, 128, DMA_TO_DEVICE);
	expect_only(test, DMA_SHADOW_CPU_WRITE, 1);
	expect_same(test, ctx->buf, was, 256);
	KUNIT_EXPECT_EQ(test, dma_shadow_poison_sources(false), 0);
}

/* A third mapping of what two have: poison stays until the last has ended. */
static void poison_thrice_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, 300);
	dma_addr_t a, b, c;

	KUNIT_ASSERT_EQ(test, dma_shadow_poison_sources(true), 0);
	a = raw_map(ctx, ctx->buf, 100, DMA_TO_DEVICE);
	b = raw_map(ctx, ctx->buf + 150, 150, DMA_TO_DEVICE);
	c = raw_map(ctx, ctx->buf, 300, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, c, was, 300));
	raw_unmap(ctx, a, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 300));
	a = raw_map(ctx, ctx->buf, 200, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, dev_sees(ctx, a, was, 200));
	raw_unmap(ctx, c, 300, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 300));
	raw_unmap(ctx, b, 150, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, is_poisoned(ctx->buf, was, 200));
	expect_same(test, ctx->buf + 200, was + 200, 100);
	raw_unmap(ctx, a, 200, DMA_TO_DEVICE);
	expect_same(test, ctx->buf, was, 300);
	expect_clean(test);
}

/* Failing on demand */

static void fail_map_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	unsigned int i, failed = 0;
	dma_addr_t addr;

	dma_shadow_fail_map(ctx->dev, 3, 0);
	for (i = 1; i <= 6; i++) {
		addr = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);
		KUNIT_EXPECT_EQ_MSG(test, addr == DMA_MAPPING_ERROR, i == 3,
				    "mapping %u", i);
		if (addr != DMA_MAPPING_ERROR)
			raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	}
	dma_shadow_fail_map(ctx->dev, 0, 4);
	for (i = 1; i <= 12; i++) {
		addr = raw_map(ctx, ctx->buf, 64, DMA_FROM_DEVICE);
		KUNIT_EXPECT_EQ_MSG(test, addr == DMA_MAPPING_ERROR,
				    i % 4 == 0, "mapping %u", i);
		if (addr == DMA_MAPPING_ERROR)
			failed++;
		else
			raw_unmap(ctx, addr, 64, DMA_FROM_DEVICE);
	}
	dma_shadow_fail_map(ctx->dev, 1, 0);
	addr = ops(ctx->dev)->map_resource(ctx->dev, 0x10001000, 4,
					   DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, failed, 3);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_FAILED), 5);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_MAPS), 5 + 9);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	expect_clean(test);
}

/* Whichever segment fails, nothing is left of the others. */
static void fail_sg_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	u8 *was = copy_of(test, ctx->buf, TEST_BYTES);
	struct scatterlist sgl[3];
	int nth;

	make_sg(ctx, sgl);
	for (nth = 1; nth <= 3; nth++) {
		dma_shadow_fail_map(ctx->dev, nth, 0);
		KUNIT_EXPECT_EQ(test, dma_map_sg(ctx->dev, sgl, 3,
						 DMA_FROM_DEVICE), 0);
		KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_FAILED), nth);
		KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
		expect_same(test, ctx->buf, was, TEST_BYTES);
	}
	KUNIT_EXPECT_EQ(test, dma_map_sg(ctx->dev, sgl, 3, DMA_FROM_DEVICE), 3);
	dma_unmap_sg(ctx->dev, sgl, 3, DMA_FROM_DEVICE);
	expect_clean(test);
}

/* Attaching and detaching */

static void attach_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct device *dev = make_device(test);
	dma_addr_t addr;

	KUNIT_EXPECT_EQ(test, dma_shadow_attach(ctx->dev), -EBUSY);

	dev->dma_skip_sync = true;
	KUNIT_EXPECT_NULL(test, dev->dma_ops);
	KUNIT_ASSERT_EQ(test, dma_shadow_attach(dev), 0);
	KUNIT_EXPECT_NOT_NULL(test, dev->dma_ops);
	KUNIT_EXPECT_FALSE(test, dev->dma_skip_sync);
	addr = dma_map_single(dev, ctx->buf, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_TRUE(test, dma_need_sync(dev, addr));
	dma_unmap_single(dev, addr, 64, DMA_TO_DEVICE);
	dma_shadow_fail_map(dev, 0, 1);
	dma_shadow_detach(dev);
	KUNIT_EXPECT_NULL(test, dev->dma_ops);
	KUNIT_EXPECT_TRUE(test, dev->dma_skip_sync);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 1);

	/* Not shadowed, and again: the counters go on, but nothing fails. */
	addr = dma_map_single(dev, ctx->buf, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, dma_to_phys(dev, addr), virt_to_phys(ctx->buf));
	dma_unmap_single(dev, addr, 64, DMA_TO_DEVICE);
	dma_shadow_detach(dev);
	KUNIT_ASSERT_EQ(test, dma_shadow_attach(dev), 0);
	addr = dma_map_single(dev, ctx->buf, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dma_unmap_single(dev, addr, 64, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 2);
	dma_shadow_reset(dev);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 0);
	end_shadowed(dev);
	KUNIT_EXPECT_EQ(test, dma_shadow_deselect(dev_name(dev)), -ENOENT);
}

static const struct dma_map_ops empty_ops;

static void attach_iommu_test(struct kunit *test)
{
	struct device *dev = make_device(test);

	dev->dma_ops = &empty_ops;
	dev->iommu_group = (struct iommu_group *)dev;
	KUNIT_EXPECT_EQ(test, dma_shadow_attach(dev), -EOPNOTSUPP);
	dev->iommu_group = NULL;
	KUNIT_EXPECT_PTR_EQ(test, dev->dma_ops, &empty_ops);
	dev->dma_ops = NULL;
#ifdef CONFIG_IOMMU_DMA
	dev->dma_iommu = true;
	KUNIT_EXPECT_EQ(test, dma_shadow_attach(dev), -EOPNOTSUPP);
	dev->dma_iommu = false;
#endif
	KUNIT_EXPECT_EQ(test, dma_shadow_deselect(dev_name(dev)), -ENOENT);
}

/* Ops beneath that add something to addresses, and miss most members. */

#define BUS_OFFSET	0x40000000

static struct {
	int maps;
	int unmaps;
	int for_cpu;
	int for_device;
	int wrong;
} beneath;

static dma_addr_t beneath_map(struct device *dev, struct page *page,
			      unsigned long offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	beneath.maps++;
	beneath.wrong += offset || dir != DMA_BIDIRECTIONAL ||
		!(attrs & DMA_ATTR_WEAK_ORDERING);
	return phys_to_dma(dev, page_to_phys(page)) + BUS_OFFSET;
}

static void beneath_unmap(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	beneath.unmaps++;
	beneath.wrong += offset_in_page(addr) || dir != DMA_BIDIRECTIONAL ||
		!(attrs & DMA_ATTR_WEAK_ORDERING);
}

static void beneath_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir)
{
	beneath.for_cpu++;
}

static void beneath_for_device(struct device *dev, dma_addr_t addr, size_t size,
			       enum dma_data_direction dir)
{
	beneath.for_device++;
}

static int beneath_supported(struct device *dev, u64 mask)
{
	return mask >= DMA_BIT_MASK(30);
}

static size_t beneath_max(struct device *dev)
{
	return SZ_64K;
}

static const struct dma_map_ops beneath_ops = {
	.map_page = beneath_map,
	.unmap_page = beneath_unmap,
	.sync_single_for_cpu = beneath_for_cpu,
	.sync_single_for_device = beneath_for_device,
	.dma_supported = beneath_supported,
	.max_mapping_size = beneath_max,
};

static void beneath_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct shadow_test other = {
		.dev = make_device(test), .bus = BUS_OFFSET,
	};
	struct device *dev = other.dev;
	u8 *was = copy_of(test, ctx->buf, 256);
	dma_addr_t addr;

	memset(&beneath, 0, sizeof(beneath));
	set_dma_ops(dev, &beneath_ops);
	KUNIT_ASSERT_EQ(test, dma_shadow_attach(dev), 0);
	addr = dma_map_single_attrs(dev, ctx->buf, 256, DMA_FROM_DEVICE,
				    DMA_ATTR_WEAK_ORDERING);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_GE(test, addr, (dma_addr_t)BUS_OFFSET);
	KUNIT_EXPECT_TRUE(test, dev_sees(&other, addr, was, 256));
	/* All of the shadow, and the bytes that are handed over. */
	KUNIT_EXPECT_EQ(test, beneath.for_device, 2);
	dev_write(&other, addr, "data", 4);
	memcpy(was, "data", 4);
	dma_unmap_single_attrs(dev, addr, 256, DMA_FROM_DEVICE,
			       DMA_ATTR_WEAK_ORDERING);
	expect_same(test, ctx->buf, was, 256);
	KUNIT_EXPECT_EQ(test, beneath.maps, 1);
	KUNIT_EXPECT_EQ(test, beneath.unmaps, 0);
	KUNIT_EXPECT_EQ(test, beneath.for_cpu, 1);
	KUNIT_EXPECT_EQ(test, beneath.for_device, 3);

	/* They miss it, so do we. */
	KUNIT_EXPECT_FALSE(test, dma_can_mmap(dev));
	KUNIT_EXPECT_NULL(test, dma_alloc_coherent(dev, 64, &addr, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, dma_alloc_pages(dev, PAGE_SIZE, &addr,
						DMA_TO_DEVICE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, dma_map_resource(dev, 0x10001000, 4,
					       DMA_TO_DEVICE, 0),
			DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, dma_get_required_mask(dev), DMA_BIT_MASK(32));
	KUNIT_EXPECT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(29)), -EIO);
	KUNIT_EXPECT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(30)), 0);
	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(dev), SZ_64K - 2 * PAGE_SIZE);

	dma_shadow_detach(dev);
	KUNIT_EXPECT_PTR_EQ(test, dev->dma_ops, &beneath_ops);
	KUNIT_EXPECT_EQ(test, beneath.unmaps, 1);
	KUNIT_EXPECT_EQ(test, beneath.wrong, 0);
	expect_dev(test, dev, DMA_SHADOW_VIOLATIONS, 0);
	set_dma_ops(dev, NULL);
	dma_shadow_deselect(dev_name(dev));
}

/* A device chosen by name, and its driver */

#define DRV_BYTES	64

static struct {
	int probes;
	int removes;
	int fail;
	bool shadowed;
	dma_addr_t addr;
} drv;

static void drv_unmap(void *dev)
{
	dma_unmap_single(dev, drv.addr, DRV_BYTES, DMA_TO_DEVICE);
}

static u8 *drv_memory;

static int drv_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	int ret;

	drv.probes++;
	drv.shadowed = dev->dma_ops;
	drv.addr = dma_map_single(dev, drv_memory, DRV_BYTES,
				  DMA_TO_DEVICE);
	if (dma_mapping_error(dev, drv.addr))
		return -ENOMEM;
	/* The driver core unmaps, after a failed probe, too. */
	ret = devm_add_action_or_reset(dev, drv_unmap, dev);
	return ret ?: drv.fail;
}

static void drv_remove(struct platform_device *pdev)
{
	drv.removes++;
}

static struct platform_driver test_driver = {
	.probe = drv_probe,
	.remove = drv_remove,
	.driver = { .name = "shadow-test-plat" },
};

static void unregister_driver(void *driver)
{
	platform_driver_unregister(driver);
}

static void unregister_device(void *pdev)
{
	platform_device_unregister(pdev);
}

static struct platform_device *add_platform_device(struct kunit *test)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple("shadow-test-plat",
					       PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_device,
							pdev), 0);
	return pdev;
}

static void add_platform_driver(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;

	memset(&drv, 0, sizeof(drv));
	drv_memory = ctx->buf;
	KUNIT_ASSERT_EQ(test, platform_driver_register(&test_driver), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_driver,
							&test_driver), 0);
}

static void expect_bind(struct kunit *test, struct platform_device *pdev,
			bool shadowed)
{
	int probes = drv.probes;

	KUNIT_EXPECT_EQ(test, device_attach(&pdev->dev), !drv.fail);
	KUNIT_EXPECT_EQ(test, drv.probes, probes + 1);
	KUNIT_EXPECT_EQ(test, drv.shadowed, shadowed);
}

static void by_name_test(struct kunit *test)
{
	struct platform_device *pdev;
	struct device *dev;

	/* Before there is such a device. */
	KUNIT_EXPECT_EQ(test, dma_shadow_select("shadow-test-plat"), 0);
	pdev = add_platform_device(test);
	dev = &pdev->dev;
	add_platform_driver(test);
	KUNIT_EXPECT_EQ(test, drv.probes, 1);
	KUNIT_EXPECT_TRUE(test, drv.shadowed);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_LIVE), 1);
	KUNIT_EXPECT_EQ(test, dma_shadow_attach(dev), -EBUSY);

	device_release_driver(dev);
	KUNIT_EXPECT_NULL(test, dev->dma_ops);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_LIVE), 0);
	expect_dev(test, dev, DMA_SHADOW_VIOLATIONS, 0);
	expect_bind(test, pdev, true);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 2);

	/* It stays until the driver goes. */
	KUNIT_EXPECT_EQ(test, dma_shadow_deselect("shadow-test-plat"), 0);
	KUNIT_EXPECT_NOT_NULL(test, dev->dma_ops);
	device_release_driver(dev);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 2);
	expect_bind(test, pdev, false);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(dev, DMA_SHADOW_MAPS), 2);
	KUNIT_EXPECT_EQ(test, dma_shadow_deselect("shadow-test-plat"), 0);
	KUNIT_EXPECT_EQ(test, dma_shadow_deselect("shadow-test-plat"), -ENOENT);

	/* It is bound and not shadowed. */
	KUNIT_EXPECT_EQ(test, dma_shadow_select("shadow-test-plat"), -EBUSY);
	device_release_driver(dev);
	expect_bind(test, pdev, false);
	device_release_driver(dev);
	KUNIT_EXPECT_EQ(test, dma_shadow_select(""), -EINVAL);
}

/* What a failed probe leaves to the driver core is unmapped in time. */
static void probe_fails_test(struct kunit *test)
{
	struct platform_device *pdev = add_platform_device(test);

	add_platform_driver(test);
	device_release_driver(&pdev->dev);
	KUNIT_ASSERT_EQ(test, dma_shadow_select("shadow-test-plat"), 0);
	drv.fail = -ENODEV;
	expect_bind(test, pdev, true);
	KUNIT_EXPECT_NULL(test, pdev->dev.dma_ops);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(&pdev->dev, DMA_SHADOW_MAPS), 1);
	KUNIT_EXPECT_EQ(test, dma_shadow_count(&pdev->dev, DMA_SHADOW_LIVE), 0);
	expect_dev(test, &pdev->dev, DMA_SHADOW_VIOLATIONS, 0);
	drv.fail = 0;
	expect_bind(test, pdev, true);
	device_release_driver(&pdev->dev);
	dma_shadow_deselect("shadow-test-plat");
}

static void atomic_test(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct scatterlist sgl[3];
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;
	int i, nents, failed = 0;
	dma_addr_t addr;

	make_sg(ctx, sgl);
	for (i = 0; i < TEST_MANY; i++) {
		spin_lock_irqsave(&lock, flags);
		addr = dma_map_single(ctx->dev, ctx->buf + 2048, 1000,
				      DMA_FROM_DEVICE);
		failed += dma_mapping_error(ctx->dev, addr) != 0;
		dma_sync_single_for_cpu(ctx->dev, addr, 500, DMA_FROM_DEVICE);
		nents = dma_map_sg(ctx->dev, sgl, 3, DMA_TO_DEVICE);
		dma_unmap_single(ctx->dev, addr, 1000, DMA_FROM_DEVICE);
		dma_unmap_sg(ctx->dev, sgl, 3, DMA_TO_DEVICE);
		spin_unlock_irqrestore(&lock, flags);
		KUNIT_ASSERT_EQ(test, nents, 3);
		KUNIT_ASSERT_EQ(test, failed, 0);
	}
	expect_clean(test);
}

/* A long run against a model in plain arrays */

#define SLOTS		8
#define SLOT_ROOM	1024
#define SLOT_MAX	700
#define STEPS		6000

struct slot {
	u8 *mem;
	size_t size;
	bool mapped;
	enum dma_data_direction dir;
	dma_addr_t addr;
	u8 cpu[SLOT_MAX];	/* what the CPU must find where it owns */
	u8 dev[SLOT_MAX];	/* what the device must, where it does */
	bool owned[SLOT_MAX];	/* by the device */
};

struct run {
	struct shadow_test *ctx;
	struct rnd_state rnd;
	struct slot *slots;
	u8 *is;
	unsigned int step;
};

static u32 below_n(struct run *run, u32 n)
{
	return prandom_u32_state(&run->rnd) % n;
}

static void slot_to_device(struct slot *slot, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (!slot->owned[i])
			slot->dev[i] = slot->cpu[i];
		slot->owned[i] = true;
	}
}

static void slot_to_cpu(struct slot *slot, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (slot->owned[i] && slot->dir != DMA_TO_DEVICE)
			slot->cpu[i] = slot->dev[i];
		slot->owned[i] = false;
	}
}

static void step_map(struct kunit *test, struct run *run, struct slot *slot)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	unsigned long attrs = below_n(run, 4) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;

	slot->dir = dirs[below_n(run, 3)];
	slot->addr = dma_map_single_attrs(run->ctx->dev, slot->mem, slot->size,
					  slot->dir, attrs);
	KUNIT_ASSERT_FALSE_MSG(test, dma_mapping_error(run->ctx->dev,
						       slot->addr),
			       "seed %x step %u", TEST_SEED, run->step);
	slot->mapped = true;
	if (!attrs)
		slot_to_device(slot, 0, slot->size);
}

static void step_unmap(struct run *run, struct slot *slot)
{
	unsigned long attrs = below_n(run, 4) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;
	size_t i;

	dma_unmap_single_attrs(run->ctx->dev, slot->addr, slot->size, slot->dir,
			       attrs);
	slot->mapped = false;
	if (!attrs || slot->dir == DMA_TO_DEVICE) {
		slot_to_cpu(slot, 0, slot->size);
		return;
	}
	/* What was not synced is poison. The CPU has it now, and writes it. */
	for (i = 0; i < slot->size; i++) {
		if (!slot->owned[i])
			continue;
		slot->cpu[i] = below_n(run, 256);
		slot->mem[i] = slot->cpu[i];
		slot->owned[i] = false;
	}
}

static void step_sync(struct run *run, struct slot *slot, bool to_device)
{
	size_t from = below_n(run, slot->size);
	size_t n = 1 + below_n(run, slot->size - from);

	if (to_device) {
		dma_sync_single_range_for_device(run->ctx->dev, slot->addr,
						 from, n, slot->dir);
		slot_to_device(slot, from, from + n);
	} else {
		dma_sync_single_range_for_cpu(run->ctx->dev, slot->addr, from,
					      n, slot->dir);
		slot_to_cpu(slot, from, from + n);
	}
}

static void step_cpu_write(struct run *run, struct slot *slot)
{
	size_t i, n = below_n(run, 40);

	for (i = below_n(run, slot->size); n && i < slot->size; i++, n--) {
		if (slot->owned[i])
			continue;
		slot->cpu[i] = below_n(run, 256);
		slot->mem[i] = slot->cpu[i];
	}
}

static void step_dev_write(struct run *run, struct slot *slot)
{
	size_t i, n = below_n(run, 40);

	if (slot->dir == DMA_TO_DEVICE)
		return;
	for (i = below_n(run, slot->size); n && i < slot->size; i++, n--) {
		if (!slot->owned[i])
			continue;
		slot->dev[i] = below_n(run, 256);
		dev_write(run->ctx, slot->addr + i, &slot->dev[i], 1);
	}
}

/* Returns the number of bytes that the CPU can read though it must not. */
static size_t check_slot(struct kunit *test, struct run *run, struct slot *slot)
{
	size_t i, bad = 0, open = 0;

	if (slot->mapped)
		dev_read(run->ctx, slot->addr, run->is, slot->size);
	for (i = 0; i < slot->size; i++) {
		if (!slot->owned[i] || slot->dir == DMA_TO_DEVICE)
			bad += slot->mem[i] != slot->cpu[i];
		else
			open += slot->mem[i] == slot->dev[i];
		if (slot->owned[i])
			bad += run->is[i] != slot->dev[i];
	}
	KUNIT_ASSERT_EQ_MSG(test, bad, 0, "seed %x step %u slot %zu", TEST_SEED,
			    run->step, (size_t)(slot - run->slots));
	return open;
}

static void run_step(struct kunit *test, struct run *run, struct slot *slot)
{
	u32 what = below_n(run, 10);

	if (what < 3)
		step_cpu_write(run, slot);
	else if (!slot->mapped)
		step_map(test, run, slot);
	else if (what < 5)
		step_dev_write(run, slot);
	else if (what < 9)
		step_sync(run, slot, what & 1);
	else
		step_unmap(run, slot);
}

static void run_init(struct kunit *test, struct run *run)
{
	struct shadow_test *ctx = test->priv;
	int i;

	BUILD_BUG_ON(SLOTS * SLOT_ROOM > TEST_BYTES);
	run->ctx = ctx;
	prandom_seed_state(&run->rnd, TEST_SEED);
	run->is = kunit_kzalloc(test, SLOT_MAX, GFP_KERNEL);
	run->slots = kunit_kcalloc(test, SLOTS, sizeof(*run->slots),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run->is);
	KUNIT_ASSERT_NOT_NULL(test, run->slots);
	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &run->slots[i];

		slot->mem = ctx->buf + i * SLOT_ROOM + below_n(run, 64);
		slot->size = 1 + below_n(run, SLOT_MAX);
		memcpy(slot->cpu, slot->mem, slot->size);
	}
}

static void random_test(struct kunit *test)
{
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	size_t open = 0, owned = 0;
	struct slot *slot;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, run);
	run_init(test, run);
	for (run->step = 0; run->step < STEPS; run->step++) {
		slot = &run->slots[below_n(run, SLOTS)];
		run_step(test, run, slot);
		open += check_slot(test, run, slot);
		owned += slot->mapped ? slot->size : 0;
	}
	/* By chance one in 256 is as it was. */
	KUNIT_EXPECT_LT_MSG(test, open, owned / 64, "seed %x", TEST_SEED);
	for (i = 0; i < SLOTS; i++) {
		if (run->slots[i].mapped)
			step_unmap(run, &run->slots[i]);
		check_slot(test, run, &run->slots[i]);
	}
	KUNIT_EXPECT_EQ(test, count(run->ctx, DMA_SHADOW_LIVE), 0);
	expect_clean(test);
}

/* Two threads: their own memory, memory that both read, one mapping of both */

#define RACE_ROUNDS	600

struct racer {
	struct shadow_test *ctx;
	struct completion done;
	u8 *own;
	u8 *common;
	dma_addr_t ring;
	size_t ring_off;
	unsigned int wrong;
};

static void race_round(struct racer *racer, unsigned int round)
{
	struct shadow_test *ctx = racer->ctx;
	struct device *dev = ctx->dev;
	u8 byte = round | 1;
	dma_addr_t own, common;

	own = raw_map(ctx, racer->own, 300, DMA_FROM_DEVICE);
	common = raw_map(ctx, racer->common, 300, DMA_TO_DEVICE);
	if (own == DMA_MAPPING_ERROR || common == DMA_MAPPING_ERROR) {
		racer->wrong++;
		return;
	}
	dev_write(ctx, own + round % 300, &byte, 1);
	racer->wrong += !dev_sees(ctx, common, ctx->buf, 300);
	dev_write(ctx, racer->ring + racer->ring_off, &byte, 1);
	ops(dev)->sync_single_for_cpu(dev, racer->ring + racer->ring_off, 100,
				      DMA_FROM_DEVICE);
	racer->wrong += racer->own[-1] != 0x5a;
	raw_unmap(ctx, own, 300, DMA_FROM_DEVICE);
	racer->wrong += racer->own[round % 300] != byte;
	ops(dev)->sync_single_for_device(dev, racer->ring + racer->ring_off,
					 100, DMA_FROM_DEVICE);
	raw_unmap(ctx, common, 300, DMA_TO_DEVICE);
}

static int race_thread(void *data)
{
	struct racer *racer = data;
	unsigned int round;

	for (round = 0; round < RACE_ROUNDS; round++) {
		race_round(racer, round);
		cond_resched();
	}
	complete(&racer->done);
	return 0;
}

static void race_run(struct kunit *test)
{
	struct shadow_test *ctx = test->priv;
	struct racer racers[2] = {};
	struct task_struct *task;
	dma_addr_t ring;
	u8 *common;
	int i;

	common = copy_of(test, ctx->buf, 300);
	ring = raw_map(ctx, ctx->buf + 2 * PAGE_SIZE, 200, DMA_FROM_DEVICE);
	for (i = 0; i < 2; i++) {
		racers[i].ctx = ctx;
		racers[i].own = ctx->buf + PAGE_SIZE + 1 + i * 301;
		racers[i].own[-1] = 0x5a;
		racers[i].common = common;
		racers[i].ring = ring;
		racers[i].ring_off = i * 100;
		init_completion(&racers[i].done);
	}
	for (i = 0; i < 2; i++) {
		task = kthread_run(race_thread, &racers[i], "shadow-race/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	}
	for (i = 0; i < 2; i++) {
		wait_for_completion(&racers[i].done);
		KUNIT_EXPECT_EQ(test, racers[i].wrong, 0);
	}
	raw_unmap(ctx, ring, 200, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_LIVE), 0);
	KUNIT_EXPECT_EQ(test, count(ctx, DMA_SHADOW_MAPS), 4 * RACE_ROUNDS + 1);
	expect_clean(test);
}

static void race_test(struct kunit *test)
{
	race_run(test);
}

static void race_poison_test(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, dma_shadow_poison_sources(true), 0);
	race_run(test);
}

static struct kunit_case shadow_cases[] = {
	KUNIT_CASE(to_device_test),
	KUNIT_CASE(from_device_test),
	KUNIT_CASE(bidirectional_test),
	KUNIT_CASE(poison_test),
	KUNIT_CASE(large_test),
	KUNIT_CASE(limits_test),
	KUNIT_CASE(highmem_test),
	KUNIT_CASE(skip_cpu_sync_test),
	KUNIT_CASE(partial_sync_test),
	KUNIT_CASE(sync_twice_test),
	KUNIT_CASE(sg_test),
	KUNIT_CASE(resource_test),
	KUNIT_CASE(alloc_test),
	KUNIT_CASE(answers_test),
	KUNIT_CASE(unmap_twice_test),
	KUNIT_CASE(unmap_never_test),
	KUNIT_CASE(unmap_size_test),
	KUNIT_CASE(unmap_nents_test),
	KUNIT_CASE(unmap_dir_test),
	KUNIT_CASE(unmap_kind_test),
	KUNIT_CASE(unmap_device_test),
	KUNIT_CASE(sync_unmapped_test),
	KUNIT_CASE(sync_bounds_test),
	KUNIT_CASE(sync_dir_test),
	KUNIT_CASE(overlap_test),
	KUNIT_CASE(no_overlap_test),
	KUNIT_CASE(dev_readonly_test),
	KUNIT_CASE(dev_redzone_test),
	KUNIT_CASE(dev_late_test),
	KUNIT_CASE(quarantine_bytes_test),
	KUNIT_CASE(cpu_write_test),
	KUNIT_CASE(leak_test),
	KUNIT_CASE(report_test),
	KUNIT_CASE(poison_sources_test),
	KUNIT_CASE(poison_thrice_test),
	KUNIT_CASE(fail_map_test),
	KUNIT_CASE(fail_sg_test),
	KUNIT_CASE(attach_test),
	KUNIT_CASE(attach_iommu_test),
	KUNIT_CASE(beneath_test),
	KUNIT_CASE(by_name_test),
	KUNIT_CASE(probe_fails_test),
	KUNIT_CASE(atomic_test),
	KUNIT_CASE_SLOW(random_test),
	KUNIT_CASE_SLOW(race_test),
	KUNIT_CASE_SLOW(race_poison_test),
	{}
};

static struct kunit_suite shadow_suite = {
	.name = "dma-shadow",
	.init = shadow_test_init,
	.exit = shadow_test_exit,
	.test_cases = shadow_cases,
};

kunit_test_suite(shadow_suite);

MODULE_DESCRIPTION("KUnit tests of dma-shadow");
MODULE_LICENSE("GPL");
