/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the DMA engine core alone may do with records. Nothing of this is
 * exported: neither clients nor providers can reach it.
 */
#ifndef DMAENGINE_UNMAP_H
#define DMAENGINE_UNMAP_H

#include <linux/dmaengine.h>
#include <linux/types.h>

void dmaengine_unmap_chan_init(struct dma_chan *chan);
void dmaengine_unmap_release(struct dma_chan *chan, u64 seq,
			     enum dmaengine_tx_result result);
void dmaengine_unmap_discard(struct dma_chan *chan, u64 seq);
void dmaengine_unmap_submit(struct dma_chan *chan, u64 seq, bool reuse);
u64 dmaengine_unmap_stamp(struct dma_chan *chan);
void dmaengine_unmap_terminate(struct dma_chan *chan, u64 until);
bool dmaengine_unmap_in_flight(struct dma_chan *chan);
void dmaengine_unmap_sweep_terminated(struct dma_chan *chan, u64 until);
void dmaengine_unmap_sweep(struct dma_chan *chan);
void dmaengine_unmap_wait(struct dma_chan *chan);
unsigned int dmaengine_unmap_abandon(struct dma_chan *chan);

#endif
