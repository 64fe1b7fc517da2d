// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: what an engine has done, in debugfs.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *dma_sim_dbgfs;

static int stats_show(struct seq_file *s, void *data)
{
	struct dma_sim_stats stats;
	enum dma_sim_op op;

	dma_sim_get_stats(s->private, &stats);
	for (op = 0; op < DMA_SIM_NR_OPS; op++) {
		seq_printf(s, "%s %llu\n", dma_sim_op_names[op], stats.ops[op]);
		seq_printf(s, "%s_bytes %llu\n", dma_sim_op_names[op],
			   stats.bytes[op]);
	}
	seq_printf(s, "submitted %llu\n", stats.submitted);
	seq_printf(s, "completed %llu\n", stats.completed);
	seq_printf(s, "errors %llu\n", stats.errors);
	seq_printf(s, "terminated %llu\n", stats.terminated);
	seq_printf(s, "lost %llu\n", stats.lost);
	seq_printf(s, "prep_failed %llu\n", stats.prep_failed);
	seq_printf(s, "submit_failed %llu\n", stats.submit_failed);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void dma_sim_show_chan(struct seq_file *s, struct dma_sim_chan *chan)
{
	struct virt_dma_chan *vc = &chan->vc;

	spin_lock_irq(&vc->lock);
	seq_printf(s, "%s descriptors %d submitted %zu issued %zu lost %zu",
		   dma_chan_name(&vc->chan), atomic_read(&chan->nr_descs),
		   list_count_nodes(&vc->desc_submitted),
		   list_count_nodes(&vc->desc_issued),
		   list_count_nodes(&chan->lost));
	if (chan->engine)
		seq_printf(s, " running %s at %zu of %zu",
			   dma_sim_op_names[chan->engine->op],
			   chan->engine->done, chan->engine->len);
	seq_puts(s, chan->paused ? " paused\n" : "\n");
	spin_unlock_irq(&vc->lock);
}

static int channels_show(struct seq_file *s, void *data)
{
	struct dma_sim *sim = s->private;
	unsigned int i, j;

	for (i = 0; i < sim->nr_devs; i++)
		for (j = 0; j < sim->devs[i]->nr_chans; j++)
			dma_sim_show_chan(s, &sim->devs[i]->chans[j]);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(channels);

/**
 * dma_sim_debugfs_add() - show an instance
 * @sim: the instance, whose devices are registered
 *
 * Context: Process context.
 */
void dma_sim_debugfs_add(struct dma_sim *sim)
{
	sim->dbgfs = debugfs_create_dir(dev_name(&sim->pdev->dev),
					dma_sim_dbgfs);
	debugfs_create_file("stats", 0444, sim->dbgfs, sim, &stats_fops);
	debugfs_create_file("channels", 0444, sim->dbgfs, sim, &channels_fops);
}

/**
 * dma_sim_debugfs_remove() - do not show an instance any more
 * @sim: the instance; nobody is looking at it when this returns
 *
 * Context: Process context, may sleep.
 */
void dma_sim_debugfs_remove(struct dma_sim *sim)
{
	debugfs_remove_recursive(sim->dbgfs);
	sim->dbgfs = NULL;
}

/**
 * dma_sim_debugfs_init() - set up the directory of all instances
 *
 * Context: Process context.
 */
void dma_sim_debugfs_init(void)
{
	dma_sim_dbgfs = debugfs_create_dir("dma-sim", NULL);
}

/**
 * dma_sim_debugfs_exit() - remove the directory of all instances
 *
 * Context: Process context.
 */
void dma_sim_debugfs_exit(void)
{
	debugfs_remove_recursive(dma_sim_dbgfs);
}
