// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-shadow: who is shadowed, and since when.
 *
 * A device that was chosen by name is attached when a driver is being bound to
 * it: its bus has configured its DMA then, and its driver has not probed. The
 * first thing that the driver core manages for the device is the end of that, so
 * it comes last, after all that the driver left to the driver core: when a probe
 * fails as well as when the driver is unbound. The architecture takes its
 * dma_map_ops away after that and finds those that it gave.
 */
#define pr_fmt(fmt) "dma-shadow: " fmt

#include <linux/amba/bus.h>
#include <linux/dma-map-ops.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/iommu-dma.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "shadow.h"

/* Who is shadowed. */
DEFINE_MUTEX(shadow_mutex);

/* Changed under shadow_mutex and shadow_lock, read under either. */
LIST_HEAD(shadow_devs);

/* Poison what the device only reads, too. Under shadow_lock. */
bool shadow_poison_sources;

static struct shadow_dev *find_name(const char *name)
{
	struct shadow_dev *sd;

	list_for_each_entry(sd, &shadow_devs, node)
		if (!strcmp(sd->name, name))
			return sd;
	return NULL;
}

static struct shadow_dev *find_dev(struct device *dev)
{
	struct shadow_dev *sd;

	list_for_each_entry(sd, &shadow_devs, node)
		if (sd->dev == dev)
			return sd;
	return NULL;
}

static struct shadow_dev *find_or_add(const char *name)
{
	struct shadow_dev *sd = find_name(name);
	size_t len = strlen(name) + 1;

	lockdep_assert_held(&shadow_mutex);
	if (sd)
		return sd;
	sd = kzalloc(struct_size(sd, name, len), GFP_KERNEL);
	if (!sd)
		return NULL;
	memcpy(sd->name, name, len);
	sd->live = RB_ROOT_CACHED;
	sd->gone = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&sd->quarantine);
	spin_lock_irq(&shadow_lock);
	list_add_tail(&sd->node, &shadow_devs);
	spin_unlock_irq(&shadow_lock);
	shadow_debugfs_add(sd);
	return sd;
}

static void forget(struct shadow_dev *sd)
{
	lockdep_assert_held(&shadow_mutex);
	spin_lock_irq(&shadow_lock);
	list_del(&sd->node);
	spin_unlock_irq(&shadow_lock);
	shadow_debugfs_remove(sd);
	kfree(sd);
}

static void set_fail_map(struct shadow_dev *sd, unsigned int nth,
			 unsigned int every)
{
	lockdep_assert_held(&shadow_lock);
	sd->fail_nth = nth;
	sd->fail_every = every;
	sd->fail_seen = 0;
}

static void set_dev(struct shadow_dev *sd, struct device *dev)
{
	spin_lock_irq(&shadow_lock);
	sd->dev = dev;
	if (!dev)
		set_fail_map(sd, 0, 0);
	else
		WRITE_ONCE(sd->quiet, false);
	spin_unlock_irq(&shadow_lock);
}

/* Why not, or NULL. */
static const char *refusal(struct device *dev, int *err)
{
	*err = -EOPNOTSUPP;
	if (use_dma_iommu(dev))
		return "it is behind an IOMMU";
	/* Their ops are torn down before ours are. */
	if (get_dma_ops(dev) && device_iommu_mapped(dev))
		return "it is behind an IOMMU of the architecture";
	*err = -EBUSY;
	if (find_dev(dev))
		return "it is shadowed already";
	return NULL;
}

static void put_ops(struct shadow_dev *sd, struct device *dev)
{
	sd->saved = dev->dma_ops;
	sd->below = get_dma_ops(dev);
	sd->skip_sync = dev->dma_skip_sync;
	shadow_set_ops(sd);
	/* A coherent device needs no syncs; its shadows do. */
	dev->dma_skip_sync = false;
	smp_wmb(); /* Who sees the ops sees what is below. */
	set_dma_ops(dev, &sd->ops);
}

