// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmap records: what a DMA engine descriptor leaves mapped, and its undoing.
 *
 * A *record* (struct dmaengine_unmap_data) lists mappings to undo. A client
 * maps through it and hangs it on the descriptors that use the mappings; each
 * of them then has a *hold* on the record. A hold ends exactly once, when its
 * descriptor has stopped touching memory. With the last hold, and the client's
 * own reference, the record goes: it undoes its mappings, then tells its owner.
 *
 * A descriptor belongs to its provider, which may free or recycle it at any
 * time after it was submitted, or never initialise it. So no record is reached
 * by a pointer that was kept in a descriptor. The holds live in the record,
 * linked to the channel, and the descriptor carries only a number,
 * dma_async_tx_descriptor.unmap_seq. No number is ever used twice: a stale one
 * finds nothing, and a descriptor that is ended twice ends its hold once.
 *
 * The list that a hold is on is its state:
 *
 *	chan->unmap_prepared	from dma_set_unmap() on
 *	chan->unmap_submitted	from dmaengine_submit() on
 *	chan->unmap_terminated	the client has terminated the channel, but it
 *				has not yet been told that the engine is quiet
 *	none			ended
 *
 *	prepared --> submitted --> terminated
 *	   |             |             |
 *	   +-------------+-------------+--> ended
 *
 * Any hold can be ended by the completion helpers of dmaengine.h, by its
 * owner (dmaengine_unmap_reclaim()) and by the release of the channel. What was
 * terminated before the channel is synchronized is ended after that: providers
 * drop terminated descriptors without a word.
 *
 * Threads that share a channel submit, terminate and synchronize at the same
 * time. A hold that ends too late costs memory; one that ends too early costs
 * data. So a hold is put on the submitted list when tx_submit() has returned,
 * and a termination or synchronization is about nothing that came after its
 * begin. The stamps, taken from a counter of the channel whenever a hold changes
 * its list, tell.
 *
 * Locking, as marked at the fields below:
 *
 *	L: the unmap_lock of the hold's channel. It is a leaf: it is taken under
 *	   any lock of a provider, in any context, and nothing is called with it.
 *	B: the client that builds the record; stable from then on.
 *	I: set at allocation.
 */

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "unmap.h"

/**
 * struct dmaengine_unmap_entry - a mapping to undo
 * @dev: B: device that it was made for
 * @addr: B: what dma_map_page() returned; any value, 0 too, is an address
 * @len: B: length in bytes
 * @dir: B: direction that it was made with
 */
struct dmaengine_unmap_entry {
	struct device *dev;
	dma_addr_t addr;
	size_t len;
	enum dma_data_direction dir;
};

/**
 * struct dmaengine_unmap_hold - a descriptor's hold on a record
 * @node: L: on one of the three lists of @chan, or empty when it has ended
 * @seq: B: the number that the descriptor carries; that of a record's first hold is
 *	there from the allocation on, and the others follow it
 * @stamp: L: when it came to its present list; each list is in this order
 * @chan: B: channel of the descriptor
 * @unmap: B: the record; the hold has a reference to it until it ends
 * @reuse: L: DMA_CTRL_REUSE was set when the descriptor was last submitted, so
 *	it survives a termination of its channel
 */
struct dmaengine_unmap_hold {
	struct list_head node;
	u64 seq;
	u64 stamp;
	struct dma_chan *chan;
	struct dmaengine_unmap_data *unmap;
	bool reuse;
};

/**
 * struct dmaengine_unmap_data - an unmap record
 * @ref: one reference for each hold and those of the clients
 * @nr_entries: B: entries in use
 * @max_entries: I: entries that there is room for
 * @nr_holds: B: holds that were ever given to a descriptor
 * @max_holds: I: holds that there is room for
 * @result: DMA_TRANS_NOERROR, or the error of a descriptor that held the record;
 *	written by whoever ends its hold, before the reference is dropped
 * @done: B: called once, when everything is unmapped
 * @done_result: B: the same, with @result; only one of both is set
 * @done_arg: B: what either is called with
 * @entries: I: the entries, in the same allocation, behind the holds
 * @holds: the holds
 */
