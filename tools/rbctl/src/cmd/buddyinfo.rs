// SPDX-License-Identifier: GPL-2.0

//! `rbctl buddyinfo`

#![deny(unsafe_code)]

use clap::Args;
use rust_buddy::{
    blocks_to_pages,
    Region,
    ZoneKind,
    ZoneStat, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    procfs,
    table::Table,
};

const AFTER_HELP: &str = "\
With --compare the kernel's rows of the same node stand among ours, with the pages that the blocks of
all orders add up to, and the number of free pages that each side counts itself. For our own zones
the two are read at one instant, and a difference is a failure (exit 1). The kernel's are read one
after the other, so on a busy node they may differ for a moment.

Examples:
  rbctl buddyinfo
  rbctl buddyinfo --compare";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BuddyinfoArgs {
    /// The kernel's rows of the same node beside ours
    #[arg(long)]
    compare: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Owner {
    RustBuddy,
    Kernel,
}

#[derive(Debug, Serialize)]
struct Row {
    owner: Owner,
    nid: i32,
    zone: String,
    /// Free blocks by order.
    blocks: Vec<u64>,
    /// Sum of blocks x 2^order.
    pages: u64,
    /// Free pages as the owner counts them.
    free: Option<u64>,
}

#[derive(Serialize)]
struct Report {
    rows: Vec<Row>,
}

impl Row {
    fn adds_up(&self) -> bool {
        self.free == Some(self.pages)
    }
}

pub(crate) fn run(args: &BuddyinfoArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let zones = region.zones()?;
    let mut rows: Vec<Row> = zones.iter().map(ours).collect();
    if args.compare {
        rows.extend(kernel_rows(&zones, context));
        rows.sort_by_key(place);
    }
    let report = Report { rows };
    match (context.json, args.compare) {
        (true, _) => context.json("buddyinfo", &report)?,
        (false, true) => context.text(&compared(&report.rows))?,
        (false, false) => context.text(&plain(&report.rows))?,
    }
    judge(&report.rows)
}

fn ours(zone: &ZoneStat) -> Row {
    let blocks = zone.free_by_order();
    Row {
        owner: Owner::RustBuddy,
        nid: zone.nid,
        zone: zone.name.clone(),
        pages: blocks_to_pages(&blocks),
        blocks,
        free: Some(zone.free),
    }
}

/// Rows of the same node and zone stand together, ours first.
fn place(row: &Row) -> (i32, usize, bool) {
    let zones = ZoneKind::ALL.iter();
    let before = zones.take_while(|zone| zone.name() != row.zone).count();
    (row.nid, before, row.owner == Owner::Kernel)
}

/// The kernel's rows of the nodes that the region is on.
fn kernel_rows(zones: &[ZoneStat], context: &Context<'_>) -> Vec<Row> {
    let buddyinfo = context.system_file("proc/buddyinfo");
    let zoneinfo = context.system_file("proc/zoneinfo");
    procfs::buddyinfo(&buddyinfo)
        .into_iter()
        .filter(|row| zones.iter().any(|zone| zone.nid == row.nid))
        .map(|row| Row {
            owner: Owner::Kernel,
            nid: row.nid,
            free: procfs::zone_free(&zoneinfo, row.nid, &row.zone),
            zone: row.zone,
            pages: blocks_to_pages(&row.blocks),
            blocks: row.blocks,
        })
        .collect()
}

/// The kernel's bytes.
fn plain(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        text += &format!("Node {}, zone {:>8} ", row.nid, row.zone);
        for nr in &row.blocks {
            text += &format!("{nr:>6} ");
        }
        text += "\n";
    }
    text
}

fn compared(rows: &[Row]) -> String {
    let nr_orders = rows.iter().map(|row| row.blocks.len()).max().unwrap_or(0);
    let orders: Vec<String> = (0..nr_orders).map(|order| order.to_string()).collect();
    let mut header = vec!["node", "owner", "zone"];
    header.extend(orders.iter().map(String::as_str));
    header.extend(["= pages", "free"]);
    let mut table = Table::new(3, &header);
    for row in rows {
        table.push(cells(row));
    }
    table.render() + &sums(rows)
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![
        row.nid.to_string(),
        name(row.owner).to_owned(),
        row.zone.clone(),
    ];
    cells.extend(row.blocks.iter().map(u64::to_string));
    cells.push(row.pages.to_string());
    cells.push(
        row.free
            .map_or_else(|| "?".to_owned(), |free| free.to_string()),
    );
    cells
}

fn name(owner: Owner) -> &'static str {
    match owner {
        Owner::RustBuddy => "rust_buddy",
        Owner::Kernel => "kernel",
    }
}

/// One line for each owner: whether blocks x 2^order is the free pages in each row.
fn sums(rows: &[Row]) -> String {
    [Owner::RustBuddy, Owner::Kernel]
        .iter()
        .map(|owner| {
            sum(
                *owner,
                rows.iter().filter(|row| row.owner == *owner).collect(),
            )
        })
        .collect()
}

fn sum(owner: Owner, rows: Vec<&Row>) -> String {
    let wrong: Vec<&str> = rows
        .iter()
        .filter(|row| !row.adds_up())
        .map(|row| row.zone.as_str())
        .collect();
    let verdict = match (rows.is_empty(), wrong.is_empty()) {
        (true, _) => "no rows of this node".to_owned(),
        (false, true) => "equals the free pages in every zone".to_owned(),
        (false, false) => format!("differs from the free pages in {}", wrong.join(", ")),
    };
    format!("{:<10}  sum of blocks x 2^order {verdict}\n", name(owner))
}

fn judge(rows: &[Row]) -> Result {
    let ours = |row: &&Row| row.owner == Owner::RustBuddy;
    match rows.iter().filter(ours).find(|row| !row.adds_up()) {
        None => Ok(()),
        Some(row) => Err(Failure::Failed(format!(
            "zone {}: the free lists hold {} pages, the counter says {}: run `rbctl verify`",
            row.zone,
            row.pages,
            row.free.unwrap_or(0)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::path::Path;

    fn system() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system")
    }

    fn args(compare: bool) -> BuddyinfoArgs {
        BuddyinfoArgs { compare }
    }

    #[test]
    fn plain_rows_are_the_kernels_bytes() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&args(false), &region, context));
        assert!(result.is_ok());
        testing::golden("buddyinfo.txt", &text);
        assert!(text.lines().all(|line| line.len() == 22 + 11 * 7));
    }

    #[test]
    fn compared_rows_stand_in_the_same_columns() {
        let region = testing::region();
        let command = |context: &mut Context<'_>| run(&args(true), &region, context);
        let (text, result) = testing::run_in(&system(), false, command);
        assert!(result.is_ok());
        testing::golden("buddyinfo-compare.txt", &text);
    }

    #[test]
    fn only_rows_of_the_regions_node_are_compared() {
        let region = testing::region();
        let command = |context: &mut Context<'_>| run(&args(true), &region, context);
        let (text, _) = testing::run_in(&system(), true, command);
        assert!(!text.contains("\"nid\":0"));
        assert!(text.contains("\"owner\":\"kernel\",\"nid\":1"));
    }

    #[test]
    fn a_wrong_sum_fails() {
        let region = testing::region_with(|fake| fake.surplus = 2);
        let (_, result) = testing::run(false, |context| run(&args(false), &region, context));
        let failure = result.unwrap_err();
        assert_eq!(failure.code(), 1);
        assert!(failure
            .to_string()
            .contains("hold 1024 pages, the counter says 1026"));
    }
}
