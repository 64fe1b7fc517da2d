// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: instances that are created through configfs.
 *
 *	mkdir NAME		an instance that does not exist yet
 *	NAME/<setting>		see params.c; fixed while the instance is enabled
 *	NAME/enabled		1 creates it, 0 destroys it
 *	NAME/dev_name		its device
 *	NAME/hold		1: it begins nothing more; can be written at any time
 *	NAME/fault_<name>/nth	what shall go wrong; can be written at any time
 *	NAME/fault_<name>/every
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * struct dma_sim_fault_group - directory of a fault
 * @group: the directory
 * @item: the instance
 * @nth: L: as last written
 * @every: L: as last written
 */
struct dma_sim_fault_group {
	struct config_group group;
	struct dma_sim_item *item;
	unsigned int nth;
	unsigned int every;
};

/**
 * struct dma_sim_item - directory of an instance
 * @group: the directory
 * @lock: L
 * @cfg: L: the settings
 * @sim: L: the instance, or NULL
 * @hold: L: as last written
 * @faults: directories of the faults
 */
struct dma_sim_item {
	struct config_group group;
	struct mutex lock;	/* L */
	struct dma_sim_config cfg;
	struct dma_sim *sim;
	bool hold;
	struct dma_sim_fault_group faults[DMA_SIM_NR_FAULTS];
};

static struct dma_sim_item *to_dma_sim_item(struct config_item *item)
{
	return container_of(to_config_group(item), struct dma_sim_item, group);
}

static struct dma_sim_fault_group *to_fault_group(struct config_item *item)
{
	return container_of(to_config_group(item), struct dma_sim_fault_group,
			    group);
}

/* Settings */

static ssize_t dma_sim_setting_show(struct config_item *item, const char *name,
				    char *page)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	ssize_t ret;

	mutex_lock(&simi->lock);
	ret = dma_sim_param_show(dma_sim_find_param(name), &simi->cfg, page);
	mutex_unlock(&simi->lock);

	return ret;
}

static ssize_t dma_sim_setting_store(struct config_item *item,
				     const char *name, const char *page,
				     size_t count)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	int ret;

	mutex_lock(&simi->lock);
	if (simi->sim)
		ret = -EBUSY;
	else
		ret = dma_sim_config_set(&simi->cfg, name, page);
	mutex_unlock(&simi->lock);

	return ret ?: count;
}

static ssize_t dma_sim_enabled_show(struct config_item *item, char *page)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	ssize_t ret;

	mutex_lock(&simi->lock);
	ret = sysfs_emit(page, "%d\n", !!simi->sim);
	mutex_unlock(&simi->lock);

	return ret;
}

/* What was asked for while there was nothing that could go wrong. */
static int dma_sim_item_set_faults(struct dma_sim_item *simi)
{
	enum dma_sim_fault_type type;
	int ret = 0;

	for (type = 0; !ret && type < DMA_SIM_NR_FAULTS; type++)
		ret = dma_sim_set_fault(simi->sim, type,
					simi->faults[type].nth,
					simi->faults[type].every);
	return ret;
}

static void dma_sim_item_disable(struct dma_sim_item *simi)
{
	dma_sim_destroy(simi->sim);
	simi->sim = NULL;
}

static int dma_sim_item_enable(struct dma_sim_item *simi)
{
	struct dma_sim *sim;
	int ret;

	if (simi->sim)
		return 0;

	sim = dma_sim_create(&simi->cfg);
	if (IS_ERR(sim))
		return PTR_ERR(sim);

	simi->sim = sim;
	dma_sim_hold(sim, simi->hold);
	ret = dma_sim_item_set_faults(simi);
	if (ret)
		dma_sim_item_disable(simi);

	return ret;
}

static ssize_t dma_sim_enabled_store(struct config_item *item,
				     const char *page, size_t count)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	bool enable;
	int ret;

	ret = kstrtobool(page, &enable);
	if (ret) {
		pr_err("enabled: not 0 or 1\n");
		return ret;
	}

	mutex_lock(&simi->lock);
	if (enable)
		ret = dma_sim_item_enable(simi);
	else
		dma_sim_item_disable(simi);
	mutex_unlock(&simi->lock);

	return ret ?: count;
}

