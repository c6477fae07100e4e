/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a call must answer, written from the interface's rules alone. Errors come in phases; where
 * the rules leave the phase open, the error spans several. An answer is right if no error that the
 * call also deserves is sure to come before it.
 */
#ifndef RB_ORACLE_H
#define RB_ORACLE_H

#include "rb_test.h"

enum phase {
	PH_COPY, PH_VALUES, PH_RIGHTS, PH_RANGE, PH_STATE, PH_GEN, PH_ORDER, PH_BUSY, PH_MEMLOCK,
	PH_MEMORY, PH_OUT,
};

struct verdict {
	struct {
		int err;
		enum phase first, last;
		bool maybe;	/* allowed, not demanded */
	} e[24];
	unsigned int nr;
};

/* What the rules depend on besides the argument. */
struct world {
	struct rb_query query;
	int nid;
	uint32_t nr_blocks, nr_cpu_ids;
	bool writable, admin;
	struct rb_alloc mine, mapped, foreign;
};

void deserve(struct verdict *v, bool when, int err, enum phase first, enum phase last);
bool verdict_allows(const struct verdict *v, int err);
void judge(const struct world *w, unsigned long cmd, const void *arg, struct verdict *v);

#endif