static int attach(struct device *dev)
{
	struct shadow_dev *sd;
	const char *why;
	int err;

	lockdep_assert_held(&shadow_mutex);
	why = refusal(dev, &err);
	if (why)
		goto refused;
	sd = find_or_add(dev_name(dev));
	if (!sd)
		return -ENOMEM;
	why = "another device of that name is shadowed";
	err = -EBUSY;
	if (sd->dev)
		goto refused;
	get_device(dev);
	set_dev(sd, dev);
	put_ops(sd, dev);
	pr_info("%s: shadowed\n", sd->name);
	return 0;

refused:
	pr_err("%s: cannot be shadowed: %s\n", dev_name(dev), why);
	return err;
}

/**
 * dma_shadow_attach - shadow a device
 * @dev: the device, whose DMA is configured
 *
 * Nothing must be mapped for @dev: what was mapped before would be unknown when
 * it is unmapped. The counters of a device that was shadowed before go on; that
 * its reports are not printed is forgotten.
 *
 * Context: process; may sleep.
 * Return: 0; -EBUSY if @dev or one of the same name is shadowed already;
 * -EOPNOTSUPP if it is behind an IOMMU; -ENOMEM. It tells why in the log.
 */
int dma_shadow_attach(struct device *dev)
{
	int ret;

	mutex_lock(&shadow_mutex);
	ret = attach(dev);
	mutex_unlock(&shadow_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(dma_shadow_attach);

/**
 * dma_shadow_detach - shadow a device no more
 * @dev: the device; if it is not shadowed nothing happens
 *
 * What is still mapped is reported, and handed back to the CPU. The device must
 * be quiet: its shadows are freed. The counters stay; what was told to fail is
 * forgotten, lest it be the next device of that name that fails.
 *
 * Context: process; may sleep.
 */
void dma_shadow_detach(struct device *dev)
{
	struct shadow_dev *sd;

	mutex_lock(&shadow_mutex);
	sd = find_dev(dev);
	if (!sd)
		goto out;
	/* Somebody else may have given it other ops since. */
	if (dev->dma_ops == &sd->ops) {
		set_dma_ops(dev, sd->saved);
		dev->dma_skip_sync = sd->skip_sync;
	}
	shadow_end_all(sd);
	shadow_drain(sd);
	set_dev(sd, NULL);
	put_device(dev);
out:
	mutex_unlock(&shadow_mutex);
}
EXPORT_SYMBOL_GPL(dma_shadow_detach);

static void detach_action(void *dev)
{
	dma_shadow_detach(dev);
}

static void attach_selected(struct device *dev)
{
	struct shadow_dev *sd;
	int err;

	mutex_lock(&shadow_mutex);
	sd = find_name(dev_name(dev));
	if (!sd || !sd->selected) {
		mutex_unlock(&shadow_mutex);
		return;
	}
	err = attach(dev);
	sd->error = err;
	mutex_unlock(&shadow_mutex);

	if (!err && devm_add_action_or_reset(dev, detach_action, dev))
		pr_err("%s: cannot be shadowed: no memory\n", dev_name(dev));
}

static int bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event == BUS_NOTIFY_BIND_DRIVER)
		attach_selected(data);
	return NOTIFY_OK;
}

static struct notifier_block platform_nb = { .notifier_call = bus_event };

#ifdef CONFIG_ARM_AMBA
static struct notifier_block amba_nb = { .notifier_call = bus_event };
#endif

#ifdef CONFIG_PCI
static struct notifier_block pci_nb = { .notifier_call = bus_event };
#endif

static bool is_bound_on(const struct bus_type *bus, const char *name)
{
	struct device *dev = bus_find_device_by_name(bus, NULL, name);
	bool bound;

	if (!dev)
		return false;
	device_lock(dev);
	bound = device_is_bound(dev);
	device_unlock(dev);
	put_device(dev);
	return bound;
}

