// SPDX-License-Identifier: GPL-2.0

//! The screen of `rbctl top`: what is drawn, and where.
//!
//! Words and characters say everything; colours only help the eye.

#![deny(unsafe_code)]

mod background;
mod counters;
mod map;
mod orders;
mod stocks;
mod zones;

use ratatui::{
    backend::TestBackend,
    layout::{
        Constraint,
        Layout, //
    },
    style::{
        Color,
        Style, //
    },
    text::Line,
    widgets::Block,
    Frame,
    Terminal, //
};

use crate::{
    failure::Result,
    sample::Sample,
    units, //
};

/// Lines of events in a text.
const MAX_EVENTS: u16 = 40;

/// From so many columns on there is room for everything.
const WIDE: u16 = 100;

/// What the screen shows.
pub(crate) struct View<'a> {
    pub(crate) now: &'a Sample,
    /// The one before, for rates.
    pub(crate) before: Option<&'a Sample>,
    pub(crate) colour: bool,
    /// At the right end of the first line.
    pub(crate) keys: &'a str,
}

impl View<'_> {
    fn paint(&self, colour: Color) -> Style {
        match self.colour {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }

    /// How many more in a second than at the sample before.
    fn rate(&self, value: impl Fn(&Sample) -> Option<u64>) -> Option<u64> {
        let before = self.before?;
        let time = self.now.at.checked_sub(before.at)?;
        let more = value(self.now)?.checked_sub(value(before)?)?;
        Some(units::rate(more, time))
    }

    fn title(&self, text: &str) -> Block<'static> {
        Block::bordered()
            .border_style(self.paint(Color::DarkGray))
            .title(format!(" {text} "))
    }
}

/// Draws all of it; what does not fit is cut off, the map last.
pub(crate) fn draw(view: &View<'_>, frame: &mut Frame<'_>) {
    let area = frame.area();
    let fixed = [1, zones::height(view), orders::height(view)];
    let below = map::height(view, area.width);
    let room = area
        .height
        .saturating_sub(fixed.iter().sum::<u16>() + below);
    let heights = fixed.into_iter().chain([middle_height(view, room)]);
    let rows = heights.map(Constraint::Length).chain([Constraint::Fill(1)]);
    let [head, upper, second, middle, lower] = Layout::vertical(rows).areas(area);
    // In narrow terminals the zones' sums must do: events need the room for their names.
    let stock = Constraint::Length(if area.width < WIDE { 0 } else { 19 });
    let thirds = [Constraint::Length(31), stock, Constraint::Fill(1)];
    let [left, centre, right] = Layout::horizontal(thirds).areas(middle);

    frame.render_widget(heading(view), head);
    frame.render_widget(Line::from(view.keys).right_aligned(), head);
    zones::draw(view, frame, upper);
    orders::draw(view, frame, second);
    background::draw(view, frame, left);
    stocks::draw(view, frame, centre);
    counters::draw(view, frame, right);
    map::draw(view, frame, lower);
}

/// All events where there is room, and what is fixed in any case.
fn middle_height(view: &View<'_>, room: u16) -> u16 {
    let least = background::height(view).max(10);
    counters::height(view).min(room).max(least)
}

