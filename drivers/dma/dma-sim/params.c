// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: settings by name, for module parameters and for configfs.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/module.h>
#include <linux/string.h>

#include "internal.h"

const char * const dma_sim_op_names[] = {
	[DMA_SIM_MEMCPY] = "memcpy",
	[DMA_SIM_MEMSET] = "memset",
	[DMA_SIM_XOR] = "xor",
	[DMA_SIM_XOR_VAL] = "xor_val",
	[DMA_SIM_PQ] = "pq",
	[DMA_SIM_PQ_VAL] = "pq_val",
	[DMA_SIM_INTERRUPT] = "interrupt",
	NULL
};

const char * const dma_sim_fault_names[] = {
	[DMA_SIM_FAULT_PREP] = "prep",
	[DMA_SIM_FAULT_SUBMIT] = "submit",
	[DMA_SIM_FAULT_READ] = "read",
	[DMA_SIM_FAULT_WRITE] = "write",
	[DMA_SIM_FAULT_ABORT] = "abort",
	[DMA_SIM_FAULT_LOST] = "lost",
	[DMA_SIM_FAULT_MAP] = "map",
	NULL
};

static const char * const dma_sim_order_names[] = {
	[DMA_SIM_IN_ORDER] = "in-order",
	[DMA_SIM_OUT_OF_ORDER] = "out-of-order",
	NULL
};

static const char * const dma_sim_context_names[] = {
	[DMA_SIM_SOFTIRQ] = "softirq",
	[DMA_SIM_HARDIRQ] = "hardirq",
	[DMA_SIM_THREAD] = "thread",
	NULL
};

#define DMA_SIM_FIELD(field)	offsetof(struct dma_sim_config, field)

static const struct dma_sim_param dma_sim_params[] = {
	{ "ops", DMA_SIM_FIELD(ops), dma_sim_op_names, true },
	{ "split", DMA_SIM_FIELD(split), NULL, false, 0, 1 },
	{ "channels", DMA_SIM_FIELD(channels), NULL, false, 1, 64 },
	{ "private", DMA_SIM_FIELD(private), NULL, false, 0, 1 },
	{ "max_xor", DMA_SIM_FIELD(max_xor), NULL, false, 2, 1024 },
	{ "max_pq", DMA_SIM_FIELD(max_pq), NULL, false, 1, 1024 },
	{ "pq_continue", DMA_SIM_FIELD(pq_continue), NULL, false, 0, 1 },
	{ "align", DMA_SIM_FIELD(align), NULL, false, 0, 8 },
	{ "desc_max", DMA_SIM_FIELD(desc_max), NULL, false, 0, 65536 },
	{ "order", DMA_SIM_FIELD(order), dma_sim_order_names },
	{ "seed", DMA_SIM_FIELD(seed), NULL, false, 0, UINT_MAX },
	{ "latency_us", DMA_SIM_FIELD(latency_us), NULL, false, 0, 10000000 },
	{ "burst", DMA_SIM_FIELD(burst), NULL, false, 1, 65536 },
	{ "burst_us", DMA_SIM_FIELD(burst_us), NULL, false, 0, 10000000 },
	{ "completion", DMA_SIM_FIELD(completion), dma_sim_context_names },
	{ "dma_mask", DMA_SIM_FIELD(dma_mask), NULL, false, 16, 64 },
	{ "shadow", DMA_SIM_FIELD(shadow), NULL, false, 0, 1 },
	{ "pretend", DMA_SIM_FIELD(pretend), NULL, false, 0, 1 },
	{ }
};

/* Module parameters change it, before the first instance is created. */
static struct dma_sim_config dma_sim_defaults = {
	.ops = DMA_SIM_ALL_OPS,
	.channels = 1,
	.max_xor = 16,
	.max_pq = 16,
	.pq_continue = 1,
	.seed = 1,
	.burst = 4096,
	.dma_mask = 64,
};

static unsigned int dma_sim_instances;