struct dmaengine_unmap_data {
	refcount_t ref;
	unsigned int nr_entries;
	unsigned int max_entries;
	unsigned int nr_holds;
	unsigned int max_holds;
	enum dmaengine_tx_result result;
	void (*done)(void *arg);
	void (*done_result)(void *arg, enum dmaengine_tx_result result);
	void *done_arg;
	struct dmaengine_unmap_entry *entries;
	struct dmaengine_unmap_hold holds[] __counted_by(max_holds);
};

/* The last number given to a record for its descriptors; 0 is none. */
static atomic64_t dmaengine_unmap_seq;

/**
 * dmaengine_get_shared_unmap() - allocate a record for several descriptors
 * @dev: device whose NUMA node the memory should be near to
 * @nr: number of mappings that the record must have room for
 * @nr_descs: number of descriptors that will hold the record, at least 1
 * @flags: how to allocate; GFP_NOWAIT is fine
 *
 * The caller owns the reference that it gets and gives it back with
 * dmaengine_unmap_put(). While it has it everything stays mapped; so it gives it
 * back before it submits the descriptor whose callback tells it to look.
 *
 * That there is no memory is nothing to report: a client of the DMA engine can
 * always do the work on the CPU, so the allocation fails quietly.
 *
 * Context: Any context that @flags allow.
 * Return: the record, or NULL if there is no memory for it, or if @nr or
 * @nr_descs makes no sense.
 */
struct dmaengine_unmap_data *
dmaengine_get_shared_unmap(struct device *dev, int nr, int nr_descs,
			   gfp_t flags)
{
	struct dmaengine_unmap_data *unmap;
	size_t size;

	if (nr < 0 || nr_descs < 1)
		return NULL;

	size = struct_size(unmap, holds, nr_descs);
	size = size_add(size, array_size(nr, sizeof(*unmap->entries)));
	unmap = kmalloc_node(size, flags | __GFP_NOWARN, dev_to_node(dev));
	if (!unmap)
		return NULL;

	refcount_set(&unmap->ref, 1);
	unmap->nr_entries = 0;
	unmap->max_entries = nr;
	unmap->nr_holds = 0;
	unmap->max_holds = nr_descs;
	unmap->result = DMA_TRANS_NOERROR;
	unmap->done = NULL;
	unmap->done_result = NULL;
	unmap->done_arg = NULL;
	unmap->entries = (void *)unmap + struct_size(unmap, holds, nr_descs);
	unmap->holds[0].seq = atomic64_add_return(nr_descs,
						  &dmaengine_unmap_seq) -
			      nr_descs + 1;

	return unmap;
}
EXPORT_SYMBOL_GPL(dmaengine_get_shared_unmap);

/**
 * dmaengine_get_unmap_data() - allocate a record for one descriptor
 * @dev: device whose NUMA node the memory should be near to
 * @nr: number of mappings that the record must have room for
 * @flags: how to allocate; GFP_NOWAIT is fine
 *
 * The same as dmaengine_get_shared_unmap() for one descriptor.
 *
 * Context: Any context that @flags allow.
 * Return: the record, or NULL.
 */
struct dmaengine_unmap_data *
dmaengine_get_unmap_data(struct device *dev, int nr, gfp_t flags)
{
	return dmaengine_get_shared_unmap(dev, nr, 1, flags);
}
EXPORT_SYMBOL(dmaengine_get_unmap_data);

