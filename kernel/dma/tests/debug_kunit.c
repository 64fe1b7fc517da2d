// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the DMA-API debugging.
 *
 * A device has a single address to give. As soon as a mapping is undone, and
 * before its owner gets on, somebody else maps, unmaps and maps other memory, at
 * that address: what happens with an IOMMU or a bounce buffer when several CPUs
 * map and unmap at the same time, but each time.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/panic.h>

#define TEST_ADDR	((dma_addr_t)0x100000)

/* No memory of the kernel: dma_map_resource() would complain. */
#define TEST_RESOURCE	((phys_addr_t)0xffff0000)

enum owner { FIRST, SECOND, OWNERS };

struct debug_test {
	struct kunit *test;
	struct device *dev;
	struct page *page[OWNERS];
	bool resource;		/* map resources, not pages */
	bool meanwhile;		/* let the second map when the first unmaps */
};

static void owner_map(struct debug_test *ctx, enum owner who)
{
	dma_addr_t addr;

	if (ctx->resource)
		addr = dma_map_resource(ctx->dev,
					TEST_RESOURCE + who * PAGE_SIZE,
					PAGE_SIZE, DMA_FROM_DEVICE, 0);
	else
		addr = dma_map_page(ctx->dev, ctx->page[who], 0, PAGE_SIZE,
				    DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(ctx->test, dma_mapping_error(ctx->dev, addr), 0);
}

static void owner_unmap(struct debug_test *ctx)
{
	if (ctx->resource)
		dma_unmap_resource(ctx->dev, TEST_ADDR, PAGE_SIZE,
				   DMA_FROM_DEVICE, 0);
	else
		dma_unmap_page(ctx->dev, TEST_ADDR, PAGE_SIZE, DMA_FROM_DEVICE);
}

/* The device's operations */

static dma_addr_t one_map_page(struct device *dev, struct page *page,
			       unsigned long offset, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	return TEST_ADDR;
}

static dma_addr_t one_map_resource(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	return TEST_ADDR;
}

static void one_unmap(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	struct debug_test *ctx = dev_get_drvdata(dev);

	if (!ctx->meanwhile)
		return;

	ctx->meanwhile = false;
	owner_map(ctx, SECOND);
	owner_unmap(ctx);
	owner_map(ctx, SECOND);
}

static const struct dma_map_ops one_ops = {
	.map_page	= one_map_page,
	.unmap_page	= one_unmap,
	.map_resource	= one_map_resource,
	.unmap_resource	= one_unmap,
};

static int debug_test_init(struct kunit *test)
{
	struct debug_test *ctx;
	int i;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->dev = kunit_device_register(test, "dma-debug-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	for (i = 0; i < ARRAY_SIZE(ctx->page); i++) {
		void *mem = (void *)devm_get_free_pages(ctx->dev, GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, mem);
		ctx->page[i] = virt_to_page(mem);
	}
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(ctx->dev,
							   DMA_BIT_MASK(32)), 0);
	ctx->test = test;
	dev_set_drvdata(ctx->dev, ctx);
	set_dma_ops(ctx->dev, &one_ops);
	test->priv = ctx;

	/* its complaints are warnings, and it makes but one */
	if (test_taint(TAINT_WARN))
		kunit_skip(test, "there was a warning before");

	return 0;
}

static void address_reused(struct debug_test *ctx)
{
	owner_map(ctx, FIRST);
	ctx->meanwhile = true;
	owner_unmap(ctx);
	KUNIT_EXPECT_FALSE(ctx->test, ctx->meanwhile);
	owner_unmap(ctx);	/* the second's */
	KUNIT_EXPECT_FALSE_MSG(ctx->test, test_taint(TAINT_WARN),
			       "of mappings that do not overlap");
}

static void page_address_reused(struct kunit *test)
{
	address_reused(test->priv);
}

static void resource_address_reused(struct kunit *test)
{
	struct debug_test *ctx = test->priv;

	if (pfn_valid(PHYS_PFN(TEST_RESOURCE)))
		kunit_skip(test, "there is memory at %pa",
			   &(phys_addr_t){ TEST_RESOURCE });
	ctx->resource = true;
	address_reused(ctx);
}

static struct kunit_case debug_test_cases[] = {
	KUNIT_CASE(page_address_reused),
	KUNIT_CASE(resource_address_reused),
	{}
};

static struct kunit_suite debug_test_suite = {
	.name = "dma-debug",
	.init = debug_test_init,
	.test_cases = debug_test_cases,
};

kunit_test_suites(&debug_test_suite);

MODULE_DESCRIPTION("KUnit tests of the DMA-API debugging");
MODULE_LICENSE("GPL");
