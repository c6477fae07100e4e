// SPDX-License-Identifier: GPL-2.0

//! Which lists a stock has, and which block belongs on which.
//!
//! C: `order_to_pindex()`, `pindex_to_order()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use crate::zone::{
    migratetype::{
        Migratetype,
        MIGRATE_PCPTYPES, //
    },
    order::Order, //
};

/// Number of lists (C: `NR_PCP_LISTS` with huge pages).
pub(crate) const NR_PCP_LISTS: u8 = NR_LOWORDER_LISTS + 2;

/// Lists of small blocks: one for each of four orders and three migratetypes.
pub(super) const NR_LOWORDER_LISTS: u8 = (COSTLY_ORDER + 1) * MIGRATE_PCPTYPES as u8;

/// Largest order that small blocks have (C: `PAGE_ALLOC_COSTLY_ORDER`).
pub(super) const COSTLY_ORDER: u8 = 3;

/// Order of huge pages (C: `HPAGE_PMD_ORDER`).
const HUGE_ORDER: u32 = 9;

/// Which list.
///
/// # Invariants
///
/// Less than [`NR_PCP_LISTS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PcpIndex(pub(super) u8);

impl PcpIndex {
    /// The list of this order and type, if there is one: of small orders, and of huge pages where
    /// the kernel has them (C: `pcp_allowed_order()`, `order_to_pindex()`).
    #[inline]
    pub(crate) fn new(order: Order, mt: Migratetype, has_huge: bool) -> Option<Self> {
        if !mt.is_mergeable() {
            return None;
        }
        // INVARIANT: Three types at most for each of four orders, and two lists after those.
        match order.get() {
            order if order <= COSTLY_ORDER => Some(Self(
                order
                    .wrapping_mul(MIGRATE_PCPTYPES as u8)
                    .wrapping_add(mt.number()),
            )),
            order if has_huge && u32::from(order) == HUGE_ORDER => Some(Self(
                NR_LOWORDER_LISTS.wrapping_add(u8::from(mt == Migratetype::Movable)),
            )),
            _ => None,
        }
    }

    /// The list with this number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        // INVARIANT: Just checked.
        (number < NR_PCP_LISTS).then_some(Self(number))
    }

    /// Order of the blocks on it (C: `pindex_to_order()`).
    #[inline]
    pub(crate) fn order(self) -> Order {
        let order = match self.0 {
            low if low < NR_LOWORDER_LISTS => u32::from(low / MIGRATE_PCPTYPES as u8),
            _ => HUGE_ORDER,
        };

        Order::new(order).unwrap_or(Order::ZERO)
    }

    /// The number.
    pub(crate) fn get(self) -> u8 {
        self.0
    }

    /// All lists.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        // INVARIANT: Less than the bound.
        (0..NR_PCP_LISTS).map(Self)
    }

    /// The next list, the first after the last.
    pub(super) fn next(self) -> Self {
        // INVARIANT: Back to 0 at the bound.
        match self.0.wrapping_add(1) {
            NR_PCP_LISTS.. => Self(0),
            next => Self(next),
        }
    }
}