/**
 * dmaengine_map_page() - map a range of a page and record the mapping
 * @unmap: record that shall undo the mapping; the caller has a reference
 * @dev: device to map for: dmaengine_get_dma_device() of the channel
 * @page: first page of the range
 * @offset: where in @page it starts, in bytes
 * @len: its length in bytes
 * @dir: direction of the transfer
 * @addr: where to store the address for the device; untouched on an error
 *
 * From here on the range belongs to @dev until the record goes. On an error
 * nothing has been mapped by this call; what the record has from earlier calls
 * is undone by dmaengine_unmap_put().
 *
 * Context: Any context. Calls for one record must not run at the same time.
 * Return: 0; -ENOSPC if the record has no room left; what dma_mapping_error()
 * says if the range cannot be mapped.
 */
int dmaengine_map_page(struct dmaengine_unmap_data *unmap, struct device *dev,
		       struct page *page, size_t offset, size_t len,
		       enum dma_data_direction dir, dma_addr_t *addr)
{
	struct dmaengine_unmap_entry *entry;
	dma_addr_t mapped;
	int err;

	if (WARN_ON_ONCE(unmap->nr_entries == unmap->max_entries))
		return -ENOSPC;

	mapped = dma_map_page(dev, page, offset, len, dir);
	err = dma_mapping_error(dev, mapped);
	if (err)
		return err;

	entry = &unmap->entries[unmap->nr_entries++];
	entry->dev = dev;
	entry->addr = mapped;
	entry->len = len;
	entry->dir = dir;
	*addr = mapped;

	return 0;
}
EXPORT_SYMBOL_GPL(dmaengine_map_page);

/**
 * dmaengine_unmap_set_done() - ask to be told when a record has gone
 * @unmap: the record; the caller has a reference
 * @done: called once, after the last mapping is undone
 * @arg: what to call it with
 *
 * @done must not use the record, which is freed when it returns. It runs where
 * the last reference is dropped: when the last descriptor ends, before its
 * callback, or in dmaengine_unmap_put(). It does not run, and the memory stays
 * mapped, if an engine that cannot be stopped goes with a descriptor in flight.
 *
 * Context: Any context, before the record is set on a descriptor. @done runs in
 * any context, with interrupts off and under a lock of the provider for some
 * providers: it must not sleep and must not call into the DMA engine.
 */
void dmaengine_unmap_set_done(struct dmaengine_unmap_data *unmap,
			      void (*done)(void *arg), void *arg)
{
	unmap->done = done;
	unmap->done_result = NULL;
	unmap->done_arg = arg;
}
EXPORT_SYMBOL_GPL(dmaengine_unmap_set_done);

/**
 * dmaengine_unmap_set_done_result() - ask for the result when a record has gone
 * @unmap: the record; the caller has a reference
 * @done: called once, after the last mapping is undone
 * @arg: what to call it with
 *
 * As dmaengine_unmap_set_done(), of which it takes the place. The result that
 * @done gets sums up all descriptors that held the record: DMA_TRANS_NOERROR if
 * each of them has ended without an error; the error of one that has not; and
 * DMA_TRANS_ABORTED if one was terminated, or was released with its channel. So
 * a client needs no callback of the descriptors to know how they ended. A
 * descriptor whose submission failed, or that was reclaimed or discarded, does
 * not count: the client knows of it.
 *
 * Context: As for dmaengine_unmap_set_done().
 */
void dmaengine_unmap_set_done_result(struct dmaengine_unmap_data *unmap,
				     void (*done)(void *arg,
						  enum dmaengine_tx_result result),
				     void *arg)
{
	unmap->done = NULL;
	unmap->done_result = done;
	unmap->done_arg = arg;
}
EXPORT_SYMBOL_GPL(dmaengine_unmap_set_done_result);

static void dmaengine_unmap_all(struct dmaengine_unmap_data *unmap)
{
	unsigned int i;

	for (i = 0; i < unmap->nr_entries; i++) {
		struct dmaengine_unmap_entry *entry = &unmap->entries[i];

		dma_unmap_page(entry->dev, entry->addr, entry->len, entry->dir);
	}

	if (unmap->done_result)
		unmap->done_result(unmap->done_arg, unmap->result);
	else if (unmap->done)
		unmap->done(unmap->done_arg);
	kfree(unmap);
}

