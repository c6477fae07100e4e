// SPDX-License-Identifier: GPL-2.0

//! What has happened, and how often in a second.

#![deny(unsafe_code)]

use ratatui::{
    layout::Rect,
    text::Line,
    widgets::Paragraph,
    Frame, //
};

use super::View;

/// Beginnings of names that are no events: what there is now, and where pages came from.
const OTHERS: [&str; 3] = ["nr_", "numa_", "rb_pcp_pages"];

struct Event<'a> {
    name: &'a str,
    total: u64,
    rate: u64,
}

/// With room for all of them.
pub(super) fn height(view: &View<'_>) -> u16 {
    u16::try_from(events(view).len())
        .unwrap_or(u16::MAX)
        .saturating_add(3)
}

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let block = view.title("Events");
    let inner = block.inner(area);
    let lines = lines(view, inner.width.into(), inner.height.into());
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// Those that happen now go before those that have happened; otherwise the module's order stays.
fn lines(view: &View<'_>, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut events: Vec<(usize, Event<'_>)> = events(view).into_iter().enumerate().collect();
    events.sort_by_key(|(place, event)| (event.rate == 0, *place));
    events.truncate(height.saturating_sub(1));
    events.sort_by_key(|(place, _)| *place);
    let name = width.saturating_sub(20).max(8);
    let mut lines = vec![Line::from(format!(
        "{:<name$}{:>10}{:>10}",
        "", "so far", "a second"
    ))];
    lines.extend(events.iter().map(|(_, event)| {
        let Event {
            name: word,
            total,
            rate,
        } = event;
        let word: String = word.chars().take(name).collect();
        Line::from(format!("{word:<name$}{total:>10}{rate:>10}"))
    }));
    lines
}

fn events<'a>(view: &View<'a>) -> Vec<Event<'a>> {
    let counters = view.now.counters.iter();
    counters
        .filter(|(name, total)| *total > 0 && !OTHERS.iter().any(|other| name.starts_with(other)))
        .map(|(name, total)| Event {
            name,
            total,
            rate: view.rate(|sample| sample.counters.get(name)).unwrap_or(0),
        })
        .collect()
}
