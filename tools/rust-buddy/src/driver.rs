// SPDX-License-Identifier: GPL-2.0

//! The interface as the module has it: one method for each command, structures unchanged.

#![deny(unsafe_code)]

use rust_buddy_sys::{
    rb_advise,
    rb_alloc,
    rb_block,
    rb_blockmap,
    rb_bulk,
    rb_clone_zone,
    rb_compact,
    rb_drain,
    rb_event_clear,
    rb_event_set,
    rb_event_wait,
    rb_free,
    rb_node_stat,
    rb_pageblock,
    rb_pcp_stat,
    rb_query,
    rb_reclaim,
    rb_replay,
    rb_replay_entry,
    rb_reset,
    rb_tune,
    rb_verify,
    rb_vmstat,
    rb_zone_stat, //
};
use rustix::io::Result;

use crate::Mapping;

/// Something that answers like `/dev/rust_buddy`.
///
/// Structures are written as the header says, on errors too. Where a structure has a pointer and a
/// count, the implementation sets both from the slice.
pub trait Driver {
    /// `RB_QUERY`.
    fn query(&self, arg: &mut rb_query) -> Result<()>;
    /// `RB_ALLOC`.
    fn alloc(&self, arg: &mut rb_alloc) -> Result<()>;
    /// `RB_FREE`.
    fn free(&self, arg: &rb_free) -> Result<()>;
    /// `RB_ALLOC_BULK` into `blocks`.
    fn alloc_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()>;
    /// `RB_FREE_BULK` of `blocks`.
    fn free_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()>;
    /// `RB_ZONE_STAT`.
    fn zone_stat(&self, arg: &mut rb_zone_stat) -> Result<()>;
    /// `RB_PCP_STAT`.
    fn pcp_stat(&self, arg: &mut rb_pcp_stat) -> Result<()>;
    /// `RB_VMSTAT` into `out`.
    fn vmstat(&self, arg: &mut rb_vmstat, out: &mut [u64]) -> Result<()>;
    /// `RB_NODE_STAT`.
    fn node_stat(&self, arg: &mut rb_node_stat) -> Result<()>;
    /// `RB_TUNE_GET`.
    fn tune_get(&self, arg: &mut rb_tune) -> Result<()>;
    /// `RB_TUNE_SET`.
    fn tune_set(&self, arg: &mut rb_tune) -> Result<()>;
    /// `RB_ADVISE`.
    fn advise(&self, arg: &mut rb_advise) -> Result<()>;
    /// `RB_COMPACT`.
    fn compact(&self, arg: &mut rb_compact) -> Result<()>;
    /// `RB_RECLAIM`.
    fn reclaim(&self, arg: &mut rb_reclaim) -> Result<()>;
    /// `RB_EVENT_SET`.
    fn event_set(&self, arg: &rb_event_set) -> Result<()>;
    /// `RB_EVENT_CLEAR`.
    fn event_clear(&self, arg: &rb_event_clear) -> Result<()>;
    /// `RB_EVENT_WAIT`.
    fn event_wait(&self, arg: &mut rb_event_wait) -> Result<()>;
    /// `RB_DRAIN`.
    fn drain(&self, arg: &rb_drain) -> Result<()>;
    /// `RB_BLOCKMAP` into `out`.
    fn blockmap(&self, arg: &mut rb_blockmap, out: &mut [rb_pageblock]) -> Result<()>;
    /// `RB_CLONE_ZONE`.
    fn clone_zone(&self, arg: &mut rb_clone_zone) -> Result<()>;
    /// `RB_REPLAY` of `entries`: pages of the results into `results`, words into `text`.
    fn replay(
        &self,
        arg: &mut rb_replay,
        entries: &mut [rb_replay_entry],
        results: &mut [u32],
        text: &mut [u8],
    ) -> Result<()>;
    /// `RB_VERIFY`.
    fn verify(&self, arg: &mut rb_verify) -> Result<()>;
    /// `RB_RESET`.
    fn reset(&self, arg: &rb_reset) -> Result<()>;
    /// Maps `len` bytes at `offset` of the device.
    fn map(&self, offset: u64, len: usize, writable: bool) -> Result<Mapping>;
}