/**
 * dmaengine_unmap_put() - give back a reference to a record
 * @unmap: the record, or NULL
 *
 * Whoever gives back the last reference undoes the mappings. For a client this
 * is the end of a record that no descriptor holds: one that could not be mapped
 * or prepared, or that was reclaimed. A client gives its own back before it
 * releases the channel, whose device may go then.
 *
 * Context: Any context.
 */
void dmaengine_unmap_put(struct dmaengine_unmap_data *unmap)
{
	if (unmap && refcount_dec_and_test(&unmap->ref))
		dmaengine_unmap_all(unmap);
}
EXPORT_SYMBOL_GPL(dmaengine_unmap_put);

/*
 * The reference is dropped under the lock so that after
 * dmaengine_unmap_reclaim() nobody but the clients has one. Only the undoing,
 * which may take long, is left to the caller, when the lock is free again.
 */
static struct dmaengine_unmap_data *
dmaengine_hold_end(struct dmaengine_unmap_hold *hold,
		   enum dmaengine_tx_result result)
{
	struct dmaengine_unmap_data *unmap = hold->unmap;

	lockdep_assert_held(&hold->chan->unmap_lock);

	/* holds of other channels can end now: any of their errors will do */
	if (result != DMA_TRANS_NOERROR)
		WRITE_ONCE(unmap->result, result);
	list_del_init(&hold->node);
	return refcount_dec_and_test(&unmap->ref) ? unmap : NULL;
}

/*
 * Let go of the channel's lock, and undo the mappings of a record that nobody holds
 * any more, if there is one. Who finds no hold on the channel can wait until that
 * is done, with dmaengine_unmap_wait().
 */
static void dmaengine_unmap_last(struct dma_chan *chan,
				 struct dmaengine_unmap_data *last,
				 unsigned long flags)
	__releases(&chan->unmap_lock)
{
	if (!last) {
		spin_unlock_irqrestore(&chan->unmap_lock, flags);
		return;
	}

	rcu_read_lock();
	spin_unlock_irqrestore(&chan->unmap_lock, flags);
	dmaengine_unmap_all(last);
	rcu_read_unlock();
}

static struct dmaengine_unmap_hold *
dmaengine_hold_on_list(struct list_head *list, u64 seq)
{
	struct dmaengine_unmap_hold *hold;

	list_for_each_entry(hold, list, node)
		if (hold->seq == seq)
			return hold;

	return NULL;
}

/*
 * Most engines complete in the order in which descriptors were submitted, so
 * what is looked for stands at or near the head of the first list.
 */
static struct dmaengine_unmap_hold *
dmaengine_hold_find(struct dma_chan *chan, u64 seq)
{
	struct dmaengine_unmap_hold *hold;

	lockdep_assert_held(&chan->unmap_lock);

	hold = dmaengine_hold_on_list(&chan->unmap_submitted, seq);
	if (!hold)
		hold = dmaengine_hold_on_list(&chan->unmap_terminated, seq);
	if (!hold)
		hold = dmaengine_hold_on_list(&chan->unmap_prepared, seq);

	return hold;
}

/**
 * dmaengine_unmap_release() - end the hold of a descriptor
 * @chan: channel of the descriptor
 * @seq: the number that the descriptor carries or carried; any value will do
 * @result: how the descriptor ended
 *
 * Does nothing if no hold has this number, or if it has ended.
 *
 * Context: Any context, under any lock of a provider.
 */
void dmaengine_unmap_release(struct dma_chan *chan, u64 seq,
			     enum dmaengine_tx_result result)
{
	struct dmaengine_unmap_data *last = NULL;
	struct dmaengine_unmap_hold *hold;
	unsigned long flags;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	hold = dmaengine_hold_find(chan, seq);
	if (hold)
		last = dmaengine_hold_end(hold, result);
	dmaengine_unmap_last(chan, last, flags);
}

