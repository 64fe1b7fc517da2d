// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: a DMA engine that is played by the CPU.
 *
 * An instance is a platform device. It is made at boot (params.c), through
 * configfs (configfs.c) or by other parts of the kernel (dma-sim.h). Its driver
 * registers one dma_device, or one for each operation.
 *
 * A client can have a channel for longer than the driver is bound, or than the
 * instance lives. So each dma_device is freed by device_release(), and has a
 * reference to the instance until then.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-shadow.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

static DEFINE_IDA(dma_sim_ida);

/* The last client has gone, so nothing is mapped any more. */
static void dma_sim_free(struct kref *ref)
{
	struct dma_sim *sim = container_of(ref, struct dma_sim, ref);

	if (sim->shadowed)
		dma_shadow_detach(sim->shadowed);
	ida_free(&dma_sim_ida, sim->id);
	kfree(sim);
}

/**
 * dma_sim_count() - count
 * @sim: the instance
 * @counter: one of its counters
 * @nr: what to add
 *
 * Context: Any context.
 */
void dma_sim_count(struct dma_sim *sim, u64 *counter, u64 nr)
{
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	*counter += nr;
	spin_unlock_irqrestore(&sim->lock, flags);
}

/**
 * dma_sim_fault_hit() - shall this go wrong, this time?
 * @sim: the instance
 * @type: what could go wrong
 *
 * Context: Any context.
 * Return: true if it shall.
 */
bool dma_sim_fault_hit(struct dma_sim *sim, enum dma_sim_fault_type type)
{
	struct dma_sim_fault *fault = &sim->faults[type];
	unsigned long flags;
	bool hit = false;

	spin_lock_irqsave(&sim->lock, flags);
	if (fault->nth && !--fault->nth)
		hit = true;
	if (fault->every && ++fault->count == fault->every) {
		fault->count = 0;
		hit = true;
	}
	spin_unlock_irqrestore(&sim->lock, flags);

	return hit;
}

/* Devices */

static void dma_sim_release(struct dma_device *ddev)
{
	struct dma_sim_dev *sdev = container_of(ddev, struct dma_sim_dev, ddev);
	struct dma_sim *sim = sdev->sim;

	kfree(sdev);
	kref_put(&sim->ref, dma_sim_free);
}

static struct dma_sim_dev *dma_sim_dev_alloc(struct dma_sim *sim,
					     struct device *dev,
					     unsigned int ops)
{
	unsigned int i, nr = sim->cfg.channels;
	struct dma_sim_dev *sdev;

	sdev = kzalloc(struct_size(sdev, chans, nr), GFP_KERNEL);
	if (!sdev)
		return NULL;

	kref_get(&sim->ref);
	sdev->sim = sim;
	sdev->nr_chans = nr;
	sdev->ddev.dev = dev;
	sdev->ddev.device_release = dma_sim_release;
	INIT_LIST_HEAD(&sdev->ddev.channels);
	dma_sim_set_ops(&sdev->ddev, &sim->cfg, ops);
	dma_sim_set_chan_ops(&sdev->ddev);
	for (i = 0; i < nr; i++)
		dma_sim_chan_init(&sdev->chans[i], sdev);

	return sdev;
}

static int dma_sim_dev_add(struct dma_sim *sim, struct device *dev,
			   unsigned int ops)
{
	struct dma_sim_dev *sdev;
	int ret;

	sdev = dma_sim_dev_alloc(sim, dev, ops);
	if (!sdev)
		return -ENOMEM;

	ret = dma_async_device_register(&sdev->ddev);
	if (ret) {
		dma_sim_release(&sdev->ddev);
		return ret;
	}

	sim->devs[sim->nr_devs++] = sdev;
	return 0;
}

/* All channels first: what depends on another device shall end as well. */
static void dma_sim_remove_devs(struct dma_sim *sim)
{
	unsigned int i, j;

	for (i = 0; i < sim->nr_devs; i++)
		for (j = 0; j < sim->devs[i]->nr_chans; j++)
			dma_sim_chan_stop(&sim->devs[i]->chans[j]);

	while (sim->nr_devs)
		dma_async_device_unregister(&sim->devs[--sim->nr_devs]->ddev);
}

