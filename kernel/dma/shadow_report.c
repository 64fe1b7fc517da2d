// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-shadow: counters, reports, and debugfs.
 */
#define pr_fmt(fmt) "dma-shadow: " fmt

#include <linux/debugfs.h>
#include <linux/dma-direction.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/string_choices.h>
#include <linux/uaccess.h>

#include "shadow.h"

#define SHADOW_FRAMES	24

static const struct {
	const char *file;
	const char *what;
} counters[DMA_SHADOW_COUNTERS] = {
	[DMA_SHADOW_MAPS] = { "maps" },
	[DMA_SHADOW_UNMAPS] = { "unmaps" },
	[DMA_SHADOW_SYNCS] = { "syncs" },
	[DMA_SHADOW_LIVE] = { "live" },
	[DMA_SHADOW_BYTES_LIVE] = { "bytes_live" },
	[DMA_SHADOW_FAILED] = { "failed" },
	[DMA_SHADOW_UNMAP_TWICE] = {
		"unmap_twice", "unmap of what is unmapped already" },
	[DMA_SHADOW_UNMAP_NEVER] = {
		"unmap_never", "unmap of what was never mapped" },
	[DMA_SHADOW_UNMAP_SIZE] = { "unmap_size", "unmap with another size" },
	[DMA_SHADOW_UNMAP_DIR] = {
		"unmap_dir", "unmap with another direction" },
	[DMA_SHADOW_UNMAP_DEVICE] = {
		"unmap_device", "unmap of what another device mapped" },
	[DMA_SHADOW_UNMAP_KIND] = {
		"unmap_kind", "unmap by another function than maps it" },
	[DMA_SHADOW_SYNC_UNMAPPED] = {
		"sync_unmapped", "sync of what is not mapped" },
	[DMA_SHADOW_SYNC_BOUNDS] = {
		"sync_bounds", "sync beyond the mapping" },
	[DMA_SHADOW_SYNC_DIR] = { "sync_dir", "sync with another direction" },
	[DMA_SHADOW_OVERLAP] = {
		"overlap", "memory is mapped twice, once to be written" },
	[DMA_SHADOW_DEV_READONLY] = {
		"dev_readonly", "device wrote to what it may only read" },
	[DMA_SHADOW_DEV_REDZONE] = {
		"dev_redzone", "device wrote next to a mapping" },
	[DMA_SHADOW_DEV_LATE] = {
		"dev_late", "device wrote after the unmap" },
	[DMA_SHADOW_CPU_WRITE] = {
		"cpu_write", "CPU wrote to what the device owned" },
	[DMA_SHADOW_LEAKED] = { "leaked", "still mapped at the end" },
};

static const char * const kinds[] = {
	[SHADOW_PAGE] = "page",
	[SHADOW_SG] = "sg",
	[SHADOW_RESOURCE] = "resource",
	[SHADOW_ALLOC] = "pages",
};

static const char *dir_name(enum dma_data_direction dir)
{
	switch (dir) {
	case DMA_BIDIRECTIONAL:
		return "BIDIRECTIONAL";
	case DMA_TO_DEVICE:
		return "TO_DEVICE";
	case DMA_FROM_DEVICE:
		return "FROM_DEVICE";
	default:
		return "NONE";
	}
}

void shadow_count(struct shadow_dev *sd, enum dma_shadow_counter which, long by)
{
	atomic_long_add(by, &sd->count[which]);
}

long shadow_get_count(struct shadow_dev *sd, enum dma_shadow_counter which)
{
	long sum = 0;
	int i;

	if (which < DMA_SHADOW_COUNTERS)
		return atomic_long_read(&sd->count[which]);
	for (i = DMA_SHADOW_UNMAP_TWICE; i < DMA_SHADOW_COUNTERS; i++)
		sum += atomic_long_read(&sd->count[i]);
	return sum;
}

