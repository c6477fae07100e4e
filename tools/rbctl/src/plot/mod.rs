// SPDX-License-Identifier: GPL-2.0

//! A recording as SVG: free pages by order over time, and each zone against its watermarks.

#![deny(unsafe_code)]

mod marks;
mod orders;

use plotters::{
    coord::Shift,
    prelude::*, //
};

use crate::{
    failure::{
        Failure,
        Result, //
    },
    recording::{
        Record,
        Recording,
        Zone, //
    },
    units, //
};

const WIDTH: u32 = 960;
const HEAD: u32 = 64;
const ORDERS: u32 = 320;
const LEGEND: u32 = 32;
/// Of a row of two zones.
const MARKS: u32 = 240;
const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const DIM: RGBColor = RGBColor(0x59, 0x63, 0x6e);
const GRID: RGBColor = RGBColor(0xe4, 0xe8, 0xec);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> =
    std::result::Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Which zone, by node and name.
type Key = (i32, String);

/// The whole picture, of all zones or of those with this name.
pub(crate) fn draw(
    recording: &Recording,
    zone: Option<&str>,
    title: Option<&str>,
) -> Result<String> {
    let keys = keys(recording, zone);
    if keys.is_empty() {
        let zone = zone.unwrap_or("any");
        return Err(Failure::Failed(format!(
            "the recording has no zone {zone}: leave --zone out to draw all"
        )));
    }
    let mut svg = String::new();
    let drawn = picture(&mut svg, recording, &keys, title).map_err(|error| error.to_string());
    drawn.map_err(|error| Failure::Failed(format!("cannot draw: {error}")))?;
    Ok(svg)
}

fn keys(recording: &Recording, zone: Option<&str>) -> Vec<Key> {
    let first = recording.records.first();
    first
        .iter()
        .flat_map(|record| &record.zones)
        .filter(|there| zone.is_none_or(|zone| zone == there.zone))
        .map(|zone| (zone.nid, zone.zone.clone()))
        .collect()
}

fn picture<'a>(
    svg: &'a mut String,
    recording: &Recording,
    keys: &[Key],
    title: Option<&str>,
) -> Drawn<'a> {
    let rows = u32::try_from(keys.len().div_ceil(2)).unwrap_or(1);
    let height = HEAD + ORDERS + LEGEND + rows * MARKS;
    let root = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, rest) = root.split_vertically(HEAD);
    heading(&head, recording, title)?;
    let (upper, lower) = rest.split_vertically(ORDERS);
    orders::draw(&upper, recording, keys)?;
    let (legend, lower) = lower.split_vertically(LEGEND);
    marks::legend(&legend)?;
    let columns = keys.len().min(2);
    let panels = lower.split_evenly((rows as usize, columns));
    for (panel, key) in panels.iter().zip(keys) {
        marks::draw(panel, recording, key)?;
    }
    root.present()
}

fn heading<'a>(area: &Area<'a>, recording: &Recording, title: Option<&str>) -> Drawn<'a> {
    let header = &recording.header;
    let second = format!(
        "{} on Linux {}: {} in {:.1} s",
        units::bytes(header.region_pages << header.page_shift),
        header.kernel,
        units::count(recording.records.len() as u64, "sample"),
        recording.seconds()
    );
    let title = title.unwrap_or("rust_buddy");
    area.draw(&Text::new(title.to_owned(), (20, 16), font(20).color(&INK)))?;
    area.draw(&Text::new(second, (20, 42), font(13).color(&DIM)))
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into()
}

/// Seconds since the first sample.
fn seconds(recording: &Recording, record: &Record) -> f64 {
    let first = recording.records.first().map_or(0, |record| record.at_ns);
    record.at_ns.saturating_sub(first) as f64 / 1e9
}

/// The end of the time axis, which must not be its beginning.
fn end(recording: &Recording) -> f64 {
    recording.seconds().max(1e-3)
}

fn zone_of<'a>(record: &'a Record, key: &Key) -> Option<&'a Zone> {
    let mut zones = record.zones.iter();
    zones.find(|zone| (zone.nid, &zone.zone) == (key.0, &key.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recording::example,
        testing, //
    };

    #[test]
    fn the_picture_is_always_the_same() -> Result {
        let svg = draw(&example(), None, Some("an <example>"))?;
        testing::golden("plot.svg", &svg);
        assert!(svg.contains("an &lt;example&gt;"));
        Ok(())
    }

    #[test]
    fn one_zone_alone() -> Result {
        let svg = draw(&example(), Some("Normal"), None)?;
        assert!(svg.contains("Normal") && !svg.contains("DMA32"));
        Ok(())
    }

    #[test]
    fn another_zone_is_told() {
        let error = draw(&example(), Some("High"), None).unwrap_err();
        assert!(error
            .to_string()
            .starts_with("the recording has no zone High: "));
    }
}