static bool is_bound(const char *name)
{
	if (is_bound_on(&platform_bus_type, name))
		return true;
#ifdef CONFIG_ARM_AMBA
	if (is_bound_on(&amba_bustype, name))
		return true;
#endif
#ifdef CONFIG_PCI
	if (is_bound_on(&pci_bus_type, name))
		return true;
#endif
	return false;
}

/* Returns whether @name is chosen only now. */
static int select_name(const char *name)
{
	struct shadow_dev *sd;
	int ret = -ENOMEM;

	mutex_lock(&shadow_mutex);
	sd = find_or_add(name);
	if (sd) {
		ret = !sd->selected;
		sd->selected = true;
		sd->error = 0;
	}
	mutex_unlock(&shadow_mutex);
	return ret;
}

static bool unselect_unless_shadowed(const char *name)
{
	struct shadow_dev *sd;
	bool shadowed;

	mutex_lock(&shadow_mutex);
	sd = find_name(name);
	shadowed = sd && sd->dev;
	if (sd && !shadowed) {
		sd->selected = false;
		/* The counters of one that was shadowed before stay. */
		if (!shadow_get_count(sd, DMA_SHADOW_MAPS))
			forget(sd);
	}
	mutex_unlock(&shadow_mutex);
	return !shadowed;
}

/**
 * dma_shadow_select - shadow a device by name when a driver is bound to it
 * @name: its dev_name(); on the platform, AMBA or PCI bus
 *
 * The device need not exist yet. It is shadowed from before its driver probes
 * until all that the driver core manages for the driver is released, and again
 * the next time.
 *
 * Context: process; may sleep.
 * Return: 0; -EBUSY if a driver is bound to it and it is not shadowed: that
 * driver may have mapped something; -EINVAL if @name is empty; -ENOMEM.
 */