static unsigned int *dma_sim_field(const struct dma_sim_param *param,
				   struct dma_sim_config *cfg)
{
	return (void *)cfg + param->offset;
}

/* The index of a name that is @len characters long, or -EINVAL. */
static int dma_sim_match(const struct dma_sim_param *param, const char *name,
			 size_t len)
{
	int i;

	for (i = 0; param->names[i]; i++)
		if (strlen(param->names[i]) == len &&
		    !strncmp(param->names[i], name, len))
			return i;

	return -EINVAL;
}

/*
 * Names separated by blanks or commas, as bits. At boot there is no memory to
 * be had yet when this is called.
 */
static int dma_sim_parse_set(const struct dma_sim_param *param,
			     const char *value, unsigned int *result)
{
	static const char separators[] = "\n, ";
	unsigned int set = 0;
	size_t len;
	int i;

	for (value += strspn(value, separators); *value;
	     value += len + strspn(value + len, separators)) {
		len = strcspn(value, separators);
		i = dma_sim_match(param, value, len);
		if (i < 0)
			return i;
		set |= BIT(i);
	}
	if (!set)
		return -EINVAL;

	*result = set;
	return 0;
}

static int dma_sim_parse_number(const struct dma_sim_param *param,
				const char *value, unsigned int *result)
{
	unsigned int nr;
	int ret;

	ret = kstrtouint(value, 0, &nr);
	if (ret || nr < param->min || nr > param->max)
		return -EINVAL;

	*result = nr;
	return 0;
}

static int dma_sim_parse(const struct dma_sim_param *param, const char *value,
			 unsigned int *result)
{
	int i;

	if (param->set)
		return dma_sim_parse_set(param, value, result);
	if (!param->names)
		return dma_sim_parse_number(param, value, result);

	i = __sysfs_match_string(param->names, -1, value);
	if (i < 0)
		return -EINVAL;

	*result = i;
	return 0;
}

/* List the names of a parameter, all or those of a set. */
static int dma_sim_list_names(const struct dma_sim_param *param,
			      unsigned int set, char *buf, size_t size)
{
	int i, len = 0;

	for (i = 0; param->names[i]; i++)
		if (set & BIT(i))
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? " " : "", param->names[i]);

	return len;
}

static void dma_sim_complain(const struct dma_sim_param *param,
			     const char *value)
{
	int len = strcspn(value, "\n");
	char names[80];

	if (!param->names) {
		pr_err("%s: \"%.*s\" is not a number from %u to %u\n",
		       param->name, len, value, param->min, param->max);
		return;
	}

	dma_sim_list_names(param, ~0, names, sizeof(names));
	pr_err("%s: \"%.*s\" is not %s of: %s\n", param->name, len, value,
	       param->set ? "a choice" : "one", names);
}

/**
 * dma_sim_param_set() - set a parameter
 * @param: the parameter
 * @cfg: where to set it; unchanged on an error
 * @value: its value as a user writes it
 *
 * Context: Any context.
 * Return: 0; -EINVAL if the value is not one of @param, and then a line in the
 * log tells which are.
 */
int dma_sim_param_set(const struct dma_sim_param *param,
		      struct dma_sim_config *cfg, const char *value)
{
	int ret;

	ret = dma_sim_parse(param, value, dma_sim_field(param, cfg));
	if (ret == -EINVAL)
		dma_sim_complain(param, value);

	return ret;
}

/**
 * dma_sim_param_show() - print a parameter as dma_sim_param_set() reads it
 * @param: the parameter
 * @cfg: where it is set
 * @page: buffer of PAGE_SIZE bytes
 *
 * Context: Any context.
 * Return: number of characters.
 */
int dma_sim_param_show(const struct dma_sim_param *param,
		       const struct dma_sim_config *cfg, char *page)
{
	unsigned int value = *dma_sim_field(param, (void *)cfg);
	int len;

	if (!param->names)
		return scnprintf(page, PAGE_SIZE, "%u\n", value);
	if (!param->set)
		return scnprintf(page, PAGE_SIZE, "%s\n",
				 param->names[value]);

	len = dma_sim_list_names(param, value, page, PAGE_SIZE);
	return len + scnprintf(page + len, PAGE_SIZE - len, "\n");
}

