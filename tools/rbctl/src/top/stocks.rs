// SPDX-License-Identifier: GPL-2.0

//! What CPUs have in stock, the fullest first.

#![deny(unsafe_code)]

use std::collections::BTreeMap;

use ratatui::{
    layout::Rect,
    text::Line,
    widgets::Paragraph,
    Frame, //
};

use super::View;

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let block = view.title("In stock");
    let room = usize::from(block.inner(area).height);
    frame.render_widget(Paragraph::new(lines(view, room)).block(block), area);
}

/// As many as there is room for, and how many there are beyond.
fn lines(view: &View<'_>, room: usize) -> Vec<Line<'static>> {
    let cpus = cpus(view);
    let shown = match cpus.len() < room {
        true => cpus.len(),
        false => room.saturating_sub(2),
    };
    let mut lines = vec![Line::from(format!("{:<7}{:>9}", "CPU", "pages"))];
    let rows = cpus.iter().take(shown);
    lines.extend(rows.map(|(cpu, pages)| Line::from(format!("{cpu:<7}{pages:>9}"))));
    if shown < cpus.len() {
        lines.push(Line::from(format!("and {} more", cpus.len() - shown)));
    }
    lines
}

/// Pages of all zones, of CPUs that are online.
fn cpus(view: &View<'_>) -> Vec<(u32, u64)> {
    let mut sums = BTreeMap::new();
    for stock in view.now.stocks.iter().filter(|stock| stock.online) {
        *sums.entry(stock.cpu).or_insert(0) += stock.count;
    }
    let mut cpus: Vec<(u32, u64)> = sums.into_iter().collect();
    cpus.sort_by_key(|(cpu, pages)| (std::cmp::Reverse(*pages), *cpu));
    cpus
}
