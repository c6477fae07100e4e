// SPDX-License-Identifier: GPL-2.0

//! The library against the fake region.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::Duration, //
};

use rust_buddy::{
    fake::Fake,
    Advice,
    CharDevice,
    Compact,
    CompactResult,
    Error,
    Gfp,
    Handle,
    Pressure,
    Reclaim,
    Region,
    Request,
    Result,
    Subscription,
    ThreadState,
    ZoneKind, //
};
use rustix::io::Errno;

fn region() -> Result<Region> {
    Region::new(Fake::default())
}

#[test]
fn what_is_allocated_is_missing_until_it_is_freed() -> Result<()> {
    let region = region()?;
    let all = region.info()?.free_pages;

    let block = region.alloc(&Request::new(Gfp::KERNEL, 3))?;
    assert_eq!(region.info()?.free_pages, all - 8);

    region.free(&[block.handle()], false)?;
    assert_eq!(region.info()?.free_pages, all);
    Ok(())
}

#[test]
fn a_second_mapping_shows_what_the_first_one_wrote() -> Result<()> {
    let region = region()?;
    let block = region.alloc(&Request::new(Gfp::USER, 1))?;

    let first = region.map(&block, true)?;
    first.words()[1023].store(7, Relaxed);
    let second = region.map(&block, false)?;

    assert_eq!(second.read(1023), Some(7));
    assert_eq!(second.read(1024), None);
    assert!(second.words().is_empty());
    Ok(())
}

#[test]
fn a_double_free_is_told_by_handle() -> Result<()> {
    let region = region()?;
    let handle = region.alloc(&Request::new(Gfp::KERNEL, 0))?.handle();

    let error = region.free(&[handle, handle], false).unwrap_err();

    assert_eq!(error.errno(), Some(Errno::NOENT));
    assert!(error
        .to_string()
        .starts_with(&format!("free {handle} (freed 1 of 2): ")));
    Ok(())
}

#[test]
fn freeing_goes_on_after_errors_and_over_many_calls() -> Result<()> {
    let region = region()?;
    let request = Request::new(Gfp::KERNEL, 0);
    let mut handles = region.alloc_bulk(&request, 6000)?;
    handles.insert(
        0,
        Handle {
            id: 9999,
            gen: 1,
            order: 0,
        },
    );

    assert!(region.free(&handles, false).is_err());
    assert_eq!(region.info()?.used_by_me, 0);
    Ok(())
}

#[test]
fn a_bulk_that_does_not_fit_gives_what_there_is() -> Result<()> {
    let region = region()?;
    let blocks = region.alloc_bulk(&Request::new(Gfp::HIGHUSER_MOVABLE, 10), 20)?;
    assert_eq!(blocks.len(), 16);
    Ok(())
}

#[test]
fn zones_and_pageblocks_cover_the_region() -> Result<()> {
    let region = region()?;
    let zones = region.zones()?;
    assert_eq!(zones.iter().map(|zone| zone.managed).sum::<u64>(), 16384);
    assert!(zones.iter().all(|zone| zone.adds_up()));
    assert_eq!(region.pageblocks()?.len(), 32);
    Ok(())
}

#[test]
fn another_major_version_is_refused() {
    let mut fake = Fake::default();
    fake.uapi_major = 2;
    assert!(matches!(Region::new(fake), Err(Error::Version { found }) if found == "2.0"));
}

#[test]
fn another_device_is_refused() -> Result<()> {
    let null = CharDevice::open("/dev/null")?;
    assert!(matches!(Region::new(null), Err(Error::NotOurs(_))));
    Ok(())
}

#[test]
fn a_closed_descriptor_is_refused() {
    assert!(matches!(
        CharDevice::inherit(999),
        Err(Error::NoDescriptor(999))
    ));
    assert!(matches!(
        CharDevice::inherit(-1),
        Err(Error::NoDescriptor(-1))
    ));
}

