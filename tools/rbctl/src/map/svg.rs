// SPDX-License-Identifier: GPL-2.0

//! The map as SVG: the same bytes for the same region, readable on light and dark ground, no
//! scripts, no fonts of its own.

#![deny(unsafe_code)]

use std::fmt::Write;

use rust_buddy::{
    Migratetype,
    Pageblock, //
};

use super::{
    Picture,
    Strip, //
};

const MARGIN: u32 = 24;
const LABEL: u32 = 128;
const HEAD: u32 = 84;
const LEGEND: u32 = 92;
/// Between zones.
const SPACE: u32 = 16;

const STYLE: &str = "\
.bg{fill:#ffffff}.fg{fill:#1f2328}.dim{fill:#59636e}.frame{fill:none;stroke:#d1d9e0}
text{font-family:system-ui,'DejaVu Sans',sans-serif;font-size:13px}.t{font-size:20px;font-weight:600}
.c{font-size:11px;font-weight:600;text-anchor:middle;stroke:#ffffff;stroke-width:3px;paint-order:stroke}.n{font-weight:600}
@media (prefers-color-scheme:dark){.bg{fill:#0d1117}.fg{fill:#f0f6fc}.dim{fill:#9198a1}.frame{stroke:#3d444d}.c{stroke:#0d1117}}
";

/// Cells of a row and pixels of a cell, so that large regions stay one picture.
#[derive(Clone, Copy)]
struct Grid {
    columns: u32,
    cell: u32,
}

impl Grid {
    fn for_blocks(nr: usize) -> Self {
        match nr {
            0..=256 => Self {
                columns: 16,
                cell: 44,
            },
            257..=1024 => Self {
                columns: 32,
                cell: 22,
            },
            _ => Self {
                columns: 64,
                cell: 11,
            },
        }
    }

    fn rows(self, strip: &Strip<'_>) -> u32 {
        u32::try_from(strip.blocks.len())
            .unwrap_or(u32::MAX)
            .div_ceil(self.columns)
    }

    fn width(self) -> u32 {
        MARGIN * 2 + LABEL + self.columns * self.cell
    }

    fn height(self, picture: &Picture<'_>) -> u32 {
        let strips = picture.strips.iter();
        let strips: u32 = strips
            .map(|strip| self.rows(strip) * self.cell + SPACE)
            .sum();
        HEAD + strips + LEGEND
    }
}

/// The whole picture; without a title of the caller's the second line is the summary alone.
pub(crate) fn draw(picture: &Picture<'_>, title: Option<&str>) -> String {
    let grid = Grid::for_blocks(picture.strips.iter().map(|strip| strip.blocks.len()).sum());
    let (width, height) = (grid.width(), grid.height(picture));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"bg\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    svg += &head(picture, title);
    let mut y = HEAD;
    for strip in &picture.strips {
        svg += &draw_strip(strip, grid, y, picture.block_pages);
        y += grid.rows(strip) * grid.cell + SPACE;
    }
    svg += &legend(picture, y);
    svg + "</svg>\n"
}

fn head(picture: &Picture<'_>, title: Option<&str>) -> String {
    let summary = picture.summary();
    let second = match title {
        Some(title) => format!("{}; {summary}", escape(title)),
        None => summary,
    };
    format!(
        "<title>rust_buddy: {second}</title>\n\
         <text class=\"fg t\" x=\"{MARGIN}\" y=\"40\">rust_buddy</text>\n\
         <text class=\"dim\" x=\"{MARGIN}\" y=\"62\">{second}</text>\n"
    )
}

fn draw_strip(strip: &Strip<'_>, grid: Grid, top: u32, block_pages: u64) -> String {
    let mut svg = label(strip, top, block_pages);
    let mut page = strip.start_page;
    for (block, index) in strip.blocks.iter().zip(0u32..) {
        let x = MARGIN + LABEL + index % grid.columns * grid.cell;
        let y = top + index / grid.columns * grid.cell;
        svg += &draw_cell(block, page, (x, y), grid.cell);
        page += block_pages;
    }
    svg
}

fn label(strip: &Strip<'_>, top: u32, block_pages: u64) -> String {
    let first = strip.start_page;
    let last = first + (strip.blocks.len() as u64 * block_pages).saturating_sub(1);
    let (name, pages) = (top + 16, top + 32);
    format!(
        "<text class=\"fg n\" x=\"{MARGIN}\" y=\"{name}\">{}</text>\n\
         <text class=\"dim\" x=\"{MARGIN}\" y=\"{pages}\">{first}\u{2013}{last}</text>\n",
        strip.zone
    )
}

/// A pale square that is filled from below as far as the pageblock is in use.
fn draw_cell(block: &Pageblock, page: u64, (x, y): (u32, u32), cell: u32) -> String {
    let size = cell - cell.div_ceil(16);
    let full = fill_height(block, size);
    let colour = colour(block.migratetype);
    let mut svg = format!(
        "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\" fill=\"{colour}\" \
         fill-opacity=\".22\"/>",
        tooltip(block, page)
    );
    if full > 0 {
        let top = y + size - full;
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{size}\" height=\"{full}\" fill=\"{colour}\"/>"
        );
    }
    let _ = write!(
        svg,
        "<rect class=\"frame\" x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\"/>"
    );
    // In smaller cells it would hide the fill.
    if cell >= 32 {
        svg += &letter(block, x + size / 2, y + size / 2 + 4);
    }
    svg + "</g>\n"
}

/// With a rim in the colour of the ground: the letter may lie half on the fill.
fn letter(block: &Pageblock, x: u32, y: u32) -> String {
    let letter = block.migratetype.letter();
    format!("<text class=\"c fg\" x=\"{x}\" y=\"{y}\">{letter}</text>")
}

/// Pixels of `size` in use: none only if no page is used, all only if no page is free.
fn fill_height(block: &Pageblock, size: u32) -> u32 {
    match (block.used(), block.pages) {
        (0, _) => 0,
        (used, all) if used >= all => size,
        (used, all) => (used * size / all).clamp(1, size.saturating_sub(1)),
    }
}

fn tooltip(block: &Pageblock, page: u64) -> String {
    let last = page + u64::from(block.pages).saturating_sub(1);
    let largest = match block.largest_free_order {
        Some(order) => format!("largest free order {order}"),
        None => "nothing free".to_owned(),
    };
    format!(
        "pages {page}\u{2013}{last}, zone {}, {}: {} of {} pages in use, {largest}",
        block.zone,
        block.migratetype,
        block.used(),
        block.pages
    )
}

fn legend(picture: &Picture<'_>, top: u32) -> String {
    let y = top + 22;
    let text = y + 12;
    let mut svg = String::new();
    for (kind, index) in picture.migratetypes().into_iter().zip(0u32..) {
        let x = MARGIN + index * 120;
        let (colour, name) = (colour(kind), x + 22);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"14\" height=\"14\" fill=\"{colour}\"/>\
             <text class=\"fg\" x=\"{name}\" y=\"{text}\">{kind}</text>"
        );
    }
    let below = text + 26;
    let cells = format!(
        "Each cell is a pageblock of {} pages, filled as far as it is in use;",
        picture.block_pages
    );
    svg + &format!("<text class=\"dim\" x=\"{MARGIN}\" y=\"{below}\">{cells} numbers are pages of the region.</text>\n")
}

/// Colours that stay apart for most eyes and on both grounds.
fn colour(kind: Migratetype) -> &'static str {
    match kind {
        Migratetype::Unmovable => "#e5604d",
        Migratetype::Movable => "#2da77c",
        Migratetype::Reclaimable => "#e2a32b",
        Migratetype::HighAtomic => "#b57edc",
        Migratetype::Cma => "#4c9be8",
        Migratetype::Isolate | Migratetype::Other => "#8b949e",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        map::example,
        testing::golden, //
    };

    #[test]
    fn the_picture_is_always_the_same() {
        let (info, blocks) = example();
        let svg = draw(&Picture::new(&info, &blocks), Some("an <example>"));
        golden("map.svg", &svg);
        assert!(svg.contains("an &lt;example&gt;"));
    }

    #[test]
    fn large_regions_get_smaller_cells() {
        assert_eq!(Grid::for_blocks(32).cell, 44);
        assert_eq!(Grid::for_blocks(1024).cell, 22);
        assert_eq!(Grid::for_blocks(2048).width(), MARGIN * 2 + LABEL + 704);
    }

    #[test]
    fn one_page_is_visible_and_one_free_page_too() {
        let (_, blocks) = example();
        let mut block = blocks[0];
        block.free = 511;
        assert_eq!(fill_height(&block, 40), 1);
        block.free = 1;
        assert_eq!(fill_height(&block, 40), 39);
    }
}
