// SPDX-License-Identifier: GPL-2.0

//! The region by pageblocks, with the scanners of compaction.

#![deny(unsafe_code)]

use ratatui::{
    layout::Rect,
    style::{
        Color,
        Modifier, //
    },
    text::{
        Line,
        Span, //
    },
    widgets::Paragraph,
    Frame, //
};
use rust_buddy::{
    Migratetype,
    NodeStat,
    Pageblock, //
};

use super::View;
use crate::map::{
    term,
    Picture,
    Strip, //
};

/// Columns of the zone's name, and of a cell.
const LABEL: usize = 8;
const CELL: usize = 2;

pub(super) fn height(view: &View<'_>, width: u16) -> u16 {
    let columns = columns(usize::from(width).saturating_sub(2));
    let nr = nr_lines(&picture(view), columns, 1).min(24);
    u16::try_from(nr).unwrap_or(u16::MAX).saturating_add(2)
}

pub(super) fn draw(view: &View<'_>, frame: &mut Frame<'_>, area: Rect) {
    let picture = picture(view);
    let inner = view.title("").inner(area);
    let columns = columns(inner.width.into());
    let together = together(&picture, columns, inner.height.into());
    let strips = picture.strips.iter();
    let lines: Vec<Line<'_>> = strips
        .flat_map(|strip| draw_strip(view, strip, &picture, columns, together))
        .collect();
    let each = match together {
        1 => "pageblock".to_owned(),
        nr => format!("{nr} pageblocks"),
    };
    let title = format!("Map: each cell a {each}; U M R H C I its type; > < the scanners");
    frame.render_widget(Paragraph::new(lines).block(view.title(&title)), area);
}

fn picture<'a>(view: &View<'a>) -> Picture<'a> {
    Picture::new(&view.now.info, &view.now.pageblocks)
}

fn columns(width: usize) -> usize {
    (width.saturating_sub(LABEL) / CELL).max(1)
}

fn nr_lines(picture: &Picture<'_>, columns: usize, together: usize) -> usize {
    let cells = picture
        .strips
        .iter()
        .map(|strip| strip.blocks.len().div_ceil(together));
    cells.map(|nr| nr.div_ceil(columns)).sum()
}

/// How many pageblocks are one cell, so that all fit: a power of two.
fn together(picture: &Picture<'_>, columns: usize, height: usize) -> usize {
    let sizes = (0..20).map(|shift| 1usize << shift);
    let mut fitting = sizes.filter(|size| nr_lines(picture, columns, *size) <= height);
    fitting.next().unwrap_or(1 << 20)
}

fn draw_strip(
    view: &View<'_>,
    strip: &Strip<'_>,
    picture: &Picture<'_>,
    columns: usize,
    together: usize,
) -> Vec<Line<'static>> {
    let pages = picture.block_pages * together as u64;
    let starts = (0u64..).map(|nr| strip.start_page + nr * pages);
    let cells: Vec<Span<'static>> = strip
        .blocks
        .chunks(together)
        .zip(starts)
        .map(|(blocks, start)| cell(view, blocks, start, pages))
        .collect();
    let labels = std::iter::once(strip.zone.name()).chain(std::iter::repeat(""));
    let rows = cells.chunks(columns).zip(labels);
    rows.map(|(row, label)| {
        let label = Span::from(format!("{label:<LABEL$}"));
        Line::from([&[label], row].concat())
    })
    .collect()
}

fn cell(view: &View<'_>, blocks: &[Pageblock], start: u64, pages: u64) -> Span<'static> {
    let block = merged(blocks);
    let style = view.paint(colour(block.migratetype));
    let shade = term::shade_of(&block);
    match scanner(view, &block, start, pages) {
        Some(mark) => Span::styled(
            format!("{mark}{shade}"),
            style.add_modifier(Modifier::REVERSED),
        ),
        None => Span::styled(format!("{}{shade}", block.migratetype.letter()), style),
    }
}

/// What several pageblocks are together: of the type that most of them have.
fn merged(blocks: &[Pageblock]) -> Pageblock {
    let nr = |kind: Migratetype| {
        blocks
            .iter()
            .filter(|block| block.migratetype == kind)
            .count()
    };
    let most = blocks.iter().max_by_key(|block| nr(block.migratetype));
    let mut merged = most.copied().unwrap_or(Pageblock {
        free: 0,
        pages: 0,
        migratetype: Migratetype::Other,
        zone: rust_buddy::ZoneKind::Other,
        nid: 0,
        largest_free_order: None,
    });
    merged.free = blocks.iter().map(|block| block.free).sum();
    merged.pages = blocks.iter().map(|block| block.pages).sum();
    merged
}

/// Whether a scanner is in the middle of its way, and here.
fn scanner(view: &View<'_>, block: &Pageblock, start: u64, pages: u64) -> Option<char> {
    let is_its = |node: &&NodeStat| u32::try_from(node.nid) == Ok(block.nid);
    let at = view.now.nodes.iter().find(is_its)?.zone(block.zone)?;
    let mut zones = view.now.zones.iter();
    let zone = zones.find(|zone| zone.zone == block.zone && is_its_nid(zone.nid, block))?;
    let end = zone.start + zone.spanned;
    let is_at_work = at.migrate_page > zone.start || at.free_page + pages < end;
    let here = start..start + pages;
    match is_at_work {
        true if here.contains(&at.migrate_page) => Some('>'),
        true if here.contains(&at.free_page.min(end.saturating_sub(1))) => Some('<'),
        _ => None,
    }
}

fn is_its_nid(nid: i32, block: &Pageblock) -> bool {
    u32::try_from(nid) == Ok(block.nid)
}

fn colour(kind: Migratetype) -> Color {
    match kind {
        Migratetype::Unmovable => Color::LightRed,
        Migratetype::Movable => Color::LightGreen,
        Migratetype::Reclaimable => Color::LightYellow,
        Migratetype::HighAtomic => Color::LightMagenta,
        Migratetype::Cma => Color::LightCyan,
        Migratetype::Isolate | Migratetype::Other => Color::Gray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::example;

    #[test]
    fn large_regions_are_drawn_by_several_pageblocks() {
        let (info, blocks) = example();
        let picture = Picture::new(&info, &blocks);
        assert_eq!(together(&picture, 16, 4), 1);
        assert_eq!(together(&picture, 4, 4), 4);
        assert_eq!(nr_lines(&picture, 4, 4), 4);
    }

    #[test]
    fn several_pageblocks_have_the_type_of_most() {
        let (_, blocks) = example();
        let some = [blocks[0], blocks[1], blocks[6]];
        let merged = merged(&some);
        assert_eq!(merged.migratetype, Migratetype::Movable);
        assert_eq!(merged.pages, 1536);
        assert_eq!(merged.free, 512 + 511);
    }
}