/* All but what tells of the mappings there are. */
void shadow_set_zero(struct shadow_dev *sd)
{
	int i;

	for (i = 0; i < DMA_SHADOW_COUNTERS; i++)
		if (i != DMA_SHADOW_LIVE && i != DMA_SHADOW_BYTES_LIVE)
			atomic_long_set(&sd->count[i], 0);
	atomic_set(&sd->reported, 0);
}

/* The stack from the caller @ip of our dma_map_ops on, if it can be found. */
depot_stack_handle_t shadow_stack(unsigned long ip)
{
	unsigned long entries[SHADOW_FRAMES];
	unsigned int n, first;

	n = stack_trace_save(entries, ARRAY_SIZE(entries), 1);
	for (first = 0; first < n && entries[first] != ip; first++)
		;
	if (first == n)
		first = 0;
	return stack_depot_save(entries + first, n - first,
				GFP_ATOMIC | __GFP_NOWARN);
}

static void print_stack(const char *whose, depot_stack_handle_t stack)
{
	if (!stack)
		return;
	pr_err("%s:\n", whose);
	stack_depot_print(stack);
}

static void print_stacks(struct shadow_map *map)
{
	if (!map)
		return;
	print_stack("mapped by", map->map_stack);
	print_stack("unmapped by", READ_ONCE(map->unmap_stack));
}

/* Count, and tell whether to print. */
static bool report(struct shadow_dev *sd, enum dma_shadow_counter which)
{
	int n;

	shadow_count(sd, which, 1);
	if (READ_ONCE(sd->quiet))
		return false;
	n = atomic_fetch_inc(&sd->reported);
	if (n == SHADOW_REPORTS)
		pr_err("%s: more than %d reports, the rest is only counted\n",
		       sd->name, SHADOW_REPORTS);
	return n < SHADOW_REPORTS;
}

static void print_map(struct shadow_dev *sd, struct shadow_map *map)
{
	pr_err("%s: the mapping: %s, address %pad, size %zu, %s, entries %d, memory %pap, of %s\n",
	       sd->name, kinds[map->kind], &map->dma_addr, map->size,
	       dir_name(map->dir), map->nents, &map->orig, map->sd->name);
}

/**
 * shadow_report_call - a call is wrong
 * @sd: the device it names
 * @which: what is wrong
 * @call: what it asked for
 * @map: the mapping that it touches, with a reference, or NULL
 *
 * Context: any, no locks held; the culprit's.
 */
void shadow_report_call(struct shadow_dev *sd, enum dma_shadow_counter which,
			const struct shadow_call *call, struct shadow_map *map)
{
	if (!report(sd, which))
		return;
	pr_err("%s: %s: %s, address %pad, size %zu, %s, entries %d\n",
	       sd->name, counters[which].what, kinds[call->kind], &call->addr,
	       call->size, dir_name(call->dir), call->nents);
	if (map)
		print_map(sd, map);
	print_stacks(map);
	dump_stack();
}

/**
 * shadow_report_byte - a byte was written by the one that does not own it
 * @map: the mapping, with a reference
 * @which: what is wrong
 * @byte: where, and what is there
 *
 * Context: any, no locks held; not the culprit's.
 */
void shadow_report_byte(struct shadow_map *map, enum dma_shadow_counter which,
			const struct shadow_byte *byte)
{
	struct shadow_dev *sd = map->sd;

	if (!report(sd, which))
		return;
	pr_err("%s: %s: address %pad, size %zu, %s, first at offset %ld: 0x%02x, was 0x%02x\n",
	       sd->name, counters[which].what, &map->dma_addr, map->size,
	       dir_name(map->dir), byte->at, byte->is, byte->was);
	print_stacks(map);
}

void shadow_report_found(struct shadow_map *map,
			 const struct shadow_found *found)
{
	if (found->cpu.found)
		shadow_report_byte(map, DMA_SHADOW_CPU_WRITE, &found->cpu);
	if (found->readonly.found)
		shadow_report_byte(map, DMA_SHADOW_DEV_READONLY,
				   &found->readonly);
	if (found->redzone.found)
		shadow_report_byte(map, DMA_SHADOW_DEV_REDZONE,
				   &found->redzone);
}