/* Every one of the split devices can do the interrupt, if any can. */
static int dma_sim_add_devs(struct dma_sim *sim, struct device *dev)
{
	unsigned int common = BIT(DMA_SIM_INTERRUPT);
	enum dma_sim_op op;
	int ret = 0;

	if (!sim->cfg.split || sim->cfg.ops == common)
		return dma_sim_dev_add(sim, dev, sim->cfg.ops);

	for (op = 0; !ret && op < DMA_SIM_INTERRUPT; op++)
		if (sim->cfg.ops & BIT(op))
			ret = dma_sim_dev_add(sim, dev, BIT(op) |
					      (sim->cfg.ops & common));
	if (ret)
		dma_sim_remove_devs(sim);

	return ret;
}

/*
 * The CPU plays the engine, so its accesses go through the CPU's caches. On an
 * architecture whose engines do not see these caches, unmapping throws away
 * what the caches hold of the destination: all that such an engine had written.
 */
static void dma_sim_set_coherent(struct device *dev)
{
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
	dev->dma_coherent = true;
#endif
}

static int dma_sim_set_up_dma(struct dma_sim *sim, struct device *dev)
{
	int ret;

	/* an address would be the IOMMU's, and tell nothing of the memory */
	if (device_iommu_mapped(dev) ||
	    (get_dma_ops(dev) && !dma_shadow_over_direct(dev))) {
		dev_err(dev, "cannot find memory that dma-direct does not map\n");
		return -EOPNOTSUPP;
	}

	dma_sim_set_coherent(dev);
	dma_set_max_seg_size(dev, UINT_MAX);
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(sim->cfg.dma_mask));
	if (ret)
		dev_err(dev, "no DMA with dma_mask %u here\n",
			sim->cfg.dma_mask);

	return ret;
}

/*
 * A client that has a channel can have mappings, even when the driver is not
 * bound any more. So the device is watched until the instance is freed.
 */
static int dma_sim_shadow(struct dma_sim *sim, struct device *dev)
{
	int ret;

	if (!sim->cfg.shadow || sim->shadowed)
		return 0;

	ret = dma_shadow_attach(dev);
	if (!ret)
		sim->shadowed = dev;

	return ret;
}

static int dma_sim_probe_sim(struct dma_sim *sim, struct device *dev)
{
	int ret;

	ret = dma_sim_set_up_dma(sim, dev);
	if (ret)
		return ret;

	ret = dma_sim_shadow(sim, dev);
	if (ret)
		return ret;

	ret = dma_sim_add_devs(sim, dev);
	if (ret)
		return ret;

	dma_sim_debugfs_add(sim);
	return 0;
}

static struct dma_sim *dma_sim_of(struct platform_device *pdev)
{
	struct dma_sim **sim = dev_get_platdata(&pdev->dev);

	return sim ? *sim : NULL;
}

static int dma_sim_probe(struct platform_device *pdev)
{
	struct dma_sim *sim = dma_sim_of(pdev);

	if (!sim)
		return -ENODEV;

	sim->pdev = pdev;
	sim->probe_err = dma_sim_probe_sim(sim, &pdev->dev);
	return sim->probe_err;
}

static void dma_sim_remove(struct platform_device *pdev)
{
	struct dma_sim *sim = dma_sim_of(pdev);

	dma_sim_debugfs_remove(sim);
	dma_sim_remove_devs(sim);
}

static struct platform_driver dma_sim_driver = {
	.driver = {
		.name = "dma-sim",
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
	.probe = dma_sim_probe,
	.remove = dma_sim_remove,
};

/* Instances */

static struct dma_sim *dma_sim_alloc(const struct dma_sim_config *cfg)
{
	struct dma_sim *sim;

