// SPDX-License-Identifier: GPL-2.0

//! The region, as programs use it.

#![deny(unsafe_code)]

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    Block,
    Driver,
    Error,
    Handle,
    Info,
    Mapping,
    Pageblock,
    Request,
    Result,
    ZoneKind,
    ZoneStat, //
};

/// Node numbers that are asked for zones.
const MAX_NID: i32 = 1024;

/// An open region of the right interface version. Dropping it frees its blocks, if it is the last
/// holder of the open file.
pub struct Region {
    pub(crate) driver: Box<dyn Driver>,
    info: Info,
}

/// The answer to `RB_VERIFY`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Verdict {
    /// Pages looked at.
    pub checked: u64,
    /// Errors found.
    pub errors: u64,
    /// Page of the first error.
    pub first_page: u64,
    /// Kind of the first error.
    pub code: u32,
}

impl Region {
    /// Asks the driver what it is and refuses another major version.
    pub fn new(driver: impl Driver + 'static) -> Result<Self> {
        let driver = Box::new(driver);
        let info = query(&*driver, 0)?;
        if info.uapi_major != RB_UAPI_MAJOR {
            return Err(Error::Version {
                found: format!("{}.{}", info.uapi_major, info.uapi_minor),
            });
        }
        Ok(Self { driver, info })
    }

    pub(crate) fn driver(&self) -> &dyn Driver {
        &*self.driver
    }

    pub(crate) fn max_fetch(&self) -> u32 {
        self.info.max_fetch
    }

    /// What there is, asked anew.
    pub fn info(&self) -> Result<Info> {
        query(&*self.driver, 0)
    }

    /// As `info`, with the region's place in memory where the caller may know it.
    pub fn info_with_pfn(&self) -> Result<Info> {
        query(&*self.driver, RB_QUERY_PFN).or_else(|_| self.info())
    }

    /// Allocates one block. Its contents are zero.
    pub fn alloc(&self, request: &Request) -> Result<Block> {
        let mut raw = rb_alloc {
            gfp: request.gfp.bits(),
            order: request.order,
            nodemask: request.nodemask,
            nid: request.raw_nid(),
            flags: request.raw_flags(),
            ..Default::default()
        };
        self.driver.alloc(&mut raw).map_err(Error::refused(format!(
            "alloc order {} {}",
            request.order, request.gfp
        )))?;
        Ok(Block::from(&raw))
    }

    /// Allocates up to `nr` blocks in one call; fewer if memory runs out, an error if there is
    /// none. Purgeable ones take a call each.
    pub fn alloc_bulk(&self, request: &Request, nr: u32) -> Result<Vec<Handle>> {
        if request.purgeable {
            return self.alloc_each(request, nr);
        }
        let mut blocks = vec![rb_block::default(); nr as usize];
        let mut raw = rb_bulk {
            gfp: request.gfp.bits(),
            order: request.order,
            nodemask: request.nodemask,
            nid: request.raw_nid(),
            ..Default::default()
        };
        self.driver
            .alloc_bulk(&mut raw, &mut blocks)
            .map_err(Error::refused(format!(
                "bulk alloc order {} {}",
                request.order, request.gfp
            )))?;
        let done = blocks.iter().take(raw.nr_done as usize);
        Ok(done.map(Handle::from).collect())
    }

    fn alloc_each(&self, request: &Request, nr: u32) -> Result<Vec<Handle>> {
        let mut got = Vec::new();
        for _ in 0..nr {
            match self.alloc(request) {
                Ok(block) => got.push(block.handle()),
                Err(error) if got.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(got)
    }

    /// Frees the blocks. With `zap`, mapped ones too. Goes on after errors and tells the first one.
    pub fn free(&self, handles: &[Handle], zap: bool) -> Result<()> {
        let chunk = self.info.max_bulk.max(1) as usize;
        let results: Vec<Result<()>> = handles
            .chunks(chunk)
            .map(|part| self.free_chunk(part, zap))
            .collect();
        results.into_iter().collect()
    }

    fn free_chunk(&self, handles: &[Handle], zap: bool) -> Result<()> {
        let mut blocks: Vec<rb_block> = handles.iter().map(|handle| (*handle).into()).collect();
        let mut raw = rb_bulk {
            flags: if zap { RB_FREE_ZAP } else { 0 },
            ..Default::default()
        };
        let result = self.driver.free_bulk(&mut raw, &mut blocks);
        let failed = blocks.iter().find(|block| block.result != 0);
        match (result, failed) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(block)) => Err(free_error(block, raw.nr_done, handles.len())),
            (Err(errno), None) => Err(Error::refused("free")(errno)),
        }
    }