void shadow_report_leak(struct shadow_map *map)
{
	struct shadow_dev *sd = map->sd;

	if (!report(sd, DMA_SHADOW_LEAKED))
		return;
	pr_err("%s: %s: %s, address %pad, size %zu, %s, for %u ms\n", sd->name,
	       counters[DMA_SHADOW_LEAKED].what, kinds[map->kind],
	       &map->dma_addr, map->size, dir_name(map->dir),
	       jiffies_to_msecs(jiffies - map->born));
	print_stacks(map);
}

#ifdef CONFIG_DEBUG_FS

static struct dentry *shadow_dir;

/* A live mapping, as it was when somebody asked. */
struct live_line {
	dma_addr_t addr;
	size_t size;
	enum dma_data_direction dir;
	enum shadow_kind kind;
	unsigned int age_ms;
	depot_stack_handle_t stack;
};

static size_t live_snapshot(struct shadow_dev *sd, struct live_line *lines,
			    size_t max)
{
	struct shadow_map *map;
	unsigned long flags;
	struct rb_node *rb;
	size_t n = 0;

	spin_lock_irqsave(&shadow_lock, flags);
	for (rb = rb_first_cached(&sd->live); rb && n < max; rb = rb_next(rb)) {
		map = rb_entry(rb, struct shadow_map, dma.rb);
		if (map->kind == SHADOW_ALLOC)
			continue;
		lines[n++] = (struct live_line) {
			.addr = map->dma_addr, .size = map->size,
			.dir = map->dir, .kind = map->kind,
			.age_ms = jiffies_to_msecs(jiffies - map->born),
			.stack = map->map_stack,
		};
	}
	spin_unlock_irqrestore(&shadow_lock, flags);
	return n;
}

static void live_print(struct seq_file *m, const struct live_line *line)
{
	unsigned long *entries;
	unsigned int i, n = 0;

	seq_printf(m, "%pad %zu %s %s %u ms\n", &line->addr, line->size,
		   dir_name(line->dir), kinds[line->kind], line->age_ms);
	if (line->stack)
		n = stack_depot_fetch(line->stack, &entries);
	for (i = 0; i < n; i++)
		seq_printf(m, "\t%pS\n", (void *)entries[i]);
}