#[test]
fn a_purged_block_is_told_once_and_is_zero_again() -> Result<()> {
    let region = region()?;
    let mut request = Request::new(Gfp::HIGHUSER_MOVABLE, 2);
    request.purgeable = true;
    let block = region.alloc(&request)?;
    region.map(&block, true)?.words()[0].store(7, Relaxed);
    let free = region.info()?.free_pages;

    let all = Reclaim {
        pages: 100,
        ..Reclaim::default()
    };
    assert_eq!(region.reclaim(&all)?.reclaimed, 4);
    assert_eq!(region.info()?.free_pages, free + 4);
    let answer = region.advise(block.handle(), Advice::Needed)?;
    assert!(answer.was_purged);
    assert_eq!(region.map(&block, false)?.read(0), Some(0));
    assert!(!region.advise(block.handle(), Advice::Needed)?.was_purged);
    assert_eq!(region.reclaim(&all)?.reclaimed, 0);
    Ok(())
}

#[test]
fn pins_nest_and_end_at_none() -> Result<()> {
    let region = region()?;
    let block = region.alloc(&Request::new(Gfp::USER, 0))?;
    let pin = |advice| region.advise(block.handle(), advice).map(|a| a.pins);

    assert_eq!(pin(Advice::Pin)?, 1);
    assert_eq!(pin(Advice::Pin)?, 2);
    assert_eq!(pin(Advice::Unpin)?, 1);
    assert_eq!(pin(Advice::Unpin)?, 0);
    let error = pin(Advice::Unpin).unwrap_err().to_string();
    assert!(error.contains("it is not pinned"));
    Ok(())
}

#[test]
fn a_block_that_moves_keeps_its_handle_and_its_contents() -> Result<()> {
    let region = region()?;
    let block = region.alloc(&Request::new(Gfp::HIGHUSER_MOVABLE, 0))?;
    let mapping = region.map(&block, true)?;
    mapping.words()[1].store(9, Relaxed);

    let done = region.compact(&Compact {
        zone: Some(block.zone),
        ..Compact::default()
    })?;
    assert_eq!((done.result, done.migrated), (CompactResult::Complete, 1));
    let pinned = region.advise(block.handle(), Advice::Pin)?;
    assert_ne!(pinned.page, block.page);
    assert_eq!(mapping.read(1), Some(9));
    let again = region.compact(&Compact::default())?;
    assert_eq!(again.migrated, 0);
    region.free(&[block.handle()], false)
}

#[test]
fn a_budget_ends_a_compaction_and_the_next_goes_on() -> Result<()> {
    let region = region()?;
    let part = Compact {
        zone: Some(ZoneKind::Normal),
        budget: 1000,
        ..Compact::default()
    };
    let at = |region: &Region| -> Result<Option<u64>> {
        let node = region.node(1)?;
        Ok(node.and_then(|node| Some(node.zone(ZoneKind::Normal)?.migrate_page)))
    };

    let start = at(&region)?;
    assert_eq!(region.compact(&part)?.result, CompactResult::Continue);
    let first = at(&region)?;
    assert!(first > start);
    assert_eq!(region.compact(&part)?.result, CompactResult::Continue);
    assert!(at(&region)? > first);
    Ok(())
}

#[test]
fn events_are_heard_by_who_subscribed() -> Result<()> {
    let region = region()?;
    let time = Duration::from_millis(1);
    assert!(region.wait_event(Pressure::COMPACT_DONE, time).is_err());

    region.subscribe(&Subscription::to(Pressure::COMPACT_DONE))?;
    assert_eq!(region.wait_event(Pressure::COMPACT_DONE, time)?, None);
    region.compact(&Compact::default())?;
    let fired = region.wait_event(Pressure::COMPACT_DONE, time)?;
    assert_eq!(fired.map(|f| f.events), Some(Pressure::COMPACT_DONE));
    region.unsubscribe()?;
    assert!(region.unsubscribe().is_err());
    Ok(())
}

#[test]
fn another_node_has_no_threads() -> Result<()> {
    let region = region()?;
    assert!(region.node(0)?.is_none());
    let node = region.node(1)?;
    assert_eq!(node.map(|node| node.kswapd), Some(ThreadState::Asleep));
    Ok(())
}