/**
 * dma_sim_find_param() - find a parameter
 * @name: its name
 *
 * Context: Any context.
 * Return: the parameter, or NULL.
 */
const struct dma_sim_param *dma_sim_find_param(const char *name)
{
	const struct dma_sim_param *param;

	for (param = dma_sim_params; param->name; param++)
		if (!strcmp(param->name, name))
			return param;

	return NULL;
}

/**
 * dma_sim_config_set() - change a setting by its name
 * @cfg: the settings; unchanged on an error
 * @name: name of the setting, as in configfs
 * @value: its value, as a user writes it to configfs
 *
 * Context: Any context.
 * Return: 0; -EINVAL if there is no such setting or value, and then a line in
 * the log tells which there are.
 */
int dma_sim_config_set(struct dma_sim_config *cfg, const char *name,
		       const char *value)
{
	const struct dma_sim_param *param = dma_sim_find_param(name);

	if (!param) {
		pr_err("there is no setting \"%s\"\n", name);
		return -EINVAL;
	}

	return dma_sim_param_set(param, cfg, value);
}
EXPORT_SYMBOL_GPL(dma_sim_config_set);

/**
 * dma_sim_get_defaults() - what an engine is like if nobody says otherwise
 * @cfg: where to store it
 *
 * The module's parameters change this.
 *
 * Context: Any context.
 */
void dma_sim_get_defaults(struct dma_sim_config *cfg)
{
	*cfg = dma_sim_defaults;
}
EXPORT_SYMBOL_GPL(dma_sim_get_defaults);

/* The greatest value of a parameter, whose names are counted from 0. */
static unsigned int dma_sim_param_max(const struct dma_sim_param *param)
{
	unsigned int nr = 0;

	if (!param->names)
		return param->max;

	while (param->names[nr])
		nr++;

	return param->set ? BIT(nr) - 1 : nr - 1;
}

/**
 * dma_sim_check_config() - is an engine like this possible?
 * @cfg: what it shall be like
 *
 * Context: Any context.
 * Return: 0; -EINVAL, or -EOPNOTSUPP if this kernel cannot do it, and then a
 * line in the log tells what is wrong.
 */
int dma_sim_check_config(const struct dma_sim_config *cfg)
{
	const struct dma_sim_param *param;

	for (param = dma_sim_params; param->name; param++) {
		unsigned int value = *dma_sim_field(param, (void *)cfg);
		unsigned int min = param->set ? 1 : param->min;
		unsigned int max = dma_sim_param_max(param);

		if (value >= min && value <= max)
			continue;

		pr_err("%s: %u is not from %u to %u\n", param->name, value,
		       min, max);
		return -EINVAL;
	}

	if (cfg->shadow && !IS_ENABLED(CONFIG_DMA_SHADOW)) {
		pr_err("shadow: needs CONFIG_DMA_SHADOW\n");
		return -EOPNOTSUPP;
	}

	/* its locks sleep there */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) &&
	    cfg->completion == DMA_SIM_HARDIRQ) {
		pr_err("completion: no hardirq with PREEMPT_RT\n");
		return -EINVAL;
	}

	return 0;
}

/**
 * dma_sim_boot_instances() - how many instances shall there be from the start?
 *
 * Context: Any context.
 * Return: the number.
 */
unsigned int dma_sim_boot_instances(void)
{
	return dma_sim_instances;
}

/* Module parameters */

static int dma_sim_module_set(const char *value, const struct kernel_param *kp)
{
	const char *name = kp->arg;

	return dma_sim_config_set(&dma_sim_defaults, name, value);
}

static int dma_sim_module_get(char *page, const struct kernel_param *kp)
{
	const char *name = kp->arg;

	return dma_sim_param_show(dma_sim_find_param(name), &dma_sim_defaults,
				  page);
}

