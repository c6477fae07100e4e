// SPDX-License-Identifier: GPL-2.0

//! What there is: the answer to `RB_QUERY`.

#![deny(unsafe_code)]

use rust_buddy_sys::{
    rb_query,
    RB_FEATURE_COMPACTION,
    RB_FEATURE_EVENTS,
    RB_FEATURE_MMAP,
    RB_FEATURE_MMAP_PMD,
    RB_FEATURE_ORACLE,
    RB_FEATURE_PCP,
    RB_FEATURE_RECLAIM, //
};
use serde::Serialize;

/// Names of the feature bits.
const FEATURES: [(u32, &str); 7] = [
    (RB_FEATURE_MMAP, "mmap"),
    (RB_FEATURE_MMAP_PMD, "mmap-2M"),
    (RB_FEATURE_PCP, "pcp"),
    (RB_FEATURE_ORACLE, "oracle"),
    (RB_FEATURE_RECLAIM, "reclaim"),
    (RB_FEATURE_COMPACTION, "compaction"),
    (RB_FEATURE_EVENTS, "events"),
];

/// The module's description of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Major version of the interface.
    pub uapi_major: u32,
    /// Minor version of the interface.
    pub uapi_minor: u32,
    /// Names of what it can do.
    pub features: Vec<String>,
    /// log2 of a page's bytes.
    pub page_shift: u32,
    /// Orders run from 0 to one less.
    pub nr_orders: u32,
    /// log2 of a pageblock's pages.
    pub pageblock_order: u32,
    /// Migratetypes run from 0 to one less.
    pub nr_migratetypes: u32,
    /// Nodes of the region.
    pub nr_nodes: u32,
    /// Populated zones.
    pub nr_zones: u32,
    /// CPUs.
    pub nr_cpus: u32,
    /// Lists of each CPU, 0 without per-CPU lists.
    pub nr_pcp_lists: u32,
    /// Pages of the region.
    pub region_pages: u64,
    /// Pages that the allocator manages.
    pub managed_pages: u64,
    /// Free pages.
    pub free_pages: u64,
    /// Pages of this open file.
    pub used_by_me: u64,
    /// Pages that this open file may have, 0 without limit.
    pub quota_pages: u64,
    /// Changes whenever a tunable does.
    pub epoch: u64,
    /// Kernel version, as `7.3.4`.
    pub kernel: String,
    /// Blocks of one bulk call.
    pub max_bulk: u32,
    /// Entries of one map call.
    pub max_fetch: u32,
    /// log2 of the bytes of one mmap window.
    pub window_shift: u32,
    /// The region's first page frame, where the caller may know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_pfn: Option<u64>,
}

impl Info {
    /// Bytes of a page.
    pub fn page_size(&self) -> u64 {
        1 << self.page_shift
    }
}

impl From<&rb_query> for Info {
    fn from(raw: &rb_query) -> Self {
        Self {
            uapi_major: raw.uapi_major,
            uapi_minor: raw.uapi_minor,
            features: feature_names(raw.features),
            page_shift: raw.page_shift,
            nr_orders: raw.nr_orders,
            pageblock_order: raw.pageblock_order,
            nr_migratetypes: raw.nr_migratetypes,
            nr_nodes: raw.nr_nodes,
            nr_zones: raw.nr_zones,
            nr_cpus: raw.nr_cpus,
            nr_pcp_lists: raw.nr_pcp_lists,
            region_pages: raw.region_pages,
            managed_pages: raw.managed_pages,
            free_pages: raw.free_pages,
            used_by_me: raw.used_by_me,
            quota_pages: raw.quota_pages,
            epoch: raw.epoch,
            kernel: version(raw.host_version),
            max_bulk: raw.max_bulk,
            max_fetch: raw.max_fetch,
            window_shift: raw.window_shift,
            base_pfn: (raw.base_pfn != 0).then_some(raw.base_pfn),
        }
    }
}

/// The bits by name, unknown ones by number.
fn feature_names(bits: u64) -> Vec<String> {
    let name = |bit: u32| {
        FEATURES
            .iter()
            .find(|(value, _)| u64::from(*value) == 1 << bit)
            .map_or_else(|| format!("bit{bit}"), |(_, name)| (*name).to_owned())
    };
    (0..64)
        .filter(|bit| (bits >> bit) & 1 == 1)
        .map(name)
        .collect()
}

/// `LINUX_VERSION_CODE` in words.
fn version(code: u32) -> String {
    format!("{}.{}.{}", code >> 16, (code >> 8) & 0xff, code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_version_is_taken_apart() {
        assert_eq!(version(0x07_03_04), "7.3.4");
    }

    #[test]
    fn unknown_features_are_kept_by_number() {
        assert_eq!(
            feature_names(0b1001_0101),
            ["mmap", "pcp", "reclaim", "bit7"]
        );
    }
}