/**
 * dma_set_unmap() - let a descriptor hold a record
 * @tx: the descriptor: prepared, not submitted
 * @unmap: the record; the caller has a reference and keeps it
 *
 * The record will not go before @tx has ended, be it by completion, an error,
 * termination, a failed dmaengine_submit() or the release of the channel. If
 * @tx is dropped without being submitted, or if it is polled for, the client
 * ends the hold itself, with dmaengine_unmap_reclaim(). A descriptor holds one
 * record. Submit @tx by dmaengine_submit(): the core would take one that went past
 * it for one that was not submitted, and a provider that uses virt-dma would release
 * the record of that in its device_terminate_all().
 *
 * A record has room for as many descriptors, of any channels, as were asked for
 * when it was allocated. One more is a bug of the client; the record then stays
 * mapped for ever, since nothing would tell when that descriptor has ended.
 *
 * Context: Any context. Calls for one record must not run at the same time.
 */
void dma_set_unmap(struct dma_async_tx_descriptor *tx,
		   struct dmaengine_unmap_data *unmap)
{
	struct dma_chan *chan = tx->chan;
	struct dmaengine_unmap_hold *hold;
	unsigned int nr = unmap->nr_holds;
	unsigned long flags;

	refcount_inc(&unmap->ref);
	if (WARN_ON_ONCE(nr == unmap->max_holds))
		return;

	hold = &unmap->holds[nr];
	unmap->nr_holds = nr + 1;
	hold->seq = unmap->holds[0].seq + nr;
	hold->chan = chan;
	hold->unmap = unmap;
	hold->reuse = false;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	hold->stamp = ++chan->unmap_stamp;
	list_add_tail(&hold->node, &chan->unmap_prepared);
	spin_unlock_irqrestore(&chan->unmap_lock, flags);

	tx->unmap_seq = hold->seq;
	tx->unmap_submitted = false;
}
EXPORT_SYMBOL_GPL(dma_set_unmap);

/**
 * dmaengine_unmap_reclaim() - take a record back from its descriptors
 * @unmap: the record; the caller has a reference and keeps it
 *
 * For a client that knows by other means than a callback that none of the
 * descriptors will touch memory any more: because it polled for their cookies
 * (dma_sync_wait(), dma_async_is_tx_complete()), or because they were never
 * submitted. A cookie is complete before its record is released; so a client
 * that polls keeps its reference until the cookie is complete, and then calls
 *
 *	dmaengine_unmap_reclaim(unmap);
 *	dmaengine_unmap_put(unmap);
 *
 * When the latter returns the memory is the CPU's. That the provider ends the
 * descriptors later, or does so just now on another CPU, does no harm.
 *
 * Context: Any context, as long as the client has the channels.
 */
void dmaengine_unmap_reclaim(struct dmaengine_unmap_data *unmap)
{
	unsigned int i;

	for (i = 0; i < unmap->nr_holds; i++) {
		struct dmaengine_unmap_hold *hold = &unmap->holds[i];
		struct dma_chan *chan = hold->chan;
		unsigned long flags;

		/* never the last reference: the caller has one */
		spin_lock_irqsave(&chan->unmap_lock, flags);
		if (!list_empty(&hold->node))
			dmaengine_hold_end(hold, DMA_TRANS_NOERROR);
		spin_unlock_irqrestore(&chan->unmap_lock, flags);
	}
}
EXPORT_SYMBOL_GPL(dmaengine_unmap_reclaim);

/**
 * dmaengine_unmap_discard() - end the hold of a descriptor that never ran
 * @chan: channel of the descriptor, which was not submitted
 * @seq: the number that the descriptor carries; any value will do
 *
 * Context: Any context, under any lock of a provider.
 */
