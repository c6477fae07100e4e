// SPDX-License-Identifier: GPL-2.0

//! Zones: the free pages against the watermarks.

#![deny(unsafe_code)]

use ratatui::{
    layout::{
        Constraint,
        Rect, //
    },
    style::Color,
    text::Line,
    widgets::{
        Row,
        Table, //
    },
    Frame, //
};
use rust_buddy::ZoneStat;

use super::View;

/// Numbers: name, and columns in narrow and in wide terminals.
const COLUMNS: [(&str, u16, u16); 6] = [
    ("managed", 7, 9),
    ("free", 7, 9),
    ("pcp", 5, 7),
    ("min", 5, 6),
    ("low", 5, 6),
    ("high", 5, 6),
];

pub(super) fn height(view: &View<'_>) -> u16 {
    u16::try_from(view.now.zones.len())
        .unwrap_or(u16::MAX)
        .saturating_add(3)
}

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let is_wide = area.width >= super::WIDE;
    let widths = COLUMNS.map(|(_, narrow, wide)| if is_wide { wide } else { narrow });
    let widths = [12, 6].into_iter().chain(widths);
    let taken: u16 = widths.clone().map(|width| width + 1).sum();
    let bar = area.width.saturating_sub(taken + 2).max(8);
    let rows = view.now.zones.iter().map(|zone| row(view, zone, bar));
    let names = COLUMNS.map(|(name, ..)| Line::from(name).right_aligned());
    let header = [Line::from("node zone"), Line::from("is")]
        .into_iter()
        .chain(names);
    let header = header.chain([Line::from("m l h: watermarks")]);
    let widths = widths.chain([bar]).map(Constraint::Length);
    let table = Table::new(rows, widths)
        .header(Row::new(header))
        .block(view.title("Zones: pages"));
    frame.render_widget(table, area);
}

fn row(view: &View<'_>, zone: &ZoneStat, width: u16) -> Row<'static> {
    let (word, colour) = level(zone);
    let numbers = [
        zone.managed,
        zone.free,
        zone.pcp,
        zone.min,
        zone.low,
        zone.high,
    ];
    let numbers = numbers.map(|nr| Line::from(nr.to_string()).right_aligned());
    let name = Line::from(format!("{:>4} {}", zone.nid, zone.name));
    let cells = [name, Line::styled(word, view.paint(colour))];
    let bar = Line::styled(bar(zone, width.into()), view.paint(colour));
    Row::new(cells.into_iter().chain(numbers).chain([bar]))
}

/// Below which watermark it is.
fn level(zone: &ZoneStat) -> (&'static str, Color) {
    match zone.free {
        free if free < zone.min => ("< min", Color::Red),
        free if free < zone.low => ("< low", Color::Yellow),
        free if free < zone.high => ("< high", Color::Cyan),
        _ => ("fine", Color::Green),
    }
}

/// On a logarithmic scale: on another the watermarks would all lie in the first cell.
fn bar(zone: &ZoneStat, width: usize) -> String {
    let scale = |pages: u64| (pages as f64 + 1.0).ln();
    let all = scale(zone.managed.max(zone.high).max(1));
    let place = |pages: u64| (scale(pages) / all * width as f64).round() as usize;
    let free = place(zone.free);
    let mut cells: Vec<char> = (0..width)
        .map(|at| if at < free { '█' } else { '·' })
        .collect();
    for (mark, pages) in [('h', zone.high), ('l', zone.low), ('m', zone.min)] {
        if let Some(cell) = cells.get_mut(place(pages).min(width.saturating_sub(1))) {
            *cell = mark;
        }
    }
    cells.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn zone(free: u64) -> ZoneStat {
        let zones = testing::region().zones().expect("zones");
        let mut zone = zones.last().expect("a zone").clone();
        (zone.free, zone.min, zone.low, zone.high) = (free, 20, 100, 400);
        zone
    }

    #[test]
    fn the_level_is_told_in_words() {
        let words = [10, 20, 100, 400].map(|free| level(&zone(free)).0);
        assert_eq!(words, ["< min", "< low", "< high", "fine"]);
    }

    #[test]
    fn the_bar_ends_between_the_marks() {
        assert_eq!(bar(&zone(4096), 20), "███████m███l██h█████");
        assert_eq!(bar(&zone(200), 20), "███████m███l█·h·····");
        assert_eq!(bar(&zone(0), 20), "·······m···l··h·····");
    }
}