fn heading(view: &View<'_>) -> Line<'static> {
    let info = &view.now.info;
    let size = units::bytes(info.region_pages << info.page_shift);
    let free = units::percent(info.free_pages, info.managed_pages);
    Line::from(format!(
        "rust_buddy {size}, Linux {}, {} pages free ({free})",
        info.kernel, info.free_pages
    ))
}

/// The screen as text, as high as it needs to be.
pub(crate) fn text(view: &View<'_>, width: usize) -> Result<String> {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let fixed = 1 + zones::height(view) + orders::height(view) + middle_height(view, MAX_EVENTS);
    let height = fixed + map::height(view, width);
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    terminal.draw(|frame| draw(view, frame))?;
    let buffer = terminal.backend().buffer();
    let cells: Vec<&str> = buffer.content().iter().map(|cell| cell.symbol()).collect();
    let lines = cells.chunks(width.into()).map(<[&str]>::concat);
    Ok(lines
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect::<Vec<_>>()
        .concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::Sampler,
        testing, //
    };
    use rust_buddy::{
        Advice,
        Compact,
        Gfp,
        Region,
        Request,
        ZoneKind, //
    };
    use std::time::Duration;

    /// Blocks of all kinds; the Normal zone short of memory, the Movable zone half compacted.
    fn busy() -> Region {
        let region = testing::region();
        let get = |gfp, order, nr| {
            region
                .alloc_bulk(&Request::new(gfp, order), nr)
                .expect("blocks")
        };
        get(Gfp::KERNEL, 9, 10);
        get(Gfp::KERNEL | Gfp::RECLAIMABLE, 4, 126);
        let pages = get(Gfp::HIGHUSER_MOVABLE, 0, 2048);
        let odd: Vec<_> = pages
            .iter()
            .copied()
            .filter(|page| page.id % 2 == 1)
            .collect();
        region.free(&odd, false).expect("they are ours");
        for page in pages.iter().filter(|page| page.id % 4 == 0) {
            region.advise(*page, Advice::Purgeable).expect("advice");
        }
        region
    }

    fn samples(region: &Region) -> Vec<Sample> {
        let mut samples = Vec::new();
        let (_, result) = testing::run_in(&testing::system(), false, |context| {
            let sampler = Sampler::new(region, context);
            samples.push(sampler.whole(Duration::from_secs(1))?);
            let part = Compact {
                zone: Some(ZoneKind::Movable),
                budget: 3000,
                ..Compact::default()
            };
            region.compact(&part)?;
            samples.push(sampler.whole(Duration::from_secs(3))?);
            Ok(())
        });
        result.expect("two samples");
        samples
    }

    fn screen(
        samples: &[Sample],
        colour: bool,
        (width, height): (u16, u16),
    ) -> Terminal<TestBackend> {
        let view = View {
            now: &samples[1],
            before: Some(&samples[0]),
            colour,
            keys: "q quit",
        };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
        terminal.draw(|frame| draw(&view, frame)).expect("drawn");
        terminal
    }

    #[test]
    fn the_screen_of_a_busy_region() -> Result {
        let samples = samples(&busy());
        testing::golden(
            "top.txt",
            &screen(&samples, false, (100, 40)).backend().to_string(),
        );
        Ok(())
    }

    #[test]
    fn the_text_is_the_screen() -> Result {
        let samples = samples(&busy());
        let view = View {
            now: &samples[1],
            before: Some(&samples[0]),
            colour: false,
            keys: "",
        };
        let text = text(&view, 80)?;
        for word in [
            "rb_kswapd1",
            "running",
            "Movable",
            "compact_migrate_scanned",
            "< min",
        ] {
            assert!(text.contains(word));
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        Ok(())
    }

    #[test]
    fn colours_change_no_character() {
        let samples = samples(&busy());
        let text = |colour| screen(&samples, colour, (100, 40)).backend().to_string();
        assert_eq!(text(true), text(false));
        let coloured = screen(&samples, true, (100, 40));
        let mut cells = coloured.backend().buffer().content().iter();
        assert!(cells.any(|cell| cell.fg == Color::Red || cell.fg == Color::Yellow));
    }

    #[test]
    fn small_screens_are_cut_and_nothing_breaks() {
        let samples = samples(&busy());
        for width in [1, 20, 60, 300] {
            for height in [1, 5, 12, 30, 100] {
                screen(&samples, false, (width, height));
            }
        }
    }

    #[test]
    fn rates_are_by_second() {
        let samples = samples(&busy());
        let view = View {
            now: &samples[1],
            before: Some(&samples[0]),
            colour: false,
            keys: "",
        };
        let moved = |sample: &Sample| sample.counters.get("pgmigrate_success");
        let nr = moved(&samples[1]).unwrap_or(0);
        assert!(nr > 0);
        assert_eq!(view.rate(moved), Some((nr as f64 / 2.0).round() as u64));
        assert_eq!(
            View {
                before: None,
                ..view
            }
            .rate(moved),
            None
        );
    }
}