	sim = kzalloc(sizeof(*sim), GFP_KERNEL);
	if (!sim)
		return NULL;

	kref_init(&sim->ref);
	spin_lock_init(&sim->lock);
	sim->cfg = *cfg;
	sim->probe_err = -ENODEV;
	sim->id = ida_alloc(&dma_sim_ida, GFP_KERNEL);
	if (sim->id < 0) {
		kfree(sim);
		return NULL;
	}

	return sim;
}

/**
 * dma_sim_create() - create an instance
 * @cfg: what it shall be like
 *
 * The caller owns the instance, and ends it with dma_sim_destroy(). When this
 * function returns its channels can be requested.
 *
 * Context: Process context, may sleep.
 * Return: the instance; ERR_PTR(-EINVAL) if @cfg makes no sense, and then a line
 * in the log tells why; or another error.
 */
struct dma_sim *dma_sim_create(const struct dma_sim_config *cfg)
{
	struct dma_sim *sim;
	int ret;

	ret = dma_sim_check_config(cfg);
	if (ret)
		return ERR_PTR(ret);

	sim = dma_sim_alloc(cfg);
	if (!sim)
		return ERR_PTR(-ENOMEM);

	sim->pdev = platform_device_register_data(NULL, "dma-sim", sim->id,
						  &sim, sizeof(sim));
	ret = PTR_ERR_OR_ZERO(sim->pdev);
	if (!ret && sim->probe_err) {
		ret = sim->probe_err;
		platform_device_unregister(sim->pdev);
	}
	if (ret) {
		kref_put(&sim->ref, dma_sim_free);
		return ERR_PTR(ret);
	}

