// SPDX-License-Identifier: GPL-2.0

//! Safe access to `/dev/rust_buddy`: a private region of memory behind a page allocator.
//!
//! [`Region`] is what programs use. It speaks to a [`Driver`]: the device ([`CharDevice`]), or,
//! with the feature `fake`, a region in ordinary memory.
//!
//! ```no_run
//! use rust_buddy::{CharDevice, Gfp, Region, Request};
//!
//! let region = Region::new(CharDevice::open("/dev/rust_buddy")?)?;
//! let block = region.alloc(&Request::new(Gfp::USER, 3))?;
//! let memory = region.map(&block, true)?;
//! memory.words()[0].store(42, std::sync::atomic::Ordering::Relaxed);
//! drop(memory);
//! region.free(&[block.handle()], false)?;
//! # Ok::<(), rust_buddy::Error>(())
//! ```

#![deny(unsafe_code)]

mod advise;
mod compact;
mod driver;
mod error;
mod event;
#[cfg(feature = "fake")]
pub mod fake;
mod gfp;
mod handle;
mod info;
mod node;
mod oracle;
mod pageblock;
mod reclaim;
mod region;
mod stock;
#[allow(unsafe_code)]
mod sys;
mod tune;
mod vmstat;
mod zone;

pub use rust_buddy_sys as uapi;

pub use advise::{
    Advice,
    Advised,
    UnknownAdvice, //
};
pub use compact::{
    Compact,
    CompactMode,
    CompactResult,
    Compacted, //
};
pub use driver::Driver;
pub use error::{
    Error,
    Result, //
};
pub use event::{
    Fired,
    Pressure,
    Subscription, //
};
pub use gfp::{
    Gfp,
    UnknownGfp, //
};
pub use handle::{
    Block,
    Handle,
    ParseHandleError,
    Path,
    Request, //
};
pub use info::Info;
pub use node::{
    NodeStat,
    ThreadState,
    ZoneCompaction, //
};
pub use oracle::{
    CloneInfo,
    Coverage,
    Divergence,
    Entry,
    Op,
    Replayed,
    Stop, //
};
pub use pageblock::{
    Migratetype,
    Pageblock, //
};
pub use reclaim::{
    Reclaim,
    Reclaimed, //
};
pub use region::{
    Region,
    Verdict, //
};
pub use stock::{
    Drain,
    PcpStat, //
};
pub use sys::{
    CharDevice,
    Mapping, //
};
pub use tune::{
    Tunable,
    Tuning,
    UnknownTunable, //
};
pub use zone::{
    blocks_to_pages,
    Events,
    ZoneKind,
    ZoneStat, //
};
