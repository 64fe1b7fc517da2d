// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engines that clients of public channels can choose from.
 *
 * A client whose operations work on the same memory wants to see what can be done
 * with one mapping of it. So the core keeps a table of all public channels,
 * ordered by the device that memory is mapped for. It is shown if one of them
 * can do xor or pq: engines that only copy are of use next to such a one.
 *
 * The table is never changed: a new one takes its place whenever channels come
 * or go. Readers are in an RCU read-side critical section. A channel that goes
 * is taken out of the table, and the readers of the old one are waited for,
 * before it is stopped.
 */

#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "engines.h"

/* Written with the mutex of the list of devices held. */
static struct dma_engine_table __rcu *dma_engines;

/**
 * dma_engine_table() - see what engines there are
 *
 * Context: Any context, in an RCU read-side critical section, and the table is
 * good until its end. A descriptor that is submitted until then will end, also if
 * it was to be issued by way of a later table that does not have its channel any
 * more. There is no table without a user of public channels: one calls
 * dmaengine_get() before the first look, and dmaengine_put() after the last.
 * Return: the table, or NULL if there is none.
 */
const struct dma_engine_table *dma_engine_table(void)
{
	return rcu_dereference(dma_engines);
}
EXPORT_SYMBOL_GPL(dma_engine_table);

/**
 * dma_engines_present() - find out whether there are engines
 *
 * Context: Any context.
 * Return: true if dma_engine_table() has something to show just now.
 */
bool dma_engines_present(void)
{
	return rcu_access_pointer(dma_engines);
}
EXPORT_SYMBOL_GPL(dma_engines_present);

static bool dma_engine_usable(struct dma_device *dma)
{
	return !dma_has_cap(DMA_PRIVATE, dma->cap_mask) &&
	       (dma_has_cap(DMA_MEMCPY, dma->cap_mask) ||
		dma_has_cap(DMA_XOR, dma->cap_mask) ||
		dma_has_cap(DMA_XOR_VAL, dma->cap_mask) ||
		dma_has_cap(DMA_PQ, dma->cap_mask) ||
		dma_has_cap(DMA_PQ_VAL, dma->cap_mask));
}

/* A channel that is about to go has no dev->chan, one that has gone no local. */
static bool dma_engine_chan_usable(struct dma_chan *chan)
{
	return chan->client_count && chan->local && chan->dev->chan;
}

static unsigned int dma_engines_count(struct list_head *devices)
{
	struct dma_device *dma;
	struct dma_chan *chan;
	unsigned int nr = 0;

	list_for_each_entry(dma, devices, global_node) {
		if (!dma_engine_usable(dma))
			continue;
		list_for_each_entry(chan, &dma->channels, device_node)
			nr += dma_engine_chan_usable(chan);
	}

	return nr;
}

static bool dma_engines_have(const struct dma_engine_table *table,
			     struct device *dev)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (table->engines[i].dev == dev)
			return true;

	return false;
}

/*
 * Is there an engine that can sum up? For copies alone a client does not leave
 * the CPU: most engines that can do no more were not made for many small copies,
 * and some of their drivers sleep in tx_submit().
 */
static bool dma_engines_sum(const struct dma_engine_table *table)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (dma_has_cap(DMA_XOR, table->engines[i].dma->cap_mask) ||
		    dma_has_cap(DMA_PQ, table->engines[i].dma->cap_mask))
			return true;

	return false;
}

/*
 * Add the channels of @dma that map for @dev; return the first unused slot. There
 * is room for as many engines as there are channels, so none without a channel is
 * entered.
 */
static struct dma_chan **dma_engine_add(struct dma_engine_table *table,
					struct dma_device *dma,
					struct device *dev,
					struct dma_chan **slot)
{
	struct dma_engine *engine = NULL;
	struct dma_chan *chan;