static ssize_t dma_sim_dev_name_show(struct config_item *item, char *page)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	ssize_t ret = 0;

	mutex_lock(&simi->lock);
	if (simi->sim)
		ret = sysfs_emit(page, "%s\n",
				 dev_name(dma_sim_device(simi->sim)));
	mutex_unlock(&simi->lock);

	return ret;
}

static ssize_t dma_sim_hold_show(struct config_item *item, char *page)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	ssize_t ret;

	mutex_lock(&simi->lock);
	ret = sysfs_emit(page, "%d\n", simi->hold);
	mutex_unlock(&simi->lock);

	return ret;
}

static ssize_t dma_sim_hold_store(struct config_item *item, const char *page,
				  size_t count)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);
	bool hold;
	int ret;

	ret = kstrtobool(page, &hold);
	if (ret) {
		pr_err("hold: not 0 or 1\n");
		return ret;
	}

	mutex_lock(&simi->lock);
	simi->hold = hold;
	if (simi->sim)
		dma_sim_hold(simi->sim, hold);
	mutex_unlock(&simi->lock);

	return count;
}

CONFIGFS_ATTR(dma_sim_, enabled);
CONFIGFS_ATTR(dma_sim_, hold);
CONFIGFS_ATTR_RO(dma_sim_, dev_name);

#define DMA_SIM_SETTING(_name)						\
static ssize_t dma_sim_##_name##_show(struct config_item *item,		\
				      char *page)			\
{									\
	return dma_sim_setting_show(item, #_name, page);		\
}									\
									\
static ssize_t dma_sim_##_name##_store(struct config_item *item,	\
				       const char *page, size_t count)	\
{									\
	return dma_sim_setting_store(item, #_name, page, count);	\
}									\
									\
CONFIGFS_ATTR(dma_sim_, _name)

DMA_SIM_SETTING(ops);
DMA_SIM_SETTING(split);
DMA_SIM_SETTING(channels);
DMA_SIM_SETTING(private);
DMA_SIM_SETTING(max_xor);
DMA_SIM_SETTING(max_pq);
DMA_SIM_SETTING(pq_continue);
DMA_SIM_SETTING(align);
DMA_SIM_SETTING(desc_max);
DMA_SIM_SETTING(order);
DMA_SIM_SETTING(seed);
DMA_SIM_SETTING(latency_us);
DMA_SIM_SETTING(burst);
DMA_SIM_SETTING(burst_us);
DMA_SIM_SETTING(completion);
DMA_SIM_SETTING(dma_mask);
DMA_SIM_SETTING(shadow);
DMA_SIM_SETTING(pretend);

static struct configfs_attribute *dma_sim_item_attrs[] = {
	&dma_sim_attr_enabled,
	&dma_sim_attr_dev_name,
	&dma_sim_attr_hold,
	&dma_sim_attr_ops,
	&dma_sim_attr_split,
	&dma_sim_attr_channels,
	&dma_sim_attr_private,
	&dma_sim_attr_max_xor,
	&dma_sim_attr_max_pq,
	&dma_sim_attr_pq_continue,
	&dma_sim_attr_align,
	&dma_sim_attr_desc_max,
	&dma_sim_attr_order,
	&dma_sim_attr_seed,
	&dma_sim_attr_latency_us,
	&dma_sim_attr_burst,
	&dma_sim_attr_burst_us,
	&dma_sim_attr_completion,
	&dma_sim_attr_dma_mask,
	&dma_sim_attr_shadow,
	&dma_sim_attr_pretend,
	NULL
};

static void dma_sim_item_release(struct config_item *item)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);

	mutex_destroy(&simi->lock);
	kfree(simi);
}

static struct configfs_item_operations dma_sim_item_ops = {
	.release = dma_sim_item_release,
};

static const struct config_item_type dma_sim_item_type = {
	.ct_item_ops = &dma_sim_item_ops,
	.ct_attrs = dma_sim_item_attrs,
	.ct_owner = THIS_MODULE,
};

/* Faults */

static ssize_t dma_sim_fault_show(struct config_item *item, char *page,
				  const unsigned int *value)
{
	struct dma_sim_item *simi = to_fault_group(item)->item;
	ssize_t ret;

	mutex_lock(&simi->lock);
	ret = sysfs_emit(page, "%u\n", *value);
	mutex_unlock(&simi->lock);

	return ret;
}

