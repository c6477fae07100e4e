// SPDX-License-Identifier: GPL-2.0

//! The kernel's own /proc/buddyinfo and /proc/zoneinfo.

#![deny(unsafe_code)]

/// One row of buddyinfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) nid: i32,
    pub(crate) zone: String,
    /// Free blocks by order.
    pub(crate) blocks: Vec<u64>,
}

/// The rows of a buddyinfo file; other lines are left out.
pub(crate) fn buddyinfo(text: &str) -> Vec<Row> {
    text.lines().filter_map(row).collect()
}

/// `Node 1, zone    DMA32      1      2 ...`
fn row(line: &str) -> Option<Row> {
    let (nid, rest) = node(line)?;
    let mut words = rest.split_whitespace();
    Some(Row {
        nid,
        zone: words.next()?.to_owned(),
        blocks: words.map(str::parse).collect::<Result<_, _>>().ok()?,
    })
}

/// Splits `Node N, zone REST`.
pub(crate) fn node(line: &str) -> Option<(i32, &str)> {
    let (nid, rest) = line.strip_prefix("Node ")?.split_once(", zone")?;
    Some((nid.trim().parse().ok()?, rest))
}

/// Free pages of a zone as zoneinfo has them.
pub(crate) fn zone_free(zoneinfo: &str, nid: i32, zone: &str) -> Option<u64> {
    let mut lines = zoneinfo
        .lines()
        .skip_while(|line| node(line).is_none_or(|(n, name)| n != nid || name.trim() != zone));
    lines
        .by_ref()
        .find_map(|line| line.trim_start().strip_prefix("pages free"))
        .and_then(|number| number.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONEINFO: &str = "Node 0, zone      DMA\n  per-node stats\n  pages free     12\n        \
                            boost    0\nNode 1, zone    DMA32\n  pages free     345\n";

    #[test]
    fn rows_are_read() {
        let rows = buddyinfo("Node 1, zone    DMA32      3      0      7 \nnonsense\n");
        let expected = Row {
            nid: 1,
            zone: "DMA32".into(),
            blocks: vec![3, 0, 7],
        };
        assert_eq!(rows, [expected]);
    }

    #[test]
    fn free_pages_are_found_by_zone() {
        assert_eq!(zone_free(ZONEINFO, 0, "DMA"), Some(12));
        assert_eq!(zone_free(ZONEINFO, 1, "DMA32"), Some(345));
        assert_eq!(zone_free(ZONEINFO, 1, "DMA"), None);
    }
}
