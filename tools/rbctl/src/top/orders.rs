// SPDX-License-Identifier: GPL-2.0

//! Free blocks by zone, migratetype and order.

#![deny(unsafe_code)]

use ratatui::{
    layout::{
        Constraint,
        Rect, //
    },
    text::Line,
    widgets::{
        Row,
        Table, //
    },
    Frame, //
};
use rust_buddy::{
    blocks_to_pages,
    Migratetype,
    ZoneStat, //
};

use super::View;

/// A zone's row of one type.
struct Kind<'a> {
    zone: &'a ZoneStat,
    kind: Migratetype,
    blocks: &'a [u64],
}

/// Those that have a free block.
fn kinds<'a>(view: &View<'a>) -> Vec<Kind<'a>> {
    let zones = view.now.zones.iter();
    zones
        .flat_map(|zone| {
            let kinds = (0u32..).map(Migratetype::from);
            kinds
                .zip(&zone.nr_free)
                .map(move |(kind, blocks)| Kind { zone, kind, blocks })
        })
        .filter(|row| row.blocks.iter().any(|nr| *nr > 0))
        .collect()
}

pub(super) fn height(view: &View<'_>) -> u16 {
    u16::try_from(kinds(view).len())
        .unwrap_or(u16::MAX)
        .saturating_add(3)
}

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let kinds = kinds(view);
    let nr_orders = view.now.info.nr_orders;
    let orders = (0..nr_orders).map(|order| order.to_string());
    let numbers = orders.chain(["pages".to_owned()]);
    let numbers = numbers.map(|name| Line::from(name).right_aligned());
    let header = [Line::from("node zone"), Line::from("type")]
        .into_iter()
        .chain(numbers);
    // The same width for all orders, as much as there is: columns that jump cannot be read.
    let left = area.width.saturating_sub(2 + 13 + 12 + 8);
    let each = (left / u16::try_from(nr_orders.max(1)).unwrap_or(1)).clamp(4, 8);
    let widths = [12, 11].into_iter();
    let widths = widths
        .chain((0..nr_orders).map(|_| each.saturating_sub(1)))
        .chain([7]);
    let rows = kinds.iter().map(row);
    let table = Table::new(rows, widths.map(Constraint::Length))
        .header(Row::new(header))
        .block(view.title("Free blocks by order"));
    frame.render_widget(table, area);
}

fn row(row: &Kind<'_>) -> Row<'static> {
    let numbers = row.blocks.iter().copied();
    let numbers = numbers.chain([blocks_to_pages(row.blocks)]);
    let numbers = numbers.map(|nr| Line::from(nr.to_string()).right_aligned());
    let name = format!("{:>4} {}", row.zone.nid, row.zone.name);
    let cells = [Line::from(name), Line::from(row.kind.to_string())];
    Row::new(cells.into_iter().chain(numbers))
}