    /// Frees every block of this open file. With `zap`, mapped ones too.
    pub fn free_all(&self, zap: bool) -> Result<()> {
        let flags = RB_RESET_FD | if zap { RB_RESET_ZAP } else { 0 };
        let raw = rb_reset {
            flags,
            ..Default::default()
        };
        self.driver.reset(&raw).map_err(Error::refused("free all"))
    }

    /// Maps a block. It cannot be freed (without `zap`) while it is mapped.
    pub fn map(&self, block: &Block, writable: bool) -> Result<Mapping> {
        let bytes = block.pages() << self.info.page_shift;
        let what = format!("mmap {}", block.handle());
        usize::try_from(bytes)
            .map_err(|_| Errno::NOMEM)
            .and_then(|len| self.driver.map(block.mmap_offset, len, writable))
            .map_err(Error::refused(what))
    }

    /// One zone, or nothing if the region has no such zone.
    pub fn zone(&self, nid: i32, zone: ZoneKind) -> Result<Option<ZoneStat>> {
        let mut raw = rb_zone_stat {
            nid,
            zone: zone as u32,
            ..Default::default()
        };
        match self.driver.zone_stat(&mut raw) {
            Ok(()) => Ok(Some(ZoneStat::new(
                &raw,
                self.info.nr_migratetypes,
                self.info.nr_orders,
            ))),
            Err(Errno::NODEV) => Ok(None),
            Err(errno) => Err(Error::refused(format!("zone {zone} of node {nid}"))(errno)),
        }
    }

    /// All populated zones, by node and zone.
    pub fn zones(&self) -> Result<Vec<ZoneStat>> {
        let mut found = Vec::new();
        for nid in 0..MAX_NID {
            for zone in ZoneKind::ALL {
                found.extend(self.zone(nid, zone)?);
            }
            if found.len() >= self.info.nr_zones as usize {
                break;
            }
        }
        Ok(found)
    }

    /// All pageblocks, in the order of the region.
    pub fn pageblocks(&self) -> Result<Vec<Pageblock>> {
        let total = self
            .info
            .region_pages
            .div_ceil(1 << self.info.pageblock_order);
        let mut found: Vec<Pageblock> = Vec::new();
        while (found.len() as u64) < total {
            let part = self.fetch(found.len() as u64, total)?;
            if part.is_empty() {
                let text = format!(
                    "the block map ends at {} of {total} pageblocks",
                    found.len()
                );
                return Err(Error::Inconsistent(text));
            }
            found.extend(part);
        }
        Ok(found)
    }

    fn fetch(&self, start: u64, total: u64) -> Result<Vec<Pageblock>> {
        let nr = (total - start).min(self.info.max_fetch.into());
        let mut out = vec![rb_pageblock::default(); usize::try_from(nr).unwrap_or(0)];
        let mut raw = rb_blockmap {
            start,
            ..Default::default()
        };
        self.driver
            .blockmap(&mut raw, &mut out)
            .map_err(Error::refused("block map"))?;
        let done = out.iter().take(raw.nr_done as usize);
        Ok(done.map(Pageblock::from).collect())
    }

    /// Has the module recount everything. Errors that it finds are in the verdict.
    pub fn verify(&self) -> Result<Verdict> {
        let mut raw = rb_verify::default();
        match self.driver.verify(&mut raw) {
            Ok(()) | Err(Errno::UCLEAN) => Ok(Verdict {
                checked: raw.checked,
                errors: raw.errors,
                first_page: raw.first_idx,
                code: raw.code,
            }),
            Err(errno) => Err(Error::refused("verify")(errno)),
        }
    }
}

fn query(driver: &dyn Driver, flags: u32) -> Result<Info> {
    let mut raw = rb_query {
        flags,
        ..Default::default()
    };
    match driver.query(&mut raw) {
        Ok(()) => Ok(Info::from(&raw)),
        Err(Errno::NOTTY) => Err(Error::NotOurs("the open file".into())),
        Err(errno) => Err(Error::refused("query")(errno)),
    }
}

fn free_error(block: &rb_block, done: u32, wanted: usize) -> Error {
    let errno = Errno::from_raw_os_error(-block.result);
    let what = format!("free {} (freed {done} of {wanted})", Handle::from(block));
    Error::refused(what)(errno)
}
