// SPDX-License-Identifier: GPL-2.0

//! The library against the fake region.

use std::sync::atomic::Ordering::Relaxed;

use rust_buddy::{
    fake::Fake,
    CharDevice,
    Error,
    Gfp,
    Handle,
    Region,
    Request,
    Result, //
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
