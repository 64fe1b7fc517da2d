// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does all that dma_unmap_record.cocci looks for, and what it must
 * not take for that.  It is only parsed.  Each line that is to be found ends in
 * the word that stands here for its message:
 *
 * HOLD		ends the hold on an unmap record itself
 * CALL		calls the client back itself, past the unmap record
 * ASK		asks for a callback first, a record without one is left behind
 * EMPTY	struct dmaengine_desc_callback that nothing has filled
 */

#include "../dmaengine.h"

struct desc {
	struct list_head node;
	struct dma_async_tx_descriptor txd;
	bool done;
};

/* --- it ends the hold itself ---------------------------------------------- */

static void unmap_embedded(struct desc *desc)
{
	dma_descriptor_unmap(&desc->txd);	/* HOLD */
	dmaengine_desc_get_callback_invoke(&desc->txd, NULL);
}

static void unmap_put(struct dma_async_tx_descriptor *tx)
{
	dmaengine_unmap_put(tx->unmap);		/* HOLD */
}

static void unmap_put_embedded(struct desc *desc)
{
	dmaengine_unmap_put(desc->txd.unmap);	/* HOLD */
}

/* --- it calls back itself ------------------------------------------------- */

static void call(struct dma_async_tx_descriptor *tx)
{
	if (tx->callback)
		tx->callback(tx->callback_param);	/* CALL */
}

static void call_embedded(struct desc *desc)
{
	desc->txd.callback_result(desc->txd.callback_param, NULL);	/* CALL */
}

static void call_of_copy(struct desc *desc)
{
	struct dmaengine_desc_callback cb;

	dmaengine_desc_get_callback(&desc->txd, &cb);
	cb.callback(cb.callback_param);		/* CALL */
}

static void call_initialised(struct desc *desc)
{
	dma_async_tx_callback callback = desc->txd.callback;
	void *param = desc->txd.callback_param;

	list_del(&desc->node);
	if (callback)
		callback(param);		/* CALL */
}

static void call_untyped(struct desc *desc)
{
	void (*fn)(void *);
	void *param;

	param = desc->txd.callback_param;
	fn = desc->txd.callback;
	spin_unlock(&lock);
	if (fn)
		fn(param);			/* CALL */
}

static void call_in_loop(struct list_head *list)
{
	dma_async_tx_callback_result fn;
	struct desc *desc;

	list_for_each_entry(desc, list, node) {
		fn = desc->txd.callback_result;
		if (fn)
			fn(desc->txd.callback_param, NULL);	/* CALL */
	}
}

/* --- it asks first -------------------------------------------------------- */

static void ask(struct dma_async_tx_descriptor *tx)
{
	if (tx->callback)
		dmaengine_desc_get_callback_invoke(tx, NULL);	/* ASK */
}

static void ask_among_others(struct desc *desc, struct dmaengine_desc_callback *cb)
{
	if (desc->done && desc->txd.callback) {
		desc->done = false;
		dmaengine_desc_get_callback(&desc->txd, cb);	/* ASK */
	}
}

static void ask_and_leave(struct desc *desc)
{
	if (!desc->txd.callback)
		return;
	dmaengine_desc_get_callback_invoke(&desc->txd, NULL);	/* ASK */
}

static void ask_for_interrupt(struct dma_async_tx_descriptor *tx)
{
	if (tx->flags & DMA_PREP_INTERRUPT)
		dmaengine_desc_get_callback_invoke(tx, NULL);	/* ASK */
}

static void ask_in_loop(struct list_head *list)
{
	struct desc *desc;

	list_for_each_entry(desc, list, node) {
		if (!(desc->txd.flags & DMA_PREP_INTERRUPT))
			continue;
		dmaengine_desc_get_callback_invoke(&desc->txd, NULL);	/* ASK */
	}
}

static void ask_copy(struct desc *desc)
{
	struct dmaengine_desc_callback cb;

	dmaengine_desc_get_callback(&desc->txd, &cb);
	if (cb.callback)
		dmaengine_desc_callback_invoke(&cb, NULL);	/* ASK */
}

static void ask_virt_dma(struct virt_dma_desc *vd)
{
	if (vd->tx.flags & DMA_PREP_INTERRUPT)
		vchan_cookie_complete(vd);	/* ASK */
}

/* --- it fills nothing ----------------------------------------------------- */

static void empty_sometimes(struct desc *desc)
{
	struct dmaengine_desc_callback cb;

	if (desc)
		dmaengine_desc_get_callback(&desc->txd, &cb);
	dmaengine_desc_callback_invoke(&cb, NULL);	/* EMPTY */
}

static void empty_for_another(struct desc *desc, struct desc *next)
{
	struct dmaengine_desc_callback cb;

	if (desc)
		dmaengine_desc_get_callback(&desc->txd, &cb);
	desc = next;
	if (desc)
		dmaengine_desc_callback_invoke(&cb, NULL);	/* EMPTY */
}

static void empty(struct desc *desc)
{
	struct dmaengine_desc_callback cb;

	if (dmaengine_desc_callback_valid(&cb))		/* EMPTY */
		desc->done = true;
}

/* --- and what is right ---------------------------------------------------- */

static void right(struct desc *desc)
{
	struct dmaengine_desc_callback cb, initialised = { };

	memset(&cb, 0, sizeof(cb));
	if (desc)
		dmaengine_desc_get_callback(&desc->txd, &cb);
	if (dmaengine_desc_callback_valid(&cb))
		dmaengine_desc_callback_invoke(&cb, NULL);
	dmaengine_desc_callback_invoke(&initialised, NULL);
}

static void right_initialised(struct desc *desc)
{
	struct dmaengine_desc_callback cb = { };

	if (desc->done)
		dmaengine_desc_get_callback(&desc->txd, &cb);
	dmaengine_desc_callback_invoke(&cb, NULL);
}

static void right_twice_tested(struct desc *desc)
{
	struct dmaengine_desc_callback cb;

	if (desc) {
		desc->done = true;
		dmaengine_desc_get_callback(&desc->txd, &cb);
	}
	spin_unlock(&lock);
	if (desc)
		dmaengine_desc_callback_invoke(&cb, NULL);
}

static void right_interrupt(struct desc *desc)
{
	if (desc->txd.flags & DMA_PREP_INTERRUPT)
		enable_interrupt();
	if (desc->txd.callback)
		prefetch(desc);
}

static void right_client(struct dmaengine_unmap_data *unmap, struct request *req)
{
	dmaengine_unmap_put(unmap);
	dmaengine_unmap_put(req->unmap);
	req->complete(req->callback_param);
}

static void right_other_callback(struct command *cmd)
{
	cmd->callback(cmd->data);
}
