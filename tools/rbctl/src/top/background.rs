// SPDX-License-Identifier: GPL-2.0

//! kswapd, kcompactd, and what they have to work on.

#![deny(unsafe_code)]

use ratatui::{
    layout::Rect,
    style::Color,
    text::{
        Line,
        Span, //
    },
    widgets::Paragraph,
    Frame, //
};
use rust_buddy::{
    NodeStat,
    ThreadState,
    ZoneCompaction, //
};

use super::View;

pub(super) fn height(view: &View<'_>) -> u16 {
    u16::try_from(lines(view).len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
}

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let block = view.title("Background");
    frame.render_widget(Paragraph::new(lines(view)).block(block), area);
}

fn lines(view: &View<'_>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for node in &view.now.nodes {
        lines.push(thread(
            view,
            format!("rb_kswapd{}", node.nid),
            node.kswapd,
            node.kswapd_runs,
        ));
        lines.push(thread(
            view,
            format!("rb_kcompactd{}", node.nid),
            node.kcompactd,
            node.kcompactd_runs,
        ));
        lines.push(woken_for(node));
        lines.push(Line::from(format!(
            "isolated {}  throttled {}",
            node.isolated, node.throttled
        )));
        lines.push(Line::from("purgeable   active  inactive"));
        lines.extend(zones(view, node).map(lru));
        lines.extend(
            zones(view, node)
                .filter(|zone| zone.is_deferred())
                .map(deferred),
        );
    }
    if lines.is_empty() {
        lines.push(Line::from("this module has no threads"));
    }
    lines
}

/// Those that the node has.
fn zones<'a>(view: &View<'a>, node: &'a NodeStat) -> impl Iterator<Item = &'a ZoneCompaction> {
    let there = view.now.zones.iter().filter(|zone| zone.nid == node.nid);
    there.filter_map(|zone| node.zone(zone.zone))
}

fn thread(view: &View<'_>, name: String, state: ThreadState, runs: u64) -> Line<'static> {
    let colour = match state {
        ThreadState::Running => Color::Yellow,
        ThreadState::Hopeless => Color::Red,
        _ => Color::Reset,
    };
    let state = Span::styled(format!("{state:<9}"), view.paint(colour));
    Line::from(vec![
        Span::from(format!("{name:<14}")),
        state,
        Span::from(format!("{runs:>6}")),
    ])
}

fn woken_for(node: &NodeStat) -> Line<'static> {
    Line::from(format!(
        "for orders {} and {}{}",
        node.kswapd_order,
        node.kcompactd_order,
        match node.kswapd_failures {
            0 => String::new(),
            nr => format!(", failed {nr}x"),
        }
    ))
}

fn lru(zone: &ZoneCompaction) -> Line<'static> {
    Line::from(format!(
        "{:<9} {:>8}  {:>8}",
        zone.zone, zone.active, zone.inactive
    ))
}

fn deferred(zone: &ZoneCompaction) -> Line<'static> {
    Line::from(format!(
        "{}: deferred from order {} on",
        zone.zone, zone.order_failed
    ))
}