void dmaengine_unmap_discard(struct dma_chan *chan, u64 seq)
{
	struct dmaengine_unmap_data *last = NULL;
	struct dmaengine_unmap_hold *hold;
	unsigned long flags;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	hold = dmaengine_hold_on_list(&chan->unmap_prepared, seq);
	if (hold)
		last = dmaengine_hold_end(hold, DMA_TRANS_NOERROR);
	dmaengine_unmap_last(chan, last, flags);
}

static void dmaengine_hold_move(struct dmaengine_unmap_hold *hold,
				struct list_head *list)
{
	lockdep_assert_held(&hold->chan->unmap_lock);

	hold->stamp = ++hold->chan->unmap_stamp;
	list_move_tail(&hold->node, list);
}

/**
 * dmaengine_unmap_submit() - note that a descriptor was submitted
 * @chan: channel of the descriptor
 * @seq: the number that it carried before
 * @reuse: whether it is one with DMA_CTRL_REUSE
 *
 * The descriptor may have ended by now.
 *
 * Context: Any context.
 */
void dmaengine_unmap_submit(struct dma_chan *chan, u64 seq, bool reuse)
{
	struct dmaengine_unmap_hold *hold;
	unsigned long flags;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	hold = dmaengine_hold_on_list(&chan->unmap_prepared, seq);
	if (!hold) {	/* it has ended, or it was for reuse and is known */
		hold = dmaengine_hold_on_list(&chan->unmap_submitted, seq);
		/* else the number is an old one, of somebody else's */
		if (hold && !hold->reuse)
			hold = NULL;
	}
	if (hold) {
		hold->reuse = reuse;
		dmaengine_hold_move(hold, &chan->unmap_submitted);
	}
	spin_unlock_irqrestore(&chan->unmap_lock, flags);
}

/**
 * dmaengine_unmap_stamp() - now, as the stamps of a channel count
 * @chan: the channel
 *
 * Context: Any context.
 * Return: the stamp of the last hold that changed its list.
 */
u64 dmaengine_unmap_stamp(struct dma_chan *chan)
{
	unsigned long flags;
	u64 stamp;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	stamp = chan->unmap_stamp;
	spin_unlock_irqrestore(&chan->unmap_lock, flags);

	return stamp;
}

/**
 * dmaengine_unmap_terminate() - note that a channel was terminated
 * @chan: the channel
 * @until: dmaengine_unmap_stamp() when the termination began
 *
 * What was submitted up to then loses its records when the channel is swept.
 * Not so a descriptor for reuse: it can be submitted again.
 *
 * Context: As for dmaengine_terminate_async().
 */
void dmaengine_unmap_terminate(struct dma_chan *chan, u64 until)
{
	struct dmaengine_unmap_hold *hold, *next;
	unsigned long flags;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	list_for_each_entry_safe(hold, next, &chan->unmap_submitted, node) {
		if (hold->stamp > until)
			break;
		if (!hold->reuse)
			dmaengine_hold_move(hold, &chan->unmap_terminated);
	}
	spin_unlock_irqrestore(&chan->unmap_lock, flags);
}

/**
 * dmaengine_unmap_in_flight() - may the engine touch what is mapped?
 * @chan: the channel; no client submits to it any more
 *
 * A descriptor that is only prepared counts too: clients that call tx_submit()
 * themselves submit it unseen. So does one that was terminated, as long as the
 * channel was not synchronized.
 *
 * Context: Any context.
 * Return: true if a descriptor with a record has not ended.
 */
bool dmaengine_unmap_in_flight(struct dma_chan *chan)
{
	unsigned long flags;
	bool in_flight;

	/* a hold that changes its list is on one of them */
	spin_lock_irqsave(&chan->unmap_lock, flags);
	in_flight = !list_empty(&chan->unmap_submitted) ||
		    !list_empty(&chan->unmap_prepared) ||
		    !list_empty(&chan->unmap_terminated);
	spin_unlock_irqrestore(&chan->unmap_lock, flags);

	return in_flight;
}