static ssize_t dma_sim_fault_store(struct config_item *item, const char *page,
				   size_t count, unsigned int *value)
{
	struct dma_sim_fault_group *fault = to_fault_group(item);
	struct dma_sim_item *simi = fault->item;
	unsigned int nr, old;
	int ret;

	ret = kstrtouint(page, 0, &nr);
	if (ret) {
		pr_err("%s: not a number from 0 to %u\n",
		       config_item_name(item), UINT_MAX);
		return -EINVAL;
	}

	mutex_lock(&simi->lock);
	old = *value;
	*value = nr;
	if (simi->sim)
		ret = dma_sim_set_fault(simi->sim, fault - simi->faults,
					fault->nth, fault->every);
	if (ret)
		*value = old;
	mutex_unlock(&simi->lock);

	return ret ?: count;
}

static ssize_t dma_sim_fault_nth_show(struct config_item *item, char *page)
{
	return dma_sim_fault_show(item, page, &to_fault_group(item)->nth);
}

static ssize_t dma_sim_fault_nth_store(struct config_item *item,
				       const char *page, size_t count)
{
	return dma_sim_fault_store(item, page, count,
				   &to_fault_group(item)->nth);
}

static ssize_t dma_sim_fault_every_show(struct config_item *item, char *page)
{
	return dma_sim_fault_show(item, page, &to_fault_group(item)->every);
}

static ssize_t dma_sim_fault_every_store(struct config_item *item,
					 const char *page, size_t count)
{
	return dma_sim_fault_store(item, page, count,
				   &to_fault_group(item)->every);
}

CONFIGFS_ATTR(dma_sim_fault_, nth);
CONFIGFS_ATTR(dma_sim_fault_, every);

static struct configfs_attribute *dma_sim_fault_attrs[] = {
	&dma_sim_fault_attr_nth,
	&dma_sim_fault_attr_every,
	NULL
};

static const struct config_item_type dma_sim_fault_type = {
	.ct_attrs = dma_sim_fault_attrs,
	.ct_owner = THIS_MODULE,
};

/* The directory of all instances */

static void dma_sim_add_fault_group(struct dma_sim_item *simi,
				    enum dma_sim_fault_type type)
{
	struct dma_sim_fault_group *fault = &simi->faults[type];
	char name[32];

	snprintf(name, sizeof(name), "fault_%s", dma_sim_fault_names[type]);
	fault->item = simi;
	config_group_init_type_name(&fault->group, name, &dma_sim_fault_type);
	configfs_add_default_group(&fault->group, &simi->group);
}

static struct config_group *dma_sim_make_group(struct config_group *group,
					       const char *name)
{
	enum dma_sim_fault_type type;
	struct dma_sim_item *simi;

	simi = kzalloc(sizeof(*simi), GFP_KERNEL);
	if (!simi)
		return ERR_PTR(-ENOMEM);

	mutex_init(&simi->lock);
	dma_sim_get_defaults(&simi->cfg);
	config_group_init_type_name(&simi->group, name, &dma_sim_item_type);
	for (type = 0; type < DMA_SIM_NR_FAULTS; type++)
		dma_sim_add_fault_group(simi, type);

	return &simi->group;
}

static void dma_sim_drop_item(struct config_group *group,
			      struct config_item *item)
{
	struct dma_sim_item *simi = to_dma_sim_item(item);

	mutex_lock(&simi->lock);
	dma_sim_item_disable(simi);
	mutex_unlock(&simi->lock);
	config_item_put(item);
}

static struct configfs_group_operations dma_sim_group_ops = {
	.make_group = dma_sim_make_group,
	.drop_item = dma_sim_drop_item,
};

static const struct config_item_type dma_sim_group_type = {
	.ct_group_ops = &dma_sim_group_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem dma_sim_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "dma-sim",
			.ci_type = &dma_sim_group_type,
		},
	},
};

/**
 * dma_sim_configfs_init() - let users create instances
 *
 * Context: Process context.
 * Return: 0 or an error.
 */
int dma_sim_configfs_init(void)
{
	config_group_init(&dma_sim_subsys.su_group);
	mutex_init(&dma_sim_subsys.su_mutex);

	return configfs_register_subsystem(&dma_sim_subsys);
}

/**
 * dma_sim_configfs_exit() - users can create instances no more
 *
 * There are none left: each of them holds the module.
 *
 * Context: Process context.
 */
void dma_sim_configfs_exit(void)
{
	configfs_unregister_subsystem(&dma_sim_subsys);
	mutex_destroy(&dma_sim_subsys.su_mutex);
}