static int live_mappings_show(struct seq_file *m, void *unused)
{
	struct shadow_dev *sd = m->private;
	struct live_line *lines;
	size_t i, n;

	/* A few more than there are, for those to come. */
	n = shadow_get_count(sd, DMA_SHADOW_LIVE) + 16;
	lines = kvcalloc(n, sizeof(*lines), GFP_KERNEL);
	if (!lines)
		return -ENOMEM;
	n = live_snapshot(sd, lines, n);
	for (i = 0; i < n; i++)
		live_print(m, &lines[i]);
	kvfree(lines);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(live_mappings);

static int violations_get(void *data, u64 *val)
{
	*val = shadow_get_count(data, DMA_SHADOW_VIOLATIONS);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(violations_fops, violations_get, NULL, "%llu\n");

static int counter_get(void *data, u64 *val)
{
	*val = atomic_long_read((atomic_long_t *)data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(counter_fops, counter_get, NULL, "%llu\n");

static int reset_set(void *data, u64 val)
{
	if (val)
		return -EINVAL;
	shadow_set_zero(data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(reset_fops, NULL, reset_set, "%llu\n");

static int poison_get(void *data, u64 *val)
{
	*val = READ_ONCE(shadow_poison_sources);
	return 0;
}

static int poison_set(void *data, u64 val)
{
	return dma_shadow_poison_sources(val);
}
DEFINE_DEBUGFS_ATTRIBUTE(poison_fops, poison_get, poison_set, "%llu\n");

static const char *state_name(const struct shadow_dev *sd)
{
	if (sd->dev)
		return sd->selected ? "shadowed" : "shadowed, no more once unbound";
	if (sd->error)
		return "refused";
	return sd->selected ? "waiting" : "was shadowed";
}

static int set_u32(u32 *where, u64 val)
{
	if (val > U32_MAX)
		return -EINVAL;
	spin_lock_irq(&shadow_lock);
	*where = val;
	spin_unlock_irq(&shadow_lock);
	return 0;
}

static int fail_nth_get(void *data, u64 *val)
{
	struct shadow_dev *sd = data;

	*val = READ_ONCE(sd->fail_nth);
	return 0;
}

static int fail_nth_set(void *data, u64 val)
{
	struct shadow_dev *sd = data;

	return set_u32(&sd->fail_nth, val);
}
DEFINE_DEBUGFS_ATTRIBUTE(fail_nth_fops, fail_nth_get, fail_nth_set, "%llu\n");

static int fail_every_get(void *data, u64 *val)
{
	struct shadow_dev *sd = data;

	*val = READ_ONCE(sd->fail_every);
	return 0;
}

static int fail_every_set(void *data, u64 val)
{
	struct shadow_dev *sd = data;

	return set_u32(&sd->fail_every, val);
}
DEFINE_DEBUGFS_ATTRIBUTE(fail_every_fops, fail_every_get, fail_every_set,
			 "%llu\n");

static int devices_show(struct seq_file *m, void *unused)
{
	struct shadow_dev *sd;

	mutex_lock(&shadow_mutex);
	list_for_each_entry(sd, &shadow_devs, node)
		seq_printf(m, "%s: %s\n", sd->name, state_name(sd));
	mutex_unlock(&shadow_mutex);
	return 0;
}

static int devices_open(struct inode *inode, struct file *file)
{
	return single_open(file, devices_show, NULL);
}

static ssize_t devices_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *pos)
{
	ssize_t ret;
	char *name;

	if (count >= PAGE_SIZE)
		return -EINVAL;
	name = memdup_user_nul(buf, count);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = shadow_choose(strim(name));
	kfree(name);
	return ret ?: count;
}

static const struct file_operations devices_fops = {
	.owner = THIS_MODULE,
	.open = devices_open,
	.read = seq_read,
	.write = devices_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void __init shadow_debugfs_init(void)
{
	struct shadow_dev *sd;

	mutex_lock(&shadow_mutex);
	shadow_dir = debugfs_create_dir("dma-shadow", NULL);
	debugfs_create_file("devices", 0600, shadow_dir, NULL, &devices_fops);
	debugfs_create_file_unsafe("poison_sources", 0600, shadow_dir, NULL,
				   &poison_fops);
	list_for_each_entry(sd, &shadow_devs, node)
		shadow_debugfs_add(sd);
	mutex_unlock(&shadow_mutex);
}

void shadow_debugfs_add(struct shadow_dev *sd)
{
	int i;

	if (!shadow_dir)
		return;
	sd->dir = debugfs_create_dir(sd->name, shadow_dir);
	for (i = 0; i < DMA_SHADOW_COUNTERS; i++)
		debugfs_create_file_unsafe(counters[i].file, 0400, sd->dir,
					   &sd->count[i], &counter_fops);
	debugfs_create_file_unsafe("violations", 0400, sd->dir, sd,
				   &violations_fops);
	debugfs_create_file_unsafe("reset", 0200, sd->dir, sd, &reset_fops);
	debugfs_create_file("live_mappings", 0400, sd->dir, sd,
			    &live_mappings_fops);
	debugfs_create_file_unsafe("fail_nth", 0600, sd->dir, sd,
				   &fail_nth_fops);
	debugfs_create_file_unsafe("fail_every", 0600, sd->dir, sd,
				   &fail_every_fops);
	debugfs_create_bool("quiet", 0600, sd->dir, &sd->quiet);
}

/* Returns when nobody reads @sd through its files any more. */
void shadow_debugfs_remove(struct shadow_dev *sd)
{
	debugfs_remove(sd->dir);
}

#else /* !CONFIG_DEBUG_FS */

void __init shadow_debugfs_init(void)
{
}

void shadow_debugfs_add(struct shadow_dev *sd)
{
}

void shadow_debugfs_remove(struct shadow_dev *sd)
{
}

#endif /* !CONFIG_DEBUG_FS */
