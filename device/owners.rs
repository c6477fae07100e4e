// SPDX-License-Identifier: GPL-2.0

//! The clients as those who hold blocks: what the slow path asks of them.

#![deny(unsafe_code)]

use super::Device;
use crate::{
    gfp::context::AllocContext,
    slowpath::owners::{
        Migrated,
        OomResult,
        Owners,
        Reclaimed, //
    },
    zone::order::{
        Block,
        Order,
        PageIdx, //
    }, //
};

impl Owners for Device {
    fn movable(&self, page: PageIdx) -> Option<Order> {
        let mover = self.records().with(|records| records.mover(page))?;

        Some(mover.order)
    }

    fn held(&self, page: PageIdx) -> Option<Order> {
        self.records().with(|records| records.held(page))
    }

    fn migrate(&self, from: PageIdx, target: Block) -> Migrated {
        self.migrate_block(from, target)
    }

    fn reclaim(&self, page: PageIdx, force: bool) -> Reclaimed {
        self.reclaim_block(page, force)
    }

    fn deactivate(&self, page: PageIdx) -> bool {
        self.deactivate_block(page)
    }

    fn oom(&self, ctx: &AllocContext) -> OomResult {
        self.out_of_memory(ctx)
    }
}