/*
 * End the holds on a list that came there up to a time. The lock is let go for
 * each record, as it must not be held over the undoing of its mappings.
 */
static void dmaengine_unmap_sweep_list(struct dma_chan *chan,
				       struct list_head *list, u64 until)
{
	struct dmaengine_unmap_hold *hold;
	struct dmaengine_unmap_data *last;
	unsigned long flags;

	do {
		last = NULL;
		spin_lock_irqsave(&chan->unmap_lock, flags);
		hold = list_first_entry_or_null(list, typeof(*hold), node);
		if (hold && hold->stamp > until)
			hold = NULL;
		if (hold)
			last = dmaengine_hold_end(hold, DMA_TRANS_ABORTED);
		dmaengine_unmap_last(chan, last, flags);
	} while (hold);
}

/**
 * dmaengine_unmap_sweep_terminated() - end the holds of what was terminated
 * @chan: the channel
 * @until: dmaengine_unmap_stamp() when the channel began to be synchronized; by
 *	now the engine has stopped what was terminated then
 *
 * Context: Process context.
 */
void dmaengine_unmap_sweep_terminated(struct dma_chan *chan, u64 until)
{
	dmaengine_unmap_sweep_list(chan, &chan->unmap_terminated, until);
}

/**
 * dmaengine_unmap_sweep() - end all holds of a channel
 * @chan: the channel; its engine touches nothing any more
 *
 * Context: Process context.
 */
void dmaengine_unmap_sweep(struct dma_chan *chan)
{
	dmaengine_unmap_sweep_list(chan, &chan->unmap_terminated, U64_MAX);
	dmaengine_unmap_sweep_list(chan, &chan->unmap_submitted, U64_MAX);
	dmaengine_unmap_sweep_list(chan, &chan->unmap_prepared, U64_MAX);
}

/**
 * dmaengine_unmap_wait() - wait for records that others release just now
 * @chan: the channel
 *
 * A hold ends before its record's mappings are undone. When this returns that is
 * done for all holds of the channel that had ended when it was called. Costs
 * nothing for a channel that never had a record.
 *
 * Context: Process context. May sleep.
 */
void dmaengine_unmap_wait(struct dma_chan *chan)
{
	if (dmaengine_unmap_stamp(chan))
		synchronize_rcu();
}

static unsigned int dmaengine_unmap_abandon_list(struct list_head *list)
{
	struct dmaengine_unmap_hold *hold, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(hold, next, list, node) {
		list_del_init(&hold->node);
		nr++;
	}

	return nr;
}

/**
 * dmaengine_unmap_abandon() - forget the holds of a channel
 * @chan: the channel; its engine may touch memory for ever
 *
 * Memory that an engine may still write to must not be unmapped: it would be
 * used for something else. So it stays mapped, and that is a leak; and nobody is
 * told that the record has gone.
 *
 * Context: Process context.
 * Return: the number of descriptors whose memory stays mapped.
 */
unsigned int dmaengine_unmap_abandon(struct dma_chan *chan)
{
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&chan->unmap_lock, flags);
	nr = dmaengine_unmap_abandon_list(&chan->unmap_terminated);
	nr += dmaengine_unmap_abandon_list(&chan->unmap_submitted);
	nr += dmaengine_unmap_abandon_list(&chan->unmap_prepared);
	spin_unlock_irqrestore(&chan->unmap_lock, flags);

	return nr;
}

/**
 * dmaengine_unmap_chan_init() - prepare a channel for records
 * @chan: the channel; nobody else can see it yet
 *
 * Context: Any context.
 */
void dmaengine_unmap_chan_init(struct dma_chan *chan)
{
	spin_lock_init(&chan->unmap_lock);
	chan->unmap_stamp = 0;
	INIT_LIST_HEAD(&chan->unmap_prepared);
	INIT_LIST_HEAD(&chan->unmap_submitted);
	INIT_LIST_HEAD(&chan->unmap_terminated);
}