int dma_shadow_select(const char *name)
{
	int ret;

	if (!*name)
		return -EINVAL;
	ret = select_name(name);
	if (ret <= 0)
		return ret;

	/* It may be bound just now: look only after it is chosen. */
	if (is_bound(name) && unselect_unless_shadowed(name)) {
		pr_err("%s: is in use, unbind its driver first\n", name);
		return -EBUSY;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(dma_shadow_select);

/**
 * dma_shadow_deselect - let a device be when a driver is bound to it
 * @name: its name
 *
 * If it is shadowed now it is so until its driver is unbound, and its counters
 * stay; if not, all is forgotten.
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOENT if it was neither chosen nor ever shadowed.
 */
int dma_shadow_deselect(const char *name)
{
	struct shadow_dev *sd;
	int ret = -ENOENT;

	mutex_lock(&shadow_mutex);
	sd = find_name(name);
	if (sd) {
		ret = 0;
		sd->selected = false;
		if (!sd->dev)
			forget(sd);
	}
	mutex_unlock(&shadow_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(dma_shadow_deselect);

/* What is written to the file devices: a name, or one to leave out. */
ssize_t shadow_choose(char *name)
{
	return *name == '-' ? dma_shadow_deselect(name + 1) :
			      dma_shadow_select(name);
}

/**
 * dma_shadow_count - read a counter
 * @dev: a device that is or was shadowed; found by its name
 * @which: the counter, or %DMA_SHADOW_VIOLATIONS
 *
 * Context: any.
 * Return: its value; 0 if the device was never shadowed.
 */
long dma_shadow_count(struct device *dev, enum dma_shadow_counter which)
{
	struct shadow_dev *sd;
	unsigned long flags;
	long n = 0;

	spin_lock_irqsave(&shadow_lock, flags);
	sd = find_name(dev_name(dev));
	if (sd)
		n = shadow_get_count(sd, which);
	spin_unlock_irqrestore(&shadow_lock, flags);
	return n;
}
EXPORT_SYMBOL_GPL(dma_shadow_count);

/**
 * dma_shadow_reset - set the counters to 0
 * @dev: a device that is or was shadowed
 *
 * All but those of the mappings that there are. The next reports are printed in
 * full again.
 *
 * Context: any.
 */
void dma_shadow_reset(struct device *dev)
{
	struct shadow_dev *sd;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	sd = find_name(dev_name(dev));
	if (sd)
		shadow_set_zero(sd);
	spin_unlock_irqrestore(&shadow_lock, flags);
}
EXPORT_SYMBOL_GPL(dma_shadow_reset);

/**
 * dma_shadow_fail_map - let mappings fail
 * @dev: a shadowed device
 * @nth: the mapping to fail, 1 is the next one; 0: none
 * @every: the distance of mappings that fail, counted from now; 0: none
 *
 * Each segment of a list counts as a mapping.
 *
 * Context: any.
 */
void dma_shadow_fail_map(struct device *dev, unsigned int nth,
			 unsigned int every)
{
	struct shadow_dev *sd;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	sd = find_dev(dev);
	if (sd)
		set_fail_map(sd, nth, every);
	spin_unlock_irqrestore(&shadow_lock, flags);
}
EXPORT_SYMBOL_GPL(dma_shadow_fail_map);

/**
 * dma_shadow_quiet - count violations without reports
 * @dev: a shadowed device
 * @quiet: print nothing
 *
 * For tests that provoke violations.
 *
 * Context: any.
 */
void dma_shadow_quiet(struct device *dev, bool quiet)
{
	struct shadow_dev *sd;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	sd = find_dev(dev);
	if (sd)
		WRITE_ONCE(sd->quiet, quiet);
	spin_unlock_irqrestore(&shadow_lock, flags);
}
EXPORT_SYMBOL_GPL(dma_shadow_quiet);

/**
 * dma_shadow_poison_sources - poison what devices only read, too
 * @on: whether to do so
 *
 * For all shadowed devices, and only while no memory is mapped for any.
 *
 * Context: any.
 * Return: 0, or -EBUSY if memory is mapped for a shadowed device.
 */
int dma_shadow_poison_sources(bool on)
{
	unsigned long flags;
	int ret = -EBUSY;

	spin_lock_irqsave(&shadow_lock, flags);
	if (RB_EMPTY_ROOT(&shadow_phys.rb_root)) {
		WRITE_ONCE(shadow_poison_sources, on);
		ret = 0;
	}
	spin_unlock_irqrestore(&shadow_lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(dma_shadow_poison_sources);

static char boot_names[256] __initdata;

static int __init boot_devices(char *str)
{
	if (strscpy(boot_names, str, sizeof(boot_names)) < 0)
		pr_err("dma_shadow=: more than %zu characters, cut off\n",
		       sizeof(boot_names) - 1);
	return 1;
}
__setup("dma_shadow=", boot_devices);

static int __init boot_poison_sources(char *str)
{
	if (kstrtobool(str, &shadow_poison_sources))
		pr_err("dma_shadow_poison_sources=: not a truth value\n");
	return 1;
}
__setup("dma_shadow_poison_sources=", boot_poison_sources);

static void __init select_boot_names(void)
{
	char *names = boot_names, *name;

	while ((name = strsep(&names, ",")) != NULL)
		if (*name && select_name(name) < 0)
			pr_err("%s: cannot be shadowed: no memory\n", name);
}

static int __init shadow_init(void)
{
	int ret = stack_depot_init();

	if (ret)
		pr_err("no stacks in the reports: %d\n", ret);
	shadow_data_seed();
	shadow_debugfs_init();
	select_boot_names();
	return bus_register_notifier(&platform_bus_type, &platform_nb);
}
core_initcall_sync(shadow_init);

/* These buses are registered later, and have no drivers yet. */
static int __init shadow_init_buses(void)
{
#ifdef CONFIG_ARM_AMBA
	bus_register_notifier(&amba_bustype, &amba_nb);
#endif
#ifdef CONFIG_PCI
	bus_register_notifier(&pci_bus_type, &pci_nb);
#endif
	return 0;
}
postcore_initcall_sync(shadow_init_buses);
