// SPDX-License-Identifier: GPL-2.0

//! Forgetting which pageblocks are not worth a look.
//!
//! C: `__reset_isolation_suitable()`, `__reset_isolation_pfn()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use crate::{
    slowpath::{
        owners::Owners,
        COSTLY_ORDER, //
    },
    sys,
    zone::{
        migratetype::Migratetype,
        order::PageIdx,
        Zone, //
    }, //
};

/// What a pageblock is wanted for.
#[derive(Clone, Copy)]
struct Purpose {
    source: bool,
    target: bool,
}

/// Forgets the hints of a zone if its scanners have met since the last time, and lets the next run
/// begin where there is something to do (C: `__reset_isolation_suitable()`).
///
/// Sleeps.
pub(crate) fn reset_isolation_suitable<O: Owners>(zone: &Zone, owners: &O) {
    let flush = zone.with(|buddy| core::mem::take(&mut buddy.compaction().blockskip_flush));
    let size = zone.pageblock_order().nr_pages();
    let end = zone.span().start.add(zone.span().nr_pages);
    let (mut migrate, mut free) = (zone.span().start, end.back(1));
    let mut first_source = None;
    let mut last_target = None;

    if !flush {
        return;
    }
    while migrate < free {
        sys::cond_resched();
        let purpose = Purpose {
            source: true,
            target: first_source.is_some(),
        };

        if reset_pageblock(zone, owners, migrate, purpose) {
            first_source = first_source.or(Some(migrate));
        }
        let purpose = Purpose {
            source: last_target.is_some(),
            target: true,
        };

        if reset_pageblock(zone, owners, free, purpose) {
            last_target = last_target.or(Some(free));
        }
        migrate = migrate.add(size);
        free = free.back(size);
    }
    restart_at(zone, first_source, last_target, (migrate, free));
}

fn restart_at(
    zone: &Zone,
    source: Option<PageIdx>,
    target: Option<PageIdx>,
    met: (PageIdx, PageIdx),
) {
    zone.with(|buddy| {
        let compaction = buddy.compaction();

        if let Some(page) = source {
            compaction.init_migrate = page;
            compaction.cached_migrate = [page; 2];
        }
        if let Some(page) = target {
            compaction.init_free = page;
            compaction.cached_free = page;
        }
        // Leave no distance if there is nothing to do.
        if source.is_none() || target.is_none() || source >= target {
            compaction.cached_migrate = [met.0; 2];
            compaction.cached_free = met.1;
        }
    });
}

/// Forgets the hint of the pageblock of `page` if a sample says that it may serve the purpose
/// (C: `__reset_isolation_pfn()`).
fn reset_pageblock<O: Owners>(zone: &Zone, owners: &O, page: PageIdx, purpose: Purpose) -> bool {
    let order = zone.pageblock_order();
    let start = page.align_down(order);

    if owners.movable(start) >= Some(order) {
        return false;
    }
    if purpose.source && purpose.target && !zone.is_skipped(start) {
        return true;
    }
    if !purpose.source && purpose.target && zone.migratetype(start) != Migratetype::Movable {
        return false;
    }
    let end = start.add(order.nr_pages());
    let free = zone.with(|buddy| buddy.free_bits(start, end));
    let mut sample = (start.get()..end.get())
        .step_by(1 << COSTLY_ORDER)
        .map(PageIdx::new);
    let suits = sample.any(|page| {
        purpose.source && owners.movable(page).is_some() || purpose.target && free.contains(page)
    });

    if suits {
        zone.with(|buddy| buddy.set_pageblock_skip(start, false));
    }
    suits
}