static const struct kernel_param_ops dma_sim_param_ops = {
	.set = dma_sim_module_set,
	.get = dma_sim_module_get,
};

static int dma_sim_set_instances(const char *value,
				 const struct kernel_param *kp)
{
	const struct dma_sim_param param = {
		.name = "instances",
		.max = DMA_SIM_MAX_BOOT,
	};
	int ret;

	ret = dma_sim_parse_number(&param, value, &dma_sim_instances);
	if (ret)
		dma_sim_complain(&param, value);

	return ret;
}

static const struct kernel_param_ops dma_sim_instances_ops = {
	.set = dma_sim_set_instances,
	.get = param_get_uint,
};

module_param_cb(instances, &dma_sim_instances_ops, &dma_sim_instances, 0444);
MODULE_PARM_DESC(instances, "Number of engines to create at once (default 0)");

module_param_cb(ops, &dma_sim_param_ops, "ops", 0444);
MODULE_PARM_DESC(ops, "Operations: memcpy,memset,xor,xor_val,pq,pq_val,interrupt (default: all)");

module_param_cb(split, &dma_sim_param_ops, "split", 0444);
MODULE_PARM_DESC(split, "One dma_device for each operation (default 0)");

module_param_cb(channels, &dma_sim_param_ops, "channels", 0444);
MODULE_PARM_DESC(channels, "Channels of each dma_device (default 1)");

module_param_cb(private, &dma_sim_param_ops, "private", 0444);
MODULE_PARM_DESC(private, "The channels are not for everybody (default 0)");

module_param_cb(max_xor, &dma_sim_param_ops, "max_xor", 0444);
MODULE_PARM_DESC(max_xor, "Most sources of a xor (default 16)");

module_param_cb(max_pq, &dma_sim_param_ops, "max_pq", 0444);
MODULE_PARM_DESC(max_pq, "Most sources of a pq (default 16)");

module_param_cb(pq_continue, &dma_sim_param_ops, "pq_continue", 0444);
MODULE_PARM_DESC(pq_continue, "The engine can go on with an earlier P and Q (default 1)");

module_param_cb(align, &dma_sim_param_ops, "align", 0444);
MODULE_PARM_DESC(align, "log2 of the alignment that is needed (default 0)");

module_param_cb(desc_max, &dma_sim_param_ops, "desc_max", 0444);
MODULE_PARM_DESC(desc_max, "Descriptors of a channel at a time, 0 for no limit (default 0)");

module_param_cb(order, &dma_sim_param_ops, "order", 0444);
MODULE_PARM_DESC(order, "in-order or out-of-order (default in-order)");

module_param_cb(seed, &dma_sim_param_ops, "seed", 0444);
MODULE_PARM_DESC(seed, "Of the pseudo random order (default 1)");

module_param_cb(latency_us, &dma_sim_param_ops, "latency_us", 0444);
MODULE_PARM_DESC(latency_us, "Microseconds from the start to the first access (default 0)");

module_param_cb(burst, &dma_sim_param_ops, "burst", 0444);
MODULE_PARM_DESC(burst, "Bytes that are moved at a time (default 4096)");

module_param_cb(burst_us, &dma_sim_param_ops, "burst_us", 0444);
MODULE_PARM_DESC(burst_us, "Microseconds of rest after each burst (default 0)");

module_param_cb(completion, &dma_sim_param_ops, "completion", 0444);
MODULE_PARM_DESC(completion, "Context of callbacks: softirq, hardirq or thread (default softirq)");

module_param_cb(dma_mask, &dma_sim_param_ops, "dma_mask", 0444);
MODULE_PARM_DESC(dma_mask, "Address bits of the engine (default 64)");

module_param_cb(shadow, &dma_sim_param_ops, "shadow", 0444);
MODULE_PARM_DESC(shadow, "Watch the mappings with dma-shadow (default 0)");

module_param_cb(pretend, &dma_sim_param_ops, "pretend", 0444);
MODULE_PARM_DESC(pretend, "Touch no memory, find nothing wrong (default 0)");
