// SPDX-License-Identifier: GPL-2.0

//! The map for terminals. Letters and shades say everything; colours only help the eye.

#![deny(unsafe_code)]

use anstyle::{
    AnsiColor,
    Style, //
};
use rust_buddy::{
    Migratetype,
    Pageblock, //
};

use super::{
    Picture,
    Strip, //
};

/// Columns before the first cell, and columns of a cell.
const LABEL: usize = 17;
const CELL: usize = 3;

/// Shades for: nothing used, up to 1/4, 1/2, less than all, all.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
const ASCII_SHADES: [char; 5] = ['.', '-', '+', '*', '#'];

/// How cells look.
struct Brush {
    shades: [char; 5],
    colour: bool,
}

/// The whole drawing, legend included, for a terminal so wide.
pub(crate) fn draw(picture: &Picture<'_>, width: usize, colour: bool, ascii: bool) -> String {
    let shades = if ascii { ASCII_SHADES } else { SHADES };
    let brush = Brush { shades, colour };
    let columns = columns(width);
    let strips: String = picture
        .strips
        .iter()
        .map(|strip| brush.strip(strip, columns, picture.block_pages))
        .collect();
    format!(
        "{}\n\n{strips}\n{}",
        picture.summary(),
        brush.legend(picture)
    )
}

/// The largest power of two of cells that fits, so that rows start at round numbers.
fn columns(width: usize) -> usize {
    let fit = width.saturating_sub(LABEL) / CELL;
    1 << fit.max(1).ilog2().min(6)
}

impl Brush {
    fn strip(&self, strip: &Strip<'_>, columns: usize, block_pages: u64) -> String {
        let mut page = strip.start_page;
        let mut name = strip.zone.name();
        let mut text = String::new();
        for row in strip.blocks.chunks(columns) {
            let cells: Vec<String> = row.iter().map(|block| self.cell(block)).collect();
            text += &format!("{name:<8}{page:>7}  {}\n", cells.join(" "));
            page += row.len() as u64 * block_pages;
            name = "";
        }
        text
    }

    fn cell(&self, block: &Pageblock) -> String {
        let shade = self.shades[shade(block)];
        let letter = block.migratetype.letter();
        self.paint(block.migratetype, &format!("{letter}{shade}"))
    }

    fn paint(&self, kind: Migratetype, text: &str) -> String {
        let style = if self.colour {
            style(kind)
        } else {
            Style::new()
        };
        format!("{style}{text}{style:#}")
    }

    fn legend(&self, picture: &Picture<'_>) -> String {
        let kinds: Vec<String> = picture
            .migratetypes()
            .into_iter()
            .map(|kind| format!("{} {kind}", self.paint(kind, &kind.letter().to_string())))
            .collect();
        let [none, quarter, half, most, all] = self.shades;
        let largest = match picture.largest_free_order() {
            Some(order) => format!("the largest block is of order {order}"),
            None => "nothing".to_owned(),
        };
        format!(
            "kind    {}\nin use  {none} none  {quarter} to 1/4  {half} to 1/2  {most} more  {all} all\n\
             free    {largest}\nrows    zone, first page, one cell for each pageblock\n",
            kinds.join("  ")
        )
    }
}

/// How much of it is in use, as a character.
pub(crate) fn shade_of(block: &Pageblock) -> char {
    SHADES[shade(block)]
}

/// Which of the five shades.
fn shade(block: &Pageblock) -> usize {
    match (u64::from(block.used()), u64::from(block.pages)) {
        (0, _) => 0,
        (used, all) if used >= all => 4,
        (used, all) if used * 4 <= all => 1,
        (used, all) if used * 2 <= all => 2,
        _ => 3,
    }
}

fn style(kind: Migratetype) -> Style {
    let colour = match kind {
        Migratetype::Unmovable => AnsiColor::BrightRed,
        Migratetype::Movable => AnsiColor::BrightGreen,
        Migratetype::Reclaimable => AnsiColor::BrightYellow,
        Migratetype::HighAtomic => AnsiColor::BrightMagenta,
        Migratetype::Cma => AnsiColor::BrightCyan,
        Migratetype::Isolate | Migratetype::Other => AnsiColor::BrightBlack,
    };
    colour.on_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        map::example,
        testing::golden, //
    };

    #[test]
    fn without_colour_letters_and_shades_say_it() {
        let (info, blocks) = example();
        let text = draw(&Picture::new(&info, &blocks), 80, false, false);
        golden("map.txt", &text);
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn colours_change_no_character() {
        let (info, blocks) = example();
        let picture = Picture::new(&info, &blocks);
        let coloured = draw(&picture, 80, true, false);
        assert!(coloured.contains("\x1b[91mU·\x1b[0m"));
        let bare = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(bare, draw(&picture, 80, false, false));
    }

    #[test]
    fn ascii_is_ascii() {
        let (info, blocks) = example();
        assert!(draw(&Picture::new(&info, &blocks), 80, false, true).is_ascii());
    }

    #[test]
    fn rows_are_powers_of_two_and_fit() {
        assert_eq!([40, 64, 80, 120, 1000].map(columns), [4, 8, 16, 32, 64]);
        for width in 40..300 {
            assert!(LABEL + columns(width) * CELL <= width + 1);
        }
    }
}
