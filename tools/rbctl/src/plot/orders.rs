// SPDX-License-Identifier: GPL-2.0

//! Free pages over time, layer by layer: the largest blocks at the bottom.

#![deny(unsafe_code)]

use plotters::prelude::*;

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
    Record,
    Recording, //
};

const LEGEND: u32 = 110;

pub(super) fn draw<'a>(area: &Area<'a>, recording: &Recording, keys: &[Key]) -> Drawn<'a> {
    let nr_orders = nr_orders(recording);
    let (chart, side) = area.split_horizontally(area.dim_in_pixel().0 - LEGEND);
    layers(&chart, recording, keys, nr_orders)?;
    legend(&side, nr_orders)
}

fn nr_orders(recording: &Recording) -> usize {
    let zones = recording.records.iter().flat_map(|record| &record.zones);
    zones.map(|zone| zone.blocks.len()).max().unwrap_or(0)
}

fn layers<'a>(area: &Area<'a>, recording: &Recording, keys: &[Key], nr_orders: usize) -> Drawn<'a> {
    let heights: Vec<(f64, Vec<f64>)> = recording
        .records
        .iter()
        .map(|record| {
            (
                seconds(recording, record),
                at_least(record, keys, nr_orders),
            )
        })
        .collect();
    let all = heights.iter().filter_map(|(_, heights)| heights.first());
    let top = all.fold(1.0, |max: f64, height| max.max(*height)) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption("Free pages by order", font(15).color(&INK))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end(recording), 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(DIM)
        .label_style(font(12).color(&DIM))
        .x_desc("seconds")
        .y_desc("pages")
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for order in 0..nr_orders {
        let line = heights
            .iter()
            .map(|(x, heights)| (*x, heights.get(order).copied().unwrap_or(0.0)));
        chart.draw_series(AreaSeries::new(line, 0.0, colour(order, nr_orders)))?;
    }
    Ok(())
}

/// For each order the free pages in blocks at least so large.
fn at_least(record: &Record, keys: &[Key], nr_orders: usize) -> Vec<f64> {
    let zones = || keys.iter().filter_map(|key| zone_of(record, key));
    let pages = |order: usize| -> u64 {
        let blocks = zones().filter_map(|zone| zone.blocks.get(order));
        blocks.map(|nr| nr << order).sum()
    };
    let mut sum = 0;
    let mut heights: Vec<f64> = (0..nr_orders)
        .rev()
        .map(|order| {
            sum += pages(order);
            sum as f64
        })
        .collect();
    heights.reverse();
    heights
}

/// The larger the darker.
fn colour(order: usize, nr_orders: usize) -> HSLColor {
    let part = order as f64 / nr_orders.saturating_sub(1).max(1) as f64;
    HSLColor(0.13 + 0.47 * part, 0.55, 0.82 - 0.5 * part)
}

fn legend<'a>(area: &Area<'a>, nr_orders: usize) -> Drawn<'a> {
    for (order, row) in (0..nr_orders).zip(0i32..) {
        let y = 48 + row * 20;
        let square = [(4, y), (18, y + 14)];
        area.draw(&Rectangle::new(square, colour(order, nr_orders).filled()))?;
        let style = font(12).color(&INK);
        area.draw(&Text::new(format!("order {order}"), (26, y + 1), style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::example;

    #[test]
    fn layers_add_up_to_the_free_pages() {
        let recording = example();
        let record = &recording.records[3];
        let keys = [(1, "DMA32".to_owned()), (1, "Normal".to_owned())];
        let heights = at_least(record, &keys, 7);
        let free: u64 = record.zones.iter().map(|zone| zone.free).sum();
        assert_eq!(heights[0], free as f64);
        assert!(heights.is_sorted_by(|a, b| a >= b));
    }
}