	list_for_each_entry(chan, &dma->channels, device_node) {
		if (!dma_engine_chan_usable(chan) ||
		    dmaengine_get_dma_device(chan) != dev)
			continue;
		if (!engine) {
			engine = &table->engines[table->nr++];
			engine->dev = dev;
			engine->dma = dma;
			engine->chans = slot;
		}
		*slot++ = chan;
		engine->nr_chans++;
	}

	return slot;
}

/* Add what maps for @dev, of all devices, side by side. */
static struct dma_chan **dma_engines_add(struct dma_engine_table *table,
					 struct list_head *devices,
					 struct device *dev,
					 struct dma_chan **slot)
{
	struct dma_device *dma;

	list_for_each_entry(dma, devices, global_node)
		if (dma_engine_usable(dma))
			slot = dma_engine_add(table, dma, dev, slot);

	return slot;
}

static void dma_engines_fill(struct dma_engine_table *table,
			     struct list_head *devices, struct dma_chan **slot)
{
	struct dma_device *dma;
	struct dma_chan *chan;
	struct device *dev;

	list_for_each_entry(dma, devices, global_node) {
		if (!dma_engine_usable(dma))
			continue;
		list_for_each_entry(chan, &dma->channels, device_node) {
			if (!dma_engine_chan_usable(chan))
				continue;
			dev = dmaengine_get_dma_device(chan);
			if (!dma_engines_have(table, dev))
				slot = dma_engines_add(table, devices, dev,
						       slot);
		}
	}
}

static struct dma_engine_table *dma_engines_make(struct list_head *devices)
{
	unsigned int nr = dma_engines_count(devices);
	struct dma_engine_table *table;
	size_t size;

	if (!nr)
		return NULL;

	size = struct_size(table, engines, nr);
	table = kzalloc(size_add(size, array_size(nr, sizeof(void *))),
			GFP_KERNEL);
	if (!table)
		return NULL;

	dma_engines_fill(table, devices, (void *)table + size);
	if (dma_engines_sum(table))
		return table;

	kfree(table);
	return NULL;
}

static void dma_engine_issue_pending(const struct dma_engine *engine)
{
	unsigned int i;

	for (i = 0; i < engine->nr_chans; i++)
		dma_async_issue_pending(engine->chans[i]);
}

static void dma_engine_table_issue(const struct dma_engine_table *table)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		dma_engine_issue_pending(&table->engines[i]);
}

/**
 * dma_engines_issue_pending() - begin with all that was submitted to engines
 *
 * It is for clients that submit to several channels of dma_engine_table(), and
 * issue once.
 *
 * Context: Process or softirq context, as for dma_async_issue_pending(). Engines
 * that complete at once call their clients back from here.
 */
void dma_engines_issue_pending(void)
{
	const struct dma_engine_table *table;

	rcu_read_lock();
	table = dma_engine_table();
	if (table)
		dma_engine_table_issue(table);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(dma_engines_issue_pending);

/*
 * Who has submitted something, and looks for the channel in order to issue it,
 * may not find it in the new table. So what the old one has is issued here. All of
 * its channels have their clients yet.
 */
static void dma_engines_show(struct dma_engine_table *table)
{
	/* the mutex keeps others from replacing it */
	table = rcu_replace_pointer(dma_engines, table, true);
	if (!table)
		return;

	synchronize_rcu();
	dma_engine_table_issue(table);
	kfree(table);
}

/**
 * dma_engines_hide() - take the table away
 *
 * The caller holds the mutex of the list of devices, and is about to let go of
 * their channels. Nobody uses the table when the function returns.
 *
 * Context: Process context. May sleep.
 */
void dma_engines_hide(void)
{
	dma_engines_show(NULL);
}

/**
 * dma_engines_rebuild() - make a new table
 * @devices: list of the DMA devices; the caller holds its mutex
 *
 * If there is no memory there is no table, and clients do without engines until
 * the next change.
 *
 * Context: Process context. May sleep.
 */
void dma_engines_rebuild(struct list_head *devices)
{
	dma_engines_show(dma_engines_make(devices));
}
