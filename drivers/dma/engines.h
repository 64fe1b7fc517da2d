/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAENGINE_ENGINES_H
#define DMAENGINE_ENGINES_H

struct list_head;

void dma_engines_hide(void);
void dma_engines_rebuild(struct list_head *devices);

#endif
