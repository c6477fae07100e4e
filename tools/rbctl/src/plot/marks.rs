// SPDX-License-Identifier: GPL-2.0

//! One zone: the free pages against the watermarks, on a scale on which both can be seen, and when
//! kswapd and kcompactd were at work.

#![deny(unsafe_code)]

use plotters::{
    coord::{
        combinators::LogCoord,
        types::RangedCoordf64, //
    },
    prelude::*, //
};
use rust_buddy::ThreadState;

use super::{
    end,
    font,
    seconds,
    zone_of,
    Area,
    Drawn,
    Key,
    DIM,
    GRID,
    INK, //
};
use crate::recording::{
    Node,
    Recording,
    Zone, //
};

const FREE: RGBColor = RGBColor(0x1f, 0x6f, 0xb5);
const MIN: RGBColor = RGBColor(0xc8, 0x3e, 0x2c);
const LOW: RGBColor = RGBColor(0xd9, 0x8c, 0x1a);
const HIGH: RGBColor = RGBColor(0x2d, 0x8f, 0x5f);
const KSWAPD: RGBColor = RGBColor(0xf6, 0xd9, 0xa8);
const KCOMPACTD: RGBColor = RGBColor(0xd3, 0xc8, 0xf0);

type Chart<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, LogCoord<f64>>>;

pub(super) fn draw<'a>(area: &Area<'a>, recording: &Recording, key: &Key) -> Drawn<'a> {
    let zones = recording
        .records
        .iter()
        .filter_map(|record| zone_of(record, key));
    let top = zones
        .map(|zone| zone.managed.max(zone.high))
        .max()
        .unwrap_or(1);
    let caption = format!("{} of node {}: free pages and watermarks", key.1, key.0);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, font(15).color(&INK))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(
            0.0..end(recording),
            (1.0..top.max(10) as f64 * 1.2).log_scale(),
        )?;
    threads(&mut chart, recording, key.0, top as f64 * 1.2)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(DIM)
        .label_style(font(12).color(&DIM))
        .x_desc("seconds")
        .y_desc("pages")
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    line(&mut chart, recording, key, HIGH, |zone| zone.high)?;
    line(&mut chart, recording, key, LOW, |zone| zone.low)?;
    line(&mut chart, recording, key, MIN, |zone| zone.min)?;
    line(&mut chart, recording, key, FREE, |zone| zone.free)
}

/// One for all zones: in a zone's own panel it would hide the lines.
pub(super) fn legend<'a>(area: &Area<'a>) -> Drawn<'a> {
    let entries = [
        ("free", FREE, 2),
        ("high", HIGH, 2),
        ("low", LOW, 2),
        ("min", MIN, 2),
        ("kswapd at work", KSWAPD, 12),
        ("kcompactd at work", KCOMPACTD, 12),
    ];
    let mut x = 74;
    for (name, colour, width) in entries {
        let line = [(x, 16), (x + 18, 16)];
        area.draw(&PathElement::new(line, colour.stroke_width(width)))?;
        area.draw(&Text::new(name, (x + 24, 10), font(12).color(&INK)))?;
        x += 56 + 8 * i32::try_from(name.len()).unwrap_or(0);
    }
    Ok(())
}

fn line<'a>(
    chart: &mut Chart<'a, '_>,
    recording: &Recording,
    key: &Key,
    colour: RGBColor,
    value: fn(&Zone) -> u64,
) -> Drawn<'a> {
    let points = recording.records.iter().filter_map(|record| {
        let pages = value(zone_of(record, key)?).max(1);
        Some((seconds(recording, record), pages as f64))
    });
    chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    Ok(())
}

fn threads<'a>(chart: &mut Chart<'a, '_>, recording: &Recording, nid: i32, top: f64) -> Drawn<'a> {
    shade(chart, recording, nid, top, KSWAPD, |node| node.kswapd)?;
    shade(chart, recording, nid, top, KCOMPACTD, |node| node.kcompactd)
}

/// From a sample at which the thread was at work to the next one.
fn shade<'a>(
    chart: &mut Chart<'a, '_>,
    recording: &Recording,
    nid: i32,
    top: f64,
    colour: RGBColor,
    state: fn(&Node) -> ThreadState,
) -> Drawn<'a> {
    let works = |nodes: &[Node]| {
        let mut nodes = nodes.iter();
        nodes.any(|node| node.nid == nid && state(node) == ThreadState::Running)
    };
    let spans = recording
        .records
        .windows(2)
        .filter(|pair| works(&pair[0].nodes))
        .map(|pair| (seconds(recording, &pair[0]), seconds(recording, &pair[1])))
        .map(|(from, to)| Rectangle::new([(from, 1.0), (to, top)], colour.filled()));
    chart.draw_series(spans)?;
    Ok(())
}