	return sim;
}
EXPORT_SYMBOL_GPL(dma_sim_create);

/**
 * dma_sim_destroy() - end an instance
 * @sim: the instance, or NULL
 *
 * Clients may still have channels, and transfers in flight. These are aborted,
 * and the clients are told so. What they prepare or submit from now on fails;
 * they should release the channels.
 *
 * Context: Process context, may sleep. Not from a callback of a transfer.
 */
void dma_sim_destroy(struct dma_sim *sim)
{
	if (!sim)
		return;

	platform_device_unregister(sim->pdev);
	kref_put(&sim->ref, dma_sim_free);
}
EXPORT_SYMBOL_GPL(dma_sim_destroy);

/**
 * dma_sim_device() - the device of an instance
 * @sim: the instance
 *
 * It is that which the dma_devices of the instance have in dma_device.dev, and
 * the one to map for.
 *
 * Context: Any context.
 * Return: the device, which is valid until dma_sim_destroy().
 */
struct device *dma_sim_device(struct dma_sim *sim)
{
	return &sim->pdev->dev;
}
EXPORT_SYMBOL_GPL(dma_sim_device);

static int dma_sim_fail_map(struct dma_sim *sim, unsigned int nth,
			    unsigned int every)
{
	if (sim->cfg.shadow) {
		dma_shadow_fail_map(&sim->pdev->dev, nth, every);
		return 0;
	}

	if (!nth && !every)
		return 0;

	pr_err("fault map: the engine was not created with shadow=1\n");
	return -EOPNOTSUPP;
}

/**
 * dma_sim_set_fault() - make something go wrong
 * @sim: the instance
 * @type: what shall go wrong
 * @nth: with the nth time from now, once; 0: not at all
 * @every: with each so many times from now; 0: not at all
 *
 * What was set before is forgotten. Descriptors are counted when they are
 * prepared, submitted or started, according to @type, those of all channels
 * together; and mappings for DMA_SIM_FAULT_MAP.
 *
 * Context: Any context.
 * Return: 0; -EINVAL if there is no such fault; -EOPNOTSUPP for
 * DMA_SIM_FAULT_MAP without dma_sim_config.shadow.
 */
int dma_sim_set_fault(struct dma_sim *sim, enum dma_sim_fault_type type,
		      unsigned int nth, unsigned int every)
{
	struct dma_sim_fault *fault;
	unsigned long flags;

	if (type >= DMA_SIM_NR_FAULTS)
		return -EINVAL;
	if (type == DMA_SIM_FAULT_MAP)
		return dma_sim_fail_map(sim, nth, every);

	fault = &sim->faults[type];
	spin_lock_irqsave(&sim->lock, flags);
	fault->nth = nth;
	fault->every = every;
	fault->count = 0;
	spin_unlock_irqrestore(&sim->lock, flags);

	return 0;
}
EXPORT_SYMBOL_GPL(dma_sim_set_fault);

/**
 * dma_sim_hold() - let an engine do nothing for a while
 * @sim: the instance
 * @hold: begin no burst from now on, or go on
 *
 * For tests of what happens while an engine has operations under way. Nobody is
 * told: their status is what it was. Each channel may do one more burst, which it
 * was about to begin. What is terminated meanwhile, and the removal of the engine,
 * do not wait.
 *
 * Context: Process context, may sleep. Not from a callback of a transfer.
 */
void dma_sim_hold(struct dma_sim *sim, bool hold)
{
	struct dma_sim_dev *sdev;
	unsigned int i, j;

	WRITE_ONCE(sim->held, hold);
	/* against unbind, which frees the channels */
	device_lock(&sim->pdev->dev);
	for (i = 0; i < sim->nr_devs; i++) {
		sdev = sim->devs[i];
		for (j = 0; j < sdev->nr_chans; j++)
			wake_up(&sdev->chans[j].wait);
	}
	device_unlock(&sim->pdev->dev);
}
EXPORT_SYMBOL_GPL(dma_sim_hold);

/**
 * dma_sim_get_stats() - what has an instance done up to now?
 * @sim: the instance
 * @stats: where to store it
 *
 * Context: Any context.
 */
void dma_sim_get_stats(struct dma_sim *sim, struct dma_sim_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	*stats = sim->stats;
	spin_unlock_irqrestore(&sim->lock, flags);
}
EXPORT_SYMBOL_GPL(dma_sim_get_stats);

/* The module */

static struct dma_sim *dma_sim_boot[DMA_SIM_MAX_BOOT];

static void dma_sim_destroy_boot(void)
{
	unsigned int i;

	for (i = 0; i < DMA_SIM_MAX_BOOT; i++)
		dma_sim_destroy(dma_sim_boot[i]);
}

static int dma_sim_create_boot(void)
{
	struct dma_sim_config cfg;
	unsigned int i;
	int ret;

	dma_sim_get_defaults(&cfg);
	for (i = 0; i < dma_sim_boot_instances(); i++) {
		struct dma_sim *sim = dma_sim_create(&cfg);

		if (IS_ERR(sim)) {
			ret = PTR_ERR(sim);
			pr_err("instance %u of %u: error %d\n", i,
			       dma_sim_boot_instances(), ret);
			dma_sim_destroy_boot();
			return ret;
		}
		dma_sim_boot[i] = sim;
	}

	return 0;
}

static int __init dma_sim_init(void)
{
	int ret;

	dma_sim_debugfs_init();
	ret = platform_driver_register(&dma_sim_driver);
	if (ret)
		goto err_debugfs;

	ret = dma_sim_create_boot();
	if (ret)
		goto err_driver;

	ret = dma_sim_configfs_init();
	if (ret)
		goto err_boot;

	return 0;

err_boot:
	dma_sim_destroy_boot();
err_driver:
	platform_driver_unregister(&dma_sim_driver);
err_debugfs:
	dma_sim_debugfs_exit();
	return ret;
}
module_init(dma_sim_init);

static void __exit dma_sim_exit(void)
{
	dma_sim_configfs_exit();
	dma_sim_destroy_boot();
	platform_driver_unregister(&dma_sim_driver);
	dma_sim_debugfs_exit();
}
module_exit(dma_sim_exit);

MODULE_DESCRIPTION("DMA engine that is played by the CPU");
MODULE_LICENSE("GPL");
